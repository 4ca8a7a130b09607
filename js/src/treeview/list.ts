/**
 * A tree as a list of rows with a keyboard: which rows are open, which one is selected, what is searched
 * for. It changes no tree.
 */

import type { Words } from "../editor/config";
import { setAttribute } from "../editor/dom";
import { above, type Row, rowOf, rowsOf } from "./rows";
import { RowElement } from "./rowview";
import { found, type Scope } from "./search";
import type { Segment, Segments } from "./segments";
import { Window } from "./window";

/** What is told to who shows the list. */
export interface ListListener {
  /** Another row is selected. */
  selected(): void;
  /** A row was chosen, by Enter or a double click. */
  chosen(row: Row): void;
}

let lists = 0;

/** The list of one tree. */
export class TreeList {
  readonly dom: HTMLElement;
  /** The element that has the focus. */
  readonly tree: HTMLElement;
  private readonly window: Window<RowElement>;
  private readonly name = `jp-sim-tree-${++lists}`;
  private segments: Segments | null = null;
  private rows: readonly Row[] = [];
  private readonly opened = new Map<string, boolean>();
  private hoist: string | null = null;
  private current: string | null = null;
  /** The row that the reader was on and the tree lost; the reader is back on it when it comes again. */
  private lost: string | null = null;
  private head: Segment | null = null;
  private query = "";

  constructor(
    private readonly words: Words,
    private readonly listener: ListListener,
  ) {
    this.window = new Window(
      (i) => new RowElement(`${this.name}-${i}`, words),
      (element, i) => this.fill(element, i),
    );
    this.dom = this.window.dom;
    this.tree = this.window.pane;
    setAttribute(this.tree, "role", "tree");
    setAttribute(this.tree, "tabindex", "0");
    setAttribute(this.tree, "aria-label", this.words.__("Branches"));
    this.dom.addEventListener("click", (event) => this.click(event));
    this.dom.addEventListener("dblclick", ({ target }) => this.choose(this.window.index(target)));
    this.dom.addEventListener("contextmenu", ({ target }) => this.point(this.window.index(target)));
  }

  /** Show a tree as it is now. While no reader is `inside` the view, the text's end is selected. */
  show(segments: Segments | null, fresh: boolean, inside = false): void {
    const row = this.selected;
    const offset = row ? this.window.offset(this.index) : 0;
    const moved = segments?.head?.id !== this.head?.id;
    this.segments = segments;
    this.head = segments?.head ?? null;
    if (fresh) this.forget();
    if (this.hoist !== null && !segments?.get(this.hoist)) this.hoist = null;
    this.list();
    if (fresh || (moved && !inside)) this.select(this.headRow());
    else if (this.lost !== null && this.at(this.lost) >= 0) this.select(this.at(this.lost));
    else if (!this.selected) this.stray(row);
    else this.window.place(this.index, offset);
    this.draw();
  }

  /** The row that is selected. */
  get selected(): Row | null {
    return this.rows[this.index] ?? null;
  }

  /** The segment that the list begins with; null for the whole tree. */
  get hoisted(): Segment | null {
    return this.hoist === null ? null : (this.segments?.get(this.hoist) ?? null);
  }

  focus(): void {
    this.tree.focus({ preventScroll: true });
    if (!this.selected) this.select(this.headRow());
    this.window.reveal(Math.max(0, this.index));
    this.draw();
  }

  /** Select a segment, and open what it is in. */
  go(segment: Segment): void {
    for (const key of above(segment)) this.opened.set(key, true);
    if (this.hoist !== null && !isWithin(segment, this.hoist)) this.hoist = null;
    this.list();
    this.select(rowOf(this.rows, segment));
  }

  /** Select the text's end. */
  goHead(): void {
    if (this.head) this.go(this.head);
  }

  /** Go up or down by rows. */
  step(by: number): void {
    const last = this.rows.length - 1;
    this.select(Math.max(0, Math.min(last, this.index + by)));
  }

  /** Go up or down by what is in view. */
  turn(direction: 1 | -1): void {
    this.step(direction * Math.max(1, this.window.page - 1));
  }

  /** Open a row; in an open one, go to the first in it. */
  enter(): void {
    const row = this.selected;
    if (row?.open === false) this.toggle(row, true);
    else if (row?.open || this.rows[this.index + 1]?.goesOn) this.step(1);
  }

