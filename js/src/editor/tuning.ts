/** How the next draw is made, changed in the open fan: by keys, and by the controls in its foot. */

import type { Command, EditorView } from "@codemirror/view";
import { limits, type Settings } from "./config";
import { lengths } from "./lengths";
import { orders } from "./order";
import { fanField, step } from "./state";

/** Change the settings of the open fan. False where none is open. */
export function tune(view: EditorView, change: (settings: Settings) => Partial<Settings>): boolean {
  const fan = view.state.field(fanField, false);
  if (!fan) return false;
  const settings = { ...fan.settings, ...change(fan.settings) };
  view.dispatch({ effects: step.of({ type: "set", settings }) });
  return true;
}

/** Ask for more or fewer candidates. */
export function count(by: 1 | -1): Command {
  return (view) => tune(view, ({ n }) => ({ n: clamp(n + by, 1, limits.n) }));
}

/** Make the draw warmer or cooler by a tenth. */
export function warm(by: 1 | -1): Command {
  return (view) =>
    tune(view, ({ temperature }) => ({
      temperature: clamp(Math.round(10 * temperature + by) / 10, 0, limits.temperature),
    }));
}

/** Take the next length, going round. */
export const nextLength: Command = (view) =>
  tune(view, ({ length }) => {
    const next = lengths[(lengths.indexOf(length) + 1) % lengths.length];
    return { length: next ?? length };
  });

/** Take the next order of the rows, going round. */
export const nextOrder: Command = (view) =>
  tune(view, ({ order }) => {
    const next = orders[(orders.indexOf(order) + 1) % orders.length];
    return { order: next ?? order };
  });

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
