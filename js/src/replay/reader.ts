/**
 * Reads a session log, strictly and within caps, as `jupyter_sim/formats/simlog.py` does; but what can be
 * read of a damaged one is kept, and each damage has a sentence.
 *
 * The lines prove each other by SHA-256. That is evidence of damage and of changes, not of who wrote them.
 */

import type { Event } from "../protocol";
import type { Words } from "../words";
import { type Count, checker, eventChecker } from "./check";
import { breath, inSlices, SLICE, type Work } from "./slices";

/** The first line of a session log. */
export interface Header {
  readonly version?: number;
  readonly document: string;
  readonly path: string;
  readonly kind: string;
  readonly exported: number;
}

/** How far a log can be trusted: every line is proved; it was changed; it is cut or garbled; it could not be
 * checked; it came without proofs. */
export type Standing = "verified" | "modified" | "damaged" | "unchecked" | "bare";

/** What was read. */
export interface Reading {
  readonly header: Header;
  readonly events: readonly Event[];
  readonly standing: Standing;
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
const VERSION = 1;
const NEWLINE = 10;

/** What reading needs of the program around it. */
export interface Circumstances {
  readonly words: Words;
  readonly signal: AbortSignal;
  /** The share of the work that is done. */
  progress(share: number): void;
}

/** Read the bytes of a session log. Throws NoLog, and Stopped when it is no longer wanted. */
export async function readLog(bytes: Uint8Array, around: Circumstances): Promise<Reading> {
  return await new Reader(bytes, around).read();
}

/** The bytes that base64 stands for. */
export async function decoded(base64: string, around: Circumstances): Promise<Uint8Array> {
  const size = (base64.length / 4) * 3;
  if (size > caps.file) throw new NoLog(tooLarge(size, around.words));
  return await inSlices(unpacked(base64), around.signal, around.progress);
}

/** Read what an exported page holds: the header and the events, without the proofs. */
export async function readPage(json: string, around: Circumstances): Promise<Reading> {
  const page = parsed(json) as { header?: unknown; events?: unknown } | undefined;
  const header = heading(page?.header, around.words);
  if (!Array.isArray(page?.events)) throw new NoLog(around.words.__("This page holds no events."));
  const problems: string[] = [];
  const events = await inSlices(
    checked(page.events, problems, around.words),
    around.signal,
    around.progress,
  );
  const standing = problems.length > 0 ? "damaged" : "bare";
  const more = Math.max(0, problems.length - TOLD);
  return { header, events, standing, problems: problems.slice(0, TOLD), more };
}

interface Line {
  readonly number: number;
  /** What it proves of the line before it; null where it cannot be read. */
  readonly prev: string | null;
  readonly bytes: Uint8Array;
}

class Reader {
  private readonly events: Event[] = [];
  private readonly problems: string[] = [];
  private count = 0;
  private garbled = false;
  private lines: Line[] = [];
  private last: [number, string] = [0, ""];
  private ended = false;
  private readonly check = checker("Entry");

  constructor(
    private readonly bytes: Uint8Array,
    private readonly around: Circumstances,
  ) {}

  async read(): Promise<Reading> {
    const { words, progress, signal } = this.around;
    if (this.bytes.length > caps.file) throw new NoLog(tooLarge(this.bytes.length, words));
    const first = this.end(0);
    const header = heading(parsed(this.text(0, first)), words);
    this.lines.push({ number: 1, prev: null, bytes: this.bytes.subarray(0, first) });
    let at = { byte: first + 1, number: 2 };
    while (at.byte < this.bytes.length && !this.ended) {
      at = this.some(at.byte, at.number);
      await this.prove();
      progress(at.byte / this.bytes.length);
      await breath(signal);
    }
    if (!this.ended) {
      this.damage(
        words.__("The log is cut short after line %1: its end is missing.", at.number - 1),
      );
    } else if (at.byte < this.bytes.length && this.events.length < caps.events) {
      this.damage(words.__("Something follows the end, at line %1.", at.number));
    }
    return this.result(header);
  }

  /** Take in the lines of one slice; where the next one begins. */
  private some(byte: number, number: number): { byte: number; number: number } {
    const start = performance.now();
    for (let i = 0; i < DIGESTS && byte < this.bytes.length && !this.isOver(number); i++) {
      byte = this.line(byte, number++);
      if (performance.now() - start > SLICE) break;
    }
    return { byte, number };
  }

  private result(header: Header): Reading {
    const { events, problems, count } = this;
    const more = count - problems.length;
    return { header, events, standing: this.standing(), problems, more };
  }

