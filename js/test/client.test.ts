import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Client } from "../src/client";
import { Stage, Wire } from "./stage";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a client", () => {
  test("connects with the first request and greets before it", () => {
    const s = new Stage("She|");
    expect(s.wire.connections).toBe(0);
    s.press("propose");
    expect(s.wire.said).toEqual([]);
    s.wire.welcome();
    expect(s.wire.said.map(({ type }) => type)).toEqual(["hello", "sync", "propose"]);
  });

  test("sends what was not acknowledged again, in order and with the same ids, once", async () => {
    const s = new Stage("She|");
    await s.offer(" held", " ran");
    s.wire.acknowledge();
    s.press("branch");
    s.press("accept");
    const before = s.wire.said.filter(({ type }) => type === "branch" || type === "accept");
    s.wire.cut();
    s.wire.said.length = 0;
    vi.advanceTimersByTime(1000);
    s.wire.welcome();
    expect(s.wire.said.slice(1)).toEqual(before);
    expect(s.wire.last("hello").document).toBe("document-1");
    s.wire.acknowledge();
    s.wire.cut();
    s.wire.said.length = 0;
    vi.advanceTimersByTime(1000);
    s.wire.welcome();
    expect(s.wire.types()).toEqual([]);
  });

  test("tries the connection when a fan is opened without one, and draws that once", async () => {
    const s = new Stage("She|");
    await s.offer(" held", " ran");
    s.wire.acknowledge();
    s.press("dismiss");
    s.wire.cut();
    const { connections } = s.wire;
    s.press("propose");
    expect(s.wire.connections).toBe(connections + 1);
    s.wire.said.length = 0;
    s.wire.welcome();
    await s.quiet();
    expect(s.wire.types().filter((type) => type === "propose")).toHaveLength(1);
    const { fan, id: draw } = s.wire.last("propose");
    s.wire.answer({ type: "drawing", fan, draw, candidates: ["one.0", "one.1"] });
    await s.quiet();
    expect(s.fan?.rows.slice(0, 2).map(({ coming }) => coming?.id)).toEqual(["one.0", "one.1"]);
  });

  test("tells a newer text by itself when the one before may have been recorded", () => {
    const s = new Stage("She|");
    s.press("propose");
    s.wire.welcome();
    s.wire.acknowledge();
    s.client.sync({ cell: "cell-1", text: "A", undo: false });
    s.wire.cut();
    s.client.sync({ cell: "cell-1", text: "AB", undo: false });
    s.client.sync({ cell: "cell-1", text: "ABC", undo: false });
    const { id } = s.wire.last("sync");
    s.wire.said.length = 0;
    vi.advanceTimersByTime(1000);
    s.wire.welcome();
    const syncs = s.wire.said.filter(({ type }) => type === "sync");
    expect(syncs).toMatchObject([{ id, text: "A" }, { text: "ABC" }]);
    expect(syncs[1]?.id).not.toBe(id);
  });

  test("tells what is saved of the cells that are recorded, and of no other", () => {
    const wire = new Wire();
    const client = new Client({
      connect: wire.connect,
      greeting: () => ({ type: "hello", kind: "notebook", path: "a.ipynb" }),
    });
    const saved = ["one", "two"].map((cell) => ({ cell, text: `${cell}.`, undo: false }));
    client.tellRecorded(saved);
    wire.welcome("two");
    expect(wire.types()).toEqual(["sync"]);
    expect(wire.last("sync")).toMatchObject({ cell: "two", text: "two." });
    client.tellRecorded(saved);
    expect(wire.types()).toEqual(["sync"]);
  });

  test("tries again with growing delays", () => {
    const wire = new Wire();
    const client = new Client({
      connect: wire.connect,
      greeting: () => ({ type: "hello", kind: "file", path: "a.txt" }),
    });
    client.sync({ cell: "text", text: "x", undo: false });
    for (const delay of [500, 1000, 2000]) {
      const { connections } = wire;
      wire.cut();
      vi.advanceTimersByTime(delay - 1);
      expect(wire.connections).toBe(connections);
      vi.advanceTimersByTime(1);
      expect(wire.connections).toBe(connections + 1);
    }
  });

  test("that lost its server says so in the fan, and asks again when it is back", async () => {
    const s = new Stage("She|");
    await s.open();
    await s.grow({ "1.0": " held" });
    s.wire.cut("The Jupyter server does not answer.");
    await s.quiet();
    expect(s.fan?.failure?.message).toBe("The Jupyter server does not answer.");
    expect(s.ghost).toBe(" held");
    s.wire.said.length = 0;
    vi.advanceTimersByTime(1000);
    s.wire.welcome();
    await s.quiet();
    expect(s.fan?.failure).toBe(null);
    expect(s.wire.last("propose")).toMatchObject({ n: 2, fan: s.fan?.id });
    const { id, fan } = s.wire.last("propose");
    await s.answer({ type: "drawing", fan, draw: id, candidates: ["a", "b"] });
    await s.grow({ a: " ran", "1.0": " late" });
    expect(s.candidates).toEqual([" held", " ran"]);
  });

  test("tells the text a second after typing rests, and only once", async () => {
    const s = new Stage("She|");
    await s.offer(" held");
    s.press("dismiss");
    s.wire.said.length = 0;
    s.type(" sat");
    vi.advanceTimersByTime(900);
    s.type(" down");
    vi.advanceTimersByTime(999);
    expect(s.wire.types()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(s.wire.last("sync")).toMatchObject({ text: "She sat down", undo: false });
    s.undo();
    vi.advanceTimersByTime(1000);
    expect(s.wire.last("sync").undo).toBe(true);
  });

  test("tells an undo and a redo at once, whatever is saved or typed after them", async () => {
    const s = new Stage("She|");
    await s.offer(" held");
    s.press("accept");
    s.wire.said.length = 0;
    s.undo();
    s.redo();
    s.client.tellRecorded([{ cell: "cell-1", text: s.text, undo: false }]);
    s.type("!");
    vi.advanceTimersByTime(1000);
    expect(s.wire.said.filter(({ type }) => type === "sync")).toMatchObject([
      { text: "She", undo: true },
      { text: "She held", undo: true },
      { text: "She held!", undo: false },
    ]);
  });

  test("keeps an undo apart from what is typed before the server is back", async () => {
    const s = new Stage("She|");
    await s.offer(" held");
    s.press("accept");
    s.wire.acknowledge();
    s.wire.cut();
    s.undo();
    s.type("!");
    vi.advanceTimersByTime(1000);
    s.wire.said.length = 0;
    s.wire.welcome();
    expect(s.wire.said.filter(({ type }) => type === "sync")).toMatchObject([
      { text: "She", undo: true },
      { text: "She!", undo: false },
    ]);
  });

  test("says nothing of a cell in which nothing was proposed", () => {
    const s = new Stage("She|");
    s.type(" sat");
    vi.advanceTimersByTime(5000);
    expect(s.wire.connections).toBe(0);
  });

  test("reports a verdict that was refused", async () => {
    const s = new Stage("She|");
    await s.offer(" held");
    s.press("accept");
    const { id } = s.wire.last("accept");
    s.wire.answer({ type: "refused", id, code: "bad_input", message: "There is no such fan." });
    await s.quiet();
    expect(s.reports).toEqual(["There is no such fan."]);
  });

  test("says in the fan that a text is too long, and does not send it", async () => {
    const s = new Stage(`${"x".repeat(1_000_001)}|`);
    s.press("propose");
    await s.quiet();
    expect(s.fan?.failure?.message).toBe(
      "The text is 1,000,001 characters long, and at most 1,000,000 can be worked with here; split the cell.",
    );
    expect(s.wire.connections).toBe(0);
    s.press("dismiss");
    s.erase(1);
    s.press("propose");
    s.wire.welcome();
    expect(s.wire.types()).toEqual(["dismiss", "sync", "propose"]);
  });

  test("reports once that a recorded text has grown too long", async () => {
    const s = new Stage("She|");
    await s.offer(" held");
    s.press("dismiss");
    s.wire.said.length = 0;
    for (const more of ["x".repeat(1_000_000), "y"]) {
      s.type(more);
      vi.advanceTimersByTime(1000);
    }
    expect(s.wire.types()).toEqual([]);
    expect(s.reports.length).toBe(1);
    expect(s.reports[0]).toContain("The text is 1,000,003 characters long");
  });

  test("asks no more for what was refused by name", async () => {
    const s = new Stage("She|");
    s.press("propose");
    s.wire.welcome();
    const { id } = s.wire.last("sync");
    s.wire.answer({ type: "refused", id, code: "bad_input", message: "It cannot be read." });
    await s.quiet();
    expect(s.reports).toEqual(["It cannot be read."]);
    s.wire.cut();
    s.wire.said.length = 0;
    vi.advanceTimersByTime(1000);
    s.wire.welcome();
    expect(s.wire.types()).not.toContain("sync");
  });

  test("keeps what the history cannot take, in order, until it can", async () => {
    const s = new Stage("She|");
    await s.offer(" held", " ran");
    s.wire.acknowledge();
    s.wire.said.length = 0;
    const refuse = () => {
      const full = { type: "refused", code: "history", message: "The disk is full." } as const;
      for (const { id } of [...s.wire.said]) s.wire.answer({ ...full, id });
      s.wire.said.length = 0;
    };
    s.press("branch");
    s.press("accept");
    const verdicts = [...s.wire.said];
    refuse();
    s.type("!");
    for (const delay of [500, 1000, 2000]) {
      vi.advanceTimersByTime(delay - 1);
      expect(s.wire.said).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(s.wire.said.slice(0, 2)).toEqual(verdicts);
      if (delay < 2000) refuse();
    }
    expect(s.wire.types()).toEqual(["branch", "accept", "sync"]);
    s.wire.acknowledge();
    vi.advanceTimersByTime(60_000);
    expect(s.wire.said.length).toBe(3);
    expect(s.reports).toEqual(["The disk is full."]);
  });

  test("tells a text again that another front end changed meanwhile", async () => {
    const s = new Stage("She|");
    await s.offer(" held");
    s.press("dismiss");
    s.wire.answer({ type: "changed", cell: "cell-1" });
    s.wire.said.length = 0;
    s.press("propose");
    expect(s.wire.types()).toEqual(["sync", "propose"]);
  });
});
