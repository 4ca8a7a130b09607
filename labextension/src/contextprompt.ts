/** The inspector in the Context panel: the exact prompt that a proposal at the caret would send, token by
 * token; what was cut from it, and what of it the model need not read again. */

import type { EditorView } from "@codemirror/view";
import { el, groundsOf, type Inspected, inspect, type Piece, pieces } from "@jupyter-sim/core";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { Current } from "./current";
import type { Framings } from "./framings";

/** At most so many pieces are shown, the last ones. */
const MOST = 4000;

/** The prompt. */
export class PromptView {
  readonly dom = el("section", "jp-sim-part jp-sim-inspector");
  private readonly button = el("button", "jp-sim-action jp-mod-main", { type: "button" });
  private readonly voice = el("select", "jp-sim-choice");
  private readonly facts = el("p", "jp-sim-facts", { role: "status" });
  private readonly stale = el("p", "jp-sim-stale");
  private readonly trouble = el("p", "jp-sim-wrong", { role: "alert" });
  private readonly legend = el("p", "jp-sim-legend");
  private readonly prompt = el("pre", "jp-sim-prompt", { tabindex: "0", role: "region" });
  private shown: { view: EditorView; grounds: string } | null = null;
  private latest = 0;

  constructor(
    private readonly trans: TranslationBundle,
    private readonly current: Current,
    private readonly framings: Framings,
  ) {
    this.voice.setAttribute("aria-label", trans.__("In which voice"));
    this.voice.addEventListener("change", () => void this.look());
    this.button.textContent = trans.__("Show the prompt");
    this.button.addEventListener("click", () => void this.look());
    this.prompt.setAttribute("aria-label", trans.__("The exact prompt"));
    this.stale.textContent = trans.__("The text, the caret or the context changed since.");
    this.legend.append(
      el("span", "jp-sim-piece jp-mod-cached", {}, trans.__("in the model's cache")),
      el("span", "", {}, trans.__("point at a token for its id")),
    );
    const tools = el("div", "jp-sim-tools", {}, this.voice, this.button);
    const head = el("div", "jp-sim-part-head", {}, el("h2", "", {}, trans.__("Prompt")), tools);
    this.dom.append(head, this.trouble, this.stale, this.facts, this.prompt, this.legend);
    this.clear(trans.__("What a proposal at the caret would send to the model."));
  }

  focus(): void {
    this.button.focus();
  }

  /** Ask for the prompt, and show it when it comes. */
  async look(): Promise<void> {
    const trans = this.trans;
    const view = this.current.view;
    const number = ++this.latest;
    if (!view) return this.fail(trans.__("Put the caret into a cell first."));
    const grounds = this.grounds(view);
    const voices = this.chosen();
    const voice = voices.find(({ name }) => name === this.voice.value) ?? voices[0] ?? null;
    this.trouble.textContent = "";
    this.facts.textContent = trans.__("Asking; the model may have to be loaded first…");
    this.dom.setAttribute("aria-busy", "true");
    try {
      const seen = await inspect(view, voice);
      if (number !== this.latest) return;
      this.shown = { view, grounds };
      if (seen) this.show(seen);
      else this.fail(trans.__("This editor belongs to no document."));
    } catch (error) {
      if (number === this.latest) this.fail((error as Error).message);
    } finally {
      if (number === this.latest) this.dom.removeAttribute("aria-busy");
    }
  }

  /** Offer the voices that are chosen now, and say whether what is shown still holds. */
  update(): void {
    const names = this.chosen().map(({ name }) => name);
    const before = [...this.voice.options].map(({ value }) => value);
    if (names.join("\n") !== before.join("\n")) {
      const kept = this.voice.value;
      this.voice.replaceChildren(...names.map((name) => new Option(name, name)));
      if (names.includes(kept)) this.voice.value = kept;
    }
    this.voice.hidden = names.length < 2;
    const shown = this.shown;
    const holds =
      !shown || (shown.view === this.current.view && shown.grounds === this.grounds(shown.view));
    this.stale.hidden = holds;
    this.prompt.classList.toggle("jp-mod-stale", !holds);
  }

  private grounds(view: EditorView): string {
    return `${this.voice.value}\n${groundsOf(view)}`;
  }

  private chosen() {
    const place = this.current.place;
    return place ? this.framings.of(place.model).voices : [];
  }

  private show(seen: Inspected): void {
    const trans = this.trans;
    const all = pieces(seen);
    const shown = all.slice(-MOST);
    this.prompt.replaceChildren(...shown.map(piece));
    this.prompt.scrollTop = this.prompt.scrollHeight;
    this.prompt.hidden = this.legend.hidden = false;
    const { tokens, reused, cut } = seen;
    const facts = [
      trans._n("%1 token", "%1 tokens", tokens.length),
      trans.__("%1 in the cache", reused),
      cut > 0
        ? trans._n(
            "%1 character before it was cut to fit",
            "%1 characters before it were cut to fit",
            cut,
          )
        : trans.__("nothing was cut"),
    ];
    if (shown.length < all.length) facts.push(trans.__("its last %1 tokens are shown", MOST));
    this.facts.textContent = facts.join(" · ");
    this.button.textContent = trans.__("Show again");
    this.update();
    this.dom.scrollIntoView({ block: "nearest" });
  }

  private fail(message: string): void {
    this.clear("");
    this.trouble.textContent = message;
  }

  private clear(sentence: string): void {
    this.shown = null;
    this.prompt.replaceChildren();
    this.prompt.hidden = this.legend.hidden = this.stale.hidden = true;
    this.facts.textContent = sentence;
  }
}

function piece({ text, ids, cached }: Piece): HTMLElement {
  const dom = el("span", "jp-sim-piece", { title: ids.join(" ") }, text);
  dom.classList.toggle("jp-mod-cached", cached);
  dom.classList.toggle("jp-mod-break", text.includes("\n"));
  return dom;
}
