import { describe, expect, test } from "vitest";
import { tailOf } from "../src/tail";
import { lastRuling, offeredAt, type Way, walk } from "../src/walk";
import { Story } from "./story";

/** Walk from the text's end, and tell what the text would be. */
function walked({ tree }: Story, ...ways: Way[]): string | null {
  let place = tree.head;
  for (const way of ways) place = (place && walk(tree, place, way)?.to) ?? null;
  return place && tree.branch(place);
}

function told() {
  const s = new Story("It was").offer("a", [" dark", " late", " wet", " cold"]);
  return s.judge("rejected", "a.1").accept("a.0").offer("b", [" and", "."]).accept("b.0");
}

describe("walking", () => {
  test("goes to the parent and back to the child one came from", () => {
    const s = told();
    expect(walked(s, "parent")).toBe("It was dark");
    expect(walked(s, "parent", "parent")).toBe("It was");
    expect(walked(s, "parent", "parent", "child")).toBe("It was dark");
    expect(walked(s, "parent", "parent", "parent")).toBe("");
    expect(walked(s, "child")).toBe(null);
  });

  test("tells which candidate one came from", () => {
    const s = told();
    expect(walk(s.tree, s.end, "parent")?.from).toBe("b.0");
  });

  test("goes to the siblings as they were drawn, past those that were rejected", () => {
    const s = told();
    expect(walked(s, "next")).toBe("It was dark.");
    expect(walked(s, "next", "next")).toBe(null);
    expect(walked(s, "parent", "next")).toBe("It was wet");
    expect(walked(s, "parent", "next", "next", "previous")).toBe("It was wet");
    expect(walked(s, "parent", "previous")).toBe(null);
  });

  test("passes by what was only edited away", () => {
    const s = new Story("It was dark").type("late", 7, 4);
    expect(walked(s, "previous")).toBe(null);
    expect(walked(s, "next")).toBe(null);
  });
});

describe("what is on offer at a place", () => {
  test("are the candidates that were drawn there", () => {
    const s = told();
    const at = (text: string) => offeredAt(s.tree, s.tree.earlier(text) ?? s.end);
    expect(at("It was").offers.map(({ id }) => id)).toEqual(["a.0", "a.1", "a.2", "a.3"]);
    expect(at("It was dark").offers.map(({ id }) => id)).toEqual(["b.0", "b.1"]);
    expect(at("It was dark and").offers).toEqual([]);
  });

  test("are inside a candidate those that begin like it, and those drawn there", () => {
    const s = new Story("It").offer("a", [" was dark", " was late", " is"]).accept("a.0", 0, 4);
    s.offer("b", [" cold"]);
    const { typed, offers } = offeredAt(s.tree, s.end);
    expect(typed).toBe(" was");
    expect(offers).toEqual([
      { id: "a.0", typed: true },
      { id: "a.1", typed: true },
      { id: "b.0", typed: false },
    ]);
  });
});

describe("the last verdict", () => {
  test("is the last that was not withdrawn, and an acceptance says where the text was", () => {
    const s = told();
    const last = lastRuling(s.tree);
    expect(last?.ruling.candidate).toBe("b.0");
    expect(last?.back && s.tree.branch(last.back)).toBe("It was dark");
    s.tell({ type: "withdrawn", fan: "b", candidate: "b.0" });
    expect(lastRuling(s.tree)?.ruling.candidate).toBe("a.0");
    s.growth.back();
    expect(lastRuling(s.tree)?.ruling.candidate).toBe("b.0");
  });

  test("says where the candidate was accepted, wherever one walked since", () => {
    const s = new Story("It was.").offer("a", [" dark", " late"], { node: "e1.0", offset: 6 });
    const at = { node: "e1.0", offset: 6 };
    expect(lastRuling(s.take("a.0", 6).tree)?.back).toEqual(at);
    s.carry({ node: "a.1", offset: 5 }, tailOf(s.tree, { node: "a.1", offset: 5 }));
    expect(lastRuling(s.tree)?.back).toBe(null);
    s.carry({ node: "a.0", offset: 5 }, tailOf(s.tree, { node: "a.0", offset: 5 }));
    expect([s.tree.text, lastRuling(s.tree)?.back]).toEqual(["It was dark.", at]);
  });

  test("leaves the text where it did not change it", () => {
    const s = told().judge("rejected", "b.1");
    expect(lastRuling(s.tree)).toMatchObject({ ruling: { candidate: "b.1" }, back: null });
    expect(lastRuling(new Story("It was").tree)).toBe(null);
  });
});
