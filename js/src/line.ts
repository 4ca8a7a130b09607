/**
 * The connection to a document: made when it is needed, greeted, and made again while it is gone. It
 * knows no message but the greeting, and nothing of what is asked or told.
 */

import { Backoff } from "./backoff";
import type { Hello } from "./protocol";
import type { Connect, FromDocument, FromFront, Transport } from "./transport";

/** What a line asks of its owner. */
export interface LineOptions {
  connect: Connect;
  greeting(): Hello;
  /** Done before the first greeting; null where there is nothing to do. */
  prepare(): Promise<void> | null;
  received(answer: FromDocument): void;
  /** The connection is gone, as the sentence says; `meant` where this side ended it. */
  lost(reason: string, meant: boolean): void;
}

/** One connection at a time. */
export class Line {
  private transport: Transport | null = null;
  private readonly backoff = new Backoff(() => this.connect());
  private welcomed = false;
  private broken = false;
  private prepared = false;
  private disposed = false;

  constructor(private readonly options: LineOptions) {}

  /** Whether the document answered the greeting. */
  get isOpen(): boolean {
    return this.welcomed;
  }

  /** Connect, unless there is a connection or a delay before the next. */
  need(): void {
    if (!this.transport && !this.backoff.waits) this.connect();
  }

  /** Do not wait for the delay. */
  hurry(): void {
    if (this.backoff.waits) this.connect();
  }

  send(message: FromFront): void {
    this.transport?.send(message);
  }

  /** The document answered the greeting; whether the connection had been gone before. */
  welcome(): boolean {
    const again = this.broken;
    this.welcomed = true;
    this.broken = false;
    this.backoff.reset();
    return again;
  }

  /** The document refused the greeting, if that is not answered yet; whether it was so. */
  refuse(reason: string): boolean {
    if (!this.transport || this.welcomed) return false;
    this.drop(this.transport, reason);
    return true;
  }

  /** End the connection and begin the next one. */
  renew(reason: string): void {
    if (this.transport) this.drop(this.transport, reason, 0);
  }

  dispose(): void {
    this.disposed = true;
    this.backoff.stop();
    this.transport?.close();
    this.transport = null;
  }

  private connect(): void {
    if (this.disposed) return;
    this.backoff.stop();
    const transport = this.options.connect({
      opened: () => this.enter(transport),
      received: (answer) => this.options.received(answer),
      closed: (reason) => this.drop(transport, reason),
    });
    this.transport = transport;
  }

  private enter(transport: Transport): void {
    const preparation = this.prepared ? null : this.options.prepare();
    this.prepared = true;
    if (!preparation) this.send(this.options.greeting());
    else
      preparation.then(() => {
        if (this.transport === transport) this.send(this.options.greeting());
      });
  }

  private drop(transport: Transport, reason: string, delay?: number): void {
    if (this.disposed || this.transport !== transport) return;
    this.transport = null;
    this.welcomed = false;
    this.broken = true;
    transport.close();
    this.options.lost(reason, delay !== undefined);
    this.backoff.begin(delay);
  }
}
