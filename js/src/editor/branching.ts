/** Leaving the text at a point of it, for another continuation. */

import type { EditorView } from "@codemirror/view";
import { points } from "../text";
import { openAt } from "./opening";
import { go, soon } from "./walking";

/** Go back to offset `from` of the text, and open a fan there whose candidates begin with `prefix`. What
 * followed there stays in the tree. */
export function branchOff(view: EditorView, from: number, prefix: string): void {
  soon(view, (tree) => {
    const to = tree.place(points(view.state.sliceDoc(0, from)));
    if (!to) return;
    go(view, tree, to);
    openAt(view, { prefix });
  });
}
