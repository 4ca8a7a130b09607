/** The graph of a tree on a canvas: zoomed by the wheel, a pinch or keys, with a map of the whole. */

import type { Words } from "../editor/config";
import { el, setAttribute } from "../editor/dom";
import { byline } from "./facts";
import { type Box, boxAt, boxesOf } from "./multiverse";
import { type Segment, type Segments, textOf } from "./segments";

/** The part of the graph that is in view, in its own units. */
interface View {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** The size of the map, and its distance from the corner, in pixels. */
const MAP = { width: 72, height: 54, margin: 8 };
/** So many pixels a character takes where the text is to be read: a wide font's, and a box's margins. */
const CHARACTER = 7.6;
const FONT = 11;

/** The element of the graph. */
export class TreeGraph {
  readonly dom = el("div", "jp-sim-graph", { tabindex: "0", role: "img" });
  private readonly canvas = el("canvas", "", { "aria-hidden": "true" });
  private segments: Segments | null = null;
  private boxes = new Map<string, Box>();
  private selected: Segment | null = null;
  private view: View = { left: 0, right: 1, top: 0, bottom: 1 };
  private length = 1;
  private frame = 0;

  constructor(
    private readonly words: Words,
    private readonly select: (segment: Segment) => void,
    choose: () => void,
  ) {
    this.dom.append(this.canvas);
    this.dom.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.dom.addEventListener("click", (event) => this.click(event));
    this.dom.addEventListener("dblclick", choose);
    new ResizeObserver(() => this.soon()).observe(this.dom);
  }

  /** Show a tree, and what is selected in it. */
  show(segments: Segments | null, selected: Segment | null): void {
    if (segments !== this.segments) {
      this.boxes = segments ? boxesOf(segments) : new Map();
      this.length = Math.max(1, ...[...this.boxes.values()].map(({ right }) => right));
    }
    const moved = selected?.id !== this.selected?.id || this.segments === null;
    this.segments = segments;
    this.selected = selected;
    const text = selected ? textOf(selected).trim() : "";
    setAttribute(
      this.dom,
      "aria-label",
      this.words.__("Graph of the branches; selected: %1", text),
    );
    if (moved) this.reveal();
    this.soon();
  }

  /** Come closer, or go farther, around the middle or a point. */
  zoom(factor: number, x = 0.5, y = 0.5): void {
    const { left, right, top, bottom } = this.view;
    const [atX, atY] = [left + x * (right - left), top + y * (bottom - top)];
    const [wide, high] = [(right - left) * factor, (bottom - top) * factor];
    this.look({
      left: atX - x * wide,
      right: atX + (1 - x) * wide,
      top: atY - y * high,
      bottom: atY + (1 - y) * high,
    });
  }

  /** Show the whole. */
  whole(): void {
    this.look({ left: 0, right: this.length, top: 0, bottom: 1 });
  }

  /** Bring the selected box where its text can be read, with some of its neighbours. */
  private reveal(): void {
    const box = this.selected && this.boxes.get(this.selected.id);
    if (!box) {
      this.whole();
      return;
    }
    const wide = Math.max(40, this.dom.clientWidth / CHARACTER);
    const high = Math.min(1, (box.bottom - box.top) * 8);
    const middle = (box.top + box.bottom) / 2;
    const left = box.left - wide / 4;
    this.look({ left, right: left + wide, top: middle - high / 2, bottom: middle + high / 2 });
  }

  private look({ left, right, top, bottom }: View): void {
    const wide = Math.min(this.length * 1.1, Math.max(8, right - left));
    const high = Math.min(1, Math.max(1e-9, bottom - top));
    const x = Math.max(-wide / 8, Math.min(left, this.length - wide / 2));
    const y = Math.max(0, Math.min(top, 1 - high));
    this.view = { left: x, right: x + wide, top: y, bottom: y + high };
    this.soon();
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const { clientWidth, clientHeight } = this.dom;
    if (event.ctrlKey || event.metaKey) {
      const { x, y } = this.point(event);
      this.zoom(Math.exp(event.deltaY / 200), x / clientWidth, y / clientHeight);
      return;
    }
    const { left, right, top, bottom } = this.view;
    const x = (event.deltaX / clientWidth) * (right - left);
    const y = (event.deltaY / clientHeight) * (bottom - top);
    this.look({ left: left + x, right: right + x, top: top + y, bottom: bottom + y });
  }

  private click(event: MouseEvent): void {
    const { left, right, top, bottom } = this.view;
    const { clientWidth, clientHeight } = this.dom;
    const { x, y } = this.point(event);
    const atX = left + (x / clientWidth) * (right - left);
    const atY = top + (y / clientHeight) * (bottom - top);
    const box = boxAt(this.boxes.values(), atX, atY);
    if (box) this.select(box.segment);
  }

