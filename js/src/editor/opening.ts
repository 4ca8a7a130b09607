/** How a fan opens at the caret. */

import { EditorSelection } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { newId } from "../ids";
import { type Host, hosts } from "./config";
import { step } from "./state";

/** Open a fan at the caret; where nothing can be proposed, say why. A `quiet` one shows its ghost only;
 * the candidates of the first draw begin with `prefix`. */
export function openAt(view: EditorView, { quiet = false, prefix = "" } = {}): boolean {
  const host = view.state.facet(hosts);
  if (!host) return false;
  const cell = host.cell(view);
  if (!cell || view.state.readOnly) return refuse(host, cell !== null);
  const opening = {
    type: "open" as const,
    fan: newId(),
    draw: newId(),
    quiet,
    prefix,
    settings: host.settings(view),
    engine: cell.client.status,
  };
  view.dispatch({
    selection: EditorSelection.cursor(view.state.selection.main.head),
    effects: step.of(opening),
    scrollIntoView: !quiet,
  });
  return true;
}

function refuse({ words, report }: Host, isReadOnly: boolean): boolean {
  const sentence = isReadOnly
    ? words.__("This text is read-only; make it editable to have continuations proposed.")
    : words.__(
        "This editor belongs to no notebook and no text file; continuations are proposed in those.",
      );
  report(sentence);
  return true;
}
