// Bundles for Python, to jupyter_sim/static/: the widget, src/widget.ts and src/widget.css; and what an
// exported replay holds, src/replay/page.ts and page.css.
// Every widget instance carries its bundle and notebooks save it, so the size is capped.
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const LIMIT = 400_000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outdir = here("../jupyter_sim/static");

const common = { outdir, bundle: true, minify: true, target: "es2022", legalComments: "none" };

await build({
  ...common,
  entryPoints: [here("src/widget.ts"), here("src/widget.css")],
  format: "esm",
});
await build({
  ...common,
  entryPoints: { replay: here("src/replay/page.ts") },
  format: "iife",
});
await build({ ...common, entryPoints: { replay: here("src/replay/page.css") } });

const size = ["widget.js", "widget.css"]
  .map((name) => statSync(`${outdir}/${name}`).size)
  .reduce((sum, bytes) => sum + bytes, 0);
console.log(`jupyter_sim/static: ${size} bytes`);
if (size > LIMIT) {
  console.error(`The widget may take at most ${LIMIT} bytes; look at what src/widget.ts imports.`);
  process.exit(1);
}
