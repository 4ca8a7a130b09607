/** What one can do with a fan, as editor commands. False means "not mine". */

import { EditorSelection } from "@codemirror/state";
import type { Command, EditorView } from "@codemirror/view";
import { newId } from "../ids";
import { firstSentence, firstWord, settled } from "../text";
import { authorship } from "./authorship";
import { type Action, hosts } from "./config";
import { type Candidate, type Fan, grows, remainder, unreplaced, vacant } from "./fan";
import { score } from "./heat";
import { draws, openAt } from "./opening";
import { neighbour } from "./order";
import { fanPlugin } from "./plugin";
import { nextPreset } from "./presets";
import { choose, lookOn, probabilities, takeAlternative } from "./probing";
import { fanField, step } from "./state";
import type { Draw } from "./steps";
import { count, nextLength, nextOrder, warm } from "./tuning";
import { pin, walking, withdraw } from "./walking";

/** Open a fan at the caret; in an open one, draw more, or try again what failed. Where nothing can
 * be proposed, say why. */
export const propose: Command = (view) => {
  const fan = openFan(view);
  return fan ? list(view) || more(view, fan) : openAt(view);
};

/** Show the list of a quiet fan. False where there is none. */
function list(view: EditorView): boolean {
  if (!openFan(view)?.quiet) return false;
  view.dispatch({ effects: step.of({ type: "list" }) });
  return true;
}

/** Draw one candidate in each of the chosen voices. */
export const oneOfEach: Command = (view) => {
  const host = view.state.facet(hosts);
  const n = Math.max(1, host?.framing(view).voices.length ?? 1);
  if (!openFan(view)) return openAt(view, { n });
  view.dispatch({ effects: draws(view, n).map((draw) => step.of(draw)) });
  return true;
};

/** Highlight the next candidate, or where one is looked into, the next alternative; of a quiet fan,
 * show the list first. */
export const next: Command = (view) => list(view) || choose(view, 1) || highlightFrom(view, 1);

/** Highlight the previous candidate, or where one is looked into, the previous alternative. */
export const previous: Command = (view) => choose(view, -1) || highlightFrom(view, -1);

/** Put what is left of the highlighted candidate into the text, and close the fan; where one is
 * looked into, draw the chosen alternative. */
export const accept: Command = (view) =>
  takeAlternative(view) || insert(view, (rest) => rest.length, true);

/** Put the next word of the highlighted candidate into the text. */
export const acceptWord: Command = (view) => insert(view, firstWord, false);

/** Put the highlighted candidate into the text up to the sentence's end. */
export const acceptSentence: Command = (view) => insert(view, firstSentence, false);

/** Keep the highlighted candidate alive for later. */
export const branch: Command = (view) =>
  judge(view, (candidate) => {
    if (candidate.verdict === "branched") return;
    const verdict = { type: "judge", candidate: candidate.id, verdict: "branched" } as const;
    view.dispatch({ effects: step.of(verdict) });
  });

/** Reject the highlighted candidate and draw another in its place. */
export const reject: Command = (view) =>
  judge(view, (candidate) => {
    const effects = [
      step.of({ type: "judge", candidate: candidate.id, verdict: "rejected" }),
      step.of(again(candidate)),
    ];
    view.dispatch({ effects });
  });

/** Close the fan without a verdict; look away first from what is looked into. */
export const dismiss: Command = (view) => {
  const fan = openFan(view);
  if (!fan) return false;
  if (fan.probe) return probabilities(view);
  view.dispatch({ effects: step.of({ type: "close" }) });
  return true;
};

/** The command of each action. */
export const commands: Readonly<Record<Action, Command>> = {
  propose,
  next,
  previous,
  accept,
  "accept-word": acceptWord,
  "accept-sentence": acceptSentence,
  branch,
  reject,
  dismiss,
  "next-length": nextLength,
  "more-candidates": count(1),
  "fewer-candidates": count(-1),
  warmer: warm(1),
  cooler: warm(-1),
  parent: walking("parent"),
  child: walking("child"),
  "previous-sibling": walking("previous"),
  "next-sibling": walking("next"),
  withdraw,
  pin,
  authorship,
  "next-order": nextOrder,
  probabilities: (view) => probabilities(view) || score(view),
  score,
  "one-of-each": oneOfEach,
  "next-preset": nextPreset,
  "next-token": lookOn(1),
  "previous-token": lookOn(-1),
};

/** Highlight the candidate of a row. */
export function highlight(view: EditorView, row: number): void {
  view.dispatch({ effects: step.of({ type: "highlight", row }) });
}

function openFan(view: EditorView): Fan | null {
  return view.state.field(fanField, false) ?? null;
}

function more(view: EditorView, fan: Fan): boolean {
  if (fan.failure?.code === "lost") {
    view.plugin(fanPlugin)?.hurry();
    return true;
  }
  view.dispatch({ effects: missing(view, fan).map((draw) => step.of(draw)) });
  return true;
}

/** The draws that fill the rows which are still to be filled; where there are none, one of new rows. */
function missing(view: EditorView, fan: Fan): Draw[] {
  const fills = unreplaced(fan).map(again);
  const free = vacant(fan);
  if (free > 0) fills.push(...draws(view, free));
  return fills.length > 0 ? fills : draws(view, fan.settings.n, fan.rows.length);
}

/** A draw in the place of a rejected candidate, in the same voice. */
function again({ id, voice }: Candidate): Draw {
  return { type: "draw", draw: newId(), n: 1, replaces: id, voice };
}

function highlightFrom(view: EditorView, direction: 1 | -1): boolean {
  const fan = openFan(view);
  if (!fan) return false;
  highlight(view, neighbour(fan, fan.highlighted, direction));
  return true;
}

function judge(view: EditorView, give: (candidate: Candidate) => void): boolean {
  const fan = openFan(view);
  if (!fan) return false;
  const candidate = fan.rows[fan.highlighted]?.shown;
  if (candidate && candidate.verdict !== "rejected" && candidate.text) give(candidate);
  return true;
}

function insert(view: EditorView, measure: (rest: string) => number, closes: boolean): boolean {
  const fan = openFan(view);
  if (!fan) return false;
  const row = fan.rows[fan.highlighted];
  const rest = settled(remainder(fan, row));
  const length = measure(rest);
  if (!row?.shown || length === 0) return true;
  const from = fan.typed.length - row.shown.base.length;
  const last = length === rest.length && !grows(row.shown);
  const text = view.state.toText(rest.slice(0, length));
  view.state.facet(hosts)?.isolate(view, () =>
    view.dispatch({
      changes: { from: fan.head, insert: text },
      selection: EditorSelection.cursor(fan.head + text.length),
      effects: step.of({
        type: "accept",
        candidate: (row.shown as Candidate).id,
        from,
        to: from + length,
        closes: closes || last,
      }),
      userEvent: "input.complete",
      scrollIntoView: true,
    }),
  );
  return true;
}
