/** A small language for tests: an editor, its client, and a document that says what the test says. */

import { history, redo, undo } from "@codemirror/commands";
import { EditorState, Transaction } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { Client } from "../src/client";
import type { Settings } from "../src/editor";
import {
  type Action,
  commands,
  defaults,
  english,
  type Framing,
  fanField,
  fans,
  type Preset,
  unframed,
} from "../src/editor";
import { type Fan, fits, remainder, whole } from "../src/editor/fan";
import { Toggle } from "../src/editor/toggle";
import type { Ended, Status } from "../src/protocol";
import type { FanAnswer, FromDocument, FromFront, Receiver } from "../src/transport";

const ready: Status = { type: "status", state: "ready", model: "scripted" };

/** The document's side of a connection, played by the test. */
export class Wire {
  readonly said: FromFront[] = [];
  connections = 0;
  private receiver: Receiver | null = null;

  readonly connect = (receiver: Receiver) => {
    this.connections++;
    this.receiver = receiver;
    return { send: (message: FromFront) => this.said.push(message), close: () => {} };
  };

  /** Accept the connection and greet back, as a document that records these cells. */
  welcome(...cells: string[]): void {
    this.open();
    this.greet(...cells);
  }

  /** Accept the connection. */
  open(): void {
    this.receiver?.opened();
  }

  /** Greet back. */
  greet(...cells: string[]): void {
    const { id } = this.last("hello");
    this.answer({ type: "welcome", id, document: "document-1", engine: ready, cells });
  }

  answer(...answers: FromDocument[]): void {
    for (const answer of answers) this.receiver?.received(answer);
  }

  /** Acknowledge all that was said. */
  acknowledge(): void {
    for (const { id } of this.said) this.answer({ type: "acknowledged", id });
  }

  cut(reason = "The server does not answer."): void {
    this.receiver?.closed(reason);
  }

  /** The last message of a type that was said. */
  last<T extends FromFront["type"]>(type: T): Extract<FromFront, { type: T }> {
    const message = this.said.filter((message) => message.type === type).at(-1);
    if (!message) throw new Error(`No ${type} was said, only ${this.types().join(", ")}.`);
    return message as Extract<FromFront, { type: T }>;
  }

  /** The types of all that was said, in order, without the greeting and what was seen. */
  types(): string[] {
    return this.said.map(({ type }) => type).filter((type) => type !== "hello" && type !== "see");
  }
}

/** An editor with a cell. The caret is where `|` stands in the text it begins with. */
export class Stage {
  readonly wire = new Wire();
  readonly client: Client;
  readonly view: EditorView;
  readonly reports: string[] = [];
  readonly authorship = new Toggle();
  settings: Settings = { ...defaults, n: 3 };
  framing: Framing = unframed;
  presets: Preset[] = [];
  chosen: readonly string[] = [];

  /** `cell` is null in an editor that belongs to no document. */
  constructor(text: string, cell: string | null = "cell-1", client?: Client, readOnly = false) {
    this.client =
      client ??
      new Client({
        connect: this.wire.connect,
        greeting: () => ({ type: "hello", kind: "notebook", path: "story.ipynb" }),
        report: (message) => this.reports.push(message),
      });
    const at = text.indexOf("|");
    const extensions = [history(), fans(this.host(cell)), EditorState.readOnly.of(readOnly)];
    this.view = new EditorView({
      state: EditorState.create({
        doc: text.replace("|", ""),
        selection: { anchor: at },
        extensions,
      }),
      parent: document.body,
    });
  }

  private host(cell: string | null) {
    return {
      words: english,
      authorship: this.authorship,
      cell: () => (cell === null ? null : { client: this.client, id: cell }),
      settings: () => this.settings,
      framing: () => this.framing,
      presets: () => this.presets,
      choose: (_: EditorView, names: readonly string[]) => {
        this.chosen = names;
      },
      keep: (_: EditorView, settings: Settings) => {
        this.settings = settings;
      },
      isRemote: (tr: Transaction) => tr.annotation(Transaction.remote) === true,
      isUndo: (tr: Transaction) => tr.isUserEvent("undo") || tr.isUserEvent("redo"),
      isAway: () => false,
      isolate: (_: EditorView, edit: () => void) => edit(),
      key: (action: Action) => action,
      report: (message: string) => this.reports.push(message),
    };
  }

