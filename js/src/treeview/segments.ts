/**
 * A tree as one reads it: stretches of text between forks, each with what can follow it.
 *
 * Nodes are cut where others hang on them, where the head stands, and where the accepted part of a
 * candidate ends; what one hand wrote without a fork is one segment. Siblings that say the same are
 * folded into one. Pure; it knows no page.
 */

import type { Place } from "../protocol";
import { type Author, type Node, type Stretch, slice, type Tree } from "../tree";

/** A stretch of text without a fork inside it. `id` stays the same while the tree grows around it. */
export interface Segment {
  readonly id: string;
  readonly stretches: readonly Stretch[];
  readonly parent: Segment | null;
  /** The candidate that it is, or a part of. */
  readonly candidate: string | null;
  readonly author: Author;
  /** What can follow, in the order it came; what says the same as another is folded into that. */
  children: Segment[];
  /** The siblings that were folded into this one. */
  folded: Segment[];
  onBranch: boolean;
  /** Which head was the last to stand here or in what follows; 0 for none. */
  visited: number;
  /** Whether it and all that follows was once the text and then was edited away. */
  superseded: boolean;
  /** How many segments follow, at any distance. */
  size: number;
}

/** The segments of a tree. */
export interface Segments {
  readonly tree: Tree;
  readonly roots: readonly Segment[];
  /** The segment that ends at the head; null in an empty tree. */
  readonly head: Segment | null;
  /** The segment that a place stands in, or at the end of. */
  at(place: Place): Segment | null;
  get(id: string): Segment | null;
}

/** The node that a segment begins in. */
export function nodeOf(segment: Segment): Node {
  return (segment.stretches[0] as Stretch).node;
}

/** The place that a segment ends at. */
export function endOf(segment: Segment): Place {
  const { node, stop } = segment.stretches.at(-1) as Stretch;
  return { node: node.id, offset: stop };
}

/** The place that a segment begins at: the end of the one before it. */
export function startOf(segment: Segment): Place {
  const { node, start } = segment.stretches[0] as Stretch;
  return segment.parent ? endOf(segment.parent) : { node: node.id, offset: start };
}

/** The text of a segment. */
export function textOf({ stretches }: Segment): string {
  return stretches.map(({ node, start, stop }) => slice(node, start, stop)).join("");
}

/** What a segment goes on with: what is on the branch, else what one went to last; where one never
 * went on, the only thing there is, unless it is the text that ends there. */
export function mainChild({ children, onBranch }: Segment): Segment | null {
  const [only] = children;
  let main = !onBranch && only && children.length === 1 && !only.superseded ? only : null;
  for (const child of children) {
    if (child.onBranch) return child;
    if (child.visited > (main?.visited ?? 0) && !child.superseded) main = child;
  }
  return main;
}

/** The segments that stand in a segment's place, itself included. */
export function siblingsOf(segments: Segments, { parent }: Segment): readonly Segment[] {
  return parent ? parent.children : segments.roots;
}

/** The segments of a tree as it is now. */
export function segmentsOf(tree: Tree): Segments {
  return new Builder(tree).build();
}

class Builder implements Segments {
  roots: Segment[] = [];
  head: Segment | null = null;
  private readonly pieces = new Map<string, Segment[]>();
  private readonly byId = new Map<string, Segment>();
  private readonly order: Segment[] = [];
  /** The segments all of which, with all that follows, was once the text. */
  private readonly past = new Set<Segment>();

  constructor(readonly tree: Tree) {}

  build(): Segments {
    const { roots } = this.tree;
    const starts = roots.flatMap((root) =>
      root.length > 0 ? [root, ...this.hungAt(root, 0)] : root,
    );
    this.roots = this.grow(starts.map((node) => ({ node, start: 0 })));
    this.follow();
    for (let i = this.order.length - 1; i >= 0; i--) this.measure(this.order[i] as Segment);
    for (const segment of this.order) segment.children = this.fold(segment.children);
    this.roots = this.fold(this.roots);
    return this;
  }

  at({ node, offset }: Place): Segment | null {
    const { length, at } = this.tree.nodes.get(node) ?? {};
    if (offset === 0 && length) return at ? this.at(at) : null;
    const pieces = this.pieces.get(node) ?? [];
    const inside = pieces.find(({ stretches }) =>
      stretches.some((part) => part.node.id === node && offset <= part.stop),
    );
    return inside ?? null;
  }

  get(id: string): Segment | null {
    return this.byId.get(id) ?? null;
  }

  /** Make the segments that begin at some starts, and all that follows them. */
  private grow(starts: readonly Start[]): Segment[] {
    const made = starts.map((start) => this.make(start, null));
    const open = [...made].reverse();
    for (let segment = open.pop(); segment; segment = open.pop()) {
      this.order.push(segment);
      segment.children = this.following(segment).map((next) => this.make(next, segment));
      for (let i = segment.children.length - 1; i >= 0; i--) {
        open.push(segment.children[i] as Segment);
      }
    }
    return made;
  }

  private make({ node, start }: Start, parent: Segment | null): Segment {
    const stretches = [this.stretch(node, start)];
    const candidate = this.tree.offered.has(node.id) ? node.id : null;
    if (candidate === null) this.extend(stretches);
    const segment: Segment = {
      id: `${node.id}+${start}`,
      stretches,
      parent,
      candidate,
      author: authorOf(node, start),
      children: [],
      folded: [],
      onBranch: false,
      visited: 0,
      superseded: false,
      size: 0,
    };
    this.byId.set(segment.id, segment);
    for (const { node } of stretches) {
      const pieces = this.pieces.get(node.id);
      if (pieces) pieces.push(segment);
      else this.pieces.set(node.id, [segment]);
    }
    return segment;
  }

