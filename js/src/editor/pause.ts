/** Proposing by itself: when typing rests at the end of a line, a quiet fan opens, ghost only. Off
 * unless the settings name a pause. */

import { type EditorView, type PluginValue, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { hosts } from "./config";
import { openAt } from "./opening";
import { fanField } from "./state";

class Pause implements PluginValue {
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly view: EditorView) {}

  update(update: ViewUpdate): void {
    if (!update.docChanged && !update.selectionSet) return;
    this.stop();
    const typed = update.transactions.some((tr) => tr.isUserEvent("input.type"));
    const pause = update.state.facet(hosts)?.settings(update.view).pause ?? 0;
    if (!typed || pause === 0 || !this.isPlace()) return;
    this.timer = setTimeout(() => this.rest(), pause);
  }

  destroy(): void {
    this.stop();
  }

  private rest(): void {
    this.timer = null;
    if (this.view.hasFocus && this.isPlace()) openAt(this.view, { quiet: true });
  }

  /** Whether no fan is open and the caret stands behind a line that says something. */
  private isPlace(): boolean {
    const { state } = this.view;
    const { main, ranges } = state.selection;
    const line = state.doc.lineAt(main.head);
    const alone = main.empty && ranges.length === 1 && !this.view.composing;
    return alone && main.head === line.to && line.text.trim() !== "" && !state.field(fanField);
  }

  private stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}

/** Watches how typing rests. */
export const pausePlugin = ViewPlugin.fromClass(Pause);
