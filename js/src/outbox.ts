/**
 * What is asked of a document, until it is acknowledged: sent in order, and again after a broken
 * connection, or while the history cannot be written. It knows no connection and no text.
 *
 * A draw and the answer to a question end with the connection that carried them, so these are not sent
 * again; whoever asked hears of it and asks anew.
 */

import { Backoff } from "./backoff";
import { Refusal } from "./refusal";
import type { Shelf } from "./shelf";
import type { FromFront } from "./transport";

/** A request until it is acknowledged: whether this connection carried it, and whether any did. */
type Kept = {
  request: FromFront;
  sent: boolean;
  tried: boolean;
  done(): void;
  failed(refusal: Refusal): void;
};

/** What an outbox asks of its owner. */
export interface OutboxOptions {
  /** A request was put in. */
  kept(): void;
  /** What could not be written may be sent again. */
  due(): void;
  /** What nobody waits for was refused, or nothing can be written for now. */
  report(message: string): void;
  /** Keeps the requests for the case that the page is lost. */
  readonly shelf: Shelf | undefined;
}

/** The code of a refusal that ends by itself: the history cannot be written for now. */
const UNWRITTEN = "history";
/** What ends with the connection that carried it. */
const passing: ReadonlySet<FromFront["type"]> = new Set(["propose", "score", "inspect", "explore"]);

/** The requests of one document that are not acknowledged. */
export class Outbox {
  private readonly queue: Kept[] = [];
  private readonly disk: Backoff;
  private unwritten = false;

  constructor(private readonly options: OutboxOptions) {
    this.disk = new Backoff(() => options.due());
  }

  /** Put a request in; what is returned fails with a Refusal. */
  keep(request: FromFront): Promise<void> {
    return new Promise((done, failed) => {
      this.queue.push({ request, sent: false, tried: false, done, failed });
      if (!passing.has(request.type)) this.options.shelf?.put(request);
      this.options.kept();
    });
  }

  /** Put requests before all others; `tried` where an earlier page may have sent them. */
  prepend(requests: readonly FromFront[], tried: boolean): void {
    const failed = ({ message }: Refusal) => this.options.report(message);
    const kept = requests.map((request): Kept => {
      return { request, sent: false, tried, done: () => {}, failed };
    });
    this.queue.unshift(...kept);
  }

  /** Put another request in the place of the last one; never of one that may be recorded already.
   * Whether there was another. */
  amend(change: (last: FromFront) => FromFront | null): boolean {
    const last = this.queue.at(-1);
    const changed = last && !last.tried ? change(last.request) : null;
    if (!last || !changed) return false;
    last.request = changed;
    this.options.shelf?.put(changed);
    return true;
  }

  /** Send what this connection did not carry yet. */
  flush(send: (request: FromFront) => void): void {
    if (this.disk.waits) return;
    for (const kept of this.queue) {
      if (kept.sent) continue;
      kept.sent = true;
      kept.tried = true;
      send(kept.request);
    }
  }

  /** The connection is gone, as the reason says: all but what ended with it is sent again. */
  interrupt(reason: string): void {
    this.disk.stop();
    for (const kept of this.queue) kept.sent = false;
    this.giveUp(({ type }) => passing.has(type), reason);
  }

  /** Give up some requests; those who asked hear that they were lost. */
  giveUp(which: (request: FromFront) => boolean, reason: string): void {
    for (const { request } of this.queue.filter(({ request }) => which(request))) {
      this.settle(request.id)?.failed(new Refusal("lost", reason));
    }
  }

  /** A request was carried out. */
  acknowledge(id: string): void {
    this.settle(id)?.done();
    this.unwritten = false;
    this.disk.reset();
  }

  /** A request was refused; whether it was one of these. */
  refuse(id: string, refusal: Refusal): boolean {
    const kept = this.queue.find(({ request }) => request.id === id);
    if (kept && refusal.code === UNWRITTEN && kept.request.type !== "propose") {
      this.hold(kept, refusal);
    } else if (kept) this.settle(id)?.failed(refusal);
    return kept !== undefined;
  }

  /** Send nothing again. */
  stop(): void {
    this.disk.stop();
  }

  /** Keep what could not be written, and all after it, until it can be; that is reported once. */
  private hold(kept: Kept, { message }: Refusal): void {
    kept.sent = false;
    if (!this.disk.waits) this.disk.begin();
    if (!this.unwritten) this.options.report(message);
    this.unwritten = true;
  }

  private settle(id: string): Kept | null {
    const index = this.queue.findIndex((kept) => kept.request.id === id);
    if (index < 0) return null;
    this.options.shelf?.remove(id);
    return this.queue.splice(index, 1)[0] ?? null;
  }
}
