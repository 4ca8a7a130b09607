/** The foot of the list: what can be done, each with its key, and how the next draw is made. What is
 * needed at every fan stands in one line; the rest in a drawer under it. */

import type { EditorView } from "@codemirror/view";
import { commands } from "./commands";
import type { Action, Host, Settings, Words } from "./config";
import { Choice, Stepper } from "./controls";
import { button, el, setAttribute, setText } from "./dom";
import type { Fan } from "./fan";
import { type Length, lengthName, lengths } from "./lengths";
import { orderName } from "./order";
import { presetOf, takePreset } from "./presets";
import { Toggle } from "./toggle";
import { count, nextOrder, tune, warm } from "./tuning";

/** What a button does, its name, and what it does in a sentence. */
type Hint = readonly [Action, string, string];

/** Whether the drawers of all fans are open. */
const drawer = new Toggle();

/** The buttons of the one line, with their names and what they do. */
function hints(words: Words): Hint[] {
  return [
    ["accept", words.__("accept"), words.__("Accept the highlighted candidate")],
    ["accept-word", words.__("word"), words.__("Accept its next word")],
    ["branch", words.__("branch"), words.__("Branch: keep it alive for later")],
    ["reject", words.__("reject"), words.__("Reject it and draw another")],
    ["dismiss", words.__("dismiss"), words.__("Dismiss the fan without a verdict")],
  ];
}

/** Those in the drawer. */
function moreHints(words: Words): Hint[] {
  return [
    ["propose", words.__("more"), words.__("Draw more candidates")],
    ["accept-sentence", words.__("sentence"), words.__("Accept it to the sentence's end")],
    [
      "probabilities",
      words.__("look in"),
      words.__("Probabilities and alternatives of its tokens"),
    ],
    ["one-of-each", words.__("one of each"), words.__("Draw one in each of the chosen voices")],
  ];
}

/** Those while one looks into a candidate. */
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
  private readonly length: Choice;
  private readonly preset: Choice;
  private readonly opener: HTMLElement;
  private readonly order: HTMLElement;
  private readonly stat = el("span", "jp-sim-stat");
  private settings: Settings | null = null;

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
    const toggled = (choice: Choice) => this.choosing(choice);
    this.length = new Choice(
      "jp-sim-length",
      (length) => tune(view, () => ({ length: length as Length })),
      toggled,
    );
    this.preset = new Choice("jp-sim-preset", (name) => this.take(name), toggled);
    this.order = button("jp-sim-order", () => nextOrder(view));
    this.opener = button("jp-sim-more", () => this.turn(), "…");
    const title = words.__("More: what else can be done, and how the next draw is made");
    setAttribute(this.opener, "title", title);
    setAttribute(this.opener, "aria-label", title);
    this.dom.append(
      this.hints("jp-sim-hints", hints(words), this.opener),
      this.hints("jp-sim-hints jp-mod-probe", probeHints(words)),
      this.length.list,
      this.preset.list,
      el("span", "jp-sim-settings", {}, this.preset.opener, this.length.opener, this.stat),
      this.drawer(),
    );
    this.open();
  }

  /** Show the settings of the next draw and what was seen so far. */
  update(fan: Fan): void {
    const { words } = this.host;
    if (this.settings !== fan.settings) this.set(fan.settings);
    const seen = fan.seen.length;
    const bits = Math.log2(Math.max(seen, 1)).toFixed(1);
    setText(this.stat, words.__("%1 seen · %2 bits", seen, bits));
    setAttribute(this.stat, "title", words.__("Choosing one of %1 adds %2 bits", seen, bits));
  }

  private set(settings: Settings): void {
    const { words } = this.host;
    const { n, temperature, length, order } = settings;
    this.settings = settings;
    this.count.show(words.__("n %1", n));
    this.temperature.show(words.__("T %1", temperature.toFixed(1)));
    const named = (one: Length) => [one, lengthName(one, words)] as const;
    const name = lengthName(length, words);
    this.length.show(
      lengths.map(named),
      length,
      name,
      words.__("Length of the next draw: %1", name),
    );
    setText(this.order, orderName(order, words));
    setAttribute(this.order, "title", words.__("Order of the rows: %1", orderName(order, words)));
    this.setPreset(settings);
  }

  private setPreset(settings: Settings): void {
    const { words } = this.host;
    const presets = this.host.presets();
    const voices = this.host.framing(this.view).voices.map(({ name }) => name);
    const now = presetOf(settings, voices, presets)?.name ?? "";
    const options = presets.map(({ name }) => [name, name] as const);
    const title = now ? words.__("Preset: %1", now) : words.__("Presets");
    this.preset.show(options, now, now || words.__("preset"), title);
    setAttribute(this.preset.opener, "hidden", presets.length > 0 ? null : "");
  }

  private take(name: string): void {
    const preset = this.host.presets().find((preset) => preset.name === name);
    if (preset) takePreset(this.view, preset);
  }

  /** Show one list at a time, in the place of the buttons. */
  private choosing(choice: Choice): void {
    const other = choice === this.length ? this.preset : this.length;
    if (choice.isOpen && other.isOpen) other.toggle(false);
    this.dom.classList.toggle("jp-mod-choosing", choice.isOpen || other.isOpen);
  }

  private turn(): void {
    drawer.turn();
    this.open();
  }

  private open(): void {
    setAttribute(this.opener, "aria-expanded", String(drawer.on));
    this.dom.classList.toggle("jp-mod-open", drawer.on);
  }

  private drawer(): HTMLElement {
    const voices = this.host.framing(this.view).voices.length;
    const all = moreHints(this.host.words).filter(([name]) => name !== "one-of-each" || voices > 1);
    const settings = [this.order, this.count.dom, this.temperature.dom];
    return el(
      "span",
      "jp-sim-drawer",
      {},
      this.hints("jp-sim-hints", all),
      el("span", "jp-sim-settings", {}, ...settings),
    );
  }

  private hints(name: string, all: readonly Hint[], ...others: HTMLElement[]): HTMLElement {
    const buttons = all.map(([action, label, title]) => {
      const key = el("kbd", "", {}, this.host.key(action));
      const hint = button("jp-sim-hint", () => commands[action](this.view), key, ` ${label}`);
      setAttribute(hint, "title", title);
      setAttribute(hint, "data-action", action);
      return hint;
    });
    return el("span", name, {}, ...buttons, ...others);
  }
}
