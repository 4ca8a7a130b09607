/** What one can do in the Branches panel, as commands: their keys are settings, and menus list them. */

import type { TreeAction } from "@jupyter-sim/core";
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ICommandPalette } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { commandId } from "./keys";
import type { BranchesPanel } from "./panel";

function labels(trans: TranslationBundle): Record<TreeAction, string> {
  return {
    go: trans.__("Make the Selected Branch the Text"),
    pin: trans.__("Pin the Selected Branch"),
    note: trans.__("Write a Note on the Selected Branch…"),
    reject: trans.__("Reject the Selected Candidate"),
    hoist: trans.__("Hoist the Selected Branch, or Show the Whole Tree"),
    graph: trans.__("Show the Branches as a Graph, or as a List"),
    search: trans.__("Search the Branches…"),
    end: trans.__("Select the Text's End among the Branches"),
    collapse: trans.__("Close All Alternatives"),
    expand: trans.__("Open All Alternatives"),
  };
}

/** Add the commands to the application and to its palette. */
export function addTreeCommands(
  app: JupyterFrontEnd,
  panel: BranchesPanel,
  palette: ICommandPalette | null,
  trans: TranslationBundle,
): void {
  for (const [action, label] of Object.entries(labels(trans)) as [TreeAction, string][]) {
    const command = commandId(`tree-${action}`);
    app.commands.addCommand(command, {
      label,
      isEnabled: () => panel.hasTree,
      execute: async () => {
        // The palette gives the focus back to the text when it is gone.
        if (!panel.hasFocus) await new Promise(requestAnimationFrame);
        panel.run(action);
      },
      describedBy: { args: { type: "object", properties: {} } },
    });
    palette?.addItem({ command, category: trans.__("Simulator") });
  }
}
