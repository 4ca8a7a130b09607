/** The fan in an editor: `fans(host)` makes the extension. */

import type { Extension } from "@codemirror/state";
import { authors } from "./authorship";
import { type Host, hosts } from "./config";
import { ghost } from "./ghost";
import { heat } from "./heat";
import { fanPanel } from "./panel";
import { pausePlugin } from "./pause";
import { fanPlugin } from "./plugin";
import { prefetching } from "./prefetch";
import { fanField } from "./state";
import { theme } from "./theme";
import { watching } from "./watching";

export { commands } from "./commands";
export {
  type Action,
  type Cell,
  defaults,
  english,
  type Host,
  limits,
  type Preset,
  type Settings,
  type Words,
} from "./config";
export { el } from "./dom";
export { branchesIn, explore, type Plan } from "./exploring";
export { OPEN } from "./ghost";
export { branchIcon, contextIcon, fanIcon, warnIcon } from "./icons";
export { groundsOf, inspect } from "./inspecting";
export { extents, type Length, lengths } from "./lengths";
export { presetNow, takePreset } from "./presets";
export { fanField } from "./state";
export { Toggle } from "./toggle";
export { type Framing, objection, unframed } from "./voices";
export { goTo } from "./walking";

/** Let continuations be proposed and judged in an editor. */
export function fans(host: Host): Extension {
  return [
    hosts.of(host),
    fanField,
    fanPlugin,
    watching,
    fanPanel,
    ghost,
    pausePlugin,
    prefetching,
    heat,
    authors,
    theme,
  ];
}
