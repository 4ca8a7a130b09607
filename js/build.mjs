// Bundles the widget for Python: src/widget.ts and src/widget.css to jupyter_sim/static/.
// Every widget instance carries its bundle and notebooks save it, so the size is capped.
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const LIMIT = 400_000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outdir = here("../jupyter_sim/static");

await build({
  entryPoints: [here("src/widget.ts"), here("src/widget.css")],
  outdir,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
});

const size = readdirSync(outdir)
  .map((name) => statSync(`${outdir}/${name}`).size)
  .reduce((sum, bytes) => sum + bytes, 0);
console.log(`jupyter_sim/static: ${size} bytes`);
if (size > LIMIT) {
  console.error(`The widget may take at most ${LIMIT} bytes; look at what src/widget.ts imports.`);
  process.exit(1);
}
