import { describe, expect, test } from "vitest";
import { english } from "../src/editor";
import { asFrame, objection } from "../src/editor/voices";
import { pieces } from "../src/inspection";

const seen = { type: "inspected", id: "question-1", cut: 0 } as const;

describe("the pieces of a prompt", () => {
  test("are its tokens, with their ids, and know which are cached", () => {
    const prompt = { ...seen, text: "a bee", tokens: [7, 8], ends: [1, 5], reused: 1 };
    expect(pieces(prompt)).toEqual([
      { text: "a", ids: [7], cached: true },
      { text: " bee", ids: [8], cached: false },
    ]);
  });

  test("hold characters that several tokens spell in one", () => {
    const prompt = { ...seen, text: "𝄞!", tokens: [1, 2, 3, 4], ends: [0, 0, 1, 2], reused: 4 };
    expect(pieces(prompt).map(({ text, ids }) => [text, ids])).toEqual([
      ["𝄞", [1, 2, 3]],
      ["!", [4]],
    ]);
  });

  test("lose no token, and say the whole text", () => {
    const prompt = { ...seen, text: "ab", tokens: [1, 2, 3], ends: [0, 2, 2], reused: 0 };
    expect(pieces(prompt).flatMap(({ ids }) => ids)).toEqual([1, 2, 3]);
    expect(
      pieces(prompt)
        .map(({ text }) => text)
        .join(""),
    ).toBe("ab");
  });
});

describe("a framing", () => {
  test("is followed by a blank line, unless it ends in white space", () => {
    expect(["", "A hymn.", "Dear diary, "].map(asFrame)).toEqual([
      "",
      "A hymn.\n\n",
      "Dear diary, ",
    ]);
  });

  test("needs a name of its own and something to say", () => {
    const wrong = (name: string, text: string) => objection({ name, text }, ["dawn"], english);
    expect(wrong("dusk", "An elegy.")).toBe("");
    expect(wrong("", "An elegy.")).toContain("name");
    expect(wrong("dawn", "An elegy.")).toContain("called “dawn” already");
    expect(wrong("dusk", " ")).toContain("before the text");
    expect(wrong("x".repeat(65), "An elegy.")).toContain("65 characters");
  });
});
