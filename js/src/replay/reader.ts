/**
 * Reads a session log, strictly and within caps, as `jupyter_sim/formats/simlog.py` does; but what can be
 * read of a damaged one is kept, and each damage has a sentence.
 *
 * The lines prove each other by SHA-256. That is evidence of damage and of changes, not of who wrote them.
 */

import type { Event } from "../protocol";
import type { Words } from "../words";
import { type Count, checker } from "./check";
import { Lines } from "./lines";
import { isAbleToDigest, Proofs } from "./proofs";
import { breath, SLICE } from "./slices";

/** The first line of a session log. */
export interface Header {
  readonly version?: number;
  readonly document: string;
  readonly path: string;
  readonly kind: string;
  readonly exported: number;
}

/** How far a log can be trusted: every line is proved; it was changed; it is cut or garbled; it could not be
 * checked. */
export type Standing = "verified" | "modified" | "damaged" | "unchecked";

/** What was read. */
export interface Reading {
  readonly header: Header;
  readonly events: readonly Event[];
  readonly standing: Standing;
  /** The number of the first line with which something is wrong. */
  readonly wrong: number | null;
  /** A sentence for each thing that is wrong, the first of them; `more` are not told. */
  readonly problems: readonly string[];
  readonly more: number;
}

/** A file that is no session log, or none that can be read here. */
export class NoLog extends Error {}

/** The longest line, in bytes; the most events; the most bytes of a file. */
export const caps = { line: 2 ** 25, events: 1_000_000, file: 2 ** 28 };

/** At most so many problems are told each. */
const TOLD = 50;
/** At most so many digests are under way at a time. */
const DIGESTS = 512;
/** What was read is shown from so many events on, while the rest is read. */
const FIRST = 200;
const VERSION = 1;

/** What reading needs of the program around it. */
export interface Circumstances {
  readonly words: Words;
  readonly signal: AbortSignal;
  /** How many bytes will come, where that is known. */
  readonly size?: number | null;
  /** The share of the work that is done, where that is known, and the events that were read. */
  progress(share: number | null, events: number): void;
  /** The first events of a long log. */
  begin?(header: Header, events: readonly Event[]): void;
}

/** Bytes as they come. */
export type Parts = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Read a session log from its bytes, in parts as they come. Throws NoLog, and Stopped when it is no
 * longer wanted. */
export async function readLog(parts: Parts, around: Circumstances): Promise<Reading> {
  return await new Reader(around).read(parts);
}

/** Read the session log that stands in an exported page. */
export async function readPage(log: string, around: Circumstances): Promise<Reading> {
  const bytes = new TextEncoder().encode(log);
  return await readLog([bytes], { ...around, size: bytes.length });
}

class Reader {
  private readonly lines = new Lines();
  private readonly proofs = new Proofs((number) => this.unproved(number));
  private readonly check = checker("Entry");
  private header: Header | null = null;
  private readonly events: Event[] = [];
  private readonly problems: (readonly [number: number, sentence: string])[] = [];
  private count = 0;
  private wrong: number | null = null;
  private garbled = false;
  private bytes = 0;
  private number = 0;
  private last: [number, string] = [0, ""];
  private ended = false;
  /** Whether nothing more is to be read. */
  private over = false;
  private begun = false;

  constructor(private readonly around: Circumstances) {}

  async read(parts: Parts): Promise<Reading> {
    let start = performance.now();
    for await (const part of parts) {
      this.measure(part);
      for (const line of this.lines.take(part)) {
        this.line(line);
        if (this.over) break;
        if (performance.now() - start < SLICE) continue;
        await this.rest();
        start = performance.now();
      }
      if (this.over) break;
    }
    if (!this.over) this.end(this.lines.end());
    await this.proofs.settle(0);
    await breath(this.around.signal);
    return this.result();
  }

  private measure({ length }: Uint8Array): void {
    this.bytes += length;
    const size = Math.max(this.bytes, this.around.size ?? 0);
    if (size > caps.file) throw new NoLog(tooLarge(size, this.around.words));
  }

  /** Let the page live, and tell how far the reading is. */
  private async rest(): Promise<void> {
    const { size, signal, progress, begin } = this.around;
    await this.proofs.settle(DIGESTS);
    progress(size ? Math.min(1, this.bytes / size) : null, this.events.length);
    if (!this.begun && this.header && this.events.length >= FIRST) {
      this.begun = true;
      begin?.(this.header, [...this.events]);
    }
    await breath(signal);
  }

  private result(): Reading {
    const { header, events, problems, count } = this;
    if (!header) throw new NoLog(noLog(this.around.words));
    const told = [...problems].sort(([a], [b]) => a - b).map(([, sentence]) => sentence);
    const more = count - told.length;
    return { header, events, standing: this.standing(), wrong: this.wrong, problems: told, more };
  }

  private standing(): Standing {
    if (this.garbled) return "damaged";
    if (this.count > 0) return "modified";
    return isAbleToDigest() ? "verified" : "unchecked";
  }

