/** Plots of the bits of selection beside the figures: a bar for each cell, voice and day. */

import { el } from "../editor/dom";
import { oneLine, visible } from "../visible";
import type { Words } from "../words";
import type { Divided, Parts } from "./tally";

/** So many bars a plot has at most; the last ones, for they are where one stands. */
const MOST = 8;

/** The plots. One that would have a single bar is not drawn: that is the figure itself. */
export class Bars {
  readonly dom = el("div", "jp-sim-replay-plots");

  constructor(private readonly words: Words) {}

  /** Draw anew; `cell` has the name of a cell. */
  show({ cells, voices, days }: Divided, cell: (id: string) => string): void {
    const { words } = this;
    const voice = (name: string) => name || words.__("no voice");
    const day = (date: string) => date || words.__("no known date");
    this.dom.replaceChildren(
      ...this.plot(words.__("bits by cell"), cells, cell),
      ...this.plot(words.__("bits by voice"), voices, voice),
      ...this.plot(words.__("bits by day"), days, day),
    );
  }

  private plot(title: string, parts: Parts, name: (key: string) => string): HTMLElement[] {
    if (parts.size < 2) return [];
    const most = Math.max(...parts.values()) || 1;
    const rows = [...parts].slice(-MOST).flatMap(([key, bits]) => {
      const bar = el("i", "", { "aria-hidden": "true" });
      bar.style.width = `${(100 * bits) / most}%`;
      const said = visible(oneLine(name(key)));
      return [
        el("dt", "", { title: said }, said),
        el("dd", "", {}, bar, el("b", "", {}, bits.toFixed(2))),
      ];
    });
    const left = parts.size - rows.length / 2;
    const more = left > 0 ? ` (${this.words._n("after %1 more", "after %1 more", left)})` : "";
    return [el("div", "jp-sim-replay-title", {}, title + more), el("dl", "", {}, ...rows)];
  }
}
