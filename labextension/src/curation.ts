/**
 * The live figures of curation of the document that one works in: a button that stands in the status bar,
 * or in the Branches panel where the host has none. A click tells what they mean.
 */

import type { Client, Measured } from "@jupyter-sim/core";
import { Dialog, showDialog } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";
import type { Current } from "./current";

/** What the button needs from the program around it. */
export interface CurationOptions {
  trans: TranslationBundle;
  current: Current;
  /** Replay the document. */
  replay(): void;
}

/** The button. It hides where no fan was seen. */
export class CurationItem extends Widget {
  private client: Client | null = null;
  private stop: (() => void) | null = null;
  private figures: Measured | null = null;

  constructor(private readonly options: CurationOptions) {
    super({ node: document.createElement("button") });
    this.addClass("jp-sim-curation");
    this.addClass("jp-mod-highlighted");
    this.node.setAttribute("type", "button");
    this.node.addEventListener("click", () => void this.tellMore());
    options.current.changed.connect(() => this.look());
    this.hide();
    this.look();
  }

  private look(): void {
    const client = this.options.current.place?.cell.client ?? null;
    if (client === this.client) return;
    this.stop?.();
    this.client = client;
    this.tell(null);
    this.stop = client?.figures((figures) => this.tell(figures)) ?? null;
  }

  private tell(figures: Measured | null): void {
    const { trans } = this.options;
    this.figures = figures;
    this.setHidden(!figures || figures.fans === 0);
    if (!figures) return;
    this.node.textContent = brief(figures, trans);
    this.node.title = explained(figures, trans);
  }

  private async tellMore(): Promise<void> {
    const { trans, current, replay } = this.options;
    if (!this.figures) return;
    const { button } = await showDialog({
      title: trans.__("Curation of %1", current.place?.document ?? ""),
      body: new Details(this.figures, trans),
      buttons: [
        Dialog.cancelButton({ label: trans.__("Close") }),
        Dialog.okButton({ label: trans.__("Replay") }),
      ],
      defaultButton: 0,
    });
    if (button.accept) replay();
  }
}

/** The figures in a few words, such as "7.4 bits selected · 0.21 bits/token". */
export function brief(figures: Measured, trans: TranslationBundle): string {
  const { selection_bits, selection_bits_per_token: each, intervention_bits: own } = figures;
  const parts = [trans.__("%1 bits selected", selection_bits.toFixed(1))];
  if (each !== null) parts.push(trans.__("%1 bits/token", each.toFixed(2)));
  if (own !== null) parts.push(trans.__("%1 bits written", own.toFixed(1)));
  return parts.join(" · ");
}

function explained(figures: Measured, trans: TranslationBundle): string {
  const rows = facts(figures, trans).map(([name, value]) => `${name}: ${value}`);
  return [
    trans.__("How much of this document is your choice. Choosing 1 of n seen adds log₂ n bits."),
    ...rows,
    trans.__("Click to see what each figure means."),
  ].join("\n");
}

/** What is known, and what it means. */
class Details extends Widget {
  constructor(figures: Measured, trans: TranslationBundle) {
    super();
    this.addClass("jp-sim-details");
    const list = document.createElement("dl");
    for (const [name, value, meaning] of facts(figures, trans)) {
      const told = element("dd", value);
      told.append(element("small", meaning));
      list.append(element("dt", name), told);
    }
    this.node.append(list);
    const { cells, scored } = figures;
    if (scored < cells) this.node.append(element("p", unscored(figures, trans)));
  }
}

function facts(figures: Measured, trans: TranslationBundle): [string, string, string][] {
  const { fans, choices, kept_tokens, selection_bits, intervention_bits, generated } = figures;
  const { selection_bits_per_token: each, bits_per_token: both, kept, cells, scored } = figures;
  const bits = (value: number, digits: number) => trans.__("%1 bits", value.toFixed(digits));
  const count = (n: number) => n.toLocaleString("en");
  const rows: [string, string, string][] = [
    [
      trans.__("Selection"),
      bits(selection_bits, 2),
      trans.__(
        "Choices in %1 of the %2 fans that you saw. Keeping m of n different candidates seen adds log₂(n / m) bits.",
        count(choices),
        count(fans),
      ),
    ],
  ];
  if (each !== null) {
    const meaning = trans.__(
      "Selection, over the %1 tokens of the model's that you accepted.",
      count(kept_tokens),
    );
    rows.push([trans.__("Per token"), bits(each, 3), meaning]);
  }
  if (generated > 0) {
    const value = `${Math.round((100 * kept) / generated)} %`;
    const meaning = trans.__(
      "%1 of the %2 characters that the model wrote were accepted.",
      count(kept),
      count(generated),
    );
    rows.push([trans.__("Kept"), value, meaning]);
  }
  if (intervention_bits !== null) {
    const meaning = trans.__(
      "What the model pays for your own words, −log₂ p of each token, in %1 of %2 cells.",
      scored,
      cells,
    );
    rows.push([trans.__("Intervention"), bits(intervention_bits, 2), meaning]);
  }
  if (both !== null) {
    const meaning = trans.__("Selection and intervention, over all tokens of the text.");
    rows.push([trans.__("Both, per token"), bits(both, 3), meaning]);
  }
  return rows;
}

function unscored({ cells, scored }: Measured, trans: TranslationBundle): string {
  return trans.__(
    "%1 of %2 cells with text are scored as they stand. Score the others to see what your own words are worth to the model.",
    scored,
    cells,
  );
}

function element(tag: string, text: string): HTMLElement {
  const dom = document.createElement(tag);
  dom.textContent = text;
  return dom;
}