  /** Let a segment go on through what the same hand wrote at its end. */
  private extend(stretches: Stretch[]): void {
    for (;;) {
      const last = stretches.at(-1) as Stretch;
      if (last.stop < last.node.length || this.isHead(last.node, last.stop)) return;
      const next = this.hungAt(last.node, last.stop);
      const [only] = next;
      if (!only || next.length > 1 || this.tree.offered.has(only.id)) return;
      if (only.length === 0 || this.hungAt(only, 0).length > 0 || this.tree.marks.has(only.id))
        return;
      if (authorOf(only, 0) !== authorOf(last.node, last.start)) return;
      stretches.push(this.stretch(only, 0));
    }
  }

  private stretch(node: Node, start: number): Stretch {
    const { hung, head, reached } = this.tree;
    let stop = node.length;
    const cut = (offset: number) => {
      if (offset > start && offset < stop) stop = offset;
    };
    for (const { at } of hung.get(node.id) ?? []) cut(at?.offset ?? 0);
    if (head?.node === node.id) cut(head.offset);
    if (this.tree.offered.has(node.id)) cut(reached.get(node.id) ?? 0);
    return { node, start, stop };
  }

  private following(segment: Segment): Start[] {
    const { node, stop } = segment.stretches.at(-1) as Stretch;
    const rest = stop < node.length ? [{ node, start: stop }] : [];
    const hung = stop > 0 || node.length === 0 ? this.hungAt(node, stop) : [];
    return [...rest, ...hung.map((node) => ({ node, start: 0 }))];
  }

  /** What hangs at a place, and what hangs before the text of that, which is the same point. */
  private hungAt(node: Node, offset: number): Node[] {
    const all = this.tree.hung.get(node.id) ?? [];
    const hung = this.asDrawn(all.filter(({ at }) => at?.offset === offset));
    return hung.flatMap((one) => (one.length > 0 ? [one, ...this.hungAt(one, 0)] : [one]));
  }

  /** The same nodes with the candidates of each draw in the order they were asked for, and not in
   * that in which they came to their end. */
  private asDrawn(nodes: Node[]): Node[] {
    const first = new Map<string, number>();
    const ranked = nodes.map((node, i) => {
      const { draw = node.id, candidates = [] } = this.tree.proposals.get(node.id) ?? {};
      const group = first.get(draw) ?? i;
      first.set(draw, group);
      return { node, group, number: candidates.indexOf(node.id) };
    });
    ranked.sort((one, other) => one.group - other.group || one.number - other.number);
    return ranked.map(({ node }) => node);
  }

  private isHead(node: Node, offset: number): boolean {
    const { head } = this.tree;
    return head?.node === node.id && head.offset === offset;
  }

  /** Mark the segments of the current branch. */
  private follow(): void {
    const { head } = this.tree;
    this.head = head && this.at(head);
    for (let segment = this.head; segment; segment = segment.parent) segment.onBranch = true;
  }

  /** Sum up what follows a segment; its children were summed up before. */
  private measure(segment: Segment): void {
    const { children } = segment;
    segment.visited = this.lastVisit(segment);
    for (const child of children) {
      segment.size += child.size + 1;
      segment.visited = Math.max(segment.visited, child.visited);
    }
    if (this.isPast(segment)) this.past.add(segment);
    segment.superseded = this.past.has(segment) && !segment.onBranch && this.isMended(segment);
  }

  /** A candidate is never past as a whole: what it says was on offer. */
  private isPast(segment: Segment): boolean {
    const { candidate, stretches, children } = segment;
    if (candidate !== null && (stretches[0]?.start === 0 || segment.visited === 0)) return false;
    if (stretches.some(({ node }) => this.tree.marks.has(node.id))) return false;
    return children.every((child) => this.past.has(child));
  }

  private isMended(segment: Segment): boolean {
    const { node, offset } = startOf(segment);
    const root = segment.parent ? undefined : this.tree.roots[0]?.id;
    return this.tree.mended.get(root ?? node)?.has(offset) ?? false;
  }

  private lastVisit({ stretches }: Segment): number {
    const { reached, visited } = this.tree;
    let last = 0;
    for (const { node, start, stop } of stretches) {
      const reach = reached.get(node.id) ?? 0;
      if (reach > start && reach <= stop) last = Math.max(last, visited.get(node.id) ?? 0);
    }
    return last;
  }

  /** Fold siblings without anything behind them into one that says the same. */
  private fold(siblings: Segment[]): Segment[] {
    if (siblings.length < 2) return siblings;
    const first = new Map<string, Segment>();
    const ranked = [...siblings].sort(
      (one, other) => rank(this.tree, other) - rank(this.tree, one),
    );
    const folded = new Set<Segment>();
    for (const segment of ranked) {
      const text = textOf(segment);
      const same = first.get(text);
      if (!same) first.set(text, segment);
      else if (segment.children.length === 0 && !segment.onBranch) {
        same.folded.push(segment);
        folded.add(segment);
      }
    }
    return siblings.filter((segment) => !folded.has(segment));
  }
}

interface Start {
  readonly node: Node;
  readonly start: number;
}

/** Who wrote what stands at an offset of a node. */
function authorOf(node: Node, start: number): Author {
  let position = 0;
  for (const run of node.runs) {
    position += run.length;
    if (position > start) return run.author;
  }
  return node.runs.at(-1)?.author ?? "found";
}

/** Which of several siblings that say the same stands for them all. */
function rank(tree: Tree, segment: Segment): number {
  if (segment.onBranch) return 5;
  if (segment.children.length > 0) return 4;
  if (segment.visited > 0) return 3;
  const verdict = segment.candidate && tree.verdicts.get(segment.candidate);
  return verdict === "branched" ? 2 : verdict === "rejected" ? 0 : 1;
}
