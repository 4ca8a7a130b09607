/** The foot of the list: what can be done, each with its key, and how the next draw is made. */

import type { EditorView } from "@codemirror/view";
import { commands } from "./commands";
import type { Action, Host, Words } from "./config";
import { LengthChoice, Stepper } from "./controls";
import { button, el, setAttribute, setText } from "./dom";
import type { Fan } from "./fan";
import { orderName } from "./order";
import { count, nextOrder, tune, warm } from "./tuning";

/** What a button does, its name, and what it does in a sentence. */
type Hint = readonly [Action, string, string];

/** The buttons, with their names and what they do. */
function hints(words: Words): Hint[] {
  return [
    ["accept", words.__("accept"), words.__("Accept the highlighted candidate")],
    ["accept-word", words.__("word"), words.__("Accept its next word")],
    ["accept-sentence", words.__("sentence"), words.__("Accept it to the sentence's end")],
    ["branch", words.__("branch"), words.__("Branch: keep it alive for later")],
    ["reject", words.__("reject"), words.__("Reject it and draw another")],
    ["propose", words.__("more"), words.__("Draw more candidates")],
    [
      "probabilities",
      words.__("look in"),
      words.__("Probabilities and alternatives of its tokens"),
    ],
    ["dismiss", words.__("dismiss"), words.__("Dismiss the fan without a verdict")],
  ];
}

/** The same while one looks into a candidate. */
function probeHints(words: Words): Hint[] {
  return [
    ["previous-token", words.__("back"), words.__("Look at the token before")],
    ["next-token", words.__("on"), words.__("Look at the next token")],
    ["next", words.__("alternative"), words.__("Go to the next alternative")],
    ["accept", words.__("draw from here"), words.__("Draw a sibling that says the alternative")],
    ["dismiss", words.__("look away"), words.__("Go back to the list")],
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
      this.hints("jp-sim-hints", hints(words)),
      this.hints("jp-sim-hints jp-mod-probe", probeHints(words)),
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

  private hints(name: string, all: readonly Hint[]): HTMLElement {
    const buttons = all.map(([action, label, title]) => {
      const key = el("kbd", "", {}, this.host.key(action));
      const hint = button("jp-sim-hint", () => commands[action](this.view), key, ` ${label}`);
      setAttribute(hint, "title", title);
      setAttribute(hint, "data-action", action);
      return hint;
    });
    return el("span", name, {}, ...buttons);
  }
}
