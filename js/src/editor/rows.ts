/** The rows of the list: one line for each candidate, updated in place while it streams. */

import { runUp, sharedWords } from "../text";
import type { Words } from "./config";
import { drawing, el, setAttribute, setText } from "./dom";
import { type Candidate, type Fan, fits, grows, type Row, whole } from "./fan";
import { branchIcon } from "./icons";

/** At most so many probability bars are drawn in a row. */
const BARS = 32;
/** At most so many units of what was typed are shown before what is left. */
const RUN_UP = 24;

/** The id of the list's element. */
export function listId(fan: Fan): string {
  return `jp-sim-${fan.id}`;
}

/** The id of a row's element. */
export function optionId(fan: Fan, row: number): string {
  return `${listId(fan)}-${row}`;
}

/** The element of one row. */
export class RowView {
  readonly dom: HTMLElement;
  private readonly number = el("span", "jp-sim-number");
  private readonly before = el("span", "jp-sim-same");
  private readonly text = el("span", "jp-sim-rest");
  private readonly bars = el("span", "jp-sim-bars", { "aria-hidden": "true" });
  private readonly voice = el("span", "jp-sim-voice");
  private readonly note = el("span", "jp-sim-note");
  private drawn = "";

  constructor(
    private readonly index: number,
    private readonly words: Words,
  ) {
    this.dom = el(
      "div",
      "jp-sim-row",
      { role: "option" },
      el("span", "jp-sim-mark", {}, this.number, drawing("jp-sim-icon", branchIcon)),
      el("span", "jp-sim-text", {}, this.before, this.text),
      el("span", "jp-sim-meta", {}, this.voice, this.bars, this.note),
    );
  }

  /** Show the row as it is in `fan`; `waiting` is said where nothing else can be shown, and `copies`
   * rows say the same, none where an earlier row stands for it. */
  update(fan: Fan, earlier: readonly string[], waiting: string, copies: number): void {
    const row = fan.rows[this.index] as Row;
    setText(this.number, String(row.number));
    const on = this.index === fan.highlighted && fits(fan, row);
    this.dom.id = optionId(fan, this.index);
    this.classes(fan, row, on, waiting !== "");
    this.dom.classList.toggle("jp-mod-copy", copies === 0);
    setAttribute(this.dom, "aria-selected", String(on));
    const off = !fits(fan, row) && !row.shown?.verdict;
    setAttribute(this.dom, "aria-disabled", off ? "true" : null);
    setAttribute(this.dom, "aria-hidden", off ? "true" : null);
    setText(this.voice, (row.shown ?? row.coming)?.voice?.name ?? "");
    if (row.shown) this.fill(fan, row.shown, earlier);
    else this.clear(waiting);
    setText(this.note, copies > 1 ? `×${copies}` : this.remark(row));
    const same = this.words.__("Drawn %1 times", copies);
    setAttribute(this.note, "title", copies > 1 ? same : null);
  }

  private classes(fan: Fan, { shown, coming }: Row, on: boolean, told: boolean): void {
    const flags = {
      on,
      off: !coming && shown?.verdict !== "rejected" && !fits(fan, fan.rows[this.index]),
      empty: !shown && !told,
      waiting: coming !== null,
      growing: shown !== null && grows(shown) && shown.verdict !== "rejected",
      branched: shown?.verdict === "branched",
      rejected: shown?.verdict === "rejected",
    };
    for (const [name, set] of Object.entries(flags))
      this.dom.classList.toggle(`jp-mod-${name}`, set);
  }

  private fill(fan: Fan, shown: Candidate, earlier: readonly string[]): void {
    const text = whole(shown);
    const typed = text.startsWith(fan.typed) ? fan.typed.length : 0;
    const start = runUp(text, typed, RUN_UP);
    const same = Math.max(typed, sharedWords(text, earlier));
    const before = ((start > 0 ? "…" : "") + oneLine(text.slice(start, same))).trimStart();
    const after = text.slice(same);
    const rest = oneLine(before.endsWith("↵ ") ? after.trimStart() : after);
    setText(this.before, before);
    setText(this.text, before ? rest : rest.trimStart());
    if (this.drawn !== shown.id) this.draw([]);
    this.drawn = shown.id;
    this.draw(shown.logprobs);
  }

  private clear(waiting: string): void {
    setText(this.before, waiting);
    setText(this.text, "");
    this.draw([]);
  }

  private draw(logprobs: readonly number[]): void {
    const count = Math.min(logprobs.length, BARS);
    while (this.bars.childElementCount > count) this.bars.lastElementChild?.remove();
    while (this.bars.childElementCount < count) {
      const share = Math.sqrt(Math.exp(logprobs[this.bars.childElementCount] ?? 0));
      const bar = el("i", "");
      bar.style.height = `${Math.max(12, Math.round(100 * share))}%`;
      this.bars.append(bar);
    }
    const mean = logprobs.reduce((sum, p) => sum + p, 0) / logprobs.length;
    const title = this.words.__(
      "%1 tokens, typical probability %2 %",
      logprobs.length,
      Math.round(100 * Math.exp(mean)),
    );
    setAttribute(this.bars, "title", count ? title : null);
  }

  private remark({ shown, coming }: Row): string {
    if (shown?.verdict === "rejected") {
      return coming ? this.words.__("rejected, replacing…") : this.words.__("rejected");
    }
    if (shown?.finish === "failed") return this.words.__("cut off");
    if (shown?.finish === "end" && !shown.text) return this.words.__("the text ends here");
    return "";
  }
}

function oneLine(text: string): string {
  return text.replace(/[^\S\n]*\n\s*/g, " ↵ ");
}
