/**
 * Walking a tree from a place in it: to the parent, the child, the siblings; which candidates are on
 * offer where one arrives; what the last verdict changed. Pure.
 */

import type { Place } from "./protocol";
import { isSame, type Ruling, slice, type Tree } from "./tree";
import {
  endOf,
  mainChild,
  type Segment,
  type Segments,
  segmentsOf,
  siblingsOf,
  startOf,
} from "./treeview/segments";

/** Which way to walk. */
export type Way = "parent" | "child" | "previous" | "next";

/** Where one arrives, and from where one came if that is on offer there. */
export interface Arrival {
  readonly to: Place;
  readonly from: string | null;
}

/** Walk from a place of the current branch; null where there is nothing that way. */
export function walk(tree: Tree, from: Place, way: Way): Arrival | null {
  const segments = segmentsOf(tree);
  const here = segments.at(tree.point(from));
  if (!here) return way === "child" ? into(segments.roots[0] ?? null) : null;
  switch (way) {
    case "parent":
      return { to: startOf(here), from: here.candidate };
    case "child":
      return into(mainChild(here) ?? here.children.find(({ superseded }) => !superseded) ?? null);
    case "previous":
    case "next":
      return into(neighbour(segments, here, way === "next" ? 1 : -1));
    default:
      return way satisfies never;
  }
}

/** A candidate that can be judged at a place: `typed` of what its fan's candidates say stands before it. */
export interface OnOffer {
  readonly id: string;
  readonly typed: boolean;
}

/** The candidates that are on offer at a place, in the order they were drawn, and the text of theirs
 * that stands before it: inside a candidate, those that begin like it, and those drawn there. */
export function offeredAt(tree: Tree, place: Place): { typed: string; offers: OnOffer[] } {
  const to = tree.point(place);
  const offers: OnOffer[] = [];
  const node = tree.node(to);
  const start = tree.offered.get(node.id);
  const inside = start !== undefined && to.offset < node.length && to.offset > 0;
  const typed = inside ? slice(node, 0, to.offset) : "";
  for (const [id, at] of tree.offered) {
    const text = tree.nodes.get(id)?.text;
    if (text === undefined) continue;
    const point = tree.point(at);
    if (isSame(point, to)) offers.push({ id, typed: false });
    else if (inside && isSame(point, tree.point(start)) && text.startsWith(typed)) {
      offers.push({ id, typed: true });
    }
  }
  return { typed, offers };
}

/** The last verdict that stands, and where the text had the caret before it; null where it did not
 * change the text. */
export function lastRuling(tree: Tree): { ruling: Ruling; back: Place | null } | null {
  const ruling = tree.rulings.at(-1);
  if (!ruling) return null;
  const { accepted, candidate } = ruling;
  const path = tree.head ? tree.path(tree.head) : [];
  const inText = path.some(({ node }) => node.id === candidate || node.event === accepted);
  return { ruling, back: accepted && inText ? accepted.at : null };
}

function into(segment: Segment | null): Arrival | null {
  return segment && { to: endOf(segment), from: null };
}

/** The next sibling, leaving out what was rejected or edited away. */
function neighbour(segments: Segments, here: Segment, by: 1 | -1): Segment | null {
  const { verdicts } = segments.tree;
  const listed = siblingsOf(segments, here).filter((one) => {
    const rejected = one.candidate !== null && verdicts.get(one.candidate) === "rejected";
    return one === here || one.folded.includes(here) || !(rejected || one.superseded);
  });
  const at = listed.findIndex((one) => one === here || one.folded.includes(here));
  return listed[at + by] ?? null;
}
