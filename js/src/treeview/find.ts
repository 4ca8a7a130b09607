/** The line in which one searches a tree. */

import type { Words } from "../editor/config";
import { button, el, setAttribute, setText } from "../editor/dom";
import type { Scope } from "./search";

/** What is told of a search. */
export interface FindListener {
  /** Other words, or another scope. */
  changed(query: string, scope: Scope): void;
  step(by: 1 | -1): void;
  /** The reader goes on to the list; `ended` with the search over. */
  left(ended: boolean): void;
}

/** The element of the search. */
export class Find {
  readonly dom: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly count = el("span", "jp-sim-find-count", { "aria-live": "polite" });
  private readonly whole: HTMLButtonElement;
  private scope: Scope = "tree";

  constructor(
    private readonly words: Words,
    private readonly listener: FindListener,
  ) {
    const name = this.words.__("Search the tree");
    this.input = el("input", "jp-sim-find-input", { type: "search", placeholder: name });
    setAttribute(this.input, "aria-label", name);
    this.input.addEventListener("input", () => this.tell());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.whole = button("jp-sim-find-scope", () => this.turn());
    this.dom = el("div", "jp-sim-find", { role: "search" }, this.input, this.count, this.whole);
    this.dom.hidden = true;
    this.label();
  }

  /** Whether a search is on. */
  get isOn(): boolean {
    return !this.dom.hidden;
  }

  open(): void {
    this.dom.hidden = false;
    this.input.focus();
    this.input.select();
  }

  /** End the search. */
  close(): void {
    this.dom.hidden = true;
    this.input.value = "";
    this.tell();
  }

  /** Show the number of the match that is selected, from 1, and how many there are. */
  show(number: number, count: number): void {
    const none = this.input.value ? this.words.__("not found") : "";
    setText(this.count, count > 0 ? this.words.__("%1 of %2", number, count) : none);
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing || !["Enter", "Escape", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") this.close();
    if (event.key === "Enter") this.listener.step(event.shiftKey ? -1 : 1);
    else this.listener.left(event.key === "Escape");
  }

  private turn(): void {
    this.scope = this.scope === "tree" ? "branch" : "tree";
    this.label();
    this.tell();
  }

  private label(): void {
    const along = this.scope === "branch";
    setText(this.whole, along ? this.words.__("this branch") : this.words.__("whole tree"));
    const title = along
      ? this.words.__("Searching along the branch to the selected text; press for the whole tree")
      : this.words.__("Searching the whole tree; press for the branch to the selected text");
    this.whole.title = title;
    setAttribute(this.whole, "aria-pressed", String(along));
  }

  private tell(): void {
    this.listener.changed(this.input.value, this.scope);
  }
}