  /** Take in one more line. */
  private line(bytes: Uint8Array): void {
    const { words } = this.around;
    const number = ++this.number;
    if (this.ended) {
      this.damage(words.__("Something follows the end, at line %1.", number));
      this.over = true;
    } else if (number === 1) this.first(bytes);
    else if (bytes.length > caps.line) {
      this.damage(words.__("Line %1 is longer than %2 bytes.", number, caps.line));
      this.proofs.add(number, null, bytes);
    } else this.entry(bytes, number);
  }

  private first(bytes: Uint8Array): void {
    const text = bytes.length > caps.line ? "" : decode(bytes);
    this.header = heading(parsed(text), this.around.words);
    this.proofs.add(1, null, bytes);
  }

  /** Take in what stands behind the last line. */
  private end(rest: Uint8Array | null): void {
    const { words } = this.around;
    if (rest && (this.ended || this.number === 0 || rest.length > caps.line)) this.line(rest);
    else if (rest) this.damage(words.__("Line %1 is cut short.", ++this.number));
    if (this.ended) return;
    this.damage(words.__("The log is cut short after line %1: its end is missing.", this.number));
  }

  private entry(bytes: Uint8Array, number: number): void {
    const { words } = this.around;
    const text = decode(bytes);
    const value = parsed(text);
    if (value === undefined) this.damage(words.__("Line %1 is not JSON.", number));
    const count: Count = { members: 0 };
    const fault = value === undefined ? null : this.check(value, "", count);
    if (fault !== null) {
      this.damage(words.__("Line %1 does not fit the format, at “%2”.", number, fault.slice(1)));
    }
    if (value === undefined || fault !== null) {
      this.proofs.add(number, null, bytes);
      return;
    }
    const { prev, event, end } = value as { prev: string; event?: Event | null; end?: number };
    this.proofs.add(number, prev, bytes);
    if (!hasMembers(text, count.members)) {
      this.damage(words.__("Line %1 has a member twice.", number));
    } else if ((event == null) === (end == null)) {
      this.damage(words.__("Line %1 is neither an event nor the end.", number));
    } else if (event) this.event(event, number);
    else this.close(end as number, number);
  }

  private event(event: Event, number: number): void {
    const { words } = this.around;
    if (this.events.length >= caps.events) {
      const most = caps.events.toLocaleString("en");
      this.damage(words.__("Only the first %1 events were read; line %2 follows.", most, number));
      this.over = true;
      return;
    }
    const { seq, writer } = event.stamp;
    const [last, by] = this.last;
    if (seq < last || (seq === last && writer <= by)) {
      this.tell(number, words.__("Line %1 is out of order.", number));
    }
    this.last = [seq, writer];
    this.events.push(event);
  }

  private close(end: number, number: number): void {
    this.ended = true;
    const count = number - 2;
    if (end === count) return;
    const { words } = this.around;
    const sentence = "Line %1 counts %2 events, and there are %3.";
    this.tell(number, words.__(sentence, number, end, count));
  }

  private unproved(number: number): void {
    const sentence = "Line %1 is not what line %2 proves: one of them was changed.";
    this.tell(number, this.around.words.__(sentence, number, number + 1));
  }

  private damage(sentence: string): void {
    this.garbled = true;
    this.tell(this.number, sentence);
  }

  private tell(number: number, sentence: string): void {
    this.wrong = Math.min(number, this.wrong ?? number);
    if (this.problems.length < TOLD) this.problems.push([number, sentence]);
    this.count++;
  }
}

/** The header that a value is. Throws NoLog. */
function heading(value: unknown, words: Words): Header {
  const { format, version } = (value ?? {}) as Record<string, unknown>;
  if (format !== "simlog") {
    throw new NoLog(noLog(words));
  }
  if (version !== VERSION) {
    const sentence =
      "This is version %1 of the session log, and this program reads version %2; update jupyter-sim.";
    throw new NoLog(words.__(sentence, String(version).slice(0, 20), VERSION));
  }
  const fault = checker("SimlogHeader")(value, "", { members: 0 });
  if (fault === null) return value as Header;
  throw new NoLog(words.__("The header does not fit the format, at “%1”.", fault.slice(1)));
}

function noLog(words: Words): string {
  return words.__("This is no session log: its first line is not the header of one.");
}

function tooLarge(size: number, words: Words): string {
  const [is, most] = [size, caps.file].map((bytes) => Math.ceil(bytes / 2 ** 20));
  const sentence =
    "This log has %1 MiB, and at most %2 are read here; play it with `jupyter sim replay`.";
  return words.__(sentence, is, most);
}

/** A value, or undefined for what is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Whether the objects of a JSON text have so many members in all; of two with one name, a parser keeps
 * one. The first look also takes a text for a name that begins with a colon. */
function hasMembers(text: string, count: number): boolean {
  const most = text.match(/(?<!\\)"\s*:/g)?.length ?? 0;
  if (most === count) return true;
  return named(text) === count;
}

/** How many strings of a JSON text are names of members. */
function named(text: string): number {
  let names = 0;
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:?)/g)) if (colon) names++;
  return names;
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}
