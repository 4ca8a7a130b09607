/** Small controls that leave the focus where it is: a value between two buttons, a choice of one. */

import { button, el, setAttribute, setText } from "./dom";

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

/** What can be chosen: a key, and its name. */
export type Option = readonly [key: string, name: string];

/** The choice of one thing: a button, and the list that it opens elsewhere. */
export class Choice {
  readonly opener: HTMLButtonElement;
  readonly list = el("span", "jp-sim-menu", { role: "menu" });
  private readonly label = el("span", "");
  private options: readonly Option[] = [];

  constructor(
    className: string,
    private readonly choose: (key: string) => void,
    private readonly toggled: (choice: Choice) => void,
  ) {
    const press = () => this.toggle(!this.isOpen);
    this.opener = button(`jp-sim-opener ${className}`, press, this.label);
    setAttribute(this.opener, "aria-haspopup", "menu");
    setAttribute(this.opener, "aria-expanded", "false");
  }

  get isOpen(): boolean {
    return this.opener.getAttribute("aria-expanded") === "true";
  }

  /** Show what can be chosen, what is, and what that is called in a sentence. */
  show(options: readonly Option[], chosen: string, label: string, title: string): void {
    setText(this.label, label);
    setAttribute(this.opener, "title", title);
    setAttribute(this.opener, "aria-label", title);
    if (JSON.stringify(options) !== JSON.stringify(this.options)) {
      this.options = options;
      this.list.replaceChildren(...options.map((option) => this.item(option)));
    }
    options.forEach(([key], i) => {
      const item = this.list.children[i];
      if (item) setAttribute(item, "aria-checked", String(key === chosen));
    });
  }

  toggle(open: boolean): void {
    setAttribute(this.opener, "aria-expanded", String(open));
    this.list.classList.toggle("jp-mod-open", open);
    this.toggled(this);
  }

  private item([key, name]: Option): HTMLButtonElement {
    const press = () => {
      this.toggle(false);
      this.choose(key);
    };
    const item = button("jp-sim-item", press, name);
    setAttribute(item, "role", "menuitemradio");
    return item;
  }
}
