// Generated from jupyter_sim/protocol.py by `make protocol`; do not edit.

export type Protocol =
  | Accept
  | Acknowledged
  | Branch
  | Cancel
  | Changed
  | Dismiss
  | Drawing
  | Ended
  | Failed
  | Gain
  | Grown
  | Hello
  | Model
  | Propose
  | Refused
  | Reject
  | Sampling
  | See
  | Status
  | Sync
  | Welcome;

/**
 * Code points `start` to `stop` of the candidate are in the text now, at offset `at`.
 * `closes`: the fan is closed with this, so what still runs in it stops.
 */
export interface Accept {
  type: "accept";
  id: string;
  cell: string;
  fan: string;
  candidate: string;
  /**
   * @maxItems 1024
   */
  seen: string[];
  at: number;
  start: number;
  stop: number;
  closes: boolean;
}
/**
 * What the request `id` asked to record is on disk.
 */
export interface Acknowledged {
  type: "acknowledged";
  id: string;
}
/**
 * Keep the candidate alive for later.
 */
export interface Branch {
  type: "branch";
  id: string;
  cell: string;
  fan: string;
  candidate: string;
  /**
   * @maxItems 1024
   */
  seen: string[];
}
/**
 * Stop what still runs in the fan; what it has so far stays on offer.
 */
export interface Cancel {
  type: "cancel";
  id: string;
  cell: string;
  fan: string;
}
/**
 * Another front end changed the cell's text: what this one told of it no longer stands.
 */
export interface Changed {
  type: "changed";
  cell: string;
}
/**
 * The fan is closed without a verdict.
 */
export interface Dismiss {
  type: "dismiss";
  id: string;
  cell: string;
  fan: string;
  /**
   * @maxItems 1024
   */
  seen: string[];
}
/**
 * A draw began: the ids of its candidates, in order.
 */
export interface Drawing {
  type: "drawing";
  fan: string;
  draw: string;
  candidates: string[];
}
/**
 * A candidate is whole and on disk.
 */
export interface Ended {
  type: "ended";
  fan: string;
  draw: string;
  candidate: string;
  finish: "cancelled" | "end" | "failed" | "length" | "stop";
}
/**
 * A draw cannot go on; its candidates keep the text they have. `message` is one sentence.
 */
export interface Failed {
  type: "failed";
  fan: string;
  draw: string;
  code: string;
  message: string;
}
/**
 * Text that a candidate gained, and the log-probabilities of its new tokens.
 */
export interface Gain {
  candidate: string;
  text: string;
  logprobs: number[];
}
/**
 * One step of a draw.
 */
export interface Grown {
  type: "grown";
  fan: string;
  draw: string;
  gains: Gain[];
}
/**
 * The first request on a connection: which document it is about. `document` is the id that
 * the notebook's metadata holds, if any.
 */
export interface Hello {
  type: "hello";
  id: string;
  kind: "file" | "notebook" | "widget";
  path: string;
  document?: string | null;
}
/**
 * The engine's status changed.
 */
export interface Model {
  type: "model";
  engine: Status;
}
/**
 * What the engine is doing, for a status bar.
 *
 * `progress` runs from 0 to 1 while loading; `message` is a sentence when something is wrong;
 * `context` is the model's window in tokens; `device` names where it runs, such as "CPU" or
 * "CUDA: NVIDIA H200"; `sha256` is the model file's.
 */
export interface Status {
  type: "status";
  state: "failed" | "idle" | "loading" | "ready";
  model?: string;
  sha256?: string;
  device?: string;
  engine?: string;
  context?: number;
  parameters?: number;
  progress?: number;
  message?: string;
}
/**
 * One draw into a fan at offset `at` of the cell's text; the request's id is the draw's.
 * The same `fan` again means more; `replaces` names the rejected candidate whose row is free.
 */
export interface Propose {
  type: "propose";
  id: string;
  cell: string;
  fan: string;
  at: number;
  n: number;
  stop: "block" | "line" | "none" | "paragraph" | "sentence" | "word";
  max_tokens: number;
  sampling?: Sampling;
  replaces?: string | null;
}
/**
 * How a token is drawn from the model's distribution. The default is nearly honest.
 */
export interface Sampling {
  temperature?: number;
  top_k?: number;
  top_p?: number;
  min_p?: number;
}
/**
 * The request `id` was not carried out; nothing was recorded. `id` is empty where the message
 * could not be read far enough to know it.
 */
export interface Refused {
  type: "refused";
  id: string;
  code: string;
  message: string;
}
/**
 * The candidate is not wanted.
 */
export interface Reject {
  type: "reject";
  id: string;
  cell: string;
  fan: string;
  candidate: string;
  /**
   * @maxItems 1024
   */
  seen: string[];
}
/**
 * These candidates were painted, with text, on a visible page.
 */
export interface See {
  type: "see";
  id: string;
  cell: string;
  fan: string;
  /**
   * @maxItems 1024
   */
  seen: string[];
}
/**
 * The cell's whole text as it is now. `undo`: an undo or redo led here.
 */
export interface Sync {
  type: "sync";
  id: string;
  cell: string;
  text: string;
  undo?: boolean;
}
/**
 * The answer to Hello. `document` is the id to keep in the notebook's metadata from the first
 * proposal on; `cells` are those that are recorded; `notes` are sentences about what is wrong with
 * the history.
 */
export interface Welcome {
  type: "welcome";
  id: string;
  document: string;
  engine: Status;
  cells?: string[];
  notes?: string[];
}
