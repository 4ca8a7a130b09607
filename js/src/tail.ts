/**
 * What stays behind the caret when one walks. A fan in the middle of a text is proposed from what stands
 * before it, and its candidates go between that and the rest: the tail. Whoever walks among them takes
 * the tail along, as it reads now. Pure.
 */

import type { Place, Taken } from "./protocol";
import { cut, type Drawn, type Run, slice, type Tree } from "./tree";

/** Characters, by where they were first written. */
type Origin = Omit<Run, "text" | "author">;

/** What stands behind a place when one walks there, by reference: of the text now, all behind the first
 * character that stood behind the fan there when it was proposed; where the text goes another way and
 * has none, what stood there then. Nothing where no fan is, or one at a text's end. */
export function tailOf(tree: Tree, to: Place): Taken[] {
  const drawn = drawnOn(tree, to);
  if (!drawn || !tree.head) return [];
  const start = tree.end(drawn.at);
  const behind = cut(tree.runs(drawn.head), start, Number.POSITIVE_INFINITY);
  const lost = without(behind, cut(tree.runs(to), start, Number.POSITIVE_INFINITY));
  const now = tailFrom(tree, tree.head, shared(tree, tree.head, to), lost);
  if (now.length > 0 || passes(stops(tree, tree.head), tree.point(drawn.at))) return now;
  return tailFrom(tree, drawn.head, start, lost);
}

/** The text of some spans. */
export function spell(tree: Tree, spans: readonly Taken[]): string {
  return spans
    .map(({ node, start, stop }) => slice(tree.node({ node, offset: stop }), start, stop))
    .join("");
}

/** The last draw on the way to a place, into a fan that the text went through then; of several there,
 * that of the candidate on the way, else the latest. */
function drawnOn(tree: Tree, to: Place): Drawn | null {
  const way = stops(tree, to);
  const own = new Set([...way.keys()].map((node) => tree.proposals.get(node)?.draw));
  const rank = ([draw, { at }]: [string, Drawn]) => 2 * tree.end(at) + (own.has(draw) ? 1 : 0);
  const drawn = [...tree.drawn].filter(([_, { at }]) => passes(way, tree.point(at))).reverse();
  drawn.sort((one, other) => rank(other) - rank(one));
  const through = drawn.find(([_, { at, head }]) => passes(stops(tree, head), tree.point(at)));
  return through?.[1] ?? null;
}

/** How far a branch goes in each of its nodes. */
function stops(tree: Tree, place: Place): ReadonlyMap<string, number> {
  return new Map(tree.path(place).map(({ node, stop }) => [node.id, stop]));
}

function passes(way: ReadonlyMap<string, number>, { node, offset }: Place): boolean {
  return offset <= (way.get(node) ?? -1);
}

/** How many code points two branches have in common. */
function shared(tree: Tree, one: Place, other: Place): number {
  const way = stops(tree, other);
  let length = 0;
  for (const { node, stop } of tree.path(one)) {
    const most = Math.min(stop, way.get(node.id) ?? 0);
    length = Math.max(length, way.has(node.id) ? node.start + most : 0);
  }
  return length;
}

/** The end of a branch from the first of some characters on that stands at `start` or behind it. */
function tailFrom(tree: Tree, place: Place, start: number, lost: readonly Origin[]): Taken[] {
  let offset = start;
  for (const run of cut(tree.runs(place), start, Number.POSITIVE_INFINITY)) {
    const found = lost.filter((one) => meets(one, run)).map((one) => one.start - run.start);
    if (found.length > 0) return tree.taken(place, offset + Math.max(0, Math.min(...found)));
    offset += run.length;
  }
  return [];
}

/** The first characters less the others. */
function without(some: readonly Origin[], others: readonly Origin[]): readonly Origin[] {
  return others.reduce<readonly Origin[]>((left, other) => {
    if (!left.some((one) => meets(one, other))) return left;
    return left.flatMap((one) => (meets(one, other) ? around(one, other) : [one]));
  }, some);
}

function around(one: Origin, { start, length }: Origin): Origin[] {
  const stop = start + length;
  const parts = [
    { ...one, length: start - one.start },
    { ...one, start: stop, length: one.start + one.length - stop },
  ];
  return parts.filter((part) => part.length > 0);
}

function meets(one: Origin, other: Origin): boolean {
  if (one.from !== other.from) return false;
  return one.start < other.start + other.length && other.start < one.start + one.length;
}
