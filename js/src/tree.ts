/**
 * The tree of everything that was written and offered in one cell, and the text that is one path
 * through it: what `jupyter_sim/tree.py` is to Python, with the same meaning, checked by the same
 * vectors.
 *
 * Nodes know their parent place only, and are never split: heads, forks and partial acceptances are
 * places (node, offset). Offsets count code points. A tree is grown by `Growth` and read by all else;
 * it knows no editor, no connection and no page.
 */

import type { Accepted, Event, Framed, Generated, Place, Proposed, Taken } from "./protocol";
import { points, units } from "./text";

export type Author = "human" | "model" | "found";
export type Judged = "accepted" | "branched" | "rejected";

/** A stretch of text by one author. It was first written as what stands from code point `start` on in
 * node `from`. */
export interface Run {
  readonly text: string;
  readonly length: number;
  readonly author: Author;
  readonly from: string;
  readonly start: number;
}

/** Immutable text that hangs at a place; a root hangs at none. `start` code points of the branch
 * stand before it, and it has `length` of its own. `event` made it. */
export interface Node {
  readonly id: string;
  readonly at: Place | null;
  readonly start: number;
  readonly runs: readonly Run[];
  readonly text: string;
  readonly length: number;
  readonly event: Event;
}

/** What the reader marked a node with. */
export interface Mark {
  readonly pinned: boolean;
  readonly tags: readonly string[];
  readonly note: string;
}

/** The part of a node that a branch passes through: code points `start` to `stop`. */
export interface Stretch {
  readonly node: Node;
  readonly start: number;
  readonly stop: number;
}

/** Where a draw was asked for, and where the head was then. */
export interface Drawn {
  readonly at: Place;
  readonly head: Place;
}

/** A verdict that stands, in the order they were given. */
export interface Ruling {
  readonly candidate: string;
  readonly fan: string;
  readonly verdict: Judged;
  /** Where the head was before it, and what was accepted; null for other verdicts. */
  readonly accepted: Accepted | null;
}

/** An event that refers to what is not there. */
export class BadLog extends Error {}

/** One cell's tree, as far as it has grown. */
export class Tree {
  head: Place | null = null;
  readonly nodes = new Map<string, Node>();
  /** The nodes without a parent. */
  readonly roots: Node[] = [];
  /** The nodes that hang on a node, in the order they came. */
  readonly hung = new Map<string, Node[]>();
  /** The place of every candidate that was asked for. */
  readonly offered = new Map<string, Place>();
  readonly verdicts = new Map<string, Judged>();
  readonly rulings: Ruling[] = [];
  readonly marks = new Map<string, Mark>();
  /** All that were heads, in order. */
  readonly heads: Place[] = [];
  /** How many code points of a node were ever part of the cell's text; none that never was. */
  readonly reached = new Map<string, number>();
  /** Which head was the last to stand in a node, counted from 1. */
  readonly visited = new Map<string, number>();
  /** How a candidate was asked for, and what came. */
  readonly proposals = new Map<string, Proposed>();
  readonly generated = new Map<string, Generated>();
  /** The draws by their ids, in the order they were asked for. */
  readonly drawn = new Map<string, Drawn>();
  /** The candidates that were painted on a visible page. */
  readonly seen = new Set<string>();
  /** The places, by node, at which an edit changed what followed. */
  readonly mended = new Map<string, Set<number>>();

  constructor(
    readonly cell: string,
    readonly frames = new Map<string, Framed>(),
  ) {}

  /** The cell's text: the branch to the head. */
  get text(): string {
    return this.head ? this.branch(this.head) : "";
  }

  /** The text from the root to a place. */
  branch(place: Place): string {
    return this.path(place)
      .map(({ node, start, stop }) => slice(node, start, stop))
      .join("");
  }

  /** The stretches from the root to a place, in order. */
  path(place: Place): Stretch[] {
    const stretches: Stretch[] = [];
    let at: Place | null = place;
    while (at) {
      const node: Node = this.node(at);
      stretches.push({ node, start: 0, stop: at.offset });
      at = node.at;
    }
    return stretches.reverse();
  }

