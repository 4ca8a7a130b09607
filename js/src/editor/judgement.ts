/** What the model thought of a token, as elements: its chance, and what it would have said instead. */

import type { Words } from "./config";
import { el, setAttribute } from "./dom";
import { type Alternative, type Judged, percent, visible } from "./tokens";

/** A token's chance in a sentence. */
export function sentence({ text, chance, alternatives }: Judged, words: Words): string {
  return alternatives.length > 0
    ? words.__("“%1” had %2; instead:", visible(text), percent(chance))
    : words.__("“%1” had %2", visible(text), percent(chance));
}

/** One alternative; `on` where it is the chosen one. */
export function choice(
  { text, chance }: Alternative,
  instead: string,
  on: boolean,
  take: () => void,
): HTMLElement {
  const dom = el(
    "span",
    "jp-sim-other",
    { role: "option", "aria-selected": String(on) },
    el("span", "jp-sim-otherText", {}, visible(text)),
    el("span", "jp-sim-chance", {}, percent(chance)),
  );
  dom.classList.toggle("jp-mod-on", on);
  dom.classList.toggle("jp-mod-taken", text === instead);
  dom.addEventListener("click", take);
  return dom;
}

/** All of it, for a tooltip. */
export function judgement(token: Judged, words: Words, take: (text: string) => void): HTMLElement {
  const all = token.alternatives.map((one) => choice(one, token.text, false, () => take(one.text)));
  const others = el("div", "jp-sim-others", { role: "listbox" }, ...all);
  setAttribute(others, "aria-label", words.__("Alternatives"));
  others.prepend(el("span", "jp-sim-said", {}, sentence(token, words)));
  return el("div", "jp-sim-judgement", {}, others);
}
