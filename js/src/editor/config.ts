/** What the editor extension asks of its host, and the settings of a fan. */

import { Facet, type Transaction } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import type { Client } from "../client";
import type { Words } from "../words";
import type { Length } from "./lengths";
import type { Order } from "./order";
import type { Toggle } from "./toggle";
import type { Framing } from "./voices";

export { english, type Words } from "../words";

/** How the next draw is made. */
export interface Settings {
  readonly n: number;
  readonly temperature: number;
  readonly minP: number;
  readonly length: Length;
  /** First tokens are drawn without replacement, and what was said already is drawn again. */
  readonly distinct: boolean;
  readonly order: Order;
  /** After how many milliseconds without typing a fan opens by itself; never, if 0. */
  readonly pause: number;
  /** What may follow the highlighted candidate is drawn while the fan is read. */
  readonly prefetch: boolean;
}

/** What of the settings a preset says. */
export type Said = Pick<Settings, "n" | "temperature" | "minP" | "length" | "distinct">;

/** A preset, as in the settings; `voices` are names. */
export interface Preset extends Said {
  readonly name: string;
  readonly voices: readonly string[];
}

/** The settings that hold where a host has none of its own. */
export const defaults: Settings = {
  n: 5,
  temperature: 1,
  minP: 0.02,
  length: "sentence",
  distinct: false,
  order: "drawn",
  pause: 0,
  prefetch: false,
};

/** The largest n and temperature that are offered. */
export const limits = { n: 32, temperature: 2 };

/** What one can do with a fan; each is a command, a key, and a button or another control. */
export type Action =
  | "propose"
  | "next"
  | "previous"
  | "accept"
  | "accept-word"
  | "accept-sentence"
  | "branch"
  | "reject"
  | "dismiss"
  | "next-length"
  | "more-candidates"
  | "fewer-candidates"
  | "warmer"
  | "cooler"
  | "parent"
  | "child"
  | "previous-sibling"
  | "next-sibling"
  | "withdraw"
  | "pin"
  | "authorship"
  | "next-order"
  | "probabilities"
  | "score"
  | "one-of-each"
  | "next-preset"
  | "next-token"
  | "previous-token";

/** Where the editor's text belongs: a cell of a document. */
export interface Cell {
  readonly client: Client;
  readonly id: string;
}

/** The program around the editor. */
export interface Host {
  readonly words: Words;
  /** Whether it is shown who wrote what. */
  readonly authorship: Toggle;
  /** The cell that the editor shows, or null where nothing can be proposed. */
  cell(view: EditorView): Cell | null;
  settings(view: EditorView): Settings;
  /** What stands before the text in the prompt of the next draw. */
  framing(view: EditorView): Framing;
  /** The presets that can be taken. */
  presets(): readonly Preset[];
  /** Deal the next draw to the voices of these names, and to no others. */
  choose(view: EditorView, voices: readonly string[]): void;
  /** The settings were changed where the fan is. */
  keep(view: EditorView, settings: Settings): void;
  /** Whether a transaction brings in a change made elsewhere. */
  isRemote(tr: Transaction): boolean;
  /** Whether a transaction undoes or redoes. */
  isUndo(tr: Transaction): boolean;
  /** Run an edit so that it is one undo step by itself. */
  isolate(view: EditorView, edit: () => void): void;
  /** Whether the reader went on to another place of the document. */
  isAway(view: EditorView): boolean;
  /** How the key of an action is written on a button. */
  key(action: Action): string;
  /** Tell the reader what went wrong when no fan is there to say it. */
  report(message: string): void;
}

/** The host of an editor. */
export const hosts = Facet.define<Host, Host | null>({ combine: (given) => given[0] ?? null });
