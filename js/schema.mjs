// Writes src/replay/schema.ts from docs/history.schema.json: what a session log may hold, without the
// words that tell people of it. `make format` runs it after it wrote the schema.
import { readFileSync, writeFileSync } from "node:fs";

const here = (path) => new URL(path, import.meta.url);
const { $defs } = JSON.parse(readFileSync(here("../docs/history.schema.json"), "utf8"));
const words = new Set(["title", "description", "default"]);
const bare = JSON.stringify($defs, (name, value) => (words.has(name) ? undefined : value));

writeFileSync(
  here("src/replay/schema.ts"),
  `/** Made by \`make format\` from the types of jupyter_sim/events.py; edit those. */

// biome-ignore format: made by a program
export const definitions: Readonly<Record<string, unknown>> = JSON.parse(${JSON.stringify(bare)});
`,
);
