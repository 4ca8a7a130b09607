/** Room for the ghost: what the line of the caret does not take of its reserved height is kept free
 * under it, so that the list below does not move while the ghost grows, shrinks or is another. */

import type { EditorView } from "@codemirror/view";
import { clip, extraHeight, overflow } from "./clip";
import { el } from "./dom";
import { extents, type Length } from "./lengths";

/** What was measured: where the ghost is to be clipped first, or the height to keep free and where
 * the list may be. */
export type Space = { cut: number } | { free: number; left: number; width: number };

/** The free space between the line and the list. The reserve only grows, until the width changes. */
export class Room {
  readonly dom = el("div", "jp-sim-room");
  private readonly lines: number;
  private reserve = 0;
  private width = 0;

  constructor(length: Length) {
    this.lines = extents[length].lines;
  }

  /** Measure the ghost and the line of the caret. */
  measure(view: EditorView, head: number): Space {
    const ghost = ghostOf(view);
    const cut = ghost && overflow(ghost, this.lines, view.defaultLineHeight);
    if (cut) return { cut };
    const content = view.contentDOM.getBoundingClientRect();
    const scroll = view.scrollDOM;
    const left = content.left - scroll.getBoundingClientRect().left + scroll.scrollLeft;
    const width = scroll.clientWidth - left;
    const { node } = view.domAtPos(head);
    const line = (node instanceof Element ? node : node.parentElement)?.closest(".cm-line");
    const height = line?.getBoundingClientRect().height ?? 0;
    if (width !== this.width) this.reserve = 0;
    this.width = width;
    const bare = height - (ghost ? extraHeight(ghost) : 0);
    this.reserve ||= bare + this.lines * view.defaultLineHeight;
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

function ghostOf(view: EditorView): HTMLElement | null {
  return view.contentDOM.querySelector(".jp-sim-ghost");
}
