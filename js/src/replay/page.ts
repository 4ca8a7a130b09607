/** The script of an exported page: reads and checks the log that stands in it, and replays it there. */

import { english } from "../words";
import { readPage } from "./reader";
import { ReplayView } from "./view";

/** Follow the reader's choice of light and dark, as JupyterLab's themes are followed. */
function follow(dark: MediaQueryList): void {
  document.body.dataset.jpThemeLight = String(!dark.matches);
}

const dark = matchMedia("(prefers-color-scheme: dark)");
follow(dark);
dark.addEventListener("change", () => follow(dark));

const log = document.querySelector('script[type="application/json"]#simlog')?.textContent ?? "";
const view = new ReplayView({ words: english, read: (around) => readPage(log, around) });
// a page that a browser saved holds a replay already, which nothing drives
document.getElementById("replay")?.replaceChildren(view.dom);
document.getElementById("text")?.setAttribute("hidden", "");
document.body.classList.add("jp-sim-replay-alone");
void view.load().then(() => view.focus());
