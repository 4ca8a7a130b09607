/** The keys of an open fan.
 *
 * CodeMirror, and handlers that capture keys in the document, hear of a key before JupyterLab's own
 * shortcuts do; so while a fan is open in the editor, its keys are caught at the window. Which keys
 * those are is up to the shortcuts settings.
 */

import { type Action, OPEN, type TreeAction } from "@jupyter-sim/core";
import { CommandRegistry } from "@lumino/commands";

/** The name of the command for something that is done in the Branches panel. */
export type TreeCommand = `tree-${TreeAction}`;

/** The command of an action. */
export function commandId(action: Action | TreeCommand): string {
  return `jupyter-sim:${action}`;
}

/** Run the commands of open fans on their keys. */
export function routeKeys(commands: CommandRegistry): void {
  const route = (event: KeyboardEvent) => {
    if (event.isComposing || event.keyCode === 229) return;
    const command = fanCommand(commands, event);
    if (!command) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void commands.execute(command);
  };
  window.addEventListener("keydown", route, true);
}

function fanCommand(commands: CommandRegistry, event: KeyboardEvent): string | undefined {
  const { target } = event;
  if (!(target instanceof Element) || !target.closest(`.${OPEN}`)) return undefined;
  if (target.closest("[data-lm-suppress-shortcuts]") || isDialogOpen()) return undefined;
  const keystroke = CommandRegistry.keystrokeForKeydownEvent(event);
  return commands.keyBindings.find(
    ({ command, keys, selector }) =>
      command.startsWith("jupyter-sim:") &&
      keys.length === 1 &&
      keys[0] === keystroke &&
      target.closest(selector),
  )?.command;
}

/** A dialog takes the keys, also those that it hears while the focus is still in the editor. */
function isDialogOpen(): boolean {
  return document.querySelector(".jp-Dialog") !== null;
}

const signs: Readonly<Record<string, string>> = {
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  Cmd: "⌘",
  Enter: "↵",
  Escape: "Esc",
};

/** How the keys of an action are written; empty where it has none. */
export function keyLabel(commands: CommandRegistry, action: Action | TreeCommand): string {
  const binding = commands.keyBindings.find(({ command }) => command === commandId(action));
  const keys = binding?.keys.join(" ").split(" ") ?? [];
  return keys.map((key) => signs[key] ?? key).join(" ");
}
