/** Who hears what a document says about its fans: one that is open, and those that are drawn ahead. */

import type { Status } from "./protocol";
import type { FanAnswer } from "./transport";

/** What is told to an open fan. */
export interface FanListener {
  answered(answer: FanAnswer): void;
  /** The engine's status changed. */
  engine(status: Status): void;
  /** The connection is gone; its draws ended. It is tried again. */
  lost(reason: string): void;
  /** The connection is back. */
  restored(): void;
  /** Another fan of the document opened; one is open at a time. */
  superseded(): void;
}

/** The fans of one document. */
export class Fans {
  private open: { id: string; listener: FanListener } | null = null;
  private readonly ahead = new Map<string, (answer: FanAnswer) => void>();

  /** The fan that is open. */
  get id(): string | null {
    return this.open?.id ?? null;
  }

  /** Who hears of the fan that is open. */
  get listener(): FanListener | null {
    return this.open?.listener ?? null;
  }

  /** A fan opens. */
  attach(id: string, listener: FanListener): void {
    const before = this.open;
    this.open = { id, listener };
    if (before && before.id !== id) before.listener.superseded();
  }

  /** A fan is no longer open. */
  detach(id: string): void {
    if (this.id === id) this.open = null;
  }

  /** Hear of a fan that is not open, until it is or the function that is returned is called. */
  overhear(id: string, hear: (answer: FanAnswer) => void): () => void {
    this.ahead.set(id, hear);
    return () => this.ahead.delete(id);
  }

  /** The document said something about a fan. */
  take(answer: FanAnswer): void {
    if (this.id === answer.fan) this.listener?.answered(answer);
    else this.ahead.get(answer.fan)?.(answer);
  }
}
