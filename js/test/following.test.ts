import { describe, expect, test } from "vitest";
import { Client } from "../src/client";
import type { Event } from "../src/protocol";
import type { Tree } from "../src/tree";
import { Wire } from "./stage";
import { Story } from "./story";

/** A client, what its host is told, and what an onlooker of a cell saw. */
class Look {
  readonly wire = new Wire();
  readonly named: string[] = [];
  readonly seen: [string | null, string][] = [];
  readonly client = new Client({
    connect: this.wire.connect,
    greeting: () => ({ type: "hello", kind: "notebook", path: "story.ipynb" }),
    named: (document) => this.named.push(document),
    found: () => [
      { cell: "cell-1", text: "as it was loaded", undo: false },
      { cell: "cell-9", text: "never recorded", undo: false },
    ],
  });

  readonly onlooker = (tree: Tree | null, trouble: string) =>
    this.seen.push([tree?.text ?? null, trouble]);

  happened(first: number, ...events: Event[]): void {
    this.wire.answer({ type: "happened", cell: "cell-1", first, events });
  }
}

describe("a cell that one looks at", () => {
  test("is followed from its first event on, and no more when nobody looks", () => {
    const look = new Look();
    const leave = look.client.look("cell-1", look.onlooker);
    look.wire.welcome();
    expect(look.wire.last("follow").cells).toEqual(["cell-1"]);
    const { events } = new Story("It was").type(" dark").type(" and late");
    look.happened(0, ...events.slice(0, 2));
    look.happened(2, ...events.slice(2));
    expect(look.seen).toEqual([
      [null, ""],
      ["It was dark", ""],
      ["It was dark and late", ""],
    ]);
    expect(look.client.tree("cell-1")?.text).toBe("It was dark and late");
    leave();
    expect(look.wire.last("follow").cells).toEqual([]);
    expect(look.client.tree("cell-1")).toBe(null);
  });

  test("is shown to a second onlooker at once, and told only once", () => {
    const look = new Look();
    look.client.look("cell-1", look.onlooker);
    look.wire.welcome();
    look.happened(0, ...new Story("It was").events);
    const other: string[] = [];
    const leave = look.client.look("cell-1", (tree) => other.push(tree?.text ?? ""));
    expect(other).toEqual(["It was"]);
    expect(look.wire.types().filter((type) => type === "follow").length).toBe(1);
    leave();
    expect(look.client.tree("cell-1")?.text).toBe("It was");
  });

  test("takes no event that was on its way when one looked away and back again", () => {
    const look = new Look();
    const leave = look.client.look("cell-1", look.onlooker);
    look.wire.welcome();
    const { events } = new Story("It was").type(" dark").type(" and late");
    look.happened(0, ...events.slice(0, 2));
    leave();
    look.client.look("cell-1", look.onlooker);
    const before = look.seen.length;
    look.happened(2, ...events.slice(2));
    expect(look.client.tree("cell-1")).toBe(null);
    look.happened(0, ...events);
    expect(look.seen.slice(before)).toEqual([["It was dark and late", ""]]);
  });

  test("is told anew after a broken connection, which is said meanwhile", () => {
    const look = new Look();
    look.client.look("cell-1", look.onlooker);
    look.wire.welcome();
    look.happened(0, ...new Story("It was").events);
    look.wire.cut("The server does not answer.");
    expect(look.seen.at(-1)).toEqual(["It was", "The server does not answer."]);
    look.client.hurry();
    look.wire.welcome();
    look.happened(0, ...new Story("It was late").events);
    expect(look.seen.at(-1)).toEqual(["It was late", ""]);
  });

  test("names no document before anything is recorded", () => {
    const look = new Look();
    look.client.look("cell-1", look.onlooker);
    look.wire.welcome();
    expect(look.named).toEqual([]);
    look.client.tell({ type: "mark", cell: "cell-1", node: "e1.0-abcd", pinned: true });
    expect(look.named).toEqual(["document-1"]);
  });

  test("is first told as it was loaded, where it is recorded", () => {
    const look = new Look();
    look.client.sync({ cell: "cell-1", text: "as it is now", undo: false });
    look.wire.welcome("cell-1");
    expect(look.wire.said.filter(({ type }) => type === "sync")).toMatchObject([
      { cell: "cell-1", text: "as it was loaded", found: true },
      { cell: "cell-1", text: "as it is now" },
    ]);
  });

  test("is told which branch its text is now, behind what was written before", () => {
    const look = new Look();
    const now = { cell: "cell-1", text: "It was", undo: false };
    look.client.move(now, "It", { node: "e1.0", offset: 2 }, []);
    look.client.sync({ cell: "cell-1", text: "It", undo: false });
    look.wire.welcome();
    expect(look.wire.types()).toEqual(["sync", "move"]);
    expect(look.wire.last("move").to).toEqual({ node: "e1.0", offset: 2 });
  });
});
