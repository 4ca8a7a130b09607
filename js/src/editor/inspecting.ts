/** Looking at the exact prompt that a proposal at the caret would send. */

import type { EditorView } from "@codemirror/view";
import type { Inspected, Voice } from "../protocol";
import { points } from "../text";
import { hosts } from "./config";
import { contextIn, manner } from "./request";

/** Ask for the prompt at the caret in a voice. Null where the editor belongs to no document; rejects
 * with the sentence of who refuses. */
export async function inspect(view: EditorView, voice: Voice | null): Promise<Inspected | null> {
  const host = view.state.facet(hosts);
  const cell = host?.cell(view);
  if (!host || !cell) return null;
  const text = view.state.doc.toString();
  const { max_tokens } = manner(host.settings(view));
  const question = {
    type: "inspect" as const,
    cell: cell.id,
    at: points(text.slice(0, view.state.selection.main.head)),
    context: contextIn(voice, host.framing(view), cell.client),
    max_tokens,
  };
  let seen: Inspected | null = null;
  const { answered } = cell.client.ask({ cell: cell.id, text, undo: false }, question, (part) => {
    if (part.type === "inspected") seen = part;
  });
  await answered;
  return seen;
}

/** All that a prompt at the caret depends on, in one string: where it is another, the prompt is. */
export function groundsOf(view: EditorView): string {
  const host = view.state.facet(hosts);
  const framing = host?.framing(view);
  const { max_tokens } = host ? manner(host.settings(view)) : { max_tokens: 0 };
  const cell = host?.cell(view)?.id;
  const text = view.state.sliceDoc(0, view.state.selection.main.head);
  return JSON.stringify([cell, text, max_tokens, framing]);
}
