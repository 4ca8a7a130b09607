/** How a fan opens at the caret. */

import { EditorSelection } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { newId } from "../ids";
import { type Host, hosts } from "./config";
import { step } from "./state";
import type { Draw } from "./steps";
import { dealt, unframed } from "./voices";

/** How the fan is to open: a `quiet` one shows its ghost only; the candidates of the first draws begin
 * with `prefix`, and are `n` in all. */
export interface Wishes {
  readonly quiet?: boolean;
  readonly prefix?: string;
  readonly n?: number;
}

/** The draws of `n` candidates, dealt round the voices from candidate number `first` on. */
export function draws(view: EditorView, n: number, first = 0): Draw[] {
  const { voices } = view.state.facet(hosts)?.framing(view) ?? unframed;
  return dealt(n, voices, first).map((share) => ({ type: "draw", draw: newId(), ...share }));
}

/** Open a fan at the caret; where nothing can be proposed, say why. */
export function openAt(view: EditorView, wishes: Wishes = {}): boolean {
  const { quiet = false, prefix = "", n } = wishes;
  const host = view.state.facet(hosts);
  if (!host) return false;
  const cell = host.cell(view);
  if (!cell || view.state.readOnly) return refuse(host, cell !== null);
  const settings = host.settings(view);
  const opening = {
    type: "open" as const,
    fan: newId(),
    draws: draws(view, n ?? settings.n).map((draw) => ({ ...draw, prefix })),
    quiet,
    settings,
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
