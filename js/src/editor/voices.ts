/** How candidates are dealt round voices, and what a prompt is framed by. Pure. */

import type { Voice } from "../protocol";

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
