/** Room for the ghost: what the line of the caret does not take of its reserved height is kept free
 * under it, so that the list below does not move while the ghost grows, shrinks or is another. */

import type { Text } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { clip, edges, lengthAbove } from "./clip";
import { el } from "./dom";
import { extents, type Length } from "./lengths";

/** What was measured: where the ghost is to be clipped first, or the height to keep free and where
 * the list may be. */
export type Space = { cut: number } | { free: number; left: number; width: number };

/** The free space between the line and the list. How much is reserved for both depends on the text and
 * the width alone, never on what streams; it only grows, until the width changes. */
export class Room {
  readonly dom = el("div", "jp-sim-room");
  private readonly lines: number;
  private reserve = 0;
  private text: Text | null = null;
  private width = 0;

  constructor(length: Length) {
    this.lines = extents[length].lines;
  }

  /** Measure the ghost and the line of the caret. */
  measure(view: EditorView, head: number): Space {
    const { left, width } = across(view);
    const height = lineOf(view, head)?.getBoundingClientRect().height ?? 0;
    const ghost = ghostOf(view);
    const ends = ghost && edges(ghost, view.defaultLineHeight);
    if (width !== this.width) this.reserve = 0;
    if (width !== this.width || view.state.doc !== this.text) {
      const bare = height - (ends ? ends.last - ends.first : 0);
      this.reserve = Math.max(this.reserve, bare + this.lines * view.defaultLineHeight);
    }
    this.width = width;
    this.text = height > 0 ? view.state.doc : null;
    const excess = height - this.reserve;
    if (ghost && ends && excess > view.defaultLineHeight / 2) {
      const cut = lengthAbove(ghost, ends.last - excess + 1);
      if (cut) return { cut };
    }
    this.reserve = Math.max(this.reserve, height);
    return { free: this.reserve - height, left, width };
  }

  /** Make what was measured so; true where it is to be measured again. In an editor that does not
   * wrap lines the list stays in view. */
  keep(view: EditorView, space: Space): boolean {
    const ghost = ghostOf(view);
    if ("cut" in space) {
      if (ghost) clip(ghost, ghost.textContent ?? "", space.cut);
      return ghost !== null;
    }
    this.dom.style.height = `${space.free}px`;
    const panel = this.dom.parentElement;
    if (panel) {
      panel.style.left = `${space.left}px`;
      panel.style.maxWidth = `${space.width}px`;
    }
    return false;
  }
}

/** Where the text begins in its scroller, and how wide it may be there. */
function across({ contentDOM, scrollDOM }: EditorView): { left: number; width: number } {
  const indent = contentDOM.getBoundingClientRect().left - scrollDOM.getBoundingClientRect().left;
  const left = indent + scrollDOM.scrollLeft;
  return { left, width: scrollDOM.clientWidth - left };
}

/** The element of the line that a place is in. */
function lineOf(view: EditorView, place: number): Element | null {
  const { node } = view.domAtPos(place);
  return (node instanceof Element ? node : node.parentElement)?.closest(".cm-line") ?? null;
}

function ghostOf(view: EditorView): HTMLElement | null {
  return view.contentDOM.querySelector(".jp-sim-ghost");
}
