/**
 * How much of a text is the human's doing, from events alone: the formulas of `jupyter_sim/curation.py`
 * and `jupyter_sim/choices.py`, whose words and sources stand in docs/curation.md. Both are held to
 * `tests/vectors/curation.json`. Pure.
 */

import type { Accepted, Event, Generated, Place, Proposed } from "../protocol";
import { points } from "../text";
import type { Author, Judged } from "../tree";

/** The figures of a history up to an event; null for what it does not have. The names are Python's. */
export interface Figures {
  readonly fans: number;
  readonly unseen_fans: number;
  readonly choices: number;
  readonly fans_without_choice: number;
  readonly selection_bits: number;
  readonly distinct_bits: number;
  readonly generated: number;
  readonly generated_tokens: number;
  readonly kept: number;
  readonly kept_tokens: number;
  readonly kept_share: number | null;
  readonly selection_bits_per_token: number | null;
  readonly branching: number | null;
  readonly median_seconds: number | null;
  readonly p90_seconds: number | null;
}

/** The bits of selection of each of several parts of a history. */
export type Parts = ReadonlyMap<string, number>;

/** How the bits are shared out; a voice is known by its name, the writer's own by none. */
export interface Divided {
  readonly cells: Parts;
  readonly voices: Parts;
  readonly days: Parts;
}

/** How many code points of the texts each author wrote. */
export type Shares = Record<Author, number>;

interface Offer {
  readonly id: string;
  readonly fan: string;
  readonly cell: string;
  readonly voice: string;
  readonly day: string;
  readonly place: string;
  readonly distinct: boolean;
  generated: Generated | null;
  length: number;
  since: number | null;
  shown: boolean;
  seconds: number | null;
  verdict: Judged | null;
  accepted: [number, number][];
  seen: readonly string[];
  order: [number, string];
}

/** Counts events as they come. */
export class Tally {
  /** How many events were counted. */
  count = 0;
  private readonly offers = new Map<string, Offer>();
  private readonly fans = new Map<string, Offer[]>();
  private readonly voices = new Map<string, string>();

  /** Count one more event. */
  take(event: Event): void {
    this.count++;
    switch (event.type) {
      case "framed":
        this.voices.set(event.stamp.id, event.name || event.stamp.id.slice(0, 8));
        break;
      case "proposed":
        this.propose(event);
        break;
      case "generated":
        this.generate(event);
        break;
      case "shown":
        this.show(event.candidates, event.stamp.time);
        break;
      case "dismissed":
        this.show(event.seen, null);
        break;
      case "accepted":
      case "branched":
      case "rejected":
        this.judge(event);
        break;
      case "withdrawn": {
        const offer = this.offers.get(event.candidate);
        if (offer) Object.assign(offer, { verdict: null, accepted: [] });
        break;
      }
    }
  }

  /** The figures of what was counted. */
  figures(): Figures {
    const offers = [...this.offers.values()];
    const seen = new Set(offers.filter(({ shown }) => shown).map(({ fan }) => fan));
    const choices = [...this.fans].flatMap(([fan, group]) => chosen(fan, group));
    const made = offers.filter(({ generated }) => generated !== null);
    const kept = made.map(keptOf);
    const chars = sum(made.map(({ length }) => length));
    const [keptChars, keptTokens] = [sum(kept.map(([n]) => n)), sum(kept.map(([, n]) => n))];
    const bits = sum(choices.map((choice) => choice.bits));
    const seconds = offers.flatMap(({ seconds }) => seconds ?? []).sort((a, b) => a - b);
    const decided = new Set(choices.map(({ fan }) => fan));
    return {
      fans: seen.size,
      unseen_fans: this.fans.size - seen.size,
      choices: choices.length,
      fans_without_choice: [...seen].filter((fan) => !decided.has(fan)).length,
      selection_bits: bits,
      distinct_bits: sum(choices.map((choice) => (choice.distinct ? choice.bits : 0))),
      generated: chars,
      generated_tokens: sum(made.map(({ generated }) => generated?.tokens.length ?? 0)),
      kept: keptChars,
      kept_tokens: keptTokens,
      kept_share: chars > 0 ? keptChars / chars : null,
      selection_bits_per_token: keptTokens > 0 ? bits / keptTokens : null,
      branching: branching(made),
      median_seconds: median(seconds),
      p90_seconds: seconds[Math.max(0, Math.ceil(0.9 * seconds.length) - 1)] ?? null,
    };
  }

  /** The bits of selection of each cell, voice and day that had a fan, in the order of asking. The bits
   * of a choice belong to the voices of what was chosen, in equal parts. */
  divided(): Divided {
    const cells = new Map<string, number>();
    const voices = new Map<string, number>();
    const days = new Map<string, number>();
    for (const offers of this.fans.values()) {
      const [choice] = chosen("", offers);
      const bits = choice?.bits ?? 0;
      const [first] = offers;
      if (!first) continue;
      add(cells, first.cell, bits);
      add(days, first.day, bits);
      for (const { voice } of offers) add(voices, voice, 0);
      const kept = choice?.voices ?? [];
      for (const voice of kept) add(voices, voice, bits / kept.length);
    }
    return { cells, voices, days };
  }

