/**
 * How much a text surprised the model: every token of it shaded by its probability, and on hover what
 * the model would have said instead. On by a key, off by the same; what is edited loses its shade.
 */

import { type ChangeSet, StateEffect, StateField, type Transaction } from "@codemirror/state";
import {
  type Command,
  Decoration,
  type DecorationSet,
  EditorView,
  hoverTooltip,
  type Tooltip,
} from "@codemirror/view";
import type { ScoredToken } from "../protocol";
import type { Asked, Part } from "../questions";
import type { Refusal } from "../refusal";
import { unitsAt } from "../text";
import { branchOff } from "./branching";
import { hosts } from "./config";
import { judgement } from "./judgement";
import { alternativesOf, type Judged, surprise } from "./tokens";

/** The shades of a text. While it is `asked` for, `since` has the edits made meanwhile. */
interface Heat {
  readonly asked: Asked | null;
  readonly since: ChangeSet | null;
  readonly marks: DecorationSet;
}

type Change =
  | { type: "begin"; asked: Asked }
  | { type: "more"; tokens: readonly Shaded[] }
  | { type: "end" }
  | { type: "clear" };

/** A token and where it stood when the text was asked about. */
interface Shaded extends Judged {
  readonly from: number;
  readonly to: number;
}

const change = StateEffect.define<Change>();

const heatField = StateField.define<Heat | null>({
  create: () => null,
  update(heat, tr) {
    let now = heat && tr.docChanged ? follow(heat, tr) : heat;
    for (const effect of tr.effects) if (effect.is(change)) now = take(now, effect.value);
    return now;
  },
  provide: (field) => EditorView.decorations.from(field, (heat) => heat?.marks ?? Decoration.none),
});

/** Shade the text by surprise; where it is shaded, or being so, take the shades away. */
export const score: Command = (view) => {
  const host = view.state.facet(hosts);
  const cell = host?.cell(view);
  if (!host || !cell) return false;
  const heat = view.state.field(heatField);
  if (heat) {
    if (heat.asked) cell.client.stop(cell.id, heat.asked.id);
    view.dispatch({ effects: change.of({ type: "clear" }) });
    return true;
  }
  const text = view.state.doc.toString();
  if (text === "") {
    host.report(host.words.__("The cell is empty: write something, and score it then."));
    return true;
  }
  const asked = cell.client.ask(
    { cell: cell.id, text, undo: false },
    { type: "score", cell: cell.id, top: 5 },
    scored(view, text),
  );
  view.dispatch({ effects: change.of({ type: "begin", asked }) });
  asked.answered.then(
    () => settle(view, asked, "end"),
    ({ message }: Refusal) => {
      if (settle(view, asked, "clear")) host.report(message);
    },
  );
  return true;
};

/** Shades of a text, and what is told of a token under the pointer. */
export const heat = [heatField, hoverTooltip(tooltip, { hideOnChange: true })];

/** Whether an answer is still waited for; if so, that is over. */
function settle(view: EditorView, asked: Asked, type: "end" | "clear"): boolean {
  if (view.state.field(heatField, false)?.asked !== asked) return false;
  view.dispatch({ effects: change.of({ type }) });
  return true;
}

/** Hears the parts of an answer, and shades their tokens. */
function scored(view: EditorView, text: string): (part: Part) => void {
  let end = 0;
  return (part) => {
    if (part.type !== "scored" || !view.state.field(heatField, false)) return;
    const ends = unitsAt(
      text,
      part.tokens.map((token) => token.end),
    );
    const tokens = part.tokens.flatMap((token, i) => {
      const [from, to] = [end, ends[i] ?? end];
      end = Math.max(end, to);
      return to > from ? [shaded(token, from, to, text.slice(from, to))] : [];
    });
    view.dispatch({ effects: change.of({ type: "more", tokens }) });
  };
}

function shaded({ logprob, top }: ScoredToken, from: number, to: number, text: string): Shaded {
  return { from, to, text, chance: Math.exp(logprob), alternatives: alternativesOf(top ?? []) };
}

function take(heat: Heat | null, value: Change): Heat | null {
  switch (value.type) {
    case "begin":
      return { asked: value.asked, since: null, marks: Decoration.none };
    case "more":
      return heat && { ...heat, marks: heat.marks.update({ add: shades(value.tokens, heat) }) };
    case "end":
      return heat && { ...heat, asked: null, since: null };
    case "clear":
      return null;
    default:
      return value satisfies never;
  }
}

function shades(tokens: readonly Shaded[], { since }: Heat) {
  return tokens
    .filter(({ from, to }) => !since?.touchesRange(from, to))
    .map((token) => {
      const share = Math.round(70 * surprise(token.chance));
      const mark = Decoration.mark({
        class: "jp-sim-heat",
        attributes: { style: `--jp-sim-surprise: ${share}%` },
        token,
      });
      const at = (place: number) => since?.mapPos(place) ?? place;
      return mark.range(at(token.from), at(token.to));
    });
}

function follow(heat: Heat, { changes }: Transaction): Heat {
  const kept = heat.marks.update({ filter: (from, to) => !changes.touchesRange(from, to) });
  const since = heat.asked && (heat.since?.compose(changes) ?? changes);
  return { ...heat, since, marks: kept.map(changes) };
}

function tooltip(view: EditorView, at: number, side: -1 | 1): Tooltip | null {
  const host = view.state.facet(hosts);
  let found: Tooltip | null = null;
  view.state.field(heatField)?.marks.between(at, at, (from, to, { spec }) => {
    if (!host || (side < 0 ? at === from : at === to)) return;
    const take = (text: string) => branchOff(view, from, text);
    const create = () => ({ dom: judgement(spec.token as Judged, host.words, take) });
    found = { pos: from, end: to, above: true, create };
  });
  return found;
}
