/** Compares what each line of a log says of the one before it with that, while more lines are read. */

interface Pending {
  /** The number of the line that is proved. */
  readonly number: number;
  readonly said: string;
  readonly digest: Promise<string>;
}

/** The proofs of a log. `tell` hears of each line that is not what the next one proves. */
export class Proofs {
  private before: Pick<Pending, "number" | "digest"> | null = null;
  private pending: Pending[] = [];

  constructor(private readonly tell: (number: number) => void) {}

  /** The next line, and what it says of the one before; null where that cannot be read. */
  add(number: number, said: string | null, bytes: Uint8Array): void {
    if (!isAbleToDigest()) return;
    if (said !== null && this.before) this.pending.push({ ...this.before, said });
    this.before = { number, digest: digest(bytes) };
  }

  /** Wait until at most so many comparisons are left. */
  async settle(most: number): Promise<void> {
    const some = this.pending.splice(0, Math.max(0, this.pending.length - most));
    const digests = await Promise.all(some.map(({ digest }) => digest));
    some.forEach(({ number, said }, i) => {
      if (said !== digests[i]) this.tell(number);
    });
  }
}

/** Pages that a hub serves over plain HTTP cannot. */
export function isAbleToDigest(): boolean {
  return globalThis.crypto?.subtle !== undefined;
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource));
  let text = "";
  for (const byte of hash) text += hex[byte];
  return text;
}
