/** The time line: a mark for each fan, verdict and edit, and a slider over them. */

import { el, setAttribute } from "../editor/dom";
import type { Event } from "../protocol";
import type { Words } from "../words";
import type { Reel } from "./reel";

/** Marks are drawn in so many columns; of several in one, the one that tells most. */
const COLUMNS = 1000;
const HEIGHT = 26;

/** The kinds of marks by how much they tell, and how high each is. */
const kinds = {
  edit: 6,
  fan: 10,
  dismissed: 10,
  rejected: 15,
  branched: 19,
  accepted: 24,
} as const;
type Kind = keyof typeof kinds;

const SVG = "http://www.w3.org/2000/svg";

/** What is told of the slider. */
export interface Scrub {
  /** The reader wants to stand so many seconds into the playing. */
  to(seconds: number): void;
}

/** The element of the time line. */
export class Timeline {
  readonly dom: HTMLElement;
  private readonly marks = document.createElementNS(SVG, "svg");
  private readonly hand = el("div", "jp-sim-replay-hand");
  private reel: Reel | null = null;

  constructor(
    private readonly words: Words,
    private readonly scrub: Scrub,
  ) {
    this.marks.setAttribute("viewBox", `0 0 ${COLUMNS} ${HEIGHT}`);
    this.marks.setAttribute("preserveAspectRatio", "none");
    this.marks.setAttribute("aria-hidden", "true");
    this.dom = el("div", "jp-sim-replay-line", { role: "slider", tabindex: "0" });
    this.dom.append(this.marks, this.hand);
    this.dom.setAttribute("aria-label", this.words.__("Time line"));
    this.dom.setAttribute("aria-valuemin", "1");
    this.dom.title = this.words.__(
      "Marks, from the lowest: edits, fans, rejected (dashed), kept, accepted",
    );
    this.dom.addEventListener("pointerdown", (event) => this.grab(event));
    this.dom.addEventListener("pointermove", (event) => this.drag(event));
  }

  /** Show the marks of a reel. */
  load(reel: Reel): void {
    this.reel = reel;
    this.marks.replaceChildren(...[...columns(reel)].map(([kind, at]) => path(kind, at)));
    setAttribute(this.dom, "aria-valuemax", String(reel.length));
  }

  /** Show where the replay stands, and say it. */
  show(index: number, said: string): void {
    const { reel } = this;
    if (!reel) return;
    this.hand.style.left = `${100 * share(reel, index)}%`;
    setAttribute(this.dom, "aria-valuenow", String(index + 1));
    setAttribute(this.dom, "aria-valuetext", said);
  }

  private grab(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.dom.setPointerCapture(event.pointerId);
    this.dom.focus();
    this.go(event);
  }

  private drag(event: PointerEvent): void {
    if (this.dom.hasPointerCapture(event.pointerId)) this.go(event);
  }

  private go({ clientX }: PointerEvent): void {
    const { left, width } = this.dom.getBoundingClientRect();
    const part = Math.max(0, Math.min(1, (clientX - left) / Math.max(1, width)));
    this.scrub.to(part * (this.reel?.duration ?? 0));
  }
}

function share(reel: Reel, index: number): number {
  return reel.duration > 0 ? (reel.times[index] ?? 0) / reel.duration : 0;
}

/** The columns in which a kind of mark stands. */
function columns(reel: Reel): Map<Kind, number[]> {
  const rank = Object.keys(kinds) as Kind[];
  const best = new Map<number, number>();
  for (const [index, event] of reel.events.entries()) {
    const kind = kindOf(event);
    if (!kind) continue;
    const column = Math.round(share(reel, index) * COLUMNS);
    best.set(column, Math.max(best.get(column) ?? 0, rank.indexOf(kind)));
  }
  const by = new Map<Kind, number[]>();
  for (const [column, at] of best) {
    const kind = rank[at] as Kind;
    by.set(kind, [...(by.get(kind) ?? []), column]);
  }
  return by;
}

function kindOf({ type }: Event): Kind | null {
  switch (type) {
    case "edited":
    case "opened":
    case "moved":
      return "edit";
    case "proposed":
      return "fan";
    case "dismissed":
    case "rejected":
    case "branched":
    case "accepted":
      return type;
    default:
      return null;
  }
}

function path(kind: Kind, at: readonly number[]): SVGPathElement {
  const dom = document.createElementNS(SVG, "path");
  dom.setAttribute("class", `jp-sim-replay-mark-${kind}`);
  dom.setAttribute("d", at.map((x) => `M${x} ${HEIGHT}V${HEIGHT - kinds[kind]}`).join(""));
  return dom;
}
