// Writes the TypeScript types of the JSON Schema that comes in on standard input: `make protocol`.
import { text } from "node:stream/consumers";
import { compile } from "json-schema-to-typescript";

// A value beside $ref would make a second type of the same name; Python indents its docstrings; and
// json-schema-to-typescript knows tuples only as the older drafts write them.
const tidy = (key, value) => {
  if (key === "description") return value.replace(/\n +/g, "\n");
  if (value?.prefixItems) return { ...value, items: value.prefixItems, additionalItems: false };
  return value?.$ref ? { $ref: value.$ref } : value;
};

const schema = JSON.parse(await text(process.stdin), tidy);
const types = await compile(schema, schema.title ?? "Protocol", {
  additionalProperties: false,
  bannerComment: "// Generated from jupyter_sim/protocol.py by `make protocol`; do not edit.",
  format: true,
  unreachableDefinitions: true,
  style: { printWidth: 100 },
});
process.stdout.write(types);
