/**
 * A cell's tree to look at and to walk in: the list, the search, the note that is being written, what is
 * selected in full. Keys act here; what they do to the text or the history is asked of `Deeds`, so the
 * same view shows a live cell and, without deeds, a replay.
 */

import type { Words } from "../editor/config";
import { el, setText } from "../editor/dom";
import type { Place } from "../protocol";
import type { Mark, Tree } from "../tree";
import { Detail } from "./detail";
import { parseMark, writeMark } from "./facts";
import { Find } from "./find";
import { TreeGraph } from "./graph";
import { TreeList } from "./list";
import { toward } from "./multiverse";
import type { Scope } from "./search";
import { endOf, nodeOf, type Segment, type Segments, segmentsOf } from "./segments";

/** What the reader can have done. */
export interface Deeds {
  /** Make the branch to a place the cell's text. */
  go(place: Place): void;
  reject(candidate: string): void;
  mark(node: string, mark: Mark): void;
  /** A candidate was read here. */
  see(candidate: string): void;
  /** Go back to the caret. */
  leave(): void;
}

/** Hears what the view selects. */
export type Selected = (segments: Segments | null, segment: Segment | null) => void;

/** What one can do with the tree and with the selected row. */
export type TreeAction =
  | "go"
  | "pin"
  | "reject"
  | "note"
  | "search"
  | "hoist"
  | "graph"
  | "end"
  | "collapse"
  | "expand";

/** The keys of actions, where a host has no keys of its own for them. */
export type TreeKeys = Readonly<Record<string, TreeAction>>;

const usual: TreeKeys = {
  Enter: "go",
  p: "pin",
  Delete: "reject",
  Backspace: "reject",
  n: "note",
  "/": "search",
  h: "hoist",
  g: "graph",
};

/** The view of one tree at a time. */
export class TreeView {
  readonly dom: HTMLElement;
  readonly list: TreeList;
  /** Hears what is selected. */
  onSelect: Selected = () => {};
  private readonly graph: TreeGraph;
  private readonly find: Find;
  private readonly detail: Detail;
  private readonly empty = el("div", "jp-sim-tree-empty", { role: "status" });
  private readonly live = el("div", "jp-sim-tree-live", { "aria-live": "polite" });
  private segments: Segments | null = null;
  private matches: readonly Segment[] = [];

  constructor(
    private readonly words: Words,
    private readonly deeds: Deeds | null,
    private readonly keys = usual,
  ) {
    this.list = new TreeList(this.words, {
      selected: () => this.select(),
      chosen: () => this.run("go"),
    });
    this.find = new Find(this.words, {
      changed: (query, scope) => this.search(query, scope),
      step: (by) => this.nextMatch(by),
      left: () => this.focus(),
    });
    this.graph = new TreeGraph(
      this.words,
      (segment) => this.list.go(segment),
      () => this.run("go"),
    );
    this.detail = new Detail(this.words);
    for (const dom of [this.list.tree, this.graph.dom]) {
      dom.classList.add("jp-sim-walkable");
      dom.addEventListener("keydown", (event) => this.key(event));
    }
    const parts = [
      this.find.dom,
      this.empty,
      this.list.dom,
      this.graph.dom,
      this.detail.dom,
      this.live,
    ];
    this.dom = el("div", "jp-sim-tree", { tabindex: "-1" }, ...parts);
    this.dom.addEventListener("keydown", ({ target, key }) => {
      if (target === this.dom && key === "Escape") this.deeds?.leave();
    });
    this.say(this.words.__("Nothing to show."));
  }

  /** Show a tree as it is now; `fresh` where it is another cell's than before. */
  show(tree: Tree, fresh = false): void {
    const segments = segmentsOf(tree);
    const waited = document.activeElement === this.dom;
    this.segments = segments;
    this.dom.classList.toggle("jp-mod-empty", tree.nodes.size === 0);
    if (fresh && this.find.isOn) this.find.close();
    this.list.show(segments, fresh, this.dom.contains(document.activeElement));
    this.reflect();
    if (waited) this.focus();
    this.matches = this.matches.flatMap(({ id }) => segments.get(id) ?? []);
  }

  /** Show a sentence in the place of a tree. */
  say(sentence: string): void {
    this.segments = null;
    if (this.dom.contains(document.activeElement)) this.focus();
    this.dom.classList.add("jp-mod-empty");
    setText(this.empty, sentence);
    this.list.show(null, true);
  }

  /** Take the focus; the list gets it as soon as there is one. */
  focus(): void {
    if (this.segments && this.isGraph) this.graph.dom.focus({ preventScroll: true });
    else if (this.segments) this.list.focus();
    else this.dom.focus({ preventScroll: true });
  }

  /** Say something to those who listen to the screen. */
  announce(sentence: string): void {
    setText(this.live, sentence);
  }

  /** Whether there is a tree. */
  get hasTree(): boolean {
    return this.segments !== null;
  }

  /** Do something with the tree, or with the selected row. */
  run(action: TreeAction): void {
    const { list, segment } = this;
    const runs: Readonly<Record<TreeAction, () => void>> = {
      go: () => segment && this.deeds?.go(endOf(segment)),
      pin: () => segment && this.pin(segment),
      reject: () => segment && this.reject(segment),
      note: () => segment && this.note(segment),
      search: () => this.find.open(),
      hoist: () => list.toggleHoist(),
      graph: () => this.toggleGraph(),
      end: () => list.goHead(),
      collapse: () => list.toggleAll(false),
      expand: () => list.toggleAll(true),
    };
    runs[action]();
  }

