/** A prompt as a reader meets it, token by token. Pure. */

import type { Inspected } from "./protocol";
import { unitsAt } from "./text";

/** A piece of the prompt that is whole characters: mostly one token, of characters that are spelled by
 * several, all of them. `cached` where the model need not read it again. */
export interface Piece {
  readonly text: string;
  readonly ids: readonly number[];
  readonly cached: boolean;
}

/** The pieces of a prompt, in their order. */
export function pieces({ text, tokens, ends, reused }: Inspected): Piece[] {
  const all: Piece[] = [];
  let [from, first] = [0, 0];
  unitsAt(text, ends).forEach((to, i) => {
    if (to <= from && i < tokens.length - 1) return;
    all.push({
      text: text.slice(from, to),
      ids: tokens.slice(first, i + 1),
      cached: i < reused,
    });
    [from, first] = [to, i + 1];
  });
  return all;
}
