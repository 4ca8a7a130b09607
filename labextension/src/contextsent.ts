/** What is sent, in the Context panel: how much of the notebook, and how many tokens at the most. */

import { el } from "@jupyter-sim/core";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { Framings } from "./framings";

/** The two settings. */
export class SentView {
  readonly dom = el("section", "jp-sim-part");
  private readonly above = el("input", "", { type: "checkbox" });
  private readonly tokens = el("input", "jp-sim-number-field", {
    type: "number",
    min: "0",
    step: "64",
  });

  constructor(
    trans: TranslationBundle,
    private readonly framings: Framings,
  ) {
    this.above.addEventListener("change", () => framings.setAbove(this.above.checked));
    this.tokens.addEventListener("change", () => this.measure());
    this.tokens.placeholder = trans.__("no limit");
    this.dom.append(
      el("h2", "", {}, trans.__("What is sent")),
      el("label", "jp-sim-check", {}, this.above, trans.__("The cells above as well")),
      el("label", "jp-sim-check", {}, trans.__("Tokens at most"), this.tokens),
    );
  }

  show(): void {
    const { above, tokens } = this.framings.measure;
    this.above.checked = above;
    if (document.activeElement !== this.tokens) this.tokens.value = tokens ? String(tokens) : "";
  }

  private measure(): void {
    const tokens = Number.parseInt(this.tokens.value, 10);
    this.framings.setTokens(tokens > 0 ? tokens : 0);
    this.tokens.value = tokens > 0 ? String(tokens) : "";
  }
}