  private propose({ fan, at, candidates, recipe, sampling, stamp }: Proposed): void {
    const group = this.fans.get(fan) ?? [];
    this.fans.set(fan, group);
    const day = group[0]?.day ?? dayOf(stamp.time);
    const voice = this.voices.get(recipe.voice ?? "") ?? "";
    for (const id of candidates.filter((one) => !this.offers.has(one))) {
      const offer: Offer = {
        id,
        fan,
        cell: stamp.cell,
        voice,
        day,
        place: placeKey(stamp.cell, at),
        distinct: sampling.distinct ?? false,
        generated: null,
        length: 0,
        since: null,
        shown: false,
        seconds: null,
        verdict: null,
        accepted: [],
        seen: [],
        order: [0, ""],
      };
      this.offers.set(id, offer);
      group.push(offer);
    }
  }

  private generate(event: Generated): void {
    const offer = this.offers.get(event.candidate);
    if (!offer || offer.generated) return;
    offer.generated = event;
    offer.length = points(event.text);
    offer.since ??= event.stamp.time;
  }

  private show(candidates: readonly string[], time: number | null): void {
    for (const id of candidates) {
      const offer = this.offers.get(id);
      if (!offer || offer.shown) continue;
      offer.shown = true;
      offer.since = time ?? offer.since;
    }
  }

  private judge(event: Extract<Event, { type: Judged }>): void {
    const offer = this.offers.get(event.candidate);
    if (!offer) return;
    const { time, seq, writer } = event.stamp;
    if (offer.since !== null && offer.seconds === null && time >= offer.since) {
      offer.seconds = time - offer.since;
    }
    this.show([...event.seen, event.candidate], null);
    offer.verdict = event.type;
    offer.seen = event.seen;
    offer.order = [seq, writer];
    if (event.type === "accepted") offer.accepted.push(part(event));
  }
}

interface Choice {
  readonly fan: string;
  readonly bits: number;
  readonly distinct: boolean;
  /** The voice of each different text that was kept. */
  readonly voices: readonly string[];
}

/** The choice of a fan: keeping m of n seen candidates that differ is log2(n / m) bits. */
function chosen(fan: string, offers: readonly Offer[]): Choice[] {
  const kept = offers.filter(({ verdict }) => verdict === "accepted" || verdict === "branched");
  if (kept.length === 0) return [];
  const last = kept.reduce((one, other) => (isLater(other, one) ? other : one));
  const ids = new Set([...last.seen, ...kept.map(({ id }) => id)]);
  const seen = offers.filter(({ id }) => ids.has(id));
  const [m, n] = [kept, seen].map((some) => new Set(some.map(textOf)).size) as [number, number];
  const voices = [...new Map(kept.map((one) => [textOf(one), one.voice])).values()];
  const distinct = seen.some(({ distinct }) => distinct);
  return [{ fan, bits: Math.log2(n / m), distinct, voices }];
}

function isLater({ order: [seq, writer] }: Offer, { order: [than, by] }: Offer): boolean {
  return seq > than || (seq === than && writer > by);
}

/** What tells a candidate from others: its text, or itself where none came. */
function textOf({ id, generated }: Offer): string {
  return generated ? `=${generated.text}` : id;
}

/** The code points and tokens of a candidate that were accepted. */
function keptOf({ generated, verdict, accepted, length }: Offer): [number, number] {
  if (!generated || verdict !== "accepted") return [0, 0];
  const has = new Uint8Array(length);
  for (const [start, stop] of accepted) has.fill(1, start, Math.max(start, stop));
  const count = sum([...has]);
  const { ends = [], tokens } = generated;
  if (ends.length > 0) return [count, ends.filter((end) => has[Math.max(end, 1) - 1] === 1).length];
  return [count, halfToEven((tokens.length * count) / Math.max(1, length))];
}

/** Rounds as Python does. */
function halfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function part({ start, stop }: Accepted): [number, number] {
  return [start, stop];
}

/** How many different candidates hang at a place where any does, in the mean. */
function branching(made: readonly Offer[]): number | null {
  const places = new Map<string, Set<string>>();
  for (const offer of made) {
    const texts = places.get(offer.place) ?? new Set();
    places.set(offer.place, texts.add(textOf(offer)));
  }
  return places.size > 0 ? sum([...places.values()].map(({ size }) => size)) / places.size : null;
}

function add(parts: Map<string, number>, name: string, bits: number): void {
  parts.set(name, (parts.get(name) ?? 0) + bits);
}

/** The date of a time, UTC. */
function dayOf(time: number): string {
  const date = new Date(1000 * time);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, 10);
}

function placeKey(cell: string, { node, offset }: Place): string {
  return JSON.stringify([cell, node, offset]);
}

function median(sorted: readonly number[]): number | null {
  const { length } = sorted;
  if (length === 0) return null;
  const [low, high] = [sorted[(length - 1) >> 1], sorted[length >> 1]] as [number, number];
  return (low + high) / 2;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
