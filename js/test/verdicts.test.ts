import { describe, expect, test } from "vitest";
import { Client } from "../src/client";
import { Stage, Wire } from "./stage";

describe("accepting", () => {
  test("all puts the candidate into the text and closes the fan", async () => {
    const s = new Stage("She turned|.");
    await s.offer(" it over", " away");
    s.press("accept");
    expect(s.text).toBe("She turned it over.");
    expect(s.view.state.selection.main.head).toBe(18);
    expect(s.fan).toBe(null);
    expect(s.wire.types()).toEqual(["sync", "propose", "accept"]);
    expect(s.wire.last("accept")).toMatchObject({
      candidate: "1.0",
      at: 10,
      start: 0,
      stop: 8,
      closes: true,
    });
  });

  test("words and then the rest is the same text as all at once", async () => {
    const s = new Stage("She|");
    await s.offer(" held it up. Then she sat.", " held on");
    s.press("accept-word");
    expect(s.text).toBe("She held");
    expect(s.candidates).toEqual([" held it up. Then she sat.", " held on"]);
    s.press("accept-word");
    expect(s.candidates).toEqual([" held it up. Then she sat."]);
    s.press("accept-sentence");
    expect(s.text).toBe("She held it up.");
    s.press("accept");
    expect(s.text).toBe("She held it up. Then she sat.");
    const parts = s.wire.said.filter(({ type }) => type === "accept");
    expect(parts).toMatchObject([
      { at: 3, start: 0, stop: 5, closes: false },
      { at: 8, start: 5, stop: 8, closes: false },
      { at: 11, start: 8, stop: 12, closes: false },
      { at: 15, start: 12, stop: 26, closes: true },
    ]);
  });

  test("the last word closes the fan", async () => {
    const s = new Stage("She|");
    await s.offer(" ran", " ran away");
    s.press("accept-word");
    expect(s.fan).toBe(null);
    expect(s.wire.last("accept").closes).toBe(true);
  });

  test("works while the candidate still streams", async () => {
    const s = new Stage("She|");
    await s.open();
    await s.grow({ "1.0": " held it" });
    s.press("accept-word");
    await s.grow({ "1.0": " up" });
    expect(s.ghost).toBe(" it up");
    s.press("accept");
    expect(s.text).toBe("She held it up");
    expect(s.fan).toBe(null);
  });

  test("never splits a grapheme", async () => {
    const s = new Stage("Look:|");
    await s.open();
    await s.grow({ "1.0": " 👩\u200d" });
    s.press("accept");
    expect(s.text).toBe("Look: ");
    const t = new Stage("Look:|");
    await t.offer(" 👩🏽‍🚀👍🏽 yes");
    t.press("accept-word");
    expect(t.text).toBe("Look: 👩🏽‍🚀👍🏽");
  });

  test("does nothing before there is text, and keeps the key", () => {
    const s = new Stage("She|");
    s.press("propose");
    expect(s.press("accept")).toBe(true);
    expect(s.text).toBe("She");
  });

  test("is told after what was typed since, which is a human's", async () => {
    const s = new Stage("She|");
    await s.offer(" held");
    s.type(" h");
    s.press("accept");
    expect(s.wire.types()).toEqual(["sync", "propose", "sync", "accept"]);
    expect(s.wire.last("sync").text).toBe("She h");
    expect(s.wire.last("accept")).toMatchObject({ start: 2, stop: 5, at: 5 });
  });

  test("a word can be undone, and the fan goes back with it", async () => {
    const s = new Stage("She|");
    await s.offer(" held it", " had it");
    s.press("accept-word");
    expect(s.candidates).toEqual([" held it"]);
    s.undo();
    expect(s.text).toBe("She");
    expect(s.candidates).toEqual([" held it", " had it"]);
    s.press("dismiss");
    s.press("propose");
    expect(s.wire.last("sync")).toMatchObject({ text: "She", undo: true });
  });
});

describe("judging", () => {
  test("a branch is kept and the fan stays open", async () => {
    const s = new Stage("She|");
    await s.offer(" held", " ran");
    s.press("branch");
    s.press("branch");
    expect(s.wire.types()).toEqual(["sync", "propose", "branch"]);
    expect(s.rows[0]?.classList.contains("jp-mod-branched")).toBe(true);
    expect(s.ghost).toBe(" held");
  });

  test("a rejected candidate gives its row to a fresh one", async () => {
    const s = new Stage("She|");
    await s.offer(" held", " ran", " fell");
    s.press("next");
    s.press("reject");
    expect(s.wire.types()).toEqual(["sync", "propose", "reject", "propose"]);
    expect(s.wire.last("propose")).toMatchObject({ n: 1, replaces: "1.1", fan: s.fan?.id });
    expect(s.rows[1]?.textContent).toContain("rejected, replacing…");
    expect(s.ghost).toBe("");
    await s.begin();
    expect(s.rows[1]?.textContent).toContain("ran");
    await s.grow({ "2.0": " sang" });
    expect(s.candidates).toEqual([" held", " sang", " fell"]);
    expect(s.ghost).toBe(" sang");
    expect(s.rows.length).toBe(3);
  });

  test("a row whose replacement failed is filled when one tries again", async () => {
    const s = new Stage("She|");
    await s.offer(" held", " ran");
    s.press("reject");
    const { id } = s.wire.last("propose");
    s.wire.answer({ type: "refused", id, code: "model", message: "There is no model." });
    await s.quiet();
    s.press("propose");
    expect(s.wire.last("propose")).toMatchObject({ n: 1, replaces: "1.0" });
    const [{ fan }, draw] = [s.wire.last("propose"), s.wire.last("propose").id];
    await s.answer({ type: "drawing", fan, draw, candidates: ["x"] });
    await s.grow({ x: " sang" });
    expect(s.candidates).toEqual([" sang", " ran"]);
    expect(s.rows.length).toBe(2);
  });

  test("a candidate drawn after a word was accepted goes on from there", async () => {
    const s = new Stage("She|");
    await s.offer(" held it", " ran");
    s.press("accept-word");
    s.press("propose");
    await s.begin();
    expect(s.wire.last("propose").at).toBe(8);
    await s.grow({ "2.0": " on", "2.1": " up" });
    expect(s.candidates).toEqual([" held it", " held on", " held up"]);
    s.press("previous");
    s.press("accept");
    expect(s.text).toBe("She held up");
    expect(s.wire.last("accept")).toMatchObject({ candidate: "2.1", start: 0, stop: 3, at: 8 });
  });
});

describe("two cells", () => {
  test("of one document have one open fan, and late answers find no wrong cell", async () => {
    const wire = new Wire();
    const client = new Client({
      connect: wire.connect,
      greeting: () => ({ type: "hello", kind: "notebook", path: "story.ipynb" }),
    });
    const a = new Stage("One|", "cell-a", client);
    const b = new Stage("Two|", "cell-b", client);
    a.press("propose");
    wire.welcome();
    const { fan, id } = wire.last("propose");
    b.press("propose");
    await a.quiet();
    expect(a.fan).toBe(null);
    wire.answer({ type: "drawing", fan, draw: id, candidates: ["late"] });
    wire.answer({
      type: "grown",
      fan,
      draw: id,
      gains: [{ candidate: "late", text: " x", logprobs: [0] }],
    });
    await a.quiet();
    expect(a.fan).toBe(null);
    expect(b.candidates).toEqual([]);
    expect(wire.last("dismiss").cell).toBe("cell-a");
  });
});
