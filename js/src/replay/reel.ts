/**
 * A history laid out so that it can be looked at as it was after any event, at once.
 *
 * The nodes of a tree never change, so all trees are grown to their ends here, and what changes is noted
 * by the number of the event that changed it: the heads, what was seen, the verdicts. Pure.
 */

import { Growth } from "../growth";
import type { Event, Framed, Place, Proposed } from "../protocol";
import { BadLog, cut, type Judged, joined, type Run, type Tree } from "../tree";
import type { Work } from "./slices";

/** A cell: its tree in the end, and its events and heads by number. */
export interface Strand {
  readonly id: string;
  /** Its number among the cells, from 1, in the order in which they come. */
  readonly number: number;
  readonly tree: Tree;
  /** The events that are about it. */
  readonly events: number[];
  readonly heads: { readonly index: number; readonly head: Place }[];
}

/** A candidate, and when what happened to it: the numbers of the events. */
export interface Offer {
  readonly id: string;
  readonly asked: number;
  generated: number | null;
  seen: number | null;
  readonly verdicts: { readonly index: number; readonly verdict: Judged | null }[];
}

/** What was offered at one place. */
export interface Fan {
  readonly id: string;
  readonly strand: Strand;
  readonly at: Place;
  /** The candidates in the order of asking. */
  readonly offers: Offer[];
  /** The event at which to look at it: the first that decides, or else its last. */
  stop: number;
  decided: boolean;
}

/** A candidate as it was after an event. */
export interface Offered {
  readonly id: string;
  readonly number: number;
  /** Null until it came. */
  readonly text: string | null;
  readonly seen: boolean;
  readonly verdict: Judged | null;
  readonly logprobs: readonly number[];
  readonly voice: string;
}

/** Seconds between two events, at the least and at the most, while one plays at the pace of the writer. */
const PACE = { least: 0.04, most: 2 };

/** A whole history. */
export class Reel {
  readonly strands: Strand[] = [];
  readonly fans = new Map<string, Fan>();
  /** A sentence for each event that refers to what is not there. */
  readonly problems = new Map<number, string>();
  /** The seconds of playing at which each event comes. */
  readonly times: Float64Array;
  /** The numbers of the events at which fans are looked at, rising. */
  stops: readonly number[] = [];
  private readonly cells = new Map<string, Strand>();
  /** What was put before prompts, by the id of the event that told it. */
  readonly frames = new Map<string, Framed>();
  private readonly offers = new Map<string, Offer>();

  private constructor(readonly events: readonly Event[]) {
    this.times = new Float64Array(events.length);
  }

  /** Lay out the events. */
  static *of(events: readonly Event[]): Work<Reel> {
    const reel = new Reel(events);
    const growths = new Map<string, Growth>();
    for (const [index, event] of events.entries()) {
      reel.take(event, index, growths);
      if (index % 64 === 63) yield index / events.length;
    }
    reel.stops = [...new Set([...reel.fans.values()].map(({ stop }) => stop))].sort(
      (a, b) => a - b,
    );
    return reel;
  }

  get length(): number {
    return this.events.length;
  }

  /** How many seconds it plays. */
  get duration(): number {
    return this.times.at(-1) ?? 0;
  }

  /** The number of the latest event that has come after some seconds of playing. */
  after(seconds: number): number {
    return lastAt(this.times.length, (i) => (this.times[i] as number) <= seconds);
  }

  /** The next fan to look at, or the one before; where there is none, the end or the beginning. */
  fanFrom(index: number, by: 1 | -1): number {
    const { stops } = this;
    if (by > 0)
      return (
        stops[lastAt(stops.length, (i) => (stops[i] as number) <= index) + 1] ?? this.length - 1
      );
    return stops[lastAt(stops.length, (i) => (stops[i] as number) < index)] ?? 0;
  }

  /** The cell of an event. */
  strand(index: number): Strand {
    return this.cells.get((this.events[index] as Event).stamp.cell) as Strand;
  }

  /** The head of a cell after an event. */
  head({ heads }: Strand, index: number): Place | null {
    return (
      heads[lastAt(heads.length, (i) => (heads[i] as { index: number }).index <= index)]?.head ??
      null
    );
  }

  /** The text of an event's cell after it. */
  text(index: number): string {
    const strand = this.strand(index);
    const head = this.head(strand, index);
    return head ? strand.tree.branch(head) : "";
  }

  /** The fan that an event is about. */
  fan(index: number): Fan | null {
    const event = this.events[index] as Event;
    return ("fan" in event && this.fans.get(event.fan)) || null;
  }

  /** The candidates of a fan as they were after an event. */
  offered({ offers, strand: { tree } }: Fan, index: number): Offered[] {
    return offers
      .filter(({ asked }) => asked <= index)
      .map((offer, i) => {
        const made = offer.generated !== null && offer.generated <= index;
        const generated = made ? tree.generated.get(offer.id) : undefined;
        return {
          id: offer.id,
          number: i + 1,
          text: generated?.text ?? null,
          seen: offer.seen !== null && offer.seen <= index,
          verdict: verdictAt(offer, index),
          logprobs: generated?.logprobs ?? [],
          voice: tree.voice(offer.id) ?? "",
        };
      });
  }

