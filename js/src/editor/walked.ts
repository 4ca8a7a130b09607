/** What a transaction says when it makes another branch the text, or takes a verdict back. */

import { StateEffect } from "@codemirror/state";
import type { Place, Taken } from "../protocol";

/** Where in the tree the caret is now, and what stays behind it, if the text changed; whose verdict was
 * withdrawn, if any was. */
export interface Walked {
  readonly to: Place | null;
  readonly tail: readonly Taken[];
  readonly withdrawn: { readonly fan: string; readonly candidate: string } | null;
}

/** Carries what was walked in a transaction. */
export const walked = StateEffect.define<Walked>();
