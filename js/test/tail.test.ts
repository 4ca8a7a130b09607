import { describe, expect, test } from "vitest";
import type { Place } from "../src/protocol";
import { spell, tailOf } from "../src/tail";
import { type Way, walk } from "../src/walk";
import { Story } from "./story";

/** The text if one went to a place, with the caret in it. */
function gone(s: Story, to: Place): string {
  return `${s.tree.branch(to)}|${spell(s.tree, tailOf(s.tree, to))}`;
}

/** Go to a place as an editor does, and have the document record it. */
function go(s: Story, to: Place): string {
  const text = gone(s, to);
  s.carry(to, tailOf(s.tree, to));
  return text;
}

/** Walk from an offset of the text, step by step, and tell what it reads after each. */
function walked(s: Story, offset: number, ...ways: Way[]): string[] {
  let at = s.tree.place(offset);
  return ways.map((way) => {
    const to = (at && walk(s.tree, at, way)?.to) ?? null;
    at = to;
    return to ? go(s, to) : "";
  });
}

/** "One. Three." with a fan in the middle of it. */
const asked = () =>
  new Story("One. Three.").offer("a", [" Two.", " Deux.", " Zwei."], { node: "e1.0", offset: 4 });

const judged = () => asked().take("a.0", 4);

describe("walking among the candidates of a fan in the middle of a text", () => {
  test("shows each between what stands before it and the tail", () => {
    const s = judged();
    expect(s.tree.text).toBe("One. Two. Three.");
    expect(walked(s, 9, "next", "next", "previous", "previous")).toEqual([
      "One. Deux.| Three.",
      "One. Zwei.| Three.",
      "One. Deux.| Three.",
      "One. Two.| Three.",
    ]);
  });

  test("goes to the fan's place with the tail behind it, and back", () => {
    const s = judged();
    expect(walked(s, 9, "parent")).toEqual(["One.| Three."]);
    expect(go(s, { node: "a.1", offset: 6 })).toBe("One. Deux.| Three.");
    expect(walked(s, 10, "parent")).toEqual(["One.| Three."]);
  });

  test("makes no text again that stood there before", () => {
    const s = judged();
    walked(s, 9, "next", "parent");
    const { size } = s.tree.nodes;
    walked(s, 4, "parent", "child");
    go(s, { node: "a.1", offset: 6 });
    go(s, { node: "a.0", offset: 5 });
    expect(s.tree.nodes.size).toBe(size);
  });

  test("works before anything was accepted", () => {
    const s = asked();
    expect(gone(s, { node: "a.2", offset: 6 })).toBe("One. Zwei.| Three.");
    expect(gone(s, { node: "a.2", offset: 3 })).toBe("One. Zw| Three.");
    expect(walked(s, 11, "next")).toEqual(["One. Two.| Three."]);
  });

  test("keeps the authors of the tail, and offers it no more in the fan's place", () => {
    const s = judged();
    walked(s, 9, "next");
    expect(s.tree.runs(s.end).map(({ author, text }) => [author, text])).toEqual([
      ["found", "One."],
      ["model", " Deux."],
      ["found", " Three."],
    ]);
    expect(walk(s.tree, { node: "a.0", offset: 5 }, "previous")).toBe(null);
  });
});

describe("the tail", () => {
  test("is taken along as it reads now", () => {
    const s = judged().type(" Four.", 16).type("-", 12);
    expect(s.tree.text).toBe("One. Two. Th-ree. Four.");
    expect(walked(s, 9, "next")).toEqual(["One. Deux.| Th-ree. Four."]);
  });

  test("leaves out what was written behind the candidate before it", () => {
    const s = judged().type(" More.", 9);
    expect(s.tree.text).toBe("One. Two. More. Three.");
    expect(walked(s, 15, "parent", "next")).toEqual(["One. Two.| Three.", "One. Deux.| Three."]);
  });

  test("stays away once it was deleted, until one goes back to where it was", () => {
    const s = judged().type("", 9, 7);
    expect(walked(s, 9, "next")).toEqual(["One. Deux.|"]);
    expect(walked(s, 10, "parent")).toEqual(["One.|"]);
    s.move("e1.0");
    expect(walked(s, 4, "parent")).toEqual(["|"]);
    expect(gone(s, { node: "a.1", offset: 6 })).toBe("One. Deux.| Three.");
  });

  test("is that of the nearest fan, where one was accepted behind another", () => {
    const s = judged().offer("b", [" Plus.", " Minus."], { node: "a.0", offset: 5 }).take("b.0", 9);
    expect(s.tree.text).toBe("One. Two. Plus. Three.");
    expect(walked(s, 15, "next", "parent", "parent")).toEqual([
      "One. Two. Minus.| Three.",
      "One. Two.| Three.",
      "One.| Three.",
    ]);
  });

  test("of candidates that were drawn ahead is that of the fan that they go on from", () => {
    const s = asked().offer("b", [" Plus."], { node: "a.1", offset: 6 });
    expect(gone(s, { node: "b.0", offset: 6 })).toBe("One. Deux. Plus.| Three.");
  });

  test("stays where a part of a candidate was accepted, or typed", () => {
    const s = asked().take("a.0", 4, 0, 3);
    expect(gone(s, { node: "a.0", offset: 5 })).toBe("One. Two.| Three.");
    const typed = asked().type(" T", 4).take("a.0", 6, 2);
    expect(typed.tree.text).toBe("One. Two. Three.");
    expect(walked(typed, 9, "parent", "parent")).toEqual(["One. T| Three.", "One.| Three."]);
  });

  test("is nothing of what goes on from a text's end", () => {
    const s = judged().offer("b", [" Four.", " Five."]).accept("b.0").type(" Six.");
    expect(walked(s, 27, "parent", "next", "parent")).toEqual([
      "One. Two. Three. Four.|",
      "One. Two. Three. Five.|",
      "One. Two. Three.|",
    ]);
  });

  test("is no passage that was copied from what stands before the fan", () => {
    const s = new Story("One.").offer("a", [" Two.", " Deux."]).accept("a.0");
    const spans = [{ type: "taken" as const, node: "e1.0", start: 0, stop: 4 }];
    s.tell({ type: "edited", at: s.end, removed: 0, spans });
    expect(walked(s, 13, "parent", "next")).toEqual(["One. Two.|", "One. Deux.|"]);
  });
});
