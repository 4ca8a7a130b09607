/** The commands, with their labels; each acts on the editor that one writes in. */

import type { EditorView } from "@codemirror/view";
import { type Action, commands as editorCommands, fanField } from "@jupyter-sim/core";
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ICommandPalette } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { type Current, focusedView } from "./current";
import { fanIcon } from "./icons";
import { commandId } from "./keys";

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
    authorship: trans.__("Show Who Wrote What"),
    "next-order": trans.__("Rows: Another Order"),
    probabilities: trans.__("Probabilities: Look into the Candidate"),
    "one-of-each": trans.__("Propose: One from Each Voice"),
    "next-preset": trans.__("Next Draw: Another Preset"),
    score: trans.__("Score: Shade the Text by Surprise"),
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
  "authorship",
  "probabilities",
  "score",
  "one-of-each",
  "next-preset",
]);

/** Add the commands to the application and to its palette. */
export function addCommands(
  app: JupyterFrontEnd,
  current: Current,
  palette: ICommandPalette | null,
  trans: TranslationBundle,
): void {
  for (const [action, label] of Object.entries(labels(trans)) as [Action, string][]) {
    const command = commandId(action);
    app.commands.addCommand(command, {
      label,
      icon: action === "propose" ? fanIcon : undefined,
      isEnabled: () => isEnabled(action, focusedView(current)),
      execute: () => {
        const view = focusedView(current);
        if (!view) return;
        if (!view.hasFocus) current.focus(); // It was in a menu, or in the palette.
        editorCommands[action](view);
      },
      describedBy: { args: { type: "object", properties: {} } },
    });
    palette?.addItem({ command, category: trans.__("Simulator") });
  }
}

function isEnabled(action: Action, view: EditorView | null): boolean {
  return view !== null && (anywhere.has(action) || Boolean(view.state.field(fanField, false)));
}
