/** The figures of curation of one document, as it tells them; asked for once a connection. */

import type { Measured } from "./protocol";

/** Hears the figures, and then each change of them. */
export type Reader = (figures: Measured) => void;

/** Who reads the figures. `ask` asks the document for them. */
export class Measuring {
  private readonly readers = new Set<Reader>();
  private figures: Measured | null = null;
  private asked = false;

  constructor(private readonly ask: () => void) {}

  /** Read the figures until the function that is returned is called; those that are known, at once. */
  read(reader: Reader): () => void {
    this.readers.add(reader);
    if (this.figures) reader(this.figures);
    this.begin();
    return () => this.readers.delete(reader);
  }

  /** There is a connection: ask, if anyone reads. */
  begin(): void {
    if (this.asked || this.readers.size === 0) return;
    this.asked = true;
    this.ask();
  }

  /** The connection is gone; the next one must be asked again. */
  end(): void {
    this.asked = false;
  }

  /** The document told its figures. */
  take(figures: Measured): void {
    this.figures = figures;
    for (const reader of [...this.readers]) reader(figures);
  }
}