  /** Press the key of an action. */
  press(action: Action): boolean {
    return commands[action](this.view);
  }

  /** Propose, connect, and let the draw begin. */
  async open(): Promise<void> {
    this.press("propose");
    this.wire.welcome();
    await this.begin();
  }

  /** Let the last draw begin; its candidates are called `draw number`.`index`, such as 1.0. */
  async begin(): Promise<void> {
    const { id, fan, n } = this.wire.last("propose");
    const number = this.wire.said.filter(({ type }) => type === "propose").length;
    const candidates = Array.from({ length: n }, (_, i) => `${number}.${i}`);
    await this.answer({ type: "drawing", fan, draw: id, candidates });
  }

  /** Let candidates of the last draw gain text, all in one step. */
  async grow(texts: Record<string, string>): Promise<void> {
    const { id, fan } = this.wire.last("propose");
    const gains = Object.entries(texts).map(([candidate, text]) => ({
      candidate,
      text,
      logprobs: [-0.5],
    }));
    await this.answer({ type: "grown", fan, draw: id, gains });
  }

  /** Let candidates of the last draw end. */
  async end(...candidates: string[]): Promise<void> {
    for (const candidate of candidates) await this.finish(candidate, "stop");
  }

  async finish(candidate: string, finish: Ended["finish"]): Promise<void> {
    const { id, fan } = this.wire.last("propose");
    await this.answer({ type: "ended", fan, draw: id, candidate, finish });
  }

  /** Propose and let the candidates be whole. */
  async offer(...texts: string[]): Promise<void> {
    this.settings = { ...this.settings, n: texts.length };
    await this.open();
    await this.grow(Object.fromEntries(texts.map((text, i) => [`1.${i}`, text])));
    await this.end(...texts.map((_, i) => `1.${i}`));
  }

  async answer(answer: FanAnswer): Promise<void> {
    this.wire.answer(answer);
    await this.quiet();
  }

  /** Wait until what was posted is taken. */
  async quiet(): Promise<void> {
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }

  type(text: string): void {
    const { head } = this.view.state.selection.main;
    this.view.dispatch({
      changes: { from: head, insert: text },
      selection: { anchor: head + text.length },
      userEvent: "input.type",
    });
  }

  erase(count: number): void {
    const { head } = this.view.state.selection.main;
    this.view.dispatch({ changes: { from: head - count, to: head }, userEvent: "delete.backward" });
  }

  /** A change made elsewhere. */
  remote(from: number, to: number, insert: string): void {
    this.view.dispatch({ changes: { from, to, insert }, annotations: Transaction.remote.of(true) });
  }

  undo(): void {
    undo(this.view);
  }

  redo(): void {
    redo(this.view);
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  get caret(): number {
    return this.view.state.selection.main.head;
  }

  get fan(): Fan | null {
    return this.view.state.field(fanField);
  }

  /** The ghost, as the reader sees it. */
  get ghost(): string {
    const painted = this.view.dom.querySelector(".jp-sim-ghost")?.textContent ?? "";
    const told = this.fan ? remainder(this.fan, this.fan.rows[this.fan.highlighted]) : "";
    if (painted !== told) throw new Error(`The ghost is "${painted}" and should be "${told}".`);
    return painted;
  }

  /** The whole texts of the candidates that fit. */
  get candidates(): string[] {
    const { fan } = this;
    return (fan?.rows ?? []).flatMap((row) =>
      fan && row.shown && fits(fan, row) ? [whole(row.shown)] : [],
    );
  }

  /** The elements of the list's rows. */
  get rows(): HTMLElement[] {
    return [...this.view.dom.querySelectorAll<HTMLElement>(".jp-sim-row")];
  }
}
