/** The ghost's element, which shows no more lines than there is room for; what lies beyond is in it but
 * hidden, until accepting or typing brings it near. */

import { el, setText } from "./dom";

/** An empty ghost. */
export function ghostElement(): HTMLElement {
  const attributes = { "aria-hidden": "true" };
  return el(
    "span",
    "jp-sim-ghost",
    attributes,
    el("span", "jp-sim-near"),
    el("span", "jp-sim-beyond"),
  );
}

/** Put text into a ghost. Where it only grew, it stays clipped as it was. */
export function fill(ghost: HTMLElement, text: string): void {
  const near = ghost.firstElementChild?.textContent ?? "";
  const grew = ghost.classList.contains("jp-mod-clipped") && text.startsWith(near);
  clip(ghost, text, grew ? near.length : text.length);
}

/** Show the first `length` units of a ghost's text. */
export function clip(ghost: HTMLElement, text: string, length: number): void {
  const [near, beyond] = ghost.children;
  if (!near || !beyond) return;
  setText(near, text.slice(0, length));
  setText(beyond, text.slice(length));
  ghost.classList.toggle("jp-mod-clipped", length < text.length);
}

/** Where a ghost begins and ends: the bottoms of its first line and of its last; null where none is
 * laid out. Blank lines count: their boxes have no width, so the box around them all leaves them out. */
export function edges(ghost: Element, lineHeight: number): { first: number; last: number } | null {
  const near = nearText(ghost);
  if (!near) return null;
  const boxes = boxesOf(near, 0, near.length);
  const [first, last] = [boxes[0], boxes[boxes.length - 1]];
  if (!first || !last) return null;
  const blank = near.data.endsWith("\n") ? lineHeight : 0;
  return { first: first.bottom, last: last.bottom + blank };
}

/** After how many units a ghost is to be clipped so that it and its dots end above `bottom`. */
export function lengthAbove(ghost: Element, bottom: number): number {
  const near = nearText(ghost);
  if (!near) return 0;
  let [inside, outside] = [0, near.length];
  while (outside - inside > 1) {
    const middle = (inside + outside) >> 1;
    const [box] = boxesOf(near, middle, middle + 1);
    if (box && box.bottom <= bottom) inside = middle;
    else outside = middle;
  }
  return roomForDots(near.data, inside);
}

function nearText(ghost: Element): Text | null {
  const node = ghost.firstElementChild?.firstChild;
  return node instanceof Text ? node : null;
}

function boxesOf(node: Text, from: number, to: number): DOMRectList {
  const range = document.createRange();
  range.setStart(node, from);
  range.setEnd(node, to);
  return range.getClientRects();
}

function roomForDots(text: string, length: number): number {
  const words = text.slice(0, length).replace(/\s+\S{0,12}$|\S{1,2}$/u, "").length;
  return words > 0 ? words : length;
}