  private point({ clientX, clientY }: MouseEvent): { x: number; y: number } {
    const { left, top } = this.dom.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  private soon(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.frame = 0;
    const { clientWidth, clientHeight } = this.dom;
    const context = this.canvas.getContext("2d");
    if (!context || clientWidth === 0) return;
    const sharp = window.devicePixelRatio || 1;
    this.canvas.width = clientWidth * sharp;
    this.canvas.height = clientHeight * sharp;
    context.scale(sharp, sharp);
    const style = getComputedStyle(this.dom);
    const ink = new Ink(context, (name) => style.getPropertyValue(`--jp-sim-${name}`).trim());
    const size = { width: clientWidth, height: clientHeight };
    for (const box of this.boxes.values()) {
      ink.box(place(box, this.view, size), box.segment, box.segment === this.selected);
    }
    this.map(context, ink, size);
  }

  /** The whole, with the part that is in view, in the corner. */
  private map(context: CanvasRenderingContext2D, ink: Ink, size: Size): void {
    const { width, height, margin } = MAP;
    const corner = { x: size.width - width - margin, y: size.height - height - margin };
    const all = { left: 0, right: this.length, top: 0, bottom: 1 };
    const seen = place(this.view, all, MAP);
    if (seen.width >= width && seen.height >= height) return;
    context.save();
    context.translate(corner.x, corner.y);
    ink.ground(width, height);
    context.beginPath();
    context.rect(0, 0, width, height);
    context.clip();
    for (const box of this.boxes.values()) ink.spot(place(box, all, MAP), box.segment);
    ink.frame(seen);
    context.restore();
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Area extends Size {
  readonly x: number;
  readonly y: number;
}

/** Where a part of the graph lies on a surface that shows another part. */
function place({ left, right, top, bottom }: View | Box, view: View, size: Size): Area {
  const [wide, high] = [
    size.width / (view.right - view.left),
    size.height / (view.bottom - view.top),
  ];
  return {
    x: (left - view.left) * wide,
    y: (top - view.top) * high,
    width: (right - left) * wide,
    height: (bottom - top) * high,
  };
}

/** Draws with the colours of the page. */
class Ink {
  private readonly colours: Readonly<Record<string, string>>;

  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly colour: (name: string) => string,
  ) {
    const [model, human, found] = ["model", "human", "fg3"].map(colour);
    this.colours = {
      model: model ?? "",
      human: human ?? "",
      found: found ?? "",
      mixed: human ?? "",
    };
    context.font = `${FONT}px ${getComputedStyle(document.body).fontFamily}`;
    context.textBaseline = "middle";
  }

  box({ x, y, width, height }: Area, segment: Segment, selected: boolean): void {
    const context = this.context;
    const { canvas } = context;
    if (x + width < 0 || y + height < 0 || x > canvas.width || y > canvas.height) return;
    if (height < 0.4) return;
    const inner = Math.max(0.4, height - Math.min(2, height / 4));
    context.globalAlpha = segment.onBranch ? 0.34 : 0.13;
    context.fillStyle = this.colours[byline(segment)] ?? "";
    context.fillRect(x, y, Math.max(1, width - 1.5), inner);
    context.globalAlpha = 1;
    if (segment.onBranch) context.fillRect(x, y, 2, inner);
    if (selected) {
      context.strokeStyle = this.colour("accent");
      context.lineWidth = 1.5;
      context.strokeRect(x + 0.75, y + 0.75, Math.max(1, width - 3), Math.max(1, inner - 1.5));
    }
    if (inner >= FONT + 3 && width > 20) this.write(segment, x, y, width, inner);
  }

  spot({ x, y, width, height }: Area, segment: Segment): void {
    const context = this.context;
    context.globalAlpha = segment.onBranch ? 0.9 : 0.3;
    context.fillStyle = this.colours[byline(segment)] ?? "";
    context.fillRect(x, y, Math.max(1, width), Math.max(segment.onBranch ? 1 : 0.3, height - 0.5));
    context.globalAlpha = 1;
  }

  ground(width: number, height: number): void {
    const context = this.context;
    context.fillStyle = this.colour("paper");
    context.fillRect(-2, -2, width + 4, height + 4);
    context.strokeStyle = this.colour("line");
    context.lineWidth = 1;
    context.strokeRect(-2.5, -2.5, width + 5, height + 5);
  }

  frame({ x, y, width, height }: Area): void {
    const context = this.context;
    context.strokeStyle = this.colour("accent");
    context.lineWidth = 1.5;
    context.strokeRect(x, y, Math.max(3, width), Math.max(3, height));
  }

  private write(segment: Segment, x: number, y: number, width: number, height: number): void {
    const context = this.context;
    const left = Math.max(x, 0);
    context.save();
    context.beginPath();
    context.rect(left, y, x + width - left - 3, height);
    context.clip();
    context.fillStyle = this.colour(segment.onBranch ? "ink" : "fg2");
    const text = textOf(segment).trim().replace(/\s+/g, " ").slice(0, 300);
    const middle = Math.max(FONT / 2 + 2, Math.min(y + height / 2, y + height - FONT / 2 - 2));
    context.fillText(text, left + 6, middle);
    context.restore();
  }
}
