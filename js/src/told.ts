/**
 * The texts of a document's cells as it was told them, so that each is told once, and before what is
 * asked about it. It knows no connection.
 */

import { newId } from "./ids";
import type { Outbox } from "./outbox";
import type { Accept, Move } from "./protocol";
import { Refusal } from "./refusal";
import type { FromFront } from "./transport";

/** A cell's whole text; `undo` where an undo or redo led to it. */
export interface Snapshot {
  readonly cell: string;
  readonly text: string;
  readonly undo: boolean;
}

/** The longest text that is sent, in UTF-16 units; the server takes no message of 4 MiB. */
const LONGEST_TEXT = 1_000_000;

/** What one document was told. `report` hears of a text that was not taken. */
export class Told {
  private readonly texts = new Map<string, string>();
  private readonly overlong = new Set<string>();
  private recorded: ReadonlySet<string> = new Set();
  private waiting: readonly Snapshot[] = [];

  constructor(
    private readonly outbox: Outbox,
    private readonly report: (message: string) => void,
  ) {}

  /** Tell a cell's whole text, if it was not told already. One that is too long is not sent, and that
   * is reported once. */
  sync(snapshot: Snapshot): void {
    const reported = this.overlong.has(snapshot.cell);
    const refusal = this.measure(snapshot);
    if (refusal && !reported) this.report(refusal.message);
    if (!refusal) this.update(snapshot);
  }

  /** Tell the text as it is, and then what is asked about it. */
  after(now: Snapshot, request: FromFront): Promise<void> {
    const refusal = this.measure(now);
    if (refusal) return Promise.reject(refusal);
    this.update(now);
    return this.outbox.keep(request);
  }

  /** Tell the text as it is, and then what gives the cell another one. */
  turn(before: Snapshot, after: string, request: Accept | Move): Promise<void> {
    const told = this.after(before, request);
    this.texts.set(request.cell, after);
    return told.catch((refusal: Refusal) => {
      this.forget(request.cell);
      throw refusal;
    });
  }

  /** The document may have another text of a cell than it was told. */
  forget(cell: string): void {
    this.texts.delete(cell);
  }

  /** The document says which cells it records. */
  record(cells: readonly string[]): void {
    this.recorded = new Set(cells);
  }

  /** Tell the texts that recorded cells had before anything was written here, before all else: what
   * was changed by others, while nobody looked. */
  tellFound(found: readonly Snapshot[]): void {
    for (const snapshot of found) {
      const { cell, text } = snapshot;
      if (!this.recorded.has(cell) || this.measure(snapshot)) continue;
      this.outbox.prepend([{ type: "sync", id: newId(), cell, text, found: true }], false);
      if (!this.texts.has(cell)) this.texts.set(cell, text);
    }
  }

  /** Let texts wait until it is known which cells are recorded. */
  wait(snapshots: readonly Snapshot[]): void {
    this.waiting = snapshots;
  }

  /** Tell the texts that wait, of those cells that the document records. */
  tellWaiting(): void {
    const known = ({ cell }: Snapshot) => this.texts.has(cell) || this.recorded.has(cell);
    for (const snapshot of this.waiting.filter(known)) this.sync(snapshot);
    this.waiting = [];
  }

  private update(snapshot: Snapshot): void {
    const { cell, text } = snapshot;
    if (this.texts.get(cell) === text) return;
    this.texts.set(cell, text);
    if (this.outbox.amend((last) => merged(snapshot, last))) return;
    this.outbox.keep({ type: "sync", id: newId(), ...snapshot }).catch((refusal: Refusal) => {
      this.forget(cell);
      this.report(refusal.message);
    });
  }

  /** Why a text is not sent; null where it can be. */
  private measure({ cell, text }: Snapshot): Refusal | null {
    if (text.length > LONGEST_TEXT) this.overlong.add(cell);
    else this.overlong.delete(cell);
    return this.overlong.has(cell) ? new Refusal("too_long", tooLong(text.length)) : null;
  }
}

/** A text in the place of one that was not sent: not of one that an undo led to, for what was written
 * since is not an undo's. */
function merged(snapshot: Snapshot, last: FromFront): FromFront | null {
  const fits = last.type === "sync" && last.cell === snapshot.cell && last.undo === snapshot.undo;
  return fits ? { ...last, ...snapshot } : null;
}

function tooLong(length: number): string {
  const [found, most] = [length, LONGEST_TEXT].map((count) => count.toLocaleString("en"));
  return `The text is ${found} characters long, and at most ${most} can be worked with here; split the cell.`;
}
