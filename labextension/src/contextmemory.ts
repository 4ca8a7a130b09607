/** The author's memory in the Context panel: a note that is always in the context. */

import { el } from "@jupyter-sim/core";
import type { CodeEditor } from "@jupyterlab/codeeditor";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { Framings } from "./framings";

/** How long typing rests before the note is kept, in milliseconds. */
const REST = 600;

/** The note. */
export class MemoryView {
  readonly dom = el("section", "jp-sim-part");
  private readonly area = el("textarea", "jp-sim-note-area", { rows: "4", spellcheck: "false" });
  private model: CodeEditor.IModel | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    trans: TranslationBundle,
    private readonly framings: Framings,
  ) {
    const heading = el("h2", "", { id: "jp-sim-memory" }, trans.__("Memory"));
    const hint = trans.__("Kept in the notebook; always stands before the text, and is never cut.");
    this.area.setAttribute("aria-labelledby", heading.id);
    this.area.placeholder = trans.__("Who is who, what happened before, in what manner to go on…");
    this.area.addEventListener("input", () => this.soon());
    this.area.addEventListener("blur", () => this.save());
    this.dom.append(heading, this.area, el("p", "jp-sim-hint-line", {}, hint));
  }

  focus(): void {
    this.area.focus();
  }

  /** Show the note of a document; what was written into that of another is kept first. */
  show(model: CodeEditor.IModel): void {
    this.save();
    this.model = model;
    const memory = this.framings.memory(model);
    if (this.area.value !== memory) this.area.value = memory;
  }

  /** Keep what was written so far. */
  save(): void {
    if (this.timer === null) return;
    clearTimeout(this.timer);
    this.timer = null;
    if (this.model) this.framings.setMemory(this.model, this.area.value);
  }

  private soon(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), REST);
  }
}
