/** Saving how the next draw is made as a preset. */

import { presetNow, takePreset } from "@jupyter-sim/core";
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { type ICommandPalette, InputDialog } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { type Current, focusedView } from "./current";
import type { FanSettings } from "./settings";

/** Add the command that saves a preset. */
export function addPresets(
  app: JupyterFrontEnd,
  current: Current,
  settings: FanSettings,
  palette: ICommandPalette | null,
  trans: TranslationBundle,
): void {
  const command = "jupyter-sim:save-preset";
  app.commands.addCommand(command, {
    label: trans.__("Save as Preset…"),
    caption: trans.__("Keep sampling, length and voices of the next draw under a name"),
    isEnabled: () => focusedView(current) !== null,
    execute: async () => {
      const view = focusedView(current);
      const { value } = await InputDialog.getText({
        title: trans.__("Save the next draw's settings"),
        label: trans.__("Name; a preset that has it is replaced"),
        okLabel: trans.__("Save"),
        pattern: ".*\\S.*",
        required: true,
      });
      const preset = view && value ? presetNow(view, value.trim()) : null;
      if (view && preset) {
        await settings.save(preset);
        takePreset(view, preset);
      }
      view?.focus();
    },
    describedBy: { args: { type: "object", properties: {} } },
  });
  palette?.addItem({ command, category: trans.__("Simulator") });
}
