/** The front end of jupyter-sim without a host: the client, the editor extension, the protocol. */

export { Client, type ClientOptions } from "./client";
export * from "./editor/index";
export type { FanListener } from "./fans";
export { documentId, newId } from "./ids";
export { type Piece, pieces } from "./inspection";
export type * from "./protocol";
export { Refusal } from "./refusal";
export { logIcon } from "./replay/drawings";
export { type Circumstances, NoLog, type Reading, readLog } from "./replay/reader";
export { type ReplayOptions, ReplayView } from "./replay/view";
export type { Shelf } from "./shelf";
export type { Snapshot } from "./told";
export type { Connect, FromDocument, FromFront, Receiver, Transport } from "./transport";
export type { Mark, Tree } from "./tree";
export * as drawings from "./treeview/drawings";
export { shares } from "./treeview/facts";
export { type Deeds, type TreeAction, type TreeKeys, TreeView } from "./treeview/view";

/** The version of the front end; equal to that of the Python package. */
export const VERSION = "0.1.0";
