/**
 * How a tree grows, event by event, and how it goes back: `add` takes an event in, `back` takes the
 * last one out again, so that a replay steps both ways without folding anew.
 *
 * It never looks at the head to understand an event, so histories of several writers fold in any order
 * that keeps each writer's.
 */

import type {
  Accepted,
  Edited,
  Event,
  Framed,
  Generated,
  Marked,
  Opened,
  Place,
  Proposed,
  Taken,
  Written,
} from "./protocol";
import { points } from "./text";
import { BadLog, cut, isSame, type Judged, type Node, type Run, Tree } from "./tree";

type Span = Written | Taken;

/** The most code points of a branch, as in Python. */
export const MAX_TEXT = 2 ** 24;
/** The most code points by which a cell's tree grows while a history is read. */
export const MAX_TREE = 2 ** 30;

/** A tree while it grows. `count` events were taken in. */
export class Growth {
  readonly tree: Tree;
  private grown = 0;
  private readonly undone: (() => void)[] = [];
  private readonly bounds: number[] = [];

  /** `frames` are those that other cells of the document told of. */
  constructor(cell: string, frames?: Map<string, Framed>) {
    this.tree = new Tree(cell, frames);
  }

  get count(): number {
    return this.bounds.length;
  }

  /** Take an event in. Throws BadLog, unchanged, if it refers to what is not there; `count` grows all
   * the same, so that events keep their numbers. */
  add(event: Event): void {
    const bound = this.undone.length;
    this.bounds.push(bound);
    try {
      this.take(event);
    } catch (error) {
      this.revert(bound);
      throw error;
    }
  }

  /** Take the last event out again. */
  back(): void {
    const bound = this.bounds.pop();
    if (bound !== undefined) this.revert(bound);
  }

  private revert(bound: number): void {
    while (this.undone.length > bound) this.undone.pop()?.();
  }

  private take(event: Event): void {
    const { tree } = this;
    switch (event.type) {
      case "opened":
        this.hang(event, null, opened(tree.cell, event));
        break;
      case "edited":
        this.edit(event);
        break;
      case "moved":
        this.show(event.to);
        break;
      case "proposed":
        this.propose(event);
        break;
      case "generated":
        this.generate(event);
        break;
      case "accepted":
        this.accept(event);
        this.judge(event.candidate, "accepted", event.fan, event);
        break;
      case "branched":
      case "rejected":
        this.judge(event.candidate, event.type, event.fan);
        break;
      case "withdrawn":
        this.withdraw(event.candidate);
        break;
      case "marked":
        this.mark(event);
        break;
      case "framed":
        this.set(tree.frames, event.stamp.id, event);
        break;
      case "shown":
        this.see(event.candidates);
        break;
      case "placed":
      case "dismissed":
      case "cancelled":
        break;
      default:
        event satisfies never;
    }
  }

  private edit(event: Edited): void {
    const { at, removed, spans } = event;
    const whole = spans.length === 0;
    if (whole) this.show(at);
    else this.hang(event, at, this.resolve(spans));
    if (isCarried(event)) this.mend(this.tree.offered.get(at.node) ?? at);
    else if (removed > 0 || spans.some(({ type }) => type === "taken")) this.mend(at);
  }

  private propose(event: Proposed): void {
    const { tree } = this;
    tree.node(event.at);
    if (tree.head) this.set(tree.drawn, event.draw, { at: event.at, head: tree.head });
    for (const candidate of event.candidates) {
      this.set(tree.offered, candidate, event.at);
      this.set(tree.proposals, candidate, event);
    }
  }

  private generate(event: Generated): void {
    const { candidate, text } = event;
    const at = this.tree.offered.get(candidate);
    if (!at) {
      throw new BadLog(`Candidate ${candidate} was generated, but no proposal asked for it.`);
    }
    this.grow(event, candidate, at, [run(text, "model", candidate, 0)]);
    this.set(this.tree.generated, candidate, event);
  }

  private accept(event: Accepted): void {
    const { candidate, at, start, stop } = event;
    const tail = event.tail ?? [];
    const to = { node: candidate, offset: stop };
    const offered = start === 0 ? this.tree.offered.get(candidate) : undefined;
    const here = isSame(at, { node: candidate, offset: start }) || (offered && isSame(at, offered));
    const span: Taken = { type: "taken", node: candidate, start, stop };
    if (!here) this.hang(event, at, this.resolve([span, ...tail]));
    else if (tail.length > 0) this.hang(event, to, this.resolve(tail));
    else this.show(to);
    if (tail.length > 0) this.mend(at);
  }

  private judge(candidate: string, verdict: Judged, fan: string, accepted?: Accepted): void {
    const { rulings, verdicts } = this.tree;
    this.set(verdicts, candidate, verdict);
    rulings.push({ candidate, verdict, fan, accepted: accepted ?? null });
    this.undone.push(() => rulings.pop());
  }

  private withdraw(candidate: string): void {
    const { rulings, verdicts } = this.tree;
    this.unset(verdicts, candidate);
    const kept = rulings.filter((ruling) => ruling.candidate !== candidate);
    const before = rulings.splice(0, rulings.length, ...kept);
    this.undone.push(() => rulings.splice(0, rulings.length, ...before));
  }

  private mark({ node, pinned = false, tags = [], note = "" }: Marked): void {
    const { nodes, offered, marks } = this.tree;
    if (!nodes.has(node) && !offered.has(node)) {
      throw new BadLog(`Text ${node} was marked, and is not there.`);
    }
    if (pinned || tags.length > 0 || note) this.set(marks, node, { pinned, tags, note });
    else this.unset(marks, node);
  }

