import { describe, expect, test } from "vitest";
import { Client } from "../src/client";
import type { Shelf } from "../src/shelf";
import type { FromFront } from "../src/transport";
import { Wire } from "./stage";

/** Shelves in memory, which outlive their pages. */
class Memory {
  readonly left = new Map<string, { owner: object; request: FromFront }>();

  get requests(): FromFront[] {
    return [...this.left.values()].map(({ request }) => request);
  }

  /** The shelf of another page. All others are lost. */
  shelf(): Shelf {
    const owner = {};
    const { left } = this;
    return {
      take: async () =>
        [...left.values()].filter((one) => one.owner !== owner).map((one) => one.request),
      put: (request) => void left.set(request.id, { owner, request }),
      remove: (id) => void left.delete(id),
    };
  }
}

interface Page {
  wire: Wire;
  client: Client;
  salvaged: number[];
}

function page(memory: Memory): Page {
  const wire = new Wire();
  const salvaged: number[] = [];
  const client = new Client({
    connect: wire.connect,
    greeting: () => ({ type: "hello", kind: "notebook", path: "story.ipynb" }),
    shelf: memory.shelf(),
    salvaged: (count) => salvaged.push(count),
  });
  return { wire, client, salvaged };
}

const now = { cell: "cell-1", text: "It was dark.", undo: false };

/** Branch a candidate: a text and a verdict that are told, and not acknowledged. */
function judge({ client }: Page): void {
  const verdict = { type: "branch" as const, cell: "cell-1", fan: "fan-0001" };
  void client.judge(now, { ...verdict, candidate: "cand-001.0", seen: [] });
}

/** Let the connection open, and the shelf be searched. */
async function open({ wire }: Page): Promise<void> {
  wire.open();
  for (let i = 0; i < 5; i++) await Promise.resolve();
  wire.greet();
}

describe("what is not acknowledged when a page is lost", () => {
  test("is told by the next page, in its order and under the same ids", async () => {
    const memory = new Memory();
    const lost = page(memory);
    judge(lost);
    await open(lost);
    const next = page(memory);
    next.client.sync({ ...now, text: "It was late." });
    await open(next);
    expect(next.wire.types()).toEqual(["sync", "branch", "sync"]);
    const told = ({ wire }: Page) => wire.said.slice(1, 3);
    expect(told(next)).toEqual(told(lost));
    expect(next.salvaged).toEqual([2]);
  });

  test("is gone when it is acknowledged", async () => {
    const memory = new Memory();
    const first = page(memory);
    judge(first);
    await open(first);
    first.wire.acknowledge();
    expect(memory.left.size).toBe(0);
    const next = page(memory);
    next.client.sync(now);
    await open(next);
    expect(next.salvaged).toEqual([]);
  });

  test("is the last text of those that took each other's place", async () => {
    const memory = new Memory();
    const lost = page(memory);
    lost.client.sync(now);
    lost.client.sync({ ...now, text: "It was late." });
    const texts = memory.requests.map((one) => one.type === "sync" && one.text);
    expect(texts).toEqual(["It was late."]);
  });

  test("is no proposal, for its draw ended with the page", () => {
    const memory = new Memory();
    const lost = page(memory);
    const draw = { id: "draw-001", cell: "cell-1", fan: "fan-0001", at: 0, n: 1 };
    void lost.client.propose(now, { ...draw, stop: "word", max_tokens: 9 }).catch(() => {});
    expect(memory.requests.map(({ type }) => type)).toEqual(["sync"]);
  });
});