  private get segment(): Segment | null {
    const row = this.list.selected;
    return row && row.earlier.length === 0 ? row.segment : null;
  }

  /** Whether the tree is shown as a graph. */
  get isGraph(): boolean {
    return this.dom.classList.contains("jp-mod-graph");
  }

  /** Show the tree as a graph, or as a list again. */
  toggleGraph(): void {
    const inside = this.dom.contains(document.activeElement);
    this.dom.classList.toggle("jp-mod-graph");
    this.graph.show(this.segments, this.segment);
    if (inside) this.focus();
  }

  private key(event: KeyboardEvent): void {
    if (event.target !== event.currentTarget || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moved = this.isGraph ? this.travel(event) : this.move(event);
    if (!moved && !this.act(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private act({ key, shiftKey }: KeyboardEvent): boolean {
    if (this.find.isOn && key.toLowerCase() === "n") this.nextMatch(shiftKey ? -1 : 1);
    else if (key === "Escape") this.leave();
    else {
      const action = this.keys[key.length === 1 ? key.toLowerCase() : key];
      if (!action) return false;
      this.run(action);
    }
    return true;
  }

  private travel({ key }: KeyboardEvent): boolean {
    const ways: Record<string, Parameters<typeof toward>[2]> = {
      ArrowLeft: "left",
      ArrowRight: "right",
      ArrowUp: "up",
      ArrowDown: "down",
    };
    const zooms: Record<string, number> = { "+": 0.7, "=": 0.7, "-": 1 / 0.7 };
    const [way, zoom] = [ways[key], zooms[key]];
    const { segment, segments } = this;
    if (way && segments && segment) {
      const next = toward(segments, segment, way);
      if (next) this.list.go(next);
    } else if (zoom) this.graph.zoom(zoom);
    else if (key === "0") this.graph.whole();
    return way !== undefined || zoom !== undefined || key === "0";
  }

  private move({ key }: KeyboardEvent): boolean {
    const { list } = this;
    const moves: Record<string, () => void> = {
      ArrowDown: () => list.step(1),
      ArrowUp: () => list.step(-1),
      ArrowRight: () => list.enter(),
      ArrowLeft: () => list.leave(),
      PageDown: () => list.turn(1),
      PageUp: () => list.turn(-1),
      Home: () => list.step(-Number.MAX_SAFE_INTEGER),
      End: () => list.step(Number.MAX_SAFE_INTEGER),
    };
    moves[key]?.();
    return key in moves;
  }

  /** One step back: out of the search, out of what is hoisted, to the caret. */
  private leave(): void {
    if (this.find.isOn) this.find.close();
    else if (this.list.hoisted) this.list.toggleHoist();
    else this.deeds?.leave();
  }

  private select(): void {
    this.reflect();
    const candidate = this.segment?.candidate;
    const here = this.list.tree === document.activeElement || this.isGraph;
    if (candidate && here && !this.segments?.tree.seen.has(candidate)) this.deeds?.see(candidate);
  }

  /** Show elsewhere what the list has now, and what is selected in it. */
  private reflect(): void {
    const { segments, segment } = this;
    this.detail.show(segments?.tree ?? null, segment);
    if (this.isGraph) this.graph.show(segments, segment);
    this.onSelect(segments, segment);
  }

  private pin(segment: Segment): void {
    const mark = this.mark(segment);
    this.deeds?.mark(nodeOf(segment).id, { ...mark, pinned: !mark.pinned });
    this.announce(mark.pinned ? this.words.__("Unpinned") : this.words.__("Pinned"));
  }

  private mark(segment: Segment): Mark {
    const none = { pinned: false, tags: [], note: "" };
    return this.segments?.tree.marks.get(nodeOf(segment).id) ?? none;
  }

  private reject({ candidate, onBranch }: Segment): void {
    if (onBranch) {
      this.announce(this.words.__("This stands in the text; go to another branch first."));
    } else if (candidate === null) {
      this.announce(this.words.__("Only what the model wrote can be rejected."));
    } else {
      this.deeds?.reject(candidate);
      this.announce(this.words.__("Rejected"));
    }
  }

  /** Write a note and tags where the row is. */
  private note(segment: Segment): void {
    if (!this.deeds) return;
    if (this.isGraph) this.toggleGraph();
    const mark = this.mark(segment);
    const name = this.words.__("Note; a word with # before it is a tag");
    const input = el("input", "jp-sim-note-input", { placeholder: name, "aria-label": name });
    input.value = writeMark(mark);
    input.maxLength = 1000;
    let ended = false;
    const end = (keep: boolean) => {
      if (ended) return;
      ended = true;
      if (keep) this.deeds?.mark(nodeOf(segment).id, parseMark(input.value, mark.pinned));
      input.remove();
    };
    input.addEventListener("blur", () => end(true));
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
      event.preventDefault();
      end(event.key === "Enter");
      this.list.focus();
    });
    this.list.cover(input);
    input.focus();
  }

  private search(query: string, scope: Scope): void {
    this.matches = this.list.search(query, scope);
    this.nextMatch(0);
  }

  /** Go to another match: the next, the previous, or with 0 the first from here on. */
  private nextMatch(by: 1 | -1 | 0): void {
    const { length } = this.matches;
    const here = this.matches.findIndex(({ id }) => id === this.segment?.id);
    const at = here < 0 ? 0 : (here + by + length) % Math.max(1, length);
    const match = this.matches[at];
    if (match && match !== this.segment) this.list.go(match);
    this.find.show(length > 0 ? at + 1 : 0, length);
  }
}