  /** Where in the text of its cell an event happened, in code points; null where it is not on the branch. */
  caret(index: number): number | null {
    const event = this.events[index] as Event;
    const strand = this.strand(index);
    const head = this.head(strand, index);
    if (!head) return null;
    const { tree } = strand;
    switch (event.type) {
      case "opened":
      case "moved":
        return tree.end(head);
      case "edited":
        return isOn(tree, head, event.at)
          ? tree.end(event.at) + leading(event.spans)
          : tree.end(head);
      case "accepted":
        return isOn(tree, head, event.at) ? tree.end(event.at) + event.stop - event.start : null;
      default: {
        const at = this.fan(index)?.at;
        return at && isOn(tree, head, at) ? tree.end(at) : null;
      }
    }
  }

  private take(event: Event, index: number, growths: Map<string, Growth>): void {
    this.time(index);
    const strand = this.cell(event.stamp.cell, growths);
    strand.events.push(index);
    const { head } = strand.tree;
    try {
      growths.get(strand.id)?.add(event);
    } catch (error) {
      if (!(error instanceof BadLog)) throw error;
      this.problems.set(index, error.message);
      return;
    }
    if (strand.tree.head && strand.tree.head !== head) {
      strand.heads.push({ index, head: strand.tree.head });
    }
    this.note(event, index, strand);
  }

  private time(index: number): void {
    if (index === 0) return;
    const [before, now] = [this.events[index - 1] as Event, this.events[index] as Event];
    const gap = now.stamp.time - before.stamp.time;
    this.times[index] =
      (this.times[index - 1] as number) + Math.min(PACE.most, Math.max(PACE.least, gap));
  }

  private cell(id: string, growths: Map<string, Growth>): Strand {
    const known = this.cells.get(id);
    if (known) return known;
    const growth = new Growth(id, this.frames);
    const number = this.strands.length + 1;
    const strand = { id, number, tree: growth.tree, events: [], heads: [] };
    growths.set(id, growth);
    this.cells.set(id, strand);
    this.strands.push(strand);
    return strand;
  }

  private note(event: Event, index: number, strand: Strand): void {
    switch (event.type) {
      case "proposed":
        this.propose(event, index, strand);
        break;
      case "generated":
        this.change(event.candidate, (offer) => {
          offer.generated ??= index;
        });
        break;
      case "shown":
        this.see(event.candidates, index);
        break;
      case "accepted":
      case "branched":
      case "rejected":
        this.see([...event.seen, event.candidate], index);
        this.judge(event.candidate, event.type, index);
        break;
      case "withdrawn":
        this.judge(event.candidate, null, index);
        break;
      case "dismissed":
        this.see(event.seen, index);
        break;
    }
    this.stopAt(event, index);
  }

  private propose({ fan: id, at, candidates }: Proposed, index: number, strand: Strand): void {
    const fan = this.fans.get(id) ?? { id, strand, at, offers: [], stop: index, decided: false };
    this.fans.set(id, fan);
    for (const candidate of candidates.filter((one) => !this.offers.has(one))) {
      const offer = { id: candidate, asked: index, generated: null, seen: null, verdicts: [] };
      this.offers.set(candidate, offer);
      fan.offers.push(offer);
    }
  }

  private see(candidates: readonly string[], index: number): void {
    for (const candidate of candidates) {
      this.change(candidate, (offer) => {
        offer.seen ??= index;
      });
    }
  }

  private judge(candidate: string, verdict: Judged | null, index: number): void {
    this.change(candidate, ({ verdicts }) => verdicts.push({ index, verdict }));
  }

  private change(candidate: string, change: (offer: Offer) => void): void {
    const offer = this.offers.get(candidate);
    if (offer) change(offer);
  }

  private stopAt(event: Event, index: number): void {
    const fan = "fan" in event && this.fans.get(event.fan);
    if (!fan || fan.decided) return;
    fan.stop = index;
    fan.decided = ["accepted", "branched", "rejected", "dismissed"].includes(event.type);
  }
}

/** The runs of the text to a head that stand, wholly or in part, between two of its code points. */
export function runsBetween(tree: Tree, head: Place, start: number, stop: number): Run[] {
  const parts: Run[][] = [];
  let at: Place | null = head;
  while (at) {
    const node = tree.node(at);
    if (node.start < stop) {
      parts.push(cut(node.runs, start - node.start, Math.min(at.offset, stop - node.start)));
    }
    at = node.start <= start ? null : node.at;
  }
  return joined(parts.reverse().flat());
}

function isOn(tree: Tree, head: Place, place: Place): boolean {
  const { node, offset } = tree.point(place);
  let at: Place | null = head;
  while (at && at.node !== node) at = tree.node(at).at;
  return at !== null && offset <= at.offset;
}

/** How many code points new text has at the beginning of an edit. */
function leading(spans: readonly { type: string; text?: string }[]): number {
  const taken = spans.findIndex(({ type }) => type === "taken");
  const fresh = taken < 0 ? spans : spans.slice(0, taken);
  return fresh.reduce((sum, { text = "" }) => sum + [...text].length, 0);
}

function verdictAt({ verdicts }: Offer, index: number): Judged | null {
  return (
    verdicts[lastAt(verdicts.length, (i) => (verdicts[i] as { index: number }).index <= index)]
      ?.verdict ?? null
  );
}

/** The last of `count` numbers from 0 for which it holds, as it does for all before; -1 for none. */
export function lastAt(count: number, holds: (i: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
