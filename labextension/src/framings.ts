/** What frames the prompts of each document: voices, the author's memory, how much of the cells above.
 *
 * Memory and chosen voices belong to the notebook and are kept in its metadata; voices for everywhere
 * and the measure of the context are settings. A text file remembers its own for as long as it is open.
 */

import type { Framing, Voice } from "@jupyter-sim/core";
import type { CodeEditor } from "@jupyterlab/codeeditor";
import type { ISettingRegistry } from "@jupyterlab/settingregistry";
import { Signal } from "@lumino/signaling";
import type { Documents, Metadata } from "./documents";

/** A voice, where it is kept, and whether the next fan is dealt to it. */
export interface Listed extends Voice {
  readonly everywhere: boolean;
  readonly chosen: boolean;
}

/** What of a document's framing is kept with it. */
interface Kept {
  readonly memory: string;
  readonly voices: readonly Voice[];
  readonly chosen: readonly string[];
}

/** How much of the notebook the prompt holds, as in the settings. */
interface Measure {
  readonly above: boolean;
  readonly tokens: number;
  readonly voices: readonly Voice[];
}

/** The framings of all documents. `changed` tells that one is another now. */
export class Framings {
  readonly changed = new Signal<this, void>(this);
  private loaded: ISettingRegistry.ISettings | null = null;

  constructor(private readonly documents: Documents) {}

  /** Follow the user's settings, and write to them. */
  follow(loaded: ISettingRegistry.ISettings): void {
    this.loaded = loaded;
    loaded.changed.connect(() => this.changed.emit());
  }

  /** The framing of the next draw in an editor of `model`. */
  of(model: CodeEditor.IModel): Framing {
    const { above, tokens } = this.measure;
    return {
      voices: this.voices(model).filter(({ chosen }) => chosen),
      memory: this.memory(model),
      above: above ? this.documents.above(model) : [],
      tokens,
    };
  }

  /** How much of the notebook the prompt holds. */
  get measure(): Measure {
    const { contextAbove, contextTokens, voices } = (this.loaded?.composite ?? {}) as {
      contextAbove?: boolean;
      contextTokens?: number;
      voices?: Voice[];
    };
    return { above: contextAbove ?? false, tokens: contextTokens ?? 0, voices: voices ?? [] };
  }

  /** All voices that can be chosen in a document, its own first. */
  voices(model: CodeEditor.IModel): Listed[] {
    const { voices, chosen } = this.kept(model);
    const own = new Set(voices.map(({ name }) => name));
    const listed = (everywhere: boolean) => (voice: Voice) => ({
      ...voice,
      everywhere,
      chosen: chosen.includes(voice.name),
    });
    const others = this.measure.voices.filter(({ name }) => !own.has(name));
    return [...voices.map(listed(false)), ...others.map(listed(true))];
  }

  memory(model: CodeEditor.IModel): string {
    return this.kept(model).memory;
  }

  setMemory(model: CodeEditor.IModel, memory: string): void {
    this.keep(model, { memory });
  }

  setAbove(above: boolean): void {
    void this.loaded?.set("contextAbove", above);
  }

  setTokens(tokens: number): void {
    void this.loaded?.set("contextTokens", tokens);
  }

  /** Choose a voice for the next fans of a document, or leave it out. */
  choose(model: CodeEditor.IModel, name: string, on: boolean): void {
    const { chosen } = this.kept(model);
    const others = chosen.filter((other) => other !== name);
    this.keep(model, { chosen: on ? [...others, name] : others });
  }

  /** Choose the voices of these names, those that there are, and no others. */
  chooseOnly(model: CodeEditor.IModel, names: readonly string[]): void {
    const known = this.voices(model).map(({ name }) => name);
    const chosen = known.filter((name) => names.includes(name));
    if (chosen.join("\n") !== this.kept(model).chosen.join("\n")) this.keep(model, { chosen });
  }

  /** Put a voice in the place of `before`, or beside the others; chosen, if it is new. */
  put(model: CodeEditor.IModel, before: Listed | null, voice: Voice, everywhere: boolean): void {
    const { voices, chosen } = this.kept(model);
    const common = this.measure.voices;
    const own = exchanged(voices, before, everywhere ? null : voice);
    const others = chosen.filter((name) => name !== before?.name);
    const isChosen = !before || before.chosen;
    if (everywhere || before?.everywhere) {
      this.setCommon(exchanged(common, before, everywhere ? voice : null));
    }
    this.keep(model, { voices: own, chosen: isChosen ? [...others, voice.name] : others });
  }

  remove(model: CodeEditor.IModel, voice: Listed): void {
    const { voices, chosen } = this.kept(model);
    if (voice.everywhere) this.setCommon(exchanged(this.measure.voices, voice, null));
    const own = voice.everywhere ? voices : exchanged(voices, voice, null);
    this.keep(model, { voices: own, chosen: chosen.filter((name) => name !== voice.name) });
  }

  private setCommon(voices: readonly Voice[]): void {
    void this.loaded?.set(
      "voices",
      voices.map(({ name, text }) => ({ name, text })),
    );
  }

  private kept(model: CodeEditor.IModel): Kept {
    const { memory, voices, chosen } = this.documents.metadata(model) as Partial<Kept>;
    return {
      memory: typeof memory === "string" ? memory : "",
      voices: Array.isArray(voices) ? voices.filter(isVoice) : [],
      chosen: Array.isArray(chosen) ? chosen.filter((name) => typeof name === "string") : [],
    };
  }

  private keep(model: CodeEditor.IModel, change: Partial<Kept>): void {
    this.documents.note(model, change as Metadata);
    this.changed.emit();
  }
}

/** Whether a notebook's metadata, which anything may have written, holds a voice. */
function isVoice(value: unknown): value is Voice {
  const { name, text } = (value ?? {}) as Partial<Voice>;
  return typeof name === "string" && typeof text === "string";
}

/** Voices with `after` in the place of the one that is called as `before`, or at their end. */
function exchanged(voices: readonly Voice[], before: Voice | null, after: Voice | null): Voice[] {
  const at = voices.findIndex(({ name }) => name === before?.name);
  const rest = voices.filter((_, i) => i !== at);
  if (after) rest.splice(at < 0 ? rest.length : at, 0, after);
  return rest;
}