  private see(candidates: readonly string[]): void {
    const { seen } = this.tree;
    for (const candidate of candidates) {
      if (seen.has(candidate)) continue;
      seen.add(candidate);
      this.undone.push(() => seen.delete(candidate));
    }
  }

  private mend({ node, offset }: Place): void {
    const { mended } = this.tree;
    const offsets = mended.get(node) ?? new Set();
    if (offsets.has(offset)) return;
    mended.set(node, offsets.add(offset));
    this.undone.push(() => offsets.delete(offset));
  }

  private hang(event: Event, at: Place | null, runs: readonly Run[]): void {
    const id = `${event.stamp.id}.0`;
    const node = this.grow(event, id, at, named(runs, id));
    this.show({ node: id, offset: node.length });
  }

  private grow(event: Event, id: string, at: Place | null, runs: readonly Run[]): Node {
    const { nodes, roots, hung } = this.tree;
    if (nodes.has(id)) throw new BadLog(`Text ${id} comes twice; the first one counts.`);
    const start = at ? this.tree.end(at) : 0;
    const length = total(runs);
    limit(start + length, MAX_TEXT);
    limit(this.grown + length, MAX_TREE);
    const text = runs.map((run) => run.text).join("");
    const node = { id, at, start, runs, text, length, event };
    this.set(nodes, id, node);
    const siblings = at ? (hung.get(at.node) ?? []) : roots;
    if (at) hung.set(at.node, siblings);
    siblings.push(node);
    this.grown += length;
    this.undone.push(() => {
      siblings.pop();
      this.grown -= length;
    });
    return node;
  }

  private show(head: Place): void {
    const { tree } = this;
    tree.node(head);
    const before = tree.head;
    tree.head = head;
    tree.heads.push(head);
    this.undone.push(() => {
      tree.head = before;
      tree.heads.pop();
    });
    this.visit(head);
  }

  /** Note how far the nodes of a new head's branch were part of the text. What a visited node stands
   * on was visited up to there. */
  private visit(head: Place): void {
    const { tree } = this;
    this.set(tree.visited, head.node, tree.heads.length);
    let at: Place | null = head;
    while (at) {
      const before = tree.reached.get(at.node);
      if (before === undefined || before < at.offset) this.set(tree.reached, at.node, at.offset);
      at = before === undefined ? tree.node(at).at : null;
    }
  }

  private resolve(spans: readonly Span[]): Run[] {
    const length = spans.reduce((sum, span) => sum + measure(span), 0);
    limit(length, MAX_TEXT);
    return spans.flatMap((span) => this.runs(span));
  }

  private runs(span: Span): Run[] {
    if (span.type === "written") return written([span]);
    const node = this.tree.node({ node: span.node, offset: span.stop });
    return cut(node.runs, span.start, span.stop);
  }

  private set<K, V>(map: Map<K, V>, key: K, value: V): void {
    const had = map.has(key);
    const before = map.get(key) as V;
    map.set(key, value);
    this.undone.push(() => (had ? map.set(key, before) : map.delete(key)));
  }

  private unset<K, V>(map: Map<K, V>, key: K): void {
    if (!map.has(key)) return;
    const before = map.get(key) as V;
    map.delete(key);
    this.undone.push(() => map.set(key, before));
  }
}

/** A tree of a cell's events, and a sentence for each that refers to what is not there. */
export function fold(cell: string, events: Iterable<Event>): { tree: Tree; problems: string[] } {
  const growth = new Growth(cell);
  const problems: string[] = [];
  for (const event of events) {
    try {
      growth.add(event);
    } catch (error) {
      if (!(error instanceof BadLog)) throw error;
      problems.push(error.message);
    }
  }
  return { tree: growth.tree, problems };
}

function opened(cell: string, { text, runs = [] }: Opened): Run[] {
  const known = written(runs);
  if (known.length === 0) return [run(text, "found", "", 0)];
  if (known.map((run) => run.text).join("") !== text) {
    throw new BadLog(`The text that cell ${cell} was opened with is not that of its authors.`);
  }
  return known;
}

/** Whether an edit only takes a tail along to another branch: what stood behind the fan before stands
 * behind the candidate now. */
function isCarried({ removed, spans }: Edited): boolean {
  return removed === 0 && spans.length > 0 && spans.every(({ type }) => type === "taken");
}

/** New text, before its node has a name. */
function written(spans: readonly Omit<Written, "type">[]): Run[] {
  return spans.map(({ text, author }) => run(text, author, "", 0));
}

/** The runs of a new node: what is new was first written in it. */
function named(runs: readonly Run[], id: string): Run[] {
  let start = 0;
  return runs.map((run) => {
    const own = run.from ? run : { ...run, from: id, start };
    start += run.length;
    return own;
  });
}

function run(text: string, author: Run["author"], from: string, start: number): Run {
  return { text, length: points(text), author, from, start };
}

function measure(span: Span): number {
  return span.type === "written" ? points(span.text) : Math.max(0, span.stop - span.start);
}

function total(runs: readonly Run[]): number {
  return runs.reduce((sum, run) => sum + run.length, 0);
}

function limit(length: number, most: number): void {
  if (length > most) {
    throw new BadLog(`An event makes ${length} characters, and ${most} are the most.`);
  }
}
