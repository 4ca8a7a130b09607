/** A list of any length of which only what is in view stands in the page. */

import { el } from "../editor/dom";

/** The height of every row, in pixels. */
export const ROW = 24;
/** So many rows more than are in view are kept, above and below. */
const MARGIN = 12;
/** At most so many rows stand in the page. */
export const MOST = 100;

/** A scroller, and the rows in it that show `count` things from one on. */
export class Window<R extends { readonly dom: HTMLElement }> {
  readonly dom = el("div", "jp-sim-scroll");
  private readonly space = el("div", "jp-sim-space", { role: "presentation" });
  /** Holds the rows, and nothing else. */
  readonly pane = el("div", "jp-sim-pane");
  private readonly pool: R[] = [];
  private count = 0;
  private first = 0;

  constructor(
    private readonly make: (index: number) => R,
    private readonly fill: (row: R, index: number) => void,
  ) {
    this.space.append(this.pane);
    this.dom.append(this.space);
    this.dom.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.refresh(this.count)).observe(this.dom);
  }

  /** Show so many things, each anew. */
  refresh(count: number): void {
    this.count = count;
    this.space.style.height = `${count * ROW}px`;
    this.first = this.wanted();
    this.draw();
  }

  /** The row that shows a thing, if it stands in the page. */
  row(index: number): R | null {
    const at = index - this.first;
    return at >= 0 && index < this.count ? (this.pool[at] ?? null) : null;
  }

  /** The thing that an element is part of. */
  index(target: EventTarget | null): number {
    const at = this.pool.findIndex(({ dom }) => dom.contains(target as Node));
    return at < 0 || this.first + at >= this.count ? -1 : this.first + at;
  }

  /** How many rows are in view at a time. */
  get page(): number {
    return Math.max(1, Math.floor(this.dom.clientHeight / ROW));
  }

  /** How far below the top of the view a thing stands, in pixels. */
  offset(index: number): number {
    return index * ROW - this.dom.scrollTop;
  }

  /** Bring a thing to so far below the top of the view. */
  place(index: number, offset: number): void {
    this.dom.scrollTop = index * ROW - offset;
  }

  /** Bring a thing into view; one that is far off into the middle. */
  reveal(index: number): void {
    const { clientHeight } = this.dom;
    const offset = this.offset(index);
    if (offset >= 0 && offset <= clientHeight - ROW) return;
    const far = offset < -clientHeight || offset > 2 * clientHeight;
    const near = offset < 0 ? 0 : clientHeight - ROW;
    this.place(index, far ? (clientHeight - ROW) / 2 : near);
    this.scrolled();
  }

  /** Put an element over a thing's row; it goes along when the list scrolls. */
  cover(index: number, dom: HTMLElement): void {
    dom.style.top = `${index * ROW}px`;
    this.space.append(dom);
  }

  private scrolled(): void {
    const first = this.wanted();
    if (first === this.first) return;
    this.first = first;
    this.draw();
  }

  private wanted(): number {
    const first = Math.floor(this.dom.scrollTop / ROW) - MARGIN;
    return Math.max(0, Math.min(first - (first % 4), this.count - this.page));
  }

  private draw(): void {
    const size = Math.min(this.page + 2 * MARGIN + 4, MOST, this.count - this.first);
    while (this.pool.length < size) {
      const row = this.make(this.pool.length);
      this.pool.push(row);
      this.pane.append(row.dom);
    }
    this.pool.forEach((row, i) => {
      row.dom.hidden = i >= size;
      if (i < size) this.fill(row, this.first + i);
    });
    this.pane.style.transform = `translateY(${this.first * ROW}px)`;
  }
}
