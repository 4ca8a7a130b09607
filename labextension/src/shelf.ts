/** Requests that are not acknowledged, in the browser's database: a page that crashes loses none of them,
 * and the next one that shows the document tells them.
 *
 * A page holds a lock for as long as it lives; what pages without a lock left belongs to whoever asks.
 */

import { type FromFront, newId, type Shelf } from "@jupyter-sim/core";

const NAME = "jupyter-sim";
const STORE = "requests";

/** A request on the shelf: for which document of which server, of which page, in which order. */
interface Row {
  readonly id: string;
  readonly scope: string;
  readonly page: string;
  readonly order: number;
  readonly request: FromFront;
}

/** The shelves of all documents of one server, which `base` names. */
export class Shelves {
  private readonly page = newId();
  private readonly database: Promise<IDBDatabase>;
  private order = Date.now() * 1000;

  constructor(
    private readonly base: string,
    private readonly failed: (error: Error) => void,
  ) {
    void navigator.locks.request(lockOf(this.page), () => new Promise(() => {}));
    this.database = open();
    this.database.catch(failed);
  }

  /** Whether this browser can keep anything; it does so on secure pages only. */
  static get isPossible(): boolean {
    return "locks" in navigator && "indexedDB" in globalThis;
  }

  /** The shelf of one document. */
  shelf(document: string): Shelf {
    const scope = `${this.base} ${document}`;
    return {
      take: () => this.take(scope),
      put: (request) => this.put({ id: request.id, scope, ...this.next(), request }),
      remove: (id) => this.change((store) => store.delete(id)),
    };
  }

  /** Whether pages that are gone left anything of a document. */
  async holds(document: string): Promise<boolean> {
    return (await this.left(`${this.base} ${document}`)).length > 0;
  }

  private next(): Pick<Row, "page" | "order"> {
    return { page: this.page, order: this.order++ };
  }

  private put(row: Row): void {
    this.change((store) => store.put(row));
  }

  private async take(scope: string): Promise<FromFront[]> {
    const rows = await this.left(scope);
    for (const row of rows) this.put({ ...row, page: this.page });
    return rows.map(({ request }) => request);
  }

  private async left(scope: string): Promise<Row[]> {
    const { held = [] } = await navigator.locks.query();
    const alive = new Set(held.map(({ name }) => name));
    const store = (await this.database).transaction(STORE).objectStore(STORE);
    const rows: Row[] = await done(store.index("scope").getAll(scope));
    return rows
      .filter(({ page }) => page !== this.page && !alive.has(lockOf(page)))
      .sort((a, b) => a.order - b.order);
  }

  private change(work: (store: IDBObjectStore) => IDBRequest): void {
    const changed = async () =>
      done(work((await this.database).transaction(STORE, "readwrite").objectStore(STORE)));
    changed().catch(this.failed);
  }
}

function lockOf(page: string): string {
  return `${NAME} ${page}`;
}

async function open(): Promise<IDBDatabase> {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () =>
    asked.result.createObjectStore(STORE, { keyPath: "id" }).createIndex("scope", "scope");
  return done(asked);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("The browser's database failed."));
  });
}