  /** Close a row; from a closed one, go to what it is in or goes on from. */
  leave(): void {
    const row = this.selected;
    if (row?.open) this.toggle(row, false);
    else if (row) this.select(this.before(row));
  }

  /** Open or close all there is. */
  toggleAll(open: boolean): void {
    this.opened.clear();
    for (const row of open ? [] : this.rows) if (row.open) this.opened.set(row.key, false);
    this.relist();
  }

  /** Begin the list with the selected segment, or with the whole again. */
  toggleHoist(): void {
    const segment = this.selected?.segment;
    this.hoist = this.hoist === null && segment ? segment.id : null;
    this.relist();
  }

  /** Mark what says `query`, and tell how often it was found. */
  search(query: string, scope: Scope): readonly Segment[] {
    this.query = query;
    this.draw();
    const last = this.selected?.segment ?? null;
    return this.segments ? found(this.segments, query, scope, last) : [];
  }

  /** Cover the selected row with an element. */
  cover(dom: HTMLElement): void {
    this.window.cover(this.index, dom);
  }

  private get index(): number {
    return this.at(this.current);
  }

  private at(wanted: string | null): number {
    return this.rows.findIndex(({ key }) => key === wanted);
  }

  private headRow(): number {
    return rowOf(this.rows, this.head);
  }

  private before(row: Row): number {
    const at = this.rows.indexOf(row);
    if (!row.goesOn) return row.parent ? this.rows.indexOf(row.parent) : at;
    for (let i = at - 1; i >= 0; i--) if (this.rows[i]?.parent === row.parent) return i;
    return at;
  }

  /** Go from a row that is gone to what it has become, and remember it. */
  private stray(row: Row | null): void {
    const lost = this.lost ?? row?.key ?? null;
    this.select(this.near(row));
    this.lost = lost;
  }

  /** The row of what a row has become. */
  private near(row: Row | null): number {
    const first = row?.segment.stretches[0];
    if (!first) return this.headRow();
    const place = { node: first.node.id, offset: Math.min(first.start + 1, first.stop) };
    const at = rowOf(this.rows, this.segments?.at(place) ?? null);
    return at < 0 ? this.headRow() : at;
  }

  private forget(): void {
    this.opened.clear();
    this.hoist = null;
    this.current = null;
    this.query = "";
  }

  private toggle({ key }: Row, open: boolean): void {
    this.opened.set(key, open);
    this.relist();
  }

  private relist(): void {
    const row = this.selected;
    this.list();
    if (!this.selected) this.select(this.near(row));
    this.draw();
    this.window.reveal(Math.max(0, this.index));
  }

  private list(): void {
    const outlook = { opened: this.opened, hoisted: this.hoist };
    this.rows = this.segments ? rowsOf(this.segments, outlook) : [];
    this.window.refresh(this.rows.length);
  }

  private select(index: number): void {
    this.current = this.rows[index]?.key ?? null;
    this.lost = null;
    if (this.current !== null) this.window.reveal(index);
    this.draw();
    this.listener.selected();
  }

  private draw(): void {
    this.window.refresh(this.rows.length);
    const active = this.window.row(this.index)?.dom.id ?? null;
    setAttribute(this.tree, "aria-activedescendant", active);
  }

  private fill(element: RowElement, index: number): void {
    const row = this.rows[index];
    if (!row || !this.segments) return;
    const { tree } = this.segments;
    const selected = row.key === this.current;
    const head = row.earlier.length === 0 && row.segment === this.head;
    element.show(row, { tree, selected, head, query: this.query });
  }

  private click({ target }: MouseEvent): void {
    const index = this.window.index(target);
    const row = this.rows[index];
    if (!row) return;
    this.select(index);
    const twisty = (target as Element).closest(".jp-sim-twisty");
    if (row.open !== null && (twisty || row.earlier.length > 0)) this.toggle(row, !row.open);
  }

  /** A menu opens on a row: it is about that one. */
  private point(index: number): void {
    if (index >= 0) this.select(index);
  }

  private choose(index: number): void {
    const row = this.rows[index];
    if (row && row.earlier.length === 0) this.listener.chosen(row);
  }
}

function isWithin(segment: Segment, id: string): boolean {
  for (let one: Segment | null = segment; one; one = one.parent) if (one.id === id) return true;
  return false;
}
