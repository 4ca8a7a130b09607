/**
 * One front end's line to one document: what is asked is kept until it is acknowledged, and sent
 * again, in order, after a broken connection.
 *
 * It knows no editor. A propose is the one request that is not sent again, for its draw ends with
 * the connection; whoever asked hears of it and asks anew.
 */

import { Backoff } from "./backoff";
import { Following, type Onlooker } from "./following";
import { newId } from "./ids";
import { Measuring, type Reader } from "./measuring";
import type {
  Accept,
  Branch,
  Dismiss,
  Explore,
  Explored,
  Hello,
  Inspect,
  Inspected,
  Mark,
  Place,
  Propose,
  Put,
  Reject,
  Score,
  Scored,
  See,
  Status,
  Taken,
  Welcome,
  Withdraw,
} from "./protocol";
import type { Shelf } from "./shelf";
import type { Connect, FanAnswer, FromDocument, FromFront, Transport } from "./transport";
import type { Tree } from "./tree";

type Draft<T> = T extends unknown ? Omit<T, "id"> : never;
/** A request until it is acknowledged: whether this connection carried it, and whether any did. */
type Kept = {
  request: FromFront;
  sent: boolean;
  tried: boolean;
  done(): void;
  failed(refusal: Refusal): void;
};

/** Why a request was not carried out: the protocol's code and a sentence. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** A cell's whole text; `undo` where an undo or redo led to it. */
export interface Snapshot {
  readonly cell: string;
  readonly text: string;
  readonly undo: boolean;
}

/** What can be asked about a text. */
export type Question = Score | Inspect | Explore;

/** A part of the answer to a question. */
export type Part = Scored | Inspected | Explored;

/** A question under way: its id, and when it is answered to its end. */
export interface Asked {
  readonly id: string;
  readonly answered: Promise<void>;
}

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

/** What the client asks of its host. */
export interface ClientOptions {
  connect: Connect;
  /** Which document this is, asked at each connection. */
  greeting(): Draft<Hello>;
  /** The texts of the cells before anything was written here, asked once. */
  found?(): readonly Snapshot[];
  /** The document's id is known, and something is recorded under it. */
  named?(document: string): void;
  /** The engine's status changed. */
  engine?(status: Status): void;
  /** The connection is gone, as the sentence says; it is tried again. */
  lost?(reason: string): void;
  /** Keeps what is not acknowledged for the case that the page is lost. */
  shelf?: Shelf;
  /** So many requests of a page that was lost are being told now. */
  salvaged?(count: number): void;
  /** Something went wrong that belongs to no request. */
  report?(message: string): void;
}

/** The longest text that is sent, in UTF-16 units; the server takes no message of 4 MiB. */
const LONGEST_TEXT = 1_000_000;
/** The code of a refusal that ends by itself: the history cannot be written for now. */
const UNWRITTEN = "history";
/** What ends with the connection that carried it; whoever asked hears of it and asks anew. */
const passing: ReadonlySet<FromFront["type"]> = new Set(["propose", "score", "inspect", "explore"]);

/** The line to one document. It connects with the first request and then for as long as it lives. */
export class Client {
  status: Status | null = null;
  private readonly texts = new Map<string, string>();
  private readonly overlong = new Set<string>();
  private recorded: ReadonlySet<string> = new Set();
  private waiting: readonly Snapshot[] = [];
  private readonly queue: Kept[] = [];
  private readonly questions = new Map<string, (part: Part) => void>();
  private readonly following = new Following(() => this.tellFollowed());
  private readonly measuring = new Measuring(() => this.tellMeasuring());
  private fan: { id: string; listener: FanListener } | null = null;
  private readonly ahead = new Map<string, (answer: FanAnswer) => void>();
  private transport: Transport | null = null;
  private welcomed = false;
  private document: string | null = null;
  private readonly line = new Backoff(() => this.connect());
  private readonly disk = new Backoff(() => this.flush());
  private unwritten = false;
  private broken = false;
  private records = false;
  private searched = false;
  private disposed = false;

  constructor(private readonly options: ClientOptions) {}

  /** Tell the document the cell's whole text, if it was not told already. One that is too long is
   * not sent, and that is reported once. */
  sync(snapshot: Snapshot): void {
    const told = this.overlong.has(snapshot.cell);
    const refusal = this.measure(snapshot);
    if (refusal && !told) this.options.report?.(refusal.message);
    if (!refusal) this.update(snapshot);
  }