  /** The text to a place by author, with where each run was first written; neighbours that were
   * written as one are one. */
  runs(place: Place): Run[] {
    return joined(this.path(place).flatMap(({ node, stop }) => cut(node.runs, 0, stop)));
  }

  /** The place at a code-point offset of the cell's text: between two nodes, the end of the first.
   * Null outside the text. */
  place(offset: number): Place | null {
    if (!this.head || offset < 0 || offset > this.end(this.head)) return null;
    return this.along(this.head, offset);
  }

  /** The place so many code points from the root on the branch to a place. */
  along(place: Place, offset: number): Place {
    let node = this.node(place);
    while (node.at && offset <= node.start) node = this.node(node.at);
    return { node: node.id, offset: offset - node.start };
  }

  /** The branch to a place from a code-point offset on, by reference. */
  taken(place: Place, offset: number): Taken[] {
    const spans: Taken[] = [];
    let at: Place | null = place;
    while (at && this.end(at) > offset) {
      const node: Node = this.node(at);
      const start = Math.max(0, offset - node.start);
      if (start < at.offset) spans.push({ type: "taken", node: at.node, start, stop: at.offset });
      at = node.at;
    }
    return spans.reverse();
  }

  /** The latest head that showed this text, if there was one. */
  earlier(text: string): Place | null {
    const length = points(text);
    for (let i = this.heads.length - 1; i >= 0; i--) {
      const head = this.heads[i] as Place;
      if (this.end(head) === length && this.branch(head) === text) return head;
    }
    return null;
  }

  /** The same point of the tree as the end of what stands before it, where something does. */
  point(place: Place): Place {
    let point = place;
    while (point.offset === 0) {
      const { at } = this.node(point);
      if (!at) break;
      point = at;
    }
    return point;
  }

  /** How many code points stand before a place. */
  end(place: Place): number {
    return this.node(place).start + place.offset;
  }

  /** The node of a place. Throws BadLog where there is no such place. */
  node(place: Place): Node {
    const node = this.nodes.get(place.node);
    if (!node || place.offset > node.length) {
      throw new BadLog(`Cell ${this.cell} has no place ${place.node} + ${place.offset}.`);
    }
    return node;
  }

  /** The name of the voice that a candidate was asked of; null without one, or where it is not known. */
  voice(candidate: string): string | null {
    const id = this.proposals.get(candidate)?.recipe.voice;
    return (id && this.frames.get(id)?.name) || null;
  }
}

/** Code points `start` to `stop` of a node's text. */
export function slice({ text, length }: Node, start: number, stop: number): string {
  if (start === 0 && stop === length) return text;
  if (text.length === length) return text.slice(start, stop);
  const from = units(text, start);
  return text.slice(from, from + units(text.slice(from), stop - start));
}

/** Whether two places are the same point of the same node. */
export function isSame(one: Place | null, other: Place | null): boolean {
  return one?.node === other?.node && one?.offset === other?.offset;
}

/** Code points `start` to `stop` of some runs. */
export function cut(runs: readonly Run[], start: number, stop: number): Run[] {
  const parts: Run[] = [];
  let position = 0;
  for (const run of runs) {
    const first = Math.max(0, start - position);
    const last = Math.min(run.length, stop - position);
    position += run.length;
    if (first >= last) continue;
    const from = units(run.text, first);
    const text = run.text.slice(from, from + units(run.text.slice(from), last - first));
    parts.push({ ...run, text, length: last - first, start: run.start + first });
  }
  return parts;
}

/** The same text with what was written as one made one again. */
export function joined(runs: readonly Run[]): Run[] {
  const whole: Run[] = [];
  for (const run of runs) {
    if (run.length === 0) continue;
    const last = whole.at(-1);
    if (last && goesOn(last, run)) {
      whole[whole.length - 1] = {
        ...last,
        text: last.text + run.text,
        length: last.length + run.length,
      };
    } else whole.push(run);
  }
  return whole;
}

function goesOn(one: Run, other: Run): boolean {
  const same = one.from === other.from && one.author === other.author;
  return same && one.start + one.length === other.start;
}
