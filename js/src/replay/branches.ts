/** The tree of the cell as it was after an event. It follows in slices, behind what is shown at once. */

import { Growth } from "../growth";
import type { Event, Framed } from "../protocol";
import { BadLog } from "../tree";
import type { Segment } from "../treeview/segments";
import { nodeOf } from "../treeview/segments";
import { TreeView } from "../treeview/view";
import type { Words } from "../words";
import { lastAt, type Reel, type Strand } from "./reel";
import { SLICE } from "./slices";

/** What is done to a text and not to a replay; these keys do nothing here. */
const deeds = new Set(["p", "n", "Delete", "Backspace"]);

/** The view of the tree. */
export class Branches {
  readonly view: TreeView;
  private readonly growths = new Map<string, { growth: Growth; taken: number }>();
  private readonly frames: Map<string, Framed>;
  private readonly numbers = new Map<Event, number>();
  private shown: Strand | null = null;
  private segment: Segment | null = null;

  constructor(
    words: Words,
    private readonly reel: Reel,
    private readonly go: (index: number) => void,
  ) {
    this.frames = new Map(reel.frames);
    this.view = new TreeView(words, null);
    this.view.onSelect = (_, segment) => {
      this.segment = segment;
    };
    const { dom } = this.view.list;
    dom.addEventListener("dblclick", () => this.seek());
    dom.addEventListener("keydown", (event) => this.key(event), true);
    for (const [index, event] of reel.events.entries()) this.numbers.set(event, index);
  }

  /** Come nearer to how the tree was after an event, for one slice; whether it is there and shown. */
  follow(index: number): boolean {
    const strand = this.reel.strand(index);
    const { events } = strand;
    const wanted = lastAt(events.length, (i) => (events[i] as number) <= index) + 1;
    const grown = this.grown(strand);
    const start = performance.now();
    while (grown.taken !== wanted) {
      if (grown.taken < wanted) this.add(grown, strand);
      else this.back(grown);
      if (performance.now() - start > SLICE) return false;
    }
    this.view.show(grown.growth.tree, strand !== this.shown);
    this.shown = strand;
    return true;
  }

  private grown(strand: Strand): { growth: Growth; taken: number } {
    const known = this.growths.get(strand.id);
    if (known) return known;
    const grown = { growth: new Growth(strand.id, this.frames), taken: 0 };
    this.growths.set(strand.id, grown);
    return grown;
  }

  private add(grown: { growth: Growth; taken: number }, strand: Strand): void {
    const event = this.reel.events[strand.events[grown.taken++] as number] as Event;
    try {
      grown.growth.add(event);
    } catch (error) {
      if (!(error instanceof BadLog)) throw error;
    }
  }

  private back(grown: { growth: Growth; taken: number }): void {
    grown.growth.back();
    grown.taken--;
  }

  private key(event: KeyboardEvent): void {
    if (event.key === "Enter") this.seek();
    else if (!deeds.has(event.key)) return;
    event.stopPropagation();
    event.preventDefault();
  }

  /** Go to the event that made what is selected. */
  private seek(): void {
    const index = this.segment && this.numbers.get(nodeOf(this.segment).event);
    if (index != null) this.go(index);
  }
}
