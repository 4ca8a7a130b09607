/** Looking into a candidate: its tokens in a strip, each shaded by how surprised the model was, and
 * under them what it would have said instead of the one that is looked at. */

import type { Words } from "./config";
import { el, setAttribute, setText } from "./dom";
import { type Candidate, type Fan, type Probe, shownAs } from "./fan";
import { percent, surprise, type Token, tokensOf } from "./tokens";

/** What one can do in the strip by mouse. */
export interface ProbeActions {
  look(token: number): void;
  take(alternative: number): void;
}

/** The strip under the list. It is empty where nothing is looked at. */
export class ProbeView {
  readonly dom = el("div", "jp-sim-probe");
  private readonly strip = el("div", "jp-sim-tokens", { role: "group" });
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
    const others = token?.alternatives.map((_, i) => this.alternative(token, i, probe)) ?? [];
    this.others.replaceChildren(this.summary(token), ...others);
    this.strip.children[probe.token]?.scrollIntoView({ block: "nearest" });
    this.drawn = { candidate, probe };
  }

  private token({ text, chance }: Token, index: number, probe: Probe): HTMLElement {
    const dom = el("span", "jp-sim-token", { title: percent(chance) }, visible(text));
    dom.style.setProperty("--jp-sim-surprise", `${Math.round(70 * surprise(chance))}%`);
    dom.classList.toggle("jp-mod-on", index === probe.token);
    dom.addEventListener("click", () => this.actions.look(index));
    return dom;
  }

  private summary(token: Token | undefined): HTMLElement {
    const said = el("span", "jp-sim-said");
    if (!token) return said;
    const text = this.words.__("“%1” had %2; instead:", visible(token.text), percent(token.chance));
    const none = this.words.__("“%1” had %2", visible(token.text), percent(token.chance));
    setText(said, token.alternatives.length > 0 ? text : none);
    return said;
  }

  private alternative({ alternatives, text }: Token, index: number, probe: Probe): HTMLElement {
    const { text: other, chance } = alternatives[index] as Token["alternatives"][number];
    const on = index === probe.alternative;
    const dom = el(
      "span",
      "jp-sim-other",
      { role: "option", "aria-selected": String(on) },
      el("span", "jp-sim-otherText", {}, visible(other)),
      el("span", "jp-sim-chance", {}, percent(chance)),
    );
    dom.classList.toggle("jp-mod-on", on);
    dom.classList.toggle("jp-mod-taken", other === text);
    dom.addEventListener("click", () => this.actions.take(index));
    return dom;
  }
}

/** A token with its white space visible. */
export function visible(text: string): string {
  return text.replace(/ /g, "·").replace(/\n/g, "↵").replace(/\t/g, "→");
}
