/** Small controls that leave the focus where it is: a value between two buttons, a choice of lengths. */

import type { Words } from "./config";
import { button, el, setAttribute, setText } from "./dom";
import { type Length, lengthName, lengths } from "./lengths";

/** A value with a button on each side; `names` are its own and those of the buttons. */
export class Stepper {
  readonly dom: HTMLElement;
  private readonly value = el("span", "jp-sim-value");

  constructor([name, less, more]: [string, string, string], change: (by: 1 | -1) => void) {
    const minus = button("jp-sim-step", () => change(-1), "−");
    const plus = button("jp-sim-step", () => change(1), "+");
    setAttribute(minus, "aria-label", `${name}: ${less}`);
    setAttribute(plus, "aria-label", `${name}: ${more}`);
    const attributes = { role: "group", "aria-label": name, title: name };
    this.dom = el("span", "jp-sim-stepper", attributes, minus, this.value, plus);
  }

  show(text: string): void {
    setText(this.value, text);
  }
}

/** The choice of a length: a button, and the list that it opens elsewhere. */
export class LengthChoice {
  readonly opener: HTMLButtonElement;
  readonly list: HTMLElement;
  private readonly label = el("span", "");
  private readonly items: Map<Length, HTMLButtonElement>;

  constructor(
    private readonly words: Words,
    choose: (length: Length) => void,
    private readonly toggled: (open: boolean) => void,
  ) {
    this.opener = button("jp-sim-opener", () => this.toggle(!this.isOpen), this.label);
    setAttribute(this.opener, "aria-haspopup", "menu");
    this.items = new Map(lengths.map((length) => [length, this.item(length, choose)]));
    this.list = el("span", "jp-sim-menu", { role: "menu" }, ...this.items.values());
    this.toggle(false);
  }

  show(length: Length): void {
    const name = lengthName(length, this.words);
    const title = this.words.__("Length of the next draw: %1", name);
    setText(this.label, name);
    setAttribute(this.opener, "title", title);
    setAttribute(this.opener, "aria-label", title);
    for (const [key, item] of this.items)
      setAttribute(item, "aria-checked", String(key === length));
  }

  private item(length: Length, choose: (length: Length) => void): HTMLButtonElement {
    const press = () => {
      this.toggle(false);
      choose(length);
    };
    const item = button("jp-sim-item", press, lengthName(length, this.words));
    setAttribute(item, "role", "menuitemradio");
    return item;
  }

  private get isOpen(): boolean {
    return this.opener.getAttribute("aria-expanded") === "true";
  }

  private toggle(open: boolean): void {
    setAttribute(this.opener, "aria-expanded", String(open));
    this.toggled(open);
  }
}
