/** What is selected, whole: its text and what is known of it. */

import type { Words } from "../editor/config";
import { el, setText } from "../editor/dom";
import type { Tree } from "../tree";
import { visible } from "../visible";
import { facts, markOf, writeMark } from "./facts";
import { type Segment, textOf } from "./segments";

/** The element below the list. */
export class Detail {
  readonly dom: HTMLElement;
  private readonly text = el("div", "jp-sim-detail-text");
  private readonly note = el("div", "jp-sim-detail-note");
  private readonly facts = el("div", "jp-sim-detail-facts");

  constructor(private readonly words: Words) {
    this.dom = el("div", "jp-sim-detail", {}, this.text, this.note, this.facts);
    this.dom.setAttribute("aria-label", this.words.__("The selected text"));
    this.dom.setAttribute("role", "region");
    this.show(null, null);
  }

  show(tree: Tree | null, segment: Segment | null): void {
    this.dom.hidden = !tree || !segment;
    if (!tree || !segment) return;
    setText(this.text, visible(textOf(segment).trimStart()));
    this.text.dataset.author = segment.author;
    setText(this.note, visible(writeMark(markOf(tree, segment))));
    setText(this.facts, visible(facts(tree, segment, this.words).join(" · ")));
  }
}
