/** The commands, with their labels; each acts on the editor that one writes in. */

import { EditorView } from "@codemirror/view";
import { type Action, commands as editorCommands, fanField } from "@jupyter-sim/core";
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ICommandPalette } from "@jupyterlab/apputils";
import { CodeMirrorEditor } from "@jupyterlab/codemirror";
import type { IEditorTracker } from "@jupyterlab/fileeditor";
import type { INotebookTracker } from "@jupyterlab/notebook";
import type { TranslationBundle } from "@jupyterlab/translation";
import { fanIcon } from "./icons";
import { commandId } from "./keys";

/** Where one may be writing. */
export interface Trackers {
  readonly notebooks: INotebookTracker | null;
  readonly editors: IEditorTracker | null;
}

function labels(trans: TranslationBundle): Record<Action, string> {
  return {
    propose: trans.__("Propose Continuations"),
    next: trans.__("Highlight the Next Candidate"),
    previous: trans.__("Highlight the Previous Candidate"),
    accept: trans.__("Accept the Candidate"),
    "accept-word": trans.__("Accept a Word of the Candidate"),
    "accept-sentence": trans.__("Accept the Candidate to the Sentence's End"),
    branch: trans.__("Branch: Keep the Candidate Alive"),
    reject: trans.__("Reject the Candidate and Draw Another"),
    dismiss: trans.__("Dismiss the Fan"),
    "next-length": trans.__("Next Draw: Another Length"),
    "more-candidates": trans.__("Next Draw: More Candidates"),
    "fewer-candidates": trans.__("Next Draw: Fewer Candidates"),
    warmer: trans.__("Next Draw: Warmer"),
    cooler: trans.__("Next Draw: Cooler"),
    parent: trans.__("Walk to the Parent"),
    child: trans.__("Walk to the Child"),
    "previous-sibling": trans.__("Walk to the Previous Sibling"),
    "next-sibling": trans.__("Walk to the Next Sibling"),
    withdraw: trans.__("Withdraw the Last Verdict"),
    pin: trans.__("Pin What the Caret Is In"),
    "next-order": trans.__("Rows: Another Order"),
    probabilities: trans.__("Probabilities: Look into the Candidate"),
    "next-token": trans.__("Probabilities: Next Token"),
    "previous-token": trans.__("Probabilities: Previous Token"),
  };
}

/** The actions that need no open fan. */
const anywhere: ReadonlySet<Action> = new Set([
  "propose",
  "parent",
  "child",
  "previous-sibling",
  "next-sibling",
  "withdraw",
  "pin",
]);

/** Add the commands to the application and to its palette. */
export function addCommands(
  app: JupyterFrontEnd,
  trackers: Trackers,
  palette: ICommandPalette | null,
  trans: TranslationBundle,
): void {
  for (const [action, label] of Object.entries(labels(trans)) as [Action, string][]) {
    const command = commandId(action);
    app.commands.addCommand(command, {
      label,
      icon: action === "propose" ? fanIcon : undefined,
      isEnabled: () => isEnabled(action, currentView(app, trackers)),
      execute: () => {
        const view = currentView(app, trackers);
        if (view) editorCommands[action](view);
      },
      describedBy: { args: { type: "object", properties: {} } },
    });
    palette?.addItem({ command, category: trans.__("Simulator") });
  }
}

function isEnabled(action: Action, view: EditorView | null): boolean {
  return view !== null && (anywhere.has(action) || Boolean(view.state.field(fanField, false)));
}

/** The editor that has the focus, else that of the current document. */
function currentView(app: JupyterFrontEnd, { notebooks, editors }: Trackers): EditorView | null {
  const focused = document.activeElement?.closest<HTMLElement>(".cm-editor");
  if (focused) return EditorView.findFromDOM(focused);
  const current = app.shell.currentWidget;
  const editor =
    current === notebooks?.currentWidget
      ? notebooks?.activeCell?.editor
      : current === editors?.currentWidget
        ? editors?.currentWidget?.content.editor
        : null;
  return editor instanceof CodeMirrorEditor ? editor.editor : null;
}
