/** The cell that one works in: the active one of the current notebook, or the current text file. */

import { EditorView } from "@codemirror/view";
import type { Cell } from "@jupyter-sim/core";
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { CodeEditor } from "@jupyterlab/codeeditor";
import { CodeMirrorEditor } from "@jupyterlab/codemirror";
import type { IDocumentWidget } from "@jupyterlab/docregistry";
import type { IEditorTracker } from "@jupyterlab/fileeditor";
import type { INotebookTracker } from "@jupyterlab/notebook";
import { Signal } from "@lumino/signaling";
import type { Widget } from "@lumino/widgets";
import type { Documents } from "./documents";

/** Where one may be writing. */
export interface Trackers {
  readonly notebooks: INotebookTracker | null;
  readonly editors: IEditorTracker | null;
}

/** A cell, and how it is told from the others of its document. */
export interface Place {
  readonly cell: Cell;
  readonly model: CodeEditor.IModel;
  readonly widget: Widget;
  /** Its number in a notebook, from 1; 0 for a text file. */
  readonly number: number;
  /** The name of its document. */
  readonly document: string;
}

/** Follows where one works. */
export class Current {
  readonly changed = new Signal<this, void>(this);

  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly trackers: Trackers,
    private readonly documents: Documents,
  ) {
    const tell = () => this.changed.emit();
    trackers.notebooks?.activeCellChanged.connect(tell);
    trackers.notebooks?.currentChanged.connect(tell);
    trackers.editors?.currentChanged.connect(tell);
    app.shell.currentChanged?.connect(tell);
  }

  /** The cell; null where there is none. The last one stays while one is in a side bar. */
  get place(): Place | null {
    const { notebooks, editors } = this.trackers;
    const main = this.app.shell.currentWidget;
    const file = editors?.currentWidget;
    if (file && main === file) {
      return this.at(file.content.editor.model, file, 0);
    }
    const panel = notebooks?.currentWidget;
    const active = panel?.content.activeCell;
    if (!panel || !active) return file ? this.at(file.content.editor.model, file, 0) : null;
    return this.at(active.model, panel, panel.content.activeCellIndex + 1);
  }

  /** The editor of the cell, if it has one now. */
  get view(): EditorView | null {
    const { notebooks, editors } = this.trackers;
    const widget = this.place?.widget;
    const editor =
      widget === notebooks?.currentWidget
        ? notebooks?.activeCell?.editor
        : editors?.currentWidget?.content.editor;
    return editor instanceof CodeMirrorEditor ? editor.editor : null;
  }

  /** Go on writing where the caret is. */
  focus(): void {
    const widget = this.place?.widget;
    if (!widget) return;
    // The browser tells late where its selection went, and CodeMirror trusts what it was told last: it
    // would take the start of the text, where the browser puts the selection, for a caret set by hand.
    document.dispatchEvent(new Event("selectionchange"));
    this.app.shell.activateById(widget.id);
    if (widget === this.trackers.notebooks?.currentWidget) {
      void this.app.commands.execute("notebook:enter-edit-mode");
    }
    this.view?.focus();
  }

  /** A document that is still being loaded does not know yet which one it is. */
  private at(model: CodeEditor.IModel, widget: IDocumentWidget, number: number): Place | null {
    const { context } = widget;
    if (!context.isReady) {
      void context.ready.then(() => this.changed.emit());
      return null;
    }
    const cell = this.documents.cell(model);
    const document = context.path.split("/").pop() ?? context.path;
    return cell && { cell, model, widget, number, document };
  }
}

/** The editor that has the focus, else that of the current cell. */
export function focusedView(current: Current): EditorView | null {
  const focused = document.activeElement?.closest<HTMLElement>(".cm-editor");
  return focused ? EditorView.findFromDOM(focused) : current.view;
}
