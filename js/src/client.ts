/**
 * One front end of one document: what can be asked of it and told to it, and who hears what it answers.
 *
 * It knows no editor. Here meet the connection (`line`), the requests until they are acknowledged
 * (`outbox`), the texts as they were told (`told`), and those who hear of fans, trees and figures.
 */

import { type FanListener, Fans } from "./fans";
import { Following, type Onlooker } from "./following";
import { newId } from "./ids";
import { Line } from "./line";
import { Measuring, type Reader } from "./measuring";
import { Outbox } from "./outbox";
import type {
  Accept,
  Branch,
  Dismiss,
  Hello,
  Mark,
  Place,
  Propose,
  Put,
  Reject,
  See,
  Status,
  Taken,
  Welcome,
  Withdraw,
} from "./protocol";
import { type Asked, type Part, type Question, Questions } from "./questions";
import { Refusal } from "./refusal";
import type { Shelf } from "./shelf";
import { type Snapshot, Told } from "./told";
import type { Connect, FanAnswer, FromDocument, FromFront } from "./transport";
import type { Tree } from "./tree";

type Draft<T> = T extends unknown ? Omit<T, "id"> : never;

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

/** A client of one document. It connects with the first request and then for as long as it lives. */
export class Client {
  status: Status | null = null;
  private readonly line: Line;
  private readonly outbox: Outbox;
  private readonly told: Told;
  private readonly fans = new Fans();
  private readonly questions = new Questions();
  private readonly following = new Following(() => this.tellFollowed());
  private readonly measuring = new Measuring(() => this.tellMeasuring());
  private document: string | null = null;
  private records = false;

  constructor(private readonly options: ClientOptions) {
    const { shelf } = options;
    this.line = new Line({
      connect: (receiver) => options.connect(receiver),
      prepare: () => shelf?.take().then((left) => this.salvage(left), this.unheard) ?? null,
      greeting: () => this.greeting(),
      received: (answer) => this.receive(answer),
      lost: (reason, meant) => this.interrupt(reason, meant),
    });
    this.outbox = new Outbox({
      shelf,
      kept: () => this.kept(),
      due: () => this.flush(),
      report: this.report,
    });
    this.told = new Told(this.outbox, this.report);
  }

  /** Tell the document the cell's whole text, if it was not told already. One that is too long is
   * not sent, and that is reported once. */
  sync(snapshot: Snapshot): void {
    this.told.sync(snapshot);
  }

  /** Tell the texts of those cells that the document records; it may have to be asked first which. */
  tellRecorded(snapshots: readonly Snapshot[]): void {
    this.told.wait(snapshots);
    if (this.line.isOpen) this.told.tellWaiting();
    else this.flush();
  }

  /** Ask for a draw into the text as it is; `id` is the draw's. */
  propose(now: Snapshot, draw: Omit<Propose, "type">): Promise<void> {
    return this.told.after(now, { type: "propose", ...draw });
  }

  /** Tell a verdict, given while the text was as it is. */
  judge(now: Snapshot, verdict: Draft<Branch | Reject>): Promise<void> {
    return this.told.after(now, { ...verdict, id: newId() });
  }

  /** Tell an acceptance, and the cell's whole text after it. */
  accept(before: Snapshot, after: string, accept: Draft<Accept>): Promise<void> {
    return this.told.turn(before, after, { ...accept, id: newId() });
  }

  /** Tell that the cell's text is now another branch with a tail behind it, and that text. */
  move(before: Snapshot, after: string, to: Place, tail: readonly Taken[]): Promise<void> {
    const { cell } = before;
    return this.told.turn(before, after, { type: "move", id: newId(), cell, to, tail: [...tail] });
  }

  /** Tell what needs no text: what was seen, that a fan was closed, marks, a verdict taken back, what
   * became of a cell. */
  tell(message: Draft<See | Dismiss | Withdraw | Mark | Put>): Promise<void> {
    return this.outbox.keep({ ...message, id: newId() });
  }

  /** Ask about the text as it is. What is answered comes to `hear`, part by part. */
  ask(now: Snapshot, question: Draft<Question>, hear: (part: Part) => void): Asked {
    return this.questions.ask(hear, (id) => this.told.after(now, { ...question, id }));
  }