  private standing(): Standing {
    if (this.garbled) return "damaged";
    if (this.count > 0) return "modified";
    return isAbleToDigest() ? "verified" : "unchecked";
  }

  private isOver(number: number): boolean {
    if (this.events.length < caps.events) return this.ended;
    const most = caps.events.toLocaleString("en");
    const { words } = this.around;
    this.damage(words.__("Only the first %1 events were read; line %2 follows.", most, number));
    this.ended = true;
    return true;
  }

  /** Take in the line that begins at a byte; where the next one begins. */
  private line(from: number, number: number): number {
    const { words } = this.around;
    const stop = this.end(from);
    const bytes = this.bytes.subarray(from, stop);
    if (stop - from > caps.line) {
      this.damage(words.__("Line %1 is longer than %2 bytes.", number, caps.line));
      this.lines.push({ number, prev: null, bytes });
    } else if (stop === this.bytes.length) {
      this.damage(words.__("Line %1 is cut short.", number));
    } else this.entry(bytes, number);
    return stop + 1;
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
      this.lines.push({ number, prev: null, bytes });
      return;
    }
    const { prev, event, end } = value as { prev: string; event?: Event | null; end?: number };
    this.lines.push({ number, prev, bytes });
    if (!hasMembers(text, count.members)) {
      this.damage(words.__("Line %1 has a member twice.", number));
    } else if ((event == null) === (end == null)) {
      this.damage(words.__("Line %1 is neither an event nor the end.", number));
    } else if (event) this.event(event, number);
    else this.close(end as number, number);
  }

  private event(event: Event, number: number): void {
    const { seq, writer } = event.stamp;
    const [last, by] = this.last;
    if (seq < last || (seq === last && writer <= by)) {
      this.tell(this.around.words.__("Line %1 is out of order.", number));
    }
    this.last = [seq, writer];
    this.events.push(event);
  }

  private close(end: number, number: number): void {
    this.ended = true;
    const count = number - 2;
    if (end === count) return;
    this.tell(
      this.around.words.__("Line %1 counts %2 events, and there are %3.", number, end, count),
    );
  }

  /** Compare what each line says of the one before it with that. The last line waits for the next. */
  private async prove(): Promise<void> {
    const { words } = this.around;
    const { lines } = this;
    this.lines = lines.slice(-1);
    if (!isAbleToDigest()) return;
    const digests = await Promise.all(lines.slice(0, -1).map(({ bytes }) => digest(bytes)));
    digests.forEach((proof, i) => {
      const { number, prev } = lines[i + 1] as Line;
      if (prev === proof || prev === null) return;
      this.tell(
        words.__(
          "Line %1 is not what line %2 proves: one of them was changed.",
          number - 1,
          number,
        ),
      );
    });
  }

  private damage(sentence: string): void {
    this.garbled = true;
    this.tell(sentence);
  }

  private tell(sentence: string): void {
    if (this.problems.length < TOLD) this.problems.push(sentence);
    this.count++;
  }

  private end(from: number): number {
    const end = this.bytes.indexOf(NEWLINE, from);
    return end < 0 ? this.bytes.length : end;
  }

  private text(from: number, to: number): string {
    return to - from > caps.line ? "" : decode(this.bytes.subarray(from, to));
  }
}

/** The header that a value is. Throws NoLog. */
function heading(value: unknown, words: Words): Header {
  const { format, version } = (value ?? {}) as Record<string, unknown>;
  if (format !== "simlog") {
    throw new NoLog(words.__("This is no session log: its first line is not the header of one."));
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

function* checked(events: unknown[], problems: string[], words: Words): Work<Event[]> {
  const check = eventChecker();
  const good: Event[] = [];
  for (const [i, event] of events.entries()) {
    const fault = check(event, "", { members: 0 });
    if (fault === null) good.push(event as Event);
    else
      problems.push(words.__("Event %1 does not fit the format, at “%2”.", i + 1, fault.slice(1)));
    if (i % 64 === 0) yield i / events.length;
  }
  return good;
}

function* unpacked(base64: string): Work<Uint8Array> {
  const part = 2 ** 18;
  const parts: Uint8Array[] = [];
  let rest = "";
  for (let from = 0; from < base64.length; from += part) {
    const text = rest + base64.slice(from, from + part).replace(/\s/g, "");
    const whole = text.length - (text.length % 4);
    rest = text.slice(whole);
    parts.push(Uint8Array.from(atob(text.slice(0, whole)), (one) => one.charCodeAt(0)));
    yield from / base64.length;
  }
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of parts) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
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

/** Pages that a hub serves over plain HTTP cannot. */
function isAbleToDigest(): boolean {
  return globalThis.crypto?.subtle !== undefined;
}

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes as BufferSource);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
