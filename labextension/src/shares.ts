/** How much of a text each author wrote: in the panel, and in the status bar while the text is tinted. */

import { shares, type Toggle, type Tree } from "@jupyter-sim/core";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";
import type { Current } from "./current";

/** The shares in a text, such as "model 58 % · human 42 %". */
export function shareText(tree: Tree, trans: TranslationBundle): string {
  const { model, human, found } = shares(tree);
  const all = Math.max(1, model + human + found);
  const percent = (part: number) => Math.round((100 * part) / all);
  const parts = [
    trans.__("model %1 %", percent(model)),
    trans.__("human %1 %", percent(human)),
    ...(found > 0 ? [trans.__("found %1 %", percent(found))] : []),
  ];
  return parts.join(" · ");
}

/** The status bar's item. */
export class SharesItem extends Widget {
  private stop: (() => void) | null = null;
  private frame = 0;

  constructor(
    private readonly trans: TranslationBundle,
    private readonly current: Current,
    private readonly authorship: Toggle,
  ) {
    super({ node: document.createElement("span") });
    this.addClass("jp-sim-status-shares");
    this.node.title = trans.__("Who wrote how much of this cell's text");
    authorship.watch(() => this.look());
    current.changed.connect(() => this.look());
    this.hide();
  }

  private look(): void {
    this.stop?.();
    this.stop = null;
    const cell = this.authorship.on ? this.current.place?.cell : undefined;
    if (cell) this.stop = cell.client.look(cell.id, (tree) => this.hear(tree));
    else this.hide();
  }

  private hear(tree: Tree | null): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      this.setHidden(!this.stop || !tree?.head);
      if (tree?.head) this.node.textContent = shareText(tree, this.trans);
    });
  }
}