  /** Stop what was asked for and is not answered to its end. */
  stop(cell: string, id: string): void {
    this.outbox.keep({ type: "cancel", id: newId(), cell, fan: id }).catch(this.unheard);
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
    this.fans.attach(fan, listener);
  }

  /** Hear the answers about a fan that is drawn ahead, until it is attached or the function that is
   * returned is called. */
  overhear(fan: string, hear: (answer: FanAnswer) => void): () => void {
    return this.fans.overhear(fan, hear);
  }

  /** No more answers about a fan are wanted. */
  detach(fan: string): void {
    this.fans.detach(fan);
  }

  /** Try the connection now, not after the delay. */
  hurry(): void {
    this.line.hurry();
  }

  /** The document is elsewhere now, as `reason` says: greet it again. */
  renew(reason: string): void {
    this.line.renew(reason);
  }

  /** Close the line; what is not acknowledged is given up. */
  dispose(): void {
    this.outbox.stop();
    this.line.dispose();
  }

  private kept(): void {
    this.records = true;
    if (this.line.isOpen) this.tellName();
    this.flush();
  }

  private flush(): void {
    this.line.need();
    if (this.line.isOpen) this.outbox.flush((request) => this.line.send(request));
  }

  private readonly report = (message: string): void => this.options.report?.(message);

  /** What went wrong where nobody waits for it. */
  private readonly unheard = ({ message }: Error): void => this.report(message);

  private tellName(): void {
    if (this.document !== null && this.records) this.options.named?.(this.document);
  }

  private tellFollowed(): void {
    if (!this.line.isOpen) this.flush();
    else this.line.send({ type: "follow", id: newId(), cells: this.following.cells });
  }

  private tellMeasuring(): void {
    if (this.line.isOpen) this.line.send({ type: "measure", id: newId() });
    else {
      this.measuring.end();
      if (this.options.greeting().document) this.flush();
    }
  }

  private greeting(): Hello {
    const greeting = this.options.greeting();
    const document = this.document ?? greeting.document ?? null;
    return { ...greeting, id: newId(), document };
  }

  /** What an earlier page left is told first. */
  private salvage(left: readonly FromFront[]): void {
    if (left.length === 0) return;
    this.outbox.prepend(left, true);
    this.records = true;
    this.options.salvaged?.(left.length);
  }

  private interrupt(reason: string, meant: boolean): void {
    this.outbox.interrupt(reason);
    this.fans.listener?.lost(reason);
    if (!meant) this.options.lost?.(reason);
    this.following.interrupt(reason);
    this.measuring.end();
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
        this.outbox.acknowledge(answer.id);
        break;
      case "refused":
        this.refuse(answer.id, new Refusal(answer.code, answer.message));
        break;
      case "changed":
        this.told.forget(answer.cell);
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
        this.fans.take(answer);
        break;
      case "scored":
      case "inspected":
      case "explored":
        this.questions.take(answer);
        break;
      default:
        answer satisfies never;
    }
  }

  private begin({ document, engine, cells, notes }: Welcome): void {
    const first = this.document === null;
    const again = this.line.welcome();
    this.document = document;
    this.told.record(cells ?? []);
    this.tellName();
    if (first) this.told.tellFound(this.options.found?.() ?? []);
    if (first) for (const note of notes ?? []) this.report(note);
    this.heed(engine);
    if (again) this.giveUpDraws();
    this.flush();
    this.told.tellWaiting();
    this.following.interrupt("");
    if (this.following.cells.length > 0) this.tellFollowed();
    this.measuring.begin();
    if (again) this.fans.listener?.restored();
  }

  /** Give up what the open fan asked for while there was no connection: whoever hears that it is back
   * asks again for all that the fan waits for. */
  private giveUpDraws(): void {
    const { id } = this.fans;
    this.outbox.giveUp((request) => request.type === "propose" && request.fan === id, "");
  }

  private heed(status: Status): void {
    this.status = status;
    this.options.engine?.(status);
    this.fans.listener?.engine(status);
  }

  private refuse(id: string, refusal: Refusal): void {
    if (this.outbox.refuse(id, refusal) || this.line.refuse(refusal.message)) return;
    if (id === "") this.report(refusal.message);
  }
}
