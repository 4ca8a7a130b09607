/** Looking into the highlighted candidate, by keys: its tokens, and what might have stood there. */

import type { Command, EditorView } from "@codemirror/view";
import { newId } from "../ids";
import { type Fan, type Probe, remainder, shownAs } from "./fan";
import { fanField, step } from "./state";
import { type Token, tokensOf } from "./tokens";

/** Look into the highlighted candidate, or look away. */
export const probabilities: Command = (view) => {
  const fan = openFan(view);
  const shown = fan?.rows[fan.highlighted]?.shown;
  if (!fan || !shown) return fan !== null;
  if (fan.probe) return put(view, null);
  const token = remaining(fan, shown.id)[0];
  return put(view, token === undefined ? null : at(shown.id, token));
};

/** Look at the next or the previous token. */
export function lookOn(by: 1 | -1): Command {
  return (view) => {
    const fan = openFan(view);
    if (!fan?.probe) return false;
    const { candidate, token } = fan.probe;
    const there = remaining(fan, candidate);
    const next = there[there.indexOf(token) + by];
    return next === undefined || put(view, at(candidate, next));
  };
}

/** Go to the next or the previous alternative at the token. False where nothing is looked into. */
export function choose(view: EditorView, by: 1 | -1): boolean {
  const { probe, token } = looked(view);
  if (!probe) return false;
  const count = token?.alternatives.length ?? 0;
  const alternative = (probe.alternative + by + count) % Math.max(count, 1);
  return put(view, { ...probe, alternative });
}

/** Look at a token of the candidate that is looked into. */
export function lookAt(view: EditorView, token: number): void {
  const fan = openFan(view);
  if (fan?.probe && remaining(fan, fan.probe.candidate).includes(token)) {
    put(view, at(fan.probe.candidate, token));
  }
}

/** Draw a sibling that says the chosen alternative where the token stands, and goes on from there.
 * False where nothing is looked into. */
export function takeAlternative(view: EditorView, index?: number): boolean {
  const { fan, probe, token } = looked(view);
  if (!fan || !probe) return false;
  const shown = shownAs(fan, probe.candidate);
  const alternative = token?.alternatives[index ?? probe.alternative];
  if (!shown || !token || !alternative) return true;
  const typed = fan.typed.length - shown.base.length;
  const prefix = shown.text.slice(typed, token.from) + alternative.text;
  const effects = [
    step.of({ type: "draw", draw: newId(), n: 1, prefix, voice: shown.voice }),
    step.of({ type: "highlight", row: fan.rows.length }),
  ];
  view.dispatch({ effects });
  return true;
}

function openFan(view: EditorView): Fan | null {
  return view.state.field(fanField, false) ?? null;
}

function looked(view: EditorView): { fan: Fan | null; probe: Probe | null; token: Token | null } {
  const fan = openFan(view);
  const shown = fan?.probe ? shownAs(fan, fan.probe.candidate) : null;
  const token = shown && fan?.probe ? (tokensOf(shown)[fan.probe.token] ?? null) : null;
  return { fan, probe: fan?.probe ?? null, token };
}

/** The tokens that stand after what was typed or accepted. */
function remaining(fan: Fan, id: string): number[] {
  const shown = shownAs(fan, id);
  const row = fan.rows.find((row) => row.shown?.id === id);
  if (!shown || !remainder(fan, row)) return [];
  const typed = fan.typed.length - shown.base.length;
  return tokensOf(shown).flatMap(({ from }, i) => (from >= typed ? [i] : []));
}

function at(candidate: string, token: number): Probe {
  return { candidate, token, alternative: 0 };
}

function put(view: EditorView, probe: Probe | null): boolean {
  view.dispatch({ effects: step.of({ type: "probe", probe }) });
  return true;
}