  /** Tell the texts of those cells that the document records; it may have to be asked first which. */
  tellRecorded(snapshots: readonly Snapshot[]): void {
    this.waiting = snapshots;
    if (this.welcomed) this.tellWaiting();
    else this.flush();
  }

  /** Ask for a draw into the text as it is; `id` is the draw's. */
  propose(now: Snapshot, draw: Omit<Propose, "type">): Promise<void> {
    return this.after(now, { type: "propose", ...draw });
  }

  /** Tell a verdict, given while the text was as it is. */
  judge(now: Snapshot, verdict: Draft<Branch | Reject>): Promise<void> {
    return this.after(now, { ...verdict, id: newId() });
  }

  /** Tell an acceptance, and the cell's whole text after it. */
  accept(before: Snapshot, after: string, accept: Draft<Accept>): Promise<void> {
    const told = this.after(before, { ...accept, id: newId() });
    this.texts.set(accept.cell, after);
    return told.catch((refusal: Refusal) => {
      this.texts.delete(accept.cell);
      throw refusal;
    });
  }

  /** Tell that the cell's text is now another branch with a tail behind it, and that text. */
  move(before: Snapshot, after: string, to: Place, tail: readonly Taken[]): Promise<void> {
    const { cell } = before;
    const told = this.after(before, { type: "move", id: newId(), cell, to, tail: [...tail] });
    this.texts.set(cell, after);
    return told.catch((refusal: Refusal) => {
      this.texts.delete(cell);
      throw refusal;
    });
  }

  /** Tell what needs no text: what was seen, that a fan was closed, marks, a verdict taken back, what
   * became of a cell. */
  tell(message: Draft<See | Dismiss | Withdraw | Mark | Put>): Promise<void> {
    return this.keep({ ...message, id: newId() });
  }

  /** Ask about the text as it is. What is answered comes to `hear`, part by part. */
  ask(now: Snapshot, question: Draft<Question>, hear: (part: Part) => void): Asked {
    const id = newId();
    this.questions.set(id, hear);
    const answered = this.after(now, { ...question, id });
    return { id, answered: answered.finally(() => this.questions.delete(id)) };
  }

  /** Stop what was asked for and is not answered to its end. */
  stop(cell: string, id: string): void {
    this.keep({ type: "cancel", id: newId(), cell, fan: id }).catch((refusal: Refusal) =>
      this.options.report?.(refusal.message),
    );
  }

  /** Look at the tree of a cell until the function that is returned is called. */
  look(cell: string, onlooker: Onlooker): () => void {
    return this.following.look(cell, onlooker);
  }

  /** The tree of a cell that someone looks at, as far as it was told. */
  tree(cell: string): Tree | null {
    return this.following.tree(cell);
  }

  /** Read the document's figures of curation until the function that is returned is called. A document
   * that may have none is not asked before something else is said to it. */
  figures(reader: Reader): () => void {
    return this.measuring.read(reader);
  }

  /** Send the answers about a fan to `listener`, and those about no other. */
  attach(fan: string, listener: FanListener): void {
    const before = this.fan;
    this.fan = { id: fan, listener };
    if (before && before.id !== fan) before.listener.superseded();
  }

  /** Hear the answers about a fan that is drawn ahead, until it is attached or the function that is
   * returned is called. */
  overhear(fan: string, hear: (answer: FanAnswer) => void): () => void {
    this.ahead.set(fan, hear);
    return () => this.ahead.delete(fan);
  }

  /** No more answers about a fan are wanted. */
  detach(fan: string): void {
    if (this.fan?.id === fan) this.fan = null;
  }

  /** Try the connection now, not after the delay. */
  hurry(): void {
    if (this.line.waits) this.connect();
  }

  /** The document is elsewhere now, as `reason` says: greet it again. */
  renew(reason: string): void {
    if (this.transport) this.drop(this.transport, reason, 0);
  }

  /** Close the line; what is not acknowledged is given up. */
  dispose(): void {
    this.disposed = true;
    this.line.stop();
    this.disk.stop();
    this.transport?.close();
    this.transport = null;
  }

