/** How candidates are dealt round voices, and what a prompt is framed by. Pure. */

import type { Voice } from "../protocol";
import type { Words } from "./config";

/** The whole text of another cell. */
export interface Above {
  readonly cell: string;
  readonly text: string;
}

/** What stands before the text in the prompt of the next draw: each candidate's voice, one of `voices`
 * in turn; the author's memory; the cells above. The prompt has at most `tokens` tokens, if not 0. */
export interface Framing {
  readonly voices: readonly Voice[];
  readonly memory: string;
  readonly above: readonly Above[];
  readonly tokens: number;
}

/** The text as it is, and all of it that fits. */
export const unframed: Framing = { voices: [], memory: "", above: [], tokens: 0 };

/** One share of a deal: so many candidates in a voice; null is the text's own. */
export interface Share {
  readonly voice: Voice | null;
  readonly n: number;
}

/** `n` candidates dealt round voices, from number `first` on: the shares, in the voices' order. */
export function dealt(n: number, voices: readonly Voice[], first = 0): Share[] {
  if (voices.length === 0) return [{ voice: null, n }];
  const counts = voices.map(() => 0);
  for (let i = 0; i < n; i++) {
    const turn = (first + i) % voices.length;
    counts[turn] = (counts[turn] ?? 0) + 1;
  }
  return voices.flatMap((voice, i) => (counts[i] ? [{ voice, n: counts[i] ?? 0 }] : []));
}

/** Shares laid out in turns: one of each, then another of each that is left. */
export function inTurns<T extends { readonly n: number }>(shares: readonly T[]): T[] {
  const most = Math.max(0, ...shares.map(({ n }) => n));
  return Array.from({ length: most }, (_, i) => shares.filter(({ n }) => n > i)).flat();
}

/** What is put before a prompt, as it is sent: a blank line follows it, unless it ends in white space. */
export function asFrame(text: string): string {
  return text === "" || /\s$/.test(text) ? text : `${text}\n\n`;
}

/** The longest name of a voice. */
const LONGEST_NAME = 64;

/** What is wrong with a voice, in a sentence; empty where nothing is. `others` are the names in use. */
export function objection(voice: Voice, others: readonly string[], words: Words): string {
  const { name, text } = voice;
  if (name === "") return words.__("Give the voice a name; rows are marked with it.");
  if (name.length > LONGEST_NAME) {
    return words.__("The name has %1 characters; make it %2 at most.", name.length, LONGEST_NAME);
  }
  if (others.includes(name)) {
    return words.__("There is a voice called “%1” already; choose another name.", name);
  }
  return text.trim() === "" ? words.__("Write what is to stand before the text.") : "";
}
