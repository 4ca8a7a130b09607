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

/** How tall a ghost is beyond its first line, in pixels. */
export function extraHeight(ghost: Element): number {
  const { first, range } = lay(ghost);
  return first ? range.getBoundingClientRect().bottom - first.bottom : 0;
}

/** After how many units a ghost that is taller than `lines` lines beyond its first is to be clipped;
 * null where it has room. */
export function overflow(ghost: Element, lines: number, lineHeight: number): number | null {
  const { node, first, range } = lay(ghost);
  if (!node || !first) return null;
  const bottom = first.bottom + (lines + 0.5) * lineHeight;
  if (range.getBoundingClientRect().bottom <= bottom) return null;
  let [inside, outside] = [0, node.data.length];
  while (outside - inside > 1) {
    const middle = (inside + outside) >> 1;
    range.setEnd(node, middle);
    if (range.getBoundingClientRect().bottom <= bottom) inside = middle;
    else outside = middle;
  }
  return roomForDots(node.data, inside);
}

function lay(ghost: Element): { node: Text | null; first: DOMRect | undefined; range: Range } {
  const range = document.createRange();
  const node = ghost.firstElementChild?.firstChild;
  if (!(node instanceof Text)) return { node: null, first: undefined, range };
  range.selectNodeContents(node);
  return { node, first: range.getClientRects()[0], range };
}

function roomForDots(text: string, length: number): number {
  const words = text.slice(0, length).replace(/\s+\S{0,12}$/u, "").length;
  return words > 0 ? words : length;
}
