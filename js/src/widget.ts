/**
 * The fan in an output area, as an anywidget: an editor of its own over the same extension, and the
 * widget's comm as the line to the document. Its text is the model's `value`.
 */

import type { AnyModel, RenderProps } from "@anywidget/types";
import { defaultKeymap, history, historyKeymap, isolateHistory } from "@codemirror/commands";
import { EditorState, Prec, Transaction } from "@codemirror/state";
import { EditorView, type KeyBinding, keymap } from "@codemirror/view";
import { Client } from "./client";
import { overComm } from "./comm";
import { defaults } from "./editor/config";
import { button, el, setText } from "./editor/dom";
import {
  type Action,
  commands,
  english,
  fans,
  type Host,
  type Length,
  type Settings,
  Toggle,
} from "./editor/index";
import { unframed } from "./editor/voices";

/** The traits of `jupyter_sim.Loom`. */
interface Traits {
  value: string;
  document: string;
  n: number;
  temperature: number;
  length: Length;
}

type Model = AnyModel<Traits>;

/** The keys, in CodeMirror's spelling, and how they are written. */
const keys: readonly [Action, string, string][] = [
  ["propose", "Mod-Shift-Space", "Ctrl Shift Space"],
  ["next", "ArrowDown", "↓"],
  ["previous", "ArrowUp", "↑"],
  ["accept", "Tab", "Tab"],
  ["accept-word", "Mod-ArrowRight", "Ctrl →"],
  ["accept-sentence", "Mod-Shift-ArrowRight", "Ctrl Shift →"],
  ["branch", "Mod-Shift-Enter", "Ctrl Shift ↵"],
  ["reject", "Shift-Tab", "Shift Tab"],
  ["dismiss", "Escape", "Esc"],
  ["next-length", "Mod-k n", "Ctrl K N"],
  ["more-candidates", "Mod-k m", "Ctrl K M"],
  ["fewer-candidates", "Mod-k f", "Ctrl K F"],
  ["warmer", "Mod-k w", "Ctrl K W"],
  ["cooler", "Mod-k c", "Ctrl K C"],
  ["parent", "Mod-k k", "Ctrl K K"],
  ["child", "Mod-k j", "Ctrl K J"],
  ["previous-sibling", "Mod-k h", "Ctrl K H"],
  ["next-sibling", "Mod-k l", "Ctrl K L"],
  ["withdraw", "Mod-k u", "Ctrl K U"],
  ["pin", "Mod-k i", "Ctrl K I"],
  ["authorship", "Mod-k a", "Ctrl K A"],
  ["probabilities", "Mod-k p", "Ctrl K P"],
  ["next-token", "ArrowRight", "→"],
  ["previous-token", "ArrowLeft", "←"],
  ["score", "Mod-k s", "Ctrl K S"],
  ["next-order", "Mod-k o", "Ctrl K O"],
];

const bindings: KeyBinding[] = keys.map(([action, key]) => ({ key, run: commands[action] }));

const BUSY = english.__(
  "The kernel is busy, and what you asked for comes when it is free; if it was restarted, run the cell again.",
);

const isMac = /Mac|iP(hone|ad)/.test(navigator.platform);

function keyLabel(action: Action): string {
  const label = keys.find(([name]) => name === action)?.[2] ?? "";
  return isMac ? label.replace("Ctrl", "⌘") : label;
}

function settingsOf(model: Model): Settings {
  const [n, temperature, length] = [model.get("n"), model.get("temperature"), model.get("length")];
  return { ...defaults, n, temperature, length };
}

function keep(model: Model, settings: Settings): void {
  model.set("n", settings.n);
  model.set("temperature", settings.temperature);
  model.set("length", settings.length);
  model.save_changes();
}

function hostOf(model: Model, client: Client, report: (message: string) => void): Host {
  const cell = { client, id: "text" };
  const authorship = new Toggle();
  return {
    words: english,
    authorship,
    cell: () => cell,
    settings: () => settingsOf(model),
    framing: () => unframed,
    presets: () => [],
    choose: () => {},
    keep: (_, settings) => keep(model, settings),
    isRemote: (tr) => tr.annotation(Transaction.remote) === true,
    isUndo: (tr) => tr.isUserEvent("undo") || tr.isUserEvent("redo"),
    isolate: (view, edit) => {
      view.dispatch({ annotations: isolateHistory.of("full") });
      edit();
      view.dispatch({ annotations: isolateHistory.of("full") });
    },
    isAway: () => false,
    key: keyLabel,
    report,
  };
}

/** One showing of a widget. */
class Loom {
  private readonly dom = el("div", "jp-sim-widget", { "data-lm-suppress-shortcuts": "true" });
  private readonly notice = el("span", "jp-sim-notice", { role: "status" });
  private readonly client: Client;
  private readonly view: EditorView;
  private disposed = false;

  constructor(private readonly model: Model) {
    this.client = new Client({
      connect: overComm(model, (busy) => this.say(busy ? BUSY : "")),
      greeting: () => ({ type: "hello", kind: "widget", path: model.get("document") }),
      report: (message) => this.say(message),
    });
    this.view = new EditorView({ state: this.state(), parent: this.dom });
    this.dom.append(el("div", "jp-sim-bar", {}, this.proposer(), this.notice));
    model.on("change:value", this.follow);
  }

  /** Show it in `el`. */
  show(el: HTMLElement): void {
    el.append(this.dom);
  }

  /** Take it away; a second time changes nothing. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.model.off("change:value", this.follow);
    this.view.destroy();
    this.client.dispose();
    this.dom.remove();
  }

  private state(): EditorState {
    const doc = this.model.get("value");
    const host = hostOf(this.model, this.client, (message) => this.say(message));
    return EditorState.create({
      doc,
      selection: { anchor: doc.length },
      extensions: [
        Prec.highest(keymap.of(bindings)),
        fans(host),
        history(),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": english.__("Text") }),
        EditorView.updateListener.of(({ docChanged }) => docChanged && this.write()),
      ],
    });
  }

  private proposer(): HTMLElement {
    const label = [el("kbd", "", {}, keyLabel("propose")), ` ${english.__("propose")}`];
    return button("jp-sim-propose", () => this.propose(), ...label);
  }

  private propose(): void {
    this.view.focus();
    commands.propose(this.view);
  }

  private say(message: string): void {
    setText(this.notice, message);
  }

  /** The text changed here: tell the model. */
  private write(): void {
    const value = this.view.state.doc.toString();
    if (value === this.model.get("value")) return;
    this.model.set("value", value);
    this.model.save_changes();
  }

  /** The model's text changed elsewhere: show it. */
  private readonly follow = (): void => {
    const { doc } = this.view.state;
    const insert = this.model.get("value");
    if (insert === doc.toString()) return;
    this.view.dispatch({
      changes: { from: 0, to: doc.length, insert },
      annotations: [Transaction.remote.of(true), Transaction.addToHistory.of(false)],
    });
  };
}

export default {
  render({ model, el, signal }: RenderProps<Traits>): () => void {
    const loom = new Loom(model);
    loom.show(el);
    const dispose = () => loom.dispose();
    signal?.addEventListener("abort", dispose);
    return dispose;
  },
};
