/**
 * The open fan as a value, and what can be asked of it: which candidates still fit what was typed,
 * what is left of one, what is on its way.
 *
 * Offsets count UTF-16 units, as the editor does. Pure: no editor, no answer and no key is known.
 */

import type { Alternative, Ended, Status, Voice } from "../protocol";
import type { Judged } from "../tree";
import type { Settings } from "./config";

/** A continuation on offer, from a draw of a fan. `base` is what stood between the fan's place and the caret when its draw
 * was asked for; its text follows that. */
export interface Candidate {
  readonly id: string;
  readonly fan: string;
  readonly draw: string;
  readonly base: string;
  readonly voice: Voice | null;
  readonly text: string;
  readonly logprobs: readonly number[];
  /** For each token, how many code points of the text stand before its end. */
  readonly ends: readonly number[];
  readonly top: readonly (readonly Alternative[])[];
  readonly finish: Ended["finish"] | null;
  readonly verdict: Judged | null;
}

/** A candidate that was asked for; `id` is empty until its draw begins. */
export interface Coming {
  readonly draw: string;
  readonly base: string;
  readonly voice: Voice | null;
  readonly id: string;
}

/** One line of the list: what it shows, and what takes its place as soon as it has text. `number`
 * counts the rows as they were asked for. */
export interface Row {
  readonly number: number;
  readonly shown: Candidate | null;
  readonly coming: Coming | null;
}

/** Why a fan cannot go on, in a sentence. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Where one looks into a candidate: at one of its tokens, and at one of what might have stood there. */
export interface Probe {
  readonly candidate: string;
  readonly token: number;
  readonly alternative: number;
}

/** One judging at one place. `typed` stands between `anchor`, where it opened, and `head`, the caret:
 * typed or accepted since. One that is `revisited` was closed before. */
export interface Fan {
  readonly id: string;
  readonly revisited: boolean;
  /** Only the ghost is shown; nobody has asked for the list. */
  readonly quiet: boolean;
  readonly anchor: number;
  readonly head: number;
  readonly typed: string;
  readonly rows: readonly Row[];
  readonly highlighted: number;
  readonly seen: readonly string[];
  readonly settings: Settings;
  readonly engine: Status | null;
  readonly failure: Failure | null;
  readonly probe: Probe | null;
}

/** The text of a candidate from the fan's place on. */
export function whole(candidate: Candidate): string {
  return candidate.base + candidate.text;
}

/** The candidate of this id, if it is shown. */
export function shownAs(fan: Fan, id: string): Candidate | null {
  return fan.rows.find(({ shown }) => shown?.id === id)?.shown ?? null;
}

/** Whether a candidate still gains text. */
export function grows(candidate: Candidate): boolean {
  return candidate.finish === null;
}

/** Whether a row's candidate goes on from what was typed, or still may. */
export function fits(fan: Fan, row: Row | undefined): boolean {
  if (row?.coming) return true;
  if (!row?.shown || row.shown.verdict === "rejected") return false;
  if (fan.typed.length < row.shown.base.length) return false;
  const text = whole(row.shown);
  if (grows(row.shown) && fan.typed.startsWith(text)) return true;
  return text.length > fan.typed.length && text.startsWith(fan.typed);
}

/** What is left of a row's candidate after what was typed; empty where nothing can be accepted. */
export function remainder(fan: Fan, row: Row | undefined): string {
  if (!row?.shown || row.shown.verdict === "rejected") return "";
  const text = whole(row.shown);
  const based = fan.typed.length >= row.shown.base.length;
  return based && text.startsWith(fan.typed) ? text.slice(fan.typed.length) : "";
}

/** Whether text is still on its way. */
export function isRunning(fan: Fan): boolean {
  return fan.rows.some(({ shown, coming }) => coming || (shown && grows(shown)));
}

/** How many rows are free for a draw to fill. */
export function vacant(fan: Fan): number {
  return fan.rows.filter((row) => !row.shown && !row.coming).length;
}

/** The rejected candidates whose replacement never came. */
export function unreplaced(fan: Fan): Candidate[] {
  return fan.rows.flatMap(({ shown, coming }) =>
    shown?.verdict === "rejected" && !coming ? [shown] : [],
  );
}
