/**
 * What carries messages between a front end and a document: a WebSocket in JupyterLab, a comm in
 * a widget. Hosts differ in this and in nothing else.
 */

import type {
  Accept,
  Acknowledged,
  Branch,
  Cancel,
  Changed,
  Dismiss,
  Drawing,
  Ended,
  Explore,
  Explored,
  Failed,
  Follow,
  Grown,
  Happened,
  Hello,
  Inspect,
  Inspected,
  Mark,
  Measure,
  Measured,
  Model,
  Move,
  Propose,
  Put,
  Refused,
  Reject,
  Score,
  Scored,
  See,
  Sync,
  Welcome,
  Withdraw,
} from "./protocol";

/** Anything a front end says. */
export type FromFront =
  | Hello
  | Sync
  | Put
  | Propose
  | Accept
  | Branch
  | Reject
  | Withdraw
  | Move
  | Mark
  | Dismiss
  | See
  | Cancel
  | Follow
  | Measure
  | Score
  | Inspect
  | Explore;

/** What a document says about one fan. */
export type FanAnswer = Drawing | Grown | Ended | Failed;

/** What a document says about a cell's tree. */
export type TreeAnswer = Happened | Scored | Inspected | Explored;

/** Anything a document says. */
export type FromDocument =
  | Welcome
  | Acknowledged
  | Refused
  | Model
  | Changed
  | FanAnswer
  | TreeAnswer
  | Measured;

/** What happens on a connection, in the order `opened`, any number of `received`, `closed`. */
export interface Receiver {
  opened(): void;
  received(answer: FromDocument): void;
  /** The connection is gone or never came to be; `reason` is a sentence for the reader. */
  closed(reason: string): void;
}

/** One connection. */
export interface Transport {
  send(message: FromFront): void;
  close(): void;
}

/** Begin a connection; each call makes a new one. Nothing is received before the call returns. */
export type Connect = (receiver: Receiver) => Transport;
