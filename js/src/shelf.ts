/** Where requests wait that are not acknowledged, so that they outlive the page. No browser is known. */

import type { FromFront } from "./transport";

/** Keeps the requests of one document for one page. */
export interface Shelf {
  /** The requests that pages which are gone left here, in their order; they are this page's now. */
  take(): Promise<readonly FromFront[]>;
  /** Keep a request, or what became of it. */
  put(request: FromFront): void;
  remove(id: string): void;
}
