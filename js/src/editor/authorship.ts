/**
 * Who wrote what, shown in the text: what the model wrote has a band, what a human wrote a line, what was
 * found neither; the pointer over it tells more. It is on or off for all editors of a host, and nothing
 * of it is saved.
 */

import { RangeSet, StateEffect, StateField } from "@codemirror/state";
import {
  type Command,
  Decoration,
  type DecorationSet,
  EditorView,
  hoverTooltip,
  type PluginValue,
  type Tooltip,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import type { Run, Tree } from "../tree";
import { authorName, candidateFacts, eventFacts } from "../treeview/facts";
import { hosts, type Words } from "./config";
import { el } from "./dom";

const tinted = StateEffect.define<DecorationSet>();

const tints = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, tr) {
    let now = tr.docChanged ? marks.map(tr.changes) : marks;
    for (const effect of tr.effects) if (effect.is(tinted)) now = effect.value;
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Show who wrote what, or show it no more. */
export const authorship: Command = (view) => {
  const host = view.state.facet(hosts);
  host?.authorship.turn();
  return host !== null;
};

class Authors implements PluginValue {
  private leave: (() => void) | null = null;
  private tree: Tree | null = null;
  private asked = false;
  private destroyed = false;
  private readonly unwatch: (() => void) | undefined;

  constructor(private readonly view: EditorView) {
    const toggle = view.state.facet(hosts)?.authorship;
    this.unwatch = toggle?.watch(() => this.turn());
    if (toggle?.on) this.turn();
  }

  update({ docChanged }: ViewUpdate): void {
    if (docChanged && this.tree) this.soon();
  }

  destroy(): void {
    this.destroyed = true;
    this.unwatch?.();
    this.leave?.();
  }

  private turn(): void {
    const host = this.view.state.facet(hosts);
    const cell = host?.authorship.on ? host.cell(this.view) : null;
    this.leave?.();
    this.leave = null;
    this.tree = null;
    if (cell) {
      this.leave = cell.client.look(cell.id, (tree) => {
        this.tree = tree;
        this.soon();
      });
    } else this.soon();
  }

  /** Tint after what is under way, once however much came. */
  private soon(): void {
    if (this.asked) return;
    this.asked = true;
    queueMicrotask(() => {
      this.asked = false;
      if (!this.destroyed) this.tint();
    });
  }

  /** What the tree does not know yet keeps the tint of what it was written into. */
  private tint(): void {
    const { view, tree } = this;
    const host = view.state.facet(hosts);
    const known = tree?.text === view.state.doc.toString();
    if (tree && known) view.dispatch({ effects: tinted.of(marks(tree)) });
    else if (!host?.authorship.on) view.dispatch({ effects: tinted.of(Decoration.none) });
  }
}

function marks(tree: Tree): DecorationSet {
  let position = 0;
  const ranges = (tree.head ? tree.runs(tree.head) : []).flatMap((run) => {
    const from = position;
    position += run.text.length;
    return [Decoration.mark({ class: `jp-sim-by-${run.author}`, run, tree }).range(from, position)];
  });
  return RangeSet.of(ranges);
}

function told(view: EditorView, at: number): Tooltip | null {
  const host = view.state.facet(hosts);
  let tooltip: Tooltip | null = null;
  view.state.field(tints).between(at, at, (from, to, { spec }) => {
    if (!host || at < from || at >= to) return;
    const { run, tree } = spec as { run: Run; tree: Tree };
    const facts = origin(tree, run, host.words).join(" · ");
    tooltip = { pos: from, end: to, create: () => ({ dom: el("div", "jp-sim-told", {}, facts) }) };
  });
  return tooltip;
}

/** Where a run comes from, in words. */
function origin(tree: Tree, run: Run, words: Words): string[] {
  const name = authorName(run.author, words);
  if (tree.generated.has(run.from)) return [name, ...candidateFacts(tree, run.from, words)];
  const node = tree.nodes.get(run.from);
  return node ? [name, ...eventFacts(node.event, words)] : [name];
}

const look = EditorView.baseTheme({
  ".jp-sim-by-model": {
    backgroundImage:
      "linear-gradient(transparent 64%, color-mix(in srgb, var(--jp-sim-model) 30%, transparent) 64%)",
  },
  ".jp-sim-by-human": {
    textDecoration: "underline",
    textDecorationColor: "var(--jp-sim-human)",
    textDecorationThickness: "1.5px",
    textUnderlineOffset: "3px",
  },
  "@media (forced-colors: active)": {
    ".jp-sim-by-model": { textDecoration: "underline dotted" },
  },
  ".jp-sim-told": {
    padding: "3px 8px",
    font: "11px/18px var(--jp-ui-font-family, system-ui, sans-serif)",
  },
});

/** Shows who wrote what, while that is on. */
export const authors = [
  tints,
  ViewPlugin.fromClass(Authors),
  hoverTooltip(told, { hideOnChange: true }),
  look,
];
