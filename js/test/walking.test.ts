import { describe, expect, test } from "vitest";
import type { Event } from "../src/protocol";
import { Stage } from "./stage";
import { Story } from "./story";

/** An editor that shows what a story tells, with the document ready to tell it. */
async function staged(story: Story): Promise<Stage> {
  const s = new Stage(`${story.tree.text}|`);
  s.client.look("cell-1", () => {});
  s.wire.welcome("cell-1");
  happened(s, 0, ...story.events);
  await s.quiet();
  return s;
}

function happened(s: Stage, first: number, ...events: Event[]): void {
  s.wire.answer({ type: "happened", cell: "cell-1", first, events });
}

const story = () =>
  new Story("It was").offer("a", [" dark", " late"]).judge("branched", "a.1").accept("a.0");

/** The same with a sentence behind the fan. */
const middle = () =>
  new Story("It was. Then it rained.")
    .offer("a", [" dark", " late"], { node: "e1.0", offset: 6 })
    .take("a.0", 6);

describe("walking from the caret", () => {
  test("makes the parent the text, and shows what is on offer there with its verdicts", async () => {
    const s = await staged(story());
    s.press("parent");
    expect(s.text).toBe("It was");
    expect(s.ghost).toBe(" dark");
    expect(s.fan?.rows.map(({ shown }) => shown?.verdict)).toEqual(["accepted", "branched"]);
    expect(s.wire.types()).toEqual(["follow", "sync", "move"]);
    expect(s.wire.last("move").to).toEqual({ node: "e1.0", offset: 6 });
  });

  test("goes on into the candidate that is highlighted", async () => {
    const s = await staged(story());
    s.press("parent");
    s.press("next");
    s.press("child");
    expect(s.wire.types()).toEqual(["follow", "sync", "move"]);
    happened(s, 7, ...new Story("It was").move("e1.0").events.slice(1));
    expect(s.text).toBe("It was late");
    expect(s.fan).toBe(null);
  });

  test("tells the text first where the tree does not know it, and waits", async () => {
    const s = await staged(story());
    s.type("!");
    s.press("parent");
    expect(s.text).toBe("It was dark!");
    expect(s.wire.last("sync").text).toBe("It was dark!");
    const { events } = story().type("!");
    happened(s, events.length - 1, ...events.slice(-1));
    expect(s.text).toBe("It was dark");
  });

  test("leaves what stands behind the caret where it is", async () => {
    const s = await staged(middle());
    s.view.dispatch({ selection: { anchor: 11 } });
    s.press("next-sibling");
    expect([s.text, s.caret]).toEqual(["It was late. Then it rained.", 11]);
    const tail = [{ type: "taken", node: "e6.0", start: 0, stop: 17 }];
    expect(s.wire.last("move")).toMatchObject({ to: { node: "a.1", offset: 5 }, tail });
  });

  test("offers in the middle of a text what was on offer there", async () => {
    const s = await staged(middle());
    s.view.dispatch({ selection: { anchor: 11 } });
    s.press("parent");
    expect([s.text, s.caret, s.ghost]).toEqual(["It was. Then it rained.", 6, " dark"]);
    const { to } = s.wire.last("move");
    const { events } = middle().carry(to, s.wire.last("move").tail ?? []);
    happened(s, events.length - 1, ...events.slice(-1));
    s.press("next");
    s.press("accept");
    expect(s.text).toBe("It was late. Then it rained.");
    expect(s.wire.last("accept")).toMatchObject({ candidate: "a.1", at: 6 });
  });

  test("moves the caret where the text stays the same", async () => {
    const s = await staged(middle());
    s.view.dispatch({ selection: { anchor: s.text.length } });
    s.press("parent");
    expect([s.text, s.caret]).toEqual(["It was dark. Then it rained.", 11]);
    expect(s.wire.types()).toEqual(["follow"]);
  });

  test("judges what it shows in the fan that drew it, and closes it without a word", async () => {
    const s = await staged(story());
    s.press("parent");
    s.press("accept");
    expect(s.wire.last("accept")).toMatchObject({ fan: "a", candidate: "a.0", at: 6 });
    s.press("withdraw");
    await s.quiet();
    expect(s.wire.types()).not.toContain("dismiss");
  });

  test("says where nothing is recorded, and does not begin to", async () => {
    const s = new Stage("It was|");
    s.press("parent");
    s.wire.welcome();
    happened(s, 0);
    expect(s.reports.length).toBe(1);
    expect(s.wire.types()).toEqual(["follow"]);
  });
});

describe("withdrawing the last verdict", () => {
  test("takes an accepted candidate out of the text again and offers it", async () => {
    const s = await staged(story());
    s.press("withdraw");
    expect(s.text).toBe("It was");
    expect(s.ghost).toBe(" dark");
    expect(s.wire.last("withdraw")).toMatchObject({ fan: "a", candidate: "a.0" });
    expect(s.wire.types()).toEqual(["follow", "withdraw", "sync", "move"]);
  });

  test("shows the fan in the middle of the text that it was accepted into", async () => {
    const s = await staged(middle());
    s.press("withdraw");
    expect([s.text, s.caret, s.ghost]).toEqual(["It was. Then it rained.", 6, " dark"]);
  });

  test("leaves the text where the verdict did not change it", async () => {
    const s = await staged(new Story("It was").offer("a", [" dark"]).judge("rejected", "a.0"));
    s.press("withdraw");
    expect([s.text, s.ghost]).toEqual(["It was", " dark"]);
    expect(s.wire.types()).toEqual(["follow", "withdraw"]);
  });
});

describe("who wrote what", () => {
  const parts = (s: Stage, author: string) =>
    [...s.view.dom.querySelectorAll(`.jp-sim-by-${author}`)].map((part) => part.textContent);

  test("is marked while it is on, and follows the tree", async () => {
    const s = await staged(story().type("!"));
    expect(parts(s, "model")).toEqual([]);
    s.press("authorship");
    await s.quiet();
    expect([parts(s, "found"), parts(s, "model"), parts(s, "human")]).toEqual([
      ["It was"],
      [" dark"],
      ["!"],
    ]);
    s.type("?");
    const { events } = story().type("!").type("?");
    happened(s, events.length - 1, ...events.slice(-1));
    await s.quiet();
    expect(parts(s, "human").join("")).toBe("!?");
    s.press("authorship");
    await s.quiet();
    expect(parts(s, "model")).toEqual([]);
  });
});
