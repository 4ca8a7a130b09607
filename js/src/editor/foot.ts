/** The foot of the list: what can be done, each with its key, and how the next draw is made. */

import type { EditorView } from "@codemirror/view";
import { commands } from "./commands";
import type { Action, Host, Words } from "./config";
import { LengthChoice, Stepper } from "./controls";
import { button, el, setAttribute, setText } from "./dom";
import type { Fan } from "./fan";
import { orderName } from "./order";
import { count, nextOrder, tune, warm } from "./tuning";

/** The buttons, with their names and what they do. */
function hints(words: Words): [Action, string, string][] {
  return [
    ["accept", words.__("accept"), words.__("Accept the highlighted candidate")],
    ["accept-word", words.__("word"), words.__("Accept its next word")],
    ["accept-sentence", words.__("sentence"), words.__("Accept it to the sentence's end")],
    ["branch", words.__("branch"), words.__("Branch: keep it alive for later")],
    ["reject", words.__("reject"), words.__("Reject it and draw another")],
    ["propose", words.__("more"), words.__("Draw more candidates")],
    ["dismiss", words.__("dismiss"), words.__("Dismiss the fan without a verdict")],
  ];
}

/** The element of the foot. */
export class Foot {
  readonly dom = el("div", "jp-sim-foot");
  private readonly count: Stepper;
  private readonly temperature: Stepper;
  private readonly length: LengthChoice;
  private readonly order: HTMLElement;
  private readonly stat = el("span", "jp-sim-stat");

  constructor(
    private readonly view: EditorView,
    private readonly host: Host,
  ) {
    const { words } = host;
    this.count = new Stepper(
      [words.__("Candidates in the next draw"), words.__("Fewer"), words.__("More")],
      (by) => count(by)(view),
    );
    this.temperature = new Stepper(
      [words.__("Temperature of the next draw"), words.__("Cooler"), words.__("Warmer")],
      (by) => warm(by)(view),
    );
    this.length = new LengthChoice(
      words,
      (length) => tune(view, () => ({ length })),
      (open) => this.dom.classList.toggle("jp-mod-choosing", open),
    );
    this.order = button("jp-sim-order", () => nextOrder(view));
    const settings = [this.count.dom, this.temperature.dom, this.length.opener, this.order];
    this.dom.append(
      this.hints(),
      this.length.list,
      el("span", "jp-sim-settings", {}, ...settings, this.stat),
    );
  }

  /** Show the settings of the next draw and what was seen so far. */
  update(fan: Fan): void {
    const { words } = this.host;
    const { n, temperature, length, order } = fan.settings;
    this.count.show(words.__("n %1", n));
    this.temperature.show(words.__("T %1", temperature.toFixed(1)));
    this.length.show(length);
    setText(this.order, orderName(order, words));
    setAttribute(this.order, "title", words.__("Order of the rows: %1", orderName(order, words)));
    const seen = fan.seen.length;
    const bits = Math.log2(Math.max(seen, 1)).toFixed(1);
    setText(this.stat, words.__("%1 seen · %2 bits", seen, bits));
    setAttribute(this.stat, "title", words.__("Choosing one of %1 adds %2 bits", seen, bits));
  }

  private hints(): HTMLElement {
    const buttons = hints(this.host.words).map(([action, name, title]) => {
      const key = el("kbd", "", {}, this.host.key(action));
      const hint = button("jp-sim-hint", () => commands[action](this.view), key, ` ${name}`);
      setAttribute(hint, "title", title);
      setAttribute(hint, "data-action", action);
      return hint;
    });
    return el("span", "jp-sim-hints", {}, ...buttons);
  }
}
