/** The figures of curation up to a step, as a short table and in brief. */

import { el, setText } from "../editor/dom";
import type { Words } from "../words";
import { Bars } from "./bars";
import type { Reel } from "./reel";
import { type Figures, type Shares, Tally } from "./tally";

/** The panel of figures. */
export class Sums {
  readonly dom: HTMLElement;
  private readonly list = el("dl", "jp-sim-replay-figures");
  private readonly bar = el("div", "jp-sim-replay-shares", { role: "img" });
  private readonly bars: Bars;
  private tally = new Tally();

  constructor(private readonly words: Words) {
    const title = el("div", "jp-sim-replay-title", {}, this.words.__("Curation"));
    this.bars = new Bars(words);
    const parts = [title, this.bar, this.list, this.bars.dom];
    this.dom = el("div", "jp-sim-replay-sums", { role: "region", tabindex: "0" }, ...parts);
    this.dom.setAttribute("aria-label", this.words.__("Curation"));
  }

  /** Count anew: another reel is shown. */
  clear(): void {
    this.tally = new Tally();
  }

  /** Show the figures of all events up to one; in brief, as a line. */
  show(reel: Reel, index: number): string {
    if (this.tally.count > index + 1) this.tally = new Tally();
    for (let i = this.tally.count; i <= index; i++) {
      const event = reel.events[i];
      if (event) this.tally.take(event);
    }
    const figures = this.tally.figures();
    const shares = sharesAt(reel, index);
    this.draw(figures, shares);
    this.bars.show(this.tally.divided(), (id) => this.cellName(reel, id));
    return this.brief(figures, shares);
  }

  private cellName({ strands }: Reel, id: string): string {
    const strand = strands.find((one) => one.id === id);
    return strand ? this.words.__("cell %1", strand.number) : id;
  }

  private brief(
    { selection_bits: bits, selection_bits_per_token: each }: Figures,
    shares: Shares,
  ): string {
    const { words } = this;
    const parts = [this.authors(shares), words.__("%1 bits selected", bits.toFixed(1))];
    if (each !== null) parts.push(words.__("%1 bits/token", each.toFixed(2)));
    return parts.filter(Boolean).join(" · ");
  }

  private authors(shares: Shares): string {
    const { words } = this;
    const all = shares.model + shares.human + shares.found;
    if (all === 0) return "";
    const percent = (part: number) => Math.round((100 * part) / all);
    const parts = [
      words.__("model %1 %", percent(shares.model)),
      words.__("human %1 %", percent(shares.human)),
      ...(shares.found > 0 ? [words.__("found %1 %", percent(shares.found))] : []),
    ];
    return parts.join(" · ");
  }

  private draw(figures: Figures, shares: Shares): void {
    this.bar.replaceChildren(
      ...(["human", "model", "found"] as const).map((author) => {
        const part = el("i", `jp-sim-share-${author}`);
        part.style.flexGrow = String(shares[author]);
        return part;
      }),
    );
    const said = this.authors(shares);
    this.bar.setAttribute("aria-label", said);
    const rows = this.rows(figures);
    while (this.list.children.length > 2 * rows.length) this.list.lastChild?.remove();
    while (this.list.children.length < 2 * rows.length)
      this.list.append(el("dt", ""), el("dd", ""));
    [["", said] as const, ...rows].slice(1).forEach(([name, value], i) => {
      setText(this.list.children[2 * i] as Node, name);
      setText(this.list.children[2 * i + 1] as Node, value);
    });
  }

  private rows(figures: Figures): [string, string][] {
    const { words } = this;
    const { fans, fans_without_choice, choices, kept, generated, kept_share } = figures;
    const part = kept_share === null ? "" : ` (${Math.round(100 * kept_share)} %)`;
    const time = figures.median_seconds;
    return [
      [words.__("fans seen"), String(fans)],
      [words.__("without a choice"), String(fans_without_choice)],
      [words.__("choices"), String(choices)],
      [words.__("selection"), words.__("%1 bits", figures.selection_bits.toFixed(2))],
      [words.__("kept of generated"), `${kept} / ${generated}${part}`],
      [words.__("branching"), figures.branching?.toFixed(1) ?? "–"],
      [words.__("time to verdict"), time === null ? "–" : words.__("%1 s", time.toFixed(1))],
    ];
  }
}

/** How many code points of all cells each author had written by an event. */
export function sharesAt(reel: Reel, index: number): Shares {
  const shares = { human: 0, model: 0, found: 0 };
  for (const strand of reel.strands) {
    const head = reel.head(strand, index);
    for (const { author, length } of head ? strand.tree.runs(head) : []) shares[author] += length;
  }
  return shares;
}
