/** The tree of the cell that an editor shows, for who needs it now or as it grows. All waiting for it
 * is here. */

import { type EditorView, type PluginValue, ViewPlugin } from "@codemirror/view";
import type { Tree } from "../tree";
import { type Cell, hosts } from "./config";
import { fanPlugin } from "./plugin";

/** How long the document may take to tell a tree that says what the editor does, in milliseconds. */
const PATIENCE = 5000;

/** What is done with a tree whose text is that of the editor. */
export type Deed = (tree: Tree, cell: Cell) => void;

class Watching implements PluginValue {
  private cell: Cell | null = null;
  private leave: (() => void) | null = null;
  private deed: Deed | null = null;
  private limit: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly view: EditorView) {}

  destroy(): void {
    this.leave?.();
    this.settle();
  }

  /** Do something as soon as the tree says what the editor does; at once, if it does. */
  soon(deed: Deed): void {
    const host = this.view.state.facet(hosts);
    const cell = host?.cell(this.view) ?? null;
    if (!cell) return;
    this.settle();
    this.deed = deed;
    this.limit = setTimeout(() => this.giveUp(), PATIENCE);
    this.look(cell);
    if (cell.client.tree(cell.id)) this.attempt();
  }

  private look(cell: Cell): void {
    if (this.cell?.client === cell.client && this.cell.id === cell.id) return;
    this.leave?.();
    this.cell = cell;
    this.leave = cell.client.look(cell.id, () => this.attempt());
  }

  private attempt(): void {
    const cell = this.cell;
    const deed = this.deed;
    const tree = cell?.client.tree(cell.id);
    if (!cell || !deed || !tree) return;
    const host = this.view.state.facet(hosts);
    if (!tree.head) {
      this.settle();
      host?.report(
        host.words.__("This cell has no branches yet; have continuations proposed first."),
      );
    } else if (tree.text === this.view.state.doc.toString()) {
      this.settle();
      deed(tree, cell);
    } else {
      this.view.plugin(fanPlugin)?.sync();
    }
  }

  private giveUp(): void {
    this.settle();
    const host = this.view.state.facet(hosts);
    host?.report(host.words.__("The server did not tell this cell's branches; try again."));
  }

  private settle(): void {
    if (this.limit !== null) clearTimeout(this.limit);
    this.limit = null;
    this.deed = null;
  }
}

/** Watches the tree of the editor's cell, from the first time that it is asked for. */
export const watching = ViewPlugin.fromClass(Watching);
