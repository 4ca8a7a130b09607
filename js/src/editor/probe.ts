/** Looking into a candidate: its tokens in a strip, each shaded by how surprised the model was, and
 * under them what it would have said instead of the one that is looked at. */

import type { Words } from "./config";
import { el, setAttribute } from "./dom";
import { type Candidate, type Fan, type Probe, shownAs } from "./fan";
import { choice, sentence } from "./judgement";
import { percent, surprise, type Token, tokensOf, visible } from "./tokens";

/** What one can do in the strip by mouse. */
export interface ProbeActions {
  look(token: number): void;
  take(alternative: number): void;
}

/** The strip under the list. It is empty where nothing is looked at. */
export class ProbeView {
  readonly dom = el("div", "jp-sim-probe");
  private readonly strip = el("div", "jp-sim-tokens", { role: "group", tabindex: "0" });
  private readonly others = el("div", "jp-sim-others", { role: "listbox" });
  private drawn: { candidate: Candidate; probe: Probe } | null = null;

  constructor(
    private readonly words: Words,
    private readonly actions: ProbeActions,
  ) {
    setAttribute(this.strip, "aria-label", words.__("Tokens, shaded by surprise"));
    setAttribute(this.others, "aria-label", words.__("Alternatives"));
    this.dom.append(this.strip, this.others);
  }

  update(fan: Fan): void {
    const { probe } = fan;
    const candidate = probe ? shownAs(fan, probe.candidate) : null;
    setAttribute(this.dom, "hidden", candidate ? null : "");
    if (!probe || !candidate) return;
    if (this.drawn?.candidate === candidate && this.drawn.probe === probe) return;
    const tokens = tokensOf(candidate);
    this.strip.replaceChildren(...tokens.map((token, i) => this.token(token, i, probe)));
    const token = tokens[probe.token];
    this.others.replaceChildren(...(token ? this.judged(token, probe) : []));
    this.strip.children[probe.token]?.scrollIntoView({ block: "nearest" });
    this.drawn = { candidate, probe };
  }

  private judged(token: Token, probe: Probe): HTMLElement[] {
    const others = token.alternatives.map((one, i) =>
      choice(one, token.text, i === probe.alternative, () => this.actions.take(i)),
    );
    return [el("span", "jp-sim-said", {}, sentence(token, this.words)), ...others];
  }

  private token({ text, chance }: Token, index: number, probe: Probe): HTMLElement {
    const dom = el("span", "jp-sim-token", { title: percent(chance) }, visible(text));
    if (/^\s/.test(text)) dom.prepend(el("wbr", ""));
    dom.style.setProperty("--jp-sim-surprise", `${Math.round(70 * surprise(chance))}%`);
    dom.classList.toggle("jp-mod-on", index === probe.token);
    dom.addEventListener("click", () => this.actions.look(index));
    return dom;
  }
}