  private update(snapshot: Snapshot): void {
    const { cell, text } = snapshot;
    if (this.texts.get(cell) === text) return;
    this.texts.set(cell, text);
    const last = this.queue.at(-1);
    if (last && isMerged(snapshot, last)) {
      last.request = { ...last.request, ...snapshot };
      this.options.shelf?.put(last.request);
      return;
    }
    this.keep({ type: "sync", id: newId(), ...snapshot }).catch((refusal: Refusal) => {
      this.texts.delete(cell);
      this.options.report?.(refusal.message);
    });
  }

  private after(now: Snapshot, request: FromFront): Promise<void> {
    const refusal = this.measure(now);
    if (refusal) return Promise.reject(refusal);
    this.update(now);
    return this.keep(request);
  }

  /** Why a text is not sent; null where it can be. */
  private measure({ cell, text }: Snapshot): Refusal | null {
    if (text.length > LONGEST_TEXT) this.overlong.add(cell);
    else this.overlong.delete(cell);
    return this.overlong.has(cell) ? new Refusal("too_long", tooLong(text.length)) : null;
  }

  private keep(request: FromFront): Promise<void> {
    return new Promise((done, failed) => {
      this.queue.push({ request, sent: false, tried: false, done, failed });
      if (!passing.has(request.type)) this.options.shelf?.put(request);
      this.records = true;
      if (this.welcomed) this.tellName();
      this.flush();
    });
  }

  /** What was changed by others, while nobody looked, is told before all else. */
  private tellFound(): void {
    const recorded = (this.options.found?.() ?? []).filter(({ cell }) => this.recorded.has(cell));
    for (const { cell, text } of recorded.filter((snapshot) => !this.measure(snapshot))) {
      const request = { type: "sync", id: newId(), cell, text, found: true } as const;
      const failed = ({ message }: Refusal) => this.options.report?.(message);
      this.queue.unshift({ request, sent: false, tried: false, done: () => {}, failed });
      if (!this.texts.has(cell)) this.texts.set(cell, text);
    }
  }

  private tellName(): void {
    if (this.document !== null && this.records) this.options.named?.(this.document);
  }

  private tellFollowed(): void {
    if (!this.welcomed) this.flush();
    else this.transport?.send({ type: "follow", id: newId(), cells: this.following.cells });
  }

  private tellMeasuring(): void {
    if (this.welcomed) this.transport?.send({ type: "measure", id: newId() });
    else {
      this.measuring.end();
      if (this.options.greeting().document) this.flush();
    }
  }

  private flush(): void {
    if (!this.transport && !this.line.waits) this.connect();
    if (!this.welcomed || this.disk.waits) return;
    for (const kept of this.queue) {
      if (kept.sent) continue;
      kept.sent = true;
      kept.tried = true;
      this.transport?.send(kept.request);
    }
  }

  private connect(): void {
    if (this.disposed) return;
    this.line.stop();
    const transport = this.options.connect({
      opened: () => this.enter(transport),
      received: (answer) => this.receive(answer),
      closed: (reason) => this.drop(transport, reason),
    });
    this.transport = transport;
  }

  /** Greet, the first time after what an earlier page left is there to be told first. */
  private enter(transport: Transport): void {
    const { shelf } = this.options;
    if (this.searched || !shelf) {
      this.greet();
      return;
    }
    this.searched = true;
    const begin = () => {
      if (this.transport === transport) this.greet();
    };
    shelf
      .take()
      .then((left) => this.salvage(left), this.unsalvaged)
      .then(begin);
  }

  private salvage(left: readonly FromFront[]): void {
    if (left.length === 0) return;
    const report = ({ message }: Refusal) => this.options.report?.(message);
    const kept = left.map((request): Kept => {
      return { request, sent: false, tried: true, done: () => {}, failed: report };
    });
    this.queue.unshift(...kept);
    this.records = true;
    this.options.salvaged?.(left.length);
  }

  private readonly unsalvaged = ({ message }: Error): void => this.options.report?.(message);

  private greet(): void {
    const greeting = this.options.greeting();
    const document = this.document ?? greeting.document ?? null;
    this.transport?.send({ ...greeting, id: newId(), document });
  }

  private drop(transport: Transport, reason: string, delay?: number): void {
    if (this.disposed || this.transport !== transport) return;
    this.transport = null;
    this.welcomed = false;
    this.broken = true;
    transport.close();
    for (const kept of this.queue) kept.sent = false;
    for (const kept of this.queue.filter((kept) => passing.has(kept.request.type))) {
      this.settle(kept.request.id)?.failed(new Refusal("lost", reason));
    }
    this.fan?.listener.lost(reason);
    if (delay === undefined) this.options.lost?.(reason);
    this.following.interrupt(reason);
    this.measuring.end();
    this.disk.stop();
    this.line.begin(delay);
  }

