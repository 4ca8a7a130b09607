/** How long a candidate may become: the choices, and what each means to the engine and the eye. */

import type { Propose } from "../protocol";
import type { Words } from "./config";

/** The choices, in the order they are offered. A number is a count of tokens. */
export const lengths = ["word", "sentence", "line", "paragraph", "block", "48", "128"] as const;

/** A choice of length, as in the settings. */
export type Length = (typeof lengths)[number];

/** What a length means: where a candidate stops, how many tokens it takes at most, and how many
 * lines more than the caret's are kept free for its ghost, so that the list under it stands still. */
export interface Extent {
  readonly stop: Propose["stop"];
  readonly maxTokens: number;
  readonly lines: number;
}

export const extents: Readonly<Record<Length, Extent>> = {
  word: { stop: "word", maxTokens: 16, lines: 1 },
  sentence: { stop: "sentence", maxTokens: 96, lines: 2 },
  line: { stop: "line", maxTokens: 96, lines: 2 },
  paragraph: { stop: "paragraph", maxTokens: 256, lines: 5 },
  block: { stop: "block", maxTokens: 192, lines: 4 },
  "48": { stop: "none", maxTokens: 48, lines: 2 },
  "128": { stop: "none", maxTokens: 128, lines: 5 },
};

/** What a length is called. */
export function lengthName(length: Length, words: Words): string {
  switch (length) {
    case "word":
      return words.__("word");
    case "sentence":
      return words.__("sentence");
    case "line":
      return words.__("line");
    case "paragraph":
      return words.__("paragraph");
    case "block":
      return words.__("block");
    case "48":
    case "128":
      return words.__("%1 tokens", length);
    default:
      return length satisfies never;
  }
}
