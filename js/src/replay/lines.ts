/** Lines out of bytes that come in parts. Pure. */

const NEWLINE = 10;

/** Puts lines together, however the parts are cut. */
export class Lines {
  private rest: Uint8Array[] = [];

  /** The lines that end in a part, without their newlines; what follows them waits for the next part. */
  *take(part: Uint8Array): Generator<Uint8Array> {
    let from = 0;
    for (;;) {
      const end = part.indexOf(NEWLINE, from);
      if (end < 0) break;
      yield this.whole(part.subarray(from, end));
      from = end + 1;
    }
    if (from < part.length) this.rest.push(part.subarray(from));
  }

  /** What no newline ends; null where nothing is left. */
  end(): Uint8Array | null {
    return this.rest.length > 0 ? this.whole(new Uint8Array()) : null;
  }

  private whole(last: Uint8Array): Uint8Array {
    if (this.rest.length === 0) return last;
    const parts = [...this.rest, last];
    this.rest = [];
    const line = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      line.set(part, at);
      at += part.length;
    }
    return line;
  }
}
