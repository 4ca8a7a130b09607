/**
 * A tree as a graph: every segment is a box, as long as its text and as high as it is likely. Those that
 * can follow a segment share its height by their probability; a human's words have the share of the
 * likeliest. Pure; it knows no canvas.
 */

import type { Tree } from "../tree";
import { typical } from "./facts";
import { mainChild, type Segment, type Segments } from "./segments";

/** Where a segment stands: from `left` to `right` in code points, from `top` to `bottom` in shares of
 * the whole. */
export interface Box {
  readonly segment: Segment;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The boxes of all segments, parents before what follows them. */
export function boxesOf({ roots, tree }: Segments): Map<string, Box> {
  const boxes = new Map<string, Box>();
  const open: Box[] = share(tree, roots, { left: 0, top: 0, bottom: 1 }).reverse();
  for (let box = open.pop(); box; box = open.pop()) {
    boxes.set(box.segment.id, box);
    const { right, top, bottom } = box;
    open.push(...share(tree, box.segment.children, { left: right, top, bottom }).reverse());
  }
  return boxes;
}

/** The box in which a point lies. */
export function boxAt(boxes: Iterable<Box>, x: number, y: number): Box | null {
  for (const box of boxes) {
    if (x >= box.left && x < box.right && y >= box.top && y < box.bottom) return box;
  }
  return null;
}

/** The segment that one comes to from another by an arrow. */
export function toward(segments: Segments, from: Segment, way: "left" | "right" | "up" | "down") {
  if (way === "left") return from.parent;
  if (way === "right") return mainChild(from) ?? from.children[0] ?? null;
  const siblings = from.parent ? from.parent.children : segments.roots;
  return siblings[siblings.indexOf(from) + (way === "down" ? 1 : -1)] ?? null;
}

type Room = Pick<Box, "left" | "top" | "bottom">;

function share(tree: Tree, siblings: readonly Segment[], { left, top, bottom }: Room): Box[] {
  const known = siblings.map((segment) => likelihood(tree, segment));
  const most = Math.max(0, ...known.map((value) => value ?? 0)) || 1;
  const weights = known.map((value) => Math.max(value ?? most, most / 20));
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  let edge = top;
  return siblings.map((segment, i) => {
    const height = ((bottom - top) * (weights[i] ?? 0)) / whole;
    const box = { segment, left, right: left + width(segment), top: edge, bottom: edge + height };
    edge += height;
    return box;
  });
}

/** How likely a candidate's tokens typically were, for itself and those that say the same. */
function likelihood(tree: Tree, segment: Segment): number | null {
  const logprobs = segment.candidate && tree.generated.get(segment.candidate)?.logprobs;
  return logprobs ? typical(logprobs) * (segment.folded.length + 1) : null;
}

function width({ stretches }: Segment): number {
  return Math.max(
    4,
    stretches.reduce((sum, { start, stop }) => sum + stop - start, 0),
  );
}