  private receive(answer: FromDocument): void {
    switch (answer.type) {
      case "welcome":
        this.begin(answer);
        break;
      case "model":
        this.heed(answer.engine);
        break;
      case "acknowledged":
        this.acknowledge(answer.id);
        break;
      case "refused":
        this.refuse(answer.id, new Refusal(answer.code, answer.message));
        break;
      case "changed":
        this.texts.delete(answer.cell);
        break;
      case "happened":
        this.following.take(answer);
        break;
      case "measured":
        this.measuring.take(answer);
        break;
      case "drawing":
      case "grown":
      case "ended":
      case "failed":
        if (this.fan?.id === answer.fan) this.fan.listener.answered(answer);
        else this.ahead.get(answer.fan)?.(answer);
        break;
      case "scored":
      case "inspected":
      case "explored":
        this.questions.get(answer.id)?.(answer);
        break;
      default:
        answer satisfies never;
    }
  }

  private begin({ document, engine, cells, notes }: Welcome): void {
    const first = this.document === null;
    this.document = document;
    this.welcomed = true;
    this.line.reset();
    this.recorded = new Set(cells);
    this.tellName();
    if (first) this.tellFound();
    if (first) for (const note of notes ?? []) this.options.report?.(note);
    this.heed(engine);
    if (this.broken) this.giveUpDraws();
    this.flush();
    this.tellWaiting();
    this.following.interrupt("");
    if (this.following.cells.length > 0) this.tellFollowed();
    this.measuring.begin();
    if (this.broken) this.fan?.listener.restored();
    this.broken = false;
  }

  /** Give up what the open fan asked for while there was no connection: whoever hears that it is back
   * asks again for all that the fan waits for. */
  private giveUpDraws(): void {
    for (const { request } of [...this.queue]) {
      if (request.type !== "propose" || request.fan !== this.fan?.id) continue;
      this.settle(request.id)?.failed(new Refusal("lost", ""));
    }
  }

  private tellWaiting(): void {
    const known = ({ cell }: Snapshot) => this.texts.has(cell) || this.recorded.has(cell);
    for (const snapshot of this.waiting.filter(known)) this.sync(snapshot);
    this.waiting = [];
  }

  private heed(status: Status): void {
    this.status = status;
    this.options.engine?.(status);
    this.fan?.listener.engine(status);
  }

  private acknowledge(id: string): void {
    this.settle(id)?.done();
    this.unwritten = false;
    this.disk.reset();
  }

  private refuse(id: string, refusal: Refusal): void {
    const kept = this.queue.find(({ request }) => request.id === id);
    if (kept && refusal.code === UNWRITTEN && kept.request.type !== "propose") {
      this.hold(kept, refusal);
    } else if (kept) this.settle(id)?.failed(refusal);
    else if (this.transport && !this.welcomed) {
      this.drop(this.transport, refusal.message);
    } else if (id === "") this.options.report?.(refusal.message);
  }

  /** Keep what could not be written, and all after it, until it can be; that is reported once. */
  private hold(kept: Kept, { message }: Refusal): void {
    kept.sent = false;
    if (!this.disk.waits) this.disk.begin();
    if (!this.unwritten) this.options.report?.(message);
    this.unwritten = true;
  }

  private settle(id: string): Kept | null {
    const index = this.queue.findIndex((kept) => kept.request.id === id);
    if (index < 0) return null;
    this.options.shelf?.remove(id);
    return this.queue.splice(index, 1)[0] ?? null;
  }
}

/** Whether a text can take the place of one that waits: never of one that may be recorded already,
 * and not of one that an undo led to, for what was written since is not an undo's. */
function isMerged({ cell, undo }: Snapshot, { request, tried }: Kept): boolean {
  return !tried && request.type === "sync" && request.cell === cell && request.undo === undo;
}

function tooLong(length: number): string {
  const [found, most] = [length, LONGEST_TEXT].map((count) => count.toLocaleString("en"));
  return `The text is ${found} characters long, and at most ${most} can be worked with here; split the cell.`;
}
