/** The voices in the Context panel: chosen for the next fan by their boxes, written and edited in place. */

import { el, objection } from "@jupyter-sim/core";
import type { CodeEditor } from "@jupyterlab/codeeditor";
import type { TranslationBundle } from "@jupyterlab/translation";
import { addIcon, deleteIcon, editIcon, type LabIcon } from "@jupyterlab/ui-components";
import type { Framings, Listed } from "./framings";

/** A voice that is being written: an old one, or a new one where `before` is null. */
interface Draft {
  readonly before: Listed | null;
  readonly form: HTMLFormElement;
}

/** The list. */
export class VoicesView {
  readonly dom = el("section", "jp-sim-part");
  private readonly list = el("ul", "jp-sim-voices");
  private readonly none: HTMLElement;
  private readonly add: HTMLButtonElement;
  private model: CodeEditor.IModel | null = null;
  private draft: Draft | null = null;

  constructor(
    private readonly trans: TranslationBundle,
    private readonly framings: Framings,
  ) {
    const heading = el("h2", "", { id: "jp-sim-voices" }, trans.__("Voices"));
    this.none = el(
      "p",
      "jp-sim-hint-line",
      {},
      trans.__(
        "A voice is a line or a page put before the text. A fan deals its candidates round the voices that are chosen here.",
      ),
    );
    this.list.setAttribute("aria-labelledby", heading.id);
    this.add = iconButton(addIcon, trans.__("Add a voice"), () => this.write(null));
    const head = el("div", "jp-sim-part-head", {}, heading, this.add);
    this.dom.append(head, this.none, this.list);
  }

  /** Go to the first voice, or where there is none, to the button that adds one. */
  focus(): void {
    const target = this.draft?.form ?? this.list;
    (target.querySelector<HTMLElement>("input") ?? this.add).focus();
  }

  /** Show the voices of a document. One that is being written stays. */
  show(model: CodeEditor.IModel): void {
    const focused = (document.activeElement as HTMLElement | null)?.dataset.focus;
    const inside = this.list.contains(document.activeElement);
    const voices = this.framings.voices(model);
    if (this.draft?.before && !voices.some(({ name }) => name === this.draft?.before?.name)) {
      this.draft = null;
    }
    this.model = model;
    if (this.draft && inside) return;
    const { before, form } = this.draft ?? {};
    const rows = voices.map((voice) =>
      form && voice.name === before?.name ? el("li", "", {}, form) : this.row(voice),
    );
    if (form && !before) rows.push(el("li", "", {}, form));
    this.list.replaceChildren(...rows);
    this.none.hidden = rows.length > 0;
    if (inside && focused) {
      this.list.querySelector<HTMLElement>(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
    }
  }

  private row(voice: Listed): HTMLElement {
    const trans = this.trans;
    const { name, text, everywhere, chosen } = voice;
    const box = el("input", "", { type: "checkbox", "data-focus": `choose ${name}` });
    box.checked = chosen;
    box.addEventListener("change", () => {
      if (this.model) this.framings.choose(this.model, name, box.checked);
    });
    const label = el(
      "label",
      "jp-sim-voice-label",
      {},
      box,
      el("span", "jp-sim-voice-name", {}, name),
      el("span", "jp-sim-voice-where", {}, everywhere ? trans.__("everywhere") : ""),
      el("span", "jp-sim-voice-line", { title: text }, text.trim().split("\n")[0] ?? ""),
    );
    const edit = iconButton(editIcon, trans.__("Edit %1", name), () => this.write(voice));
    const remove = iconButton(deleteIcon, trans.__("Delete %1", name), () => this.remove(voice));
    edit.dataset.focus = `edit ${name}`;
    return el("li", "jp-sim-voice-row", {}, label, edit, remove);
  }

  private write(before: Listed | null): void {
    if (!this.model) return;
    this.draft = { before, form: this.form(before) };
    this.refresh();
    this.draft.form.querySelector("input")?.focus();
  }

  private form(before: Listed | null): HTMLFormElement {
    const trans = this.trans;
    const name = el("input", "", { type: "text", placeholder: trans.__("Name") });
    const text = el("textarea", "", { rows: "5", spellcheck: "false" });
    const where = el("input", "", { type: "checkbox" });
    const trouble = el("p", "jp-sim-wrong", { role: "alert" });
    name.value = before?.name ?? "";
    name.setAttribute("aria-label", trans.__("Name of the voice"));
    text.value = before?.text ?? "";
    text.placeholder = trans.__(
      "What stands before the text, such as: From the logbook of a sceptic.",
    );
    text.setAttribute("aria-label", trans.__("What stands before the text"));
    where.checked = before?.everywhere ?? false;
    const save = el("button", "jp-sim-action jp-mod-main", { type: "submit" }, trans.__("Save"));
    const cancel = el("button", "jp-sim-action", { type: "button" }, trans.__("Cancel"));
    cancel.addEventListener("click", () => this.close());
    const everywhere = el("label", "jp-sim-check", {}, where, trans.__("In every notebook"));
    const last = el("div", "jp-sim-form-foot", {}, everywhere, cancel, save);
    const form = el("form", "jp-sim-voice-form", {}, name, text, trouble, last);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const voice = { name: name.value.trim(), text: text.value };
      trouble.textContent = this.save(before, voice, where.checked);
      if (trouble.textContent)
        (voice.text.trim() && voice.name ? name : nearest(name, text)).focus();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    return form;
  }

  /** Keep what was written; what is wrong with it, in a sentence, if it cannot be kept. */
  private save(before: Listed | null, voice: { name: string; text: string }, all: boolean): string {
    const { model, framings } = this;
    if (!model) return "";
    const names = framings.voices(model).map(({ name }) => name);
    const wrong = objection(
      voice,
      names.filter((name) => name !== before?.name),
      this.trans,
    );
    if (wrong) return wrong;
    this.draft = null;
    framings.put(model, before, voice, all);
    this.refresh();
    this.focusOn(`choose ${voice.name}`);
    return "";
  }

  private close(): void {
    const before = this.draft?.before;
    this.draft = null;
    this.refresh();
    this.focusOn(before ? `edit ${before.name}` : "");
  }

  private remove(voice: Listed): void {
    if (!this.model) return;
    this.framings.remove(this.model, voice);
    this.focus();
  }

  private refresh(): void {
    (document.activeElement as HTMLElement | null)?.blur();
    if (this.model) this.show(this.model);
  }

  private focusOn(name: string): void {
    const found = this.list.querySelector<HTMLElement>(`[data-focus="${CSS.escape(name)}"]`);
    (found ?? this.add).focus();
  }
}

/** The field that has nothing in it, the first of them. */
function nearest(...fields: (HTMLInputElement | HTMLTextAreaElement)[]): HTMLElement {
  return fields.find(({ value }) => value.trim() === "") ?? (fields[0] as HTMLElement);
}

/** A button that is an icon. */
export function iconButton(icon: LabIcon, title: string, press: () => void): HTMLButtonElement {
  const button = el("button", "jp-sim-branches-tool", { type: "button", title });
  button.setAttribute("aria-label", title);
  icon.element({ container: button, tag: "span" });
  button.addEventListener("click", press);
  return button;
}
