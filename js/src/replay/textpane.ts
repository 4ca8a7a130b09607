/** The text of a cell as it was after an event, by author, with a caret where the event happened. */

import { el, setText } from "../editor/dom";
import type { Place } from "../protocol";
import type { Run, Tree } from "../tree";
import { authorName, candidateFacts, eventFacts } from "../treeview/facts";
import { visible } from "../visible";
import type { Words } from "../words";
import { type Reel, runsBetween, type Strand } from "./reel";

/** A text of so many code points is shown whole; of a longer one a part that moves by steps, since the
 * layout of all of it would take longer than a frame. */
const WHOLE = 12_000;
const PART = 5_000;
const MOVE = 1_000;

/** The element of the text. */
export class TextPane {
  readonly dom: HTMLElement;
  private readonly text = el("div", "jp-sim-replay-text");
  private readonly above = el("div", "jp-sim-replay-more");
  private readonly below = el("div", "jp-sim-replay-more");
  private readonly caret = el("span", "jp-sim-replay-caret", { "aria-hidden": "true" });
  private runs = new WeakMap<Element, { run: Run; tree: Tree }>();

  constructor(private readonly words: Words) {
    const parts = [this.above, this.text, this.below];
    this.dom = el("div", "jp-sim-replay-page", { tabindex: "0", role: "region" }, ...parts);
    this.dom.setAttribute("aria-label", words.__("The text"));
    this.dom.addEventListener("mouseover", ({ target }) => this.tell(target as Element));
  }

  /** Show the text after an event. */
  show(reel: Reel, index: number): void {
    const strand = reel.strand(index);
    const head = reel.head(strand, index);
    if (!head) {
      this.text.replaceChildren();
      return;
    }
    this.draw(strand, head, reel.caret(index));
  }

  private draw(strand: Strand, head: Place, caret: number | null): void {
    const { tree } = strand;
    const end = tree.end(head);
    const at = Math.max(0, Math.min(end, caret ?? end));
    const wanted = end <= WHOLE ? 0 : Math.min(at - PART / 2, end - PART);
    const start = Math.max(0, Math.floor(wanted / MOVE) * MOVE);
    const stop = end <= WHOLE ? end : Math.min(end, start + PART + MOVE);
    this.more(this.above, start, this.words.__("%1 characters above", start));
    this.more(this.below, end - stop, this.words.__("%1 characters below", end - stop));
    const before = this.spans(tree, runsBetween(tree, head, start, at));
    const after = this.spans(tree, runsBetween(tree, head, at, stop));
    this.caret.hidden = caret === null;
    this.text.replaceChildren(...before, this.caret, ...after);
    this.reveal();
  }

  private spans(tree: Tree, runs: readonly Run[]): HTMLElement[] {
    return runs.map((run) => {
      const span = el("span", `jp-sim-by-${run.author}`, {}, visible(run.text));
      this.runs.set(span, { run, tree });
      return span;
    });
  }

  private more(dom: HTMLElement, count: number, text: string): void {
    dom.hidden = count <= 0;
    setText(dom, text);
  }

  private reveal(): void {
    const { dom, caret } = this;
    const top = caret.offsetTop - dom.offsetTop;
    const near =
      top >= dom.scrollTop && top + caret.offsetHeight <= dom.scrollTop + dom.clientHeight;
    if (!near) dom.scrollTop = Math.max(0, top - dom.clientHeight / 2);
  }

  /** Say of a run, where the mouse is on it, who wrote it and when. */
  private tell(target: Element): void {
    const known = this.runs.get(target);
    if (!known || target.hasAttribute("title")) return;
    const { run, tree } = known;
    const node = tree.nodes.get(run.from);
    const facts = tree.generated.has(run.from)
      ? candidateFacts(tree, run.from, this.words)
      : node
        ? eventFacts(node.event, this.words)
        : [];
    target.setAttribute(
      "title",
      visible([authorName(run.author, this.words), ...facts].join(" · ")),
    );
  }
}
