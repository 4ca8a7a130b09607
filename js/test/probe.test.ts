import { describe, expect, test } from "vitest";
import type { Candidate } from "../src/editor/fan";
import { percent, surprise, tokensOf } from "../src/editor/tokens";
import type { Alternative, Gain } from "../src/protocol";
import { Stage } from "./stage";

const over: Alternative[] = [
  [1, " over", Math.log(0.5)],
  [2, " away", Math.log(0.25)],
];
const night: Alternative[] = [
  [3, " night", Math.log(0.8)],
  [4, " day", Math.log(0.1)],
  [5, "\ufffd", Math.log(0.05)],
];

function candidate(said: Partial<Candidate>): Candidate {
  const empty = {
    id: "1.0",
    fan: "f",
    draw: "d",
    base: "",
    voice: null,
    text: "",
    logprobs: [],
    ends: [],
    top: [],
  };
  return { ...empty, finish: null, verdict: null, ...said };
}

/** A fan whose first candidate says " over night", one token a word. */
async function looking(): Promise<Stage> {
  const s = new Stage("She turned|");
  await s.open();
  const { id, fan } = s.wire.last("propose");
  const gain: Gain = {
    candidate: "1.0",
    text: " over night",
    logprobs: [Math.log(0.5), Math.log(0.8)],
    ends: [5, 11],
    top: [over, night],
  };
  await s.answer({ type: "grown", fan, draw: id, gains: [gain] });
  await s.end("1.0");
  s.press("probabilities");
  return s;
}

const probe = (s: Stage) => s.view.dom.querySelector<HTMLElement>(".jp-sim-probe");
const texts = (s: Stage, name: string) =>
  [...s.view.dom.querySelectorAll(name)].map(({ textContent }) => textContent);

describe("the tokens of a candidate", () => {
  test("are not those that spell the prompt's end", () => {
    const said = { text: " over", ends: [0, 5], logprobs: [-7, Math.log(0.5)], top: [night, over] };
    const [token] = tokensOf(candidate(said));
    expect(token?.chance).toBeCloseTo(0.5);
    expect(token?.alternatives.map(({ text }) => text)).toEqual([" over", " away"]);
  });

  test("have the text between their ends, their chance, and what might have stood there", () => {
    const text = "🌙 is";
    const tokens = tokensOf(
      candidate({ text, ends: [1, 4], logprobs: [0, Math.log(0.5)], top: [[], over] }),
    );
    expect(tokens.map((token) => token.text)).toEqual(["🌙", " is"]);
    expect(tokens[1]).toMatchObject({ from: 2, to: 5, chance: 0.5 });
    expect(tokens[1]?.alternatives.map((one) => one.text)).toEqual([" over", " away"]);
  });

  test("are one where several spell a character, with the product of their chances", () => {
    const said = { text: "🌙", ends: [0, 0, 1], logprobs: [-1, -2, -3], top: [over, [], []] };
    expect(tokensOf(candidate(said))).toEqual([
      { text: "🌙", from: 0, to: 2, chance: Math.exp(-6), alternatives: [] },
    ]);
  });

  test("leave out alternatives that are no whole characters", () => {
    const said = { text: " night", ends: [6], logprobs: [-0.2], top: [night] };
    const [token] = tokensOf(candidate(said));
    expect(token?.alternatives.map(({ text }) => text)).toEqual([" night", " day"]);
  });

  test("are tinted by surprise and told as percents", () => {
    expect([1, 0.1, 0.0001, 0].map(surprise)).toEqual([0, 0.25, 1, 1]);
    expect([1, 0.344, 0.0951, 0.0021, 1e-9].map(percent)).toEqual([
      "100 %",
      "34 %",
      "10 %",
      "0.2 %",
      "<0.1 %",
    ]);
  });
});

describe("looking into the highlighted candidate", () => {
  test("shows its tokens, and the alternatives of the first", async () => {
    const s = await looking();
    expect(texts(s, ".jp-sim-token")).toEqual(["·over", "·night"]);
    expect(texts(s, ".jp-sim-otherText")).toEqual(["·over", "·away"]);
    expect(s.view.dom.classList.contains("jp-sim-probing")).toBe(true);
  });

  test("breaks its line between words, not within them", async () => {
    const s = await looking();
    const first = [...s.view.dom.querySelectorAll(".jp-sim-token")].map((dom) => dom.firstChild);
    expect(first.map((node) => node?.nodeName)).toEqual(["WBR", "WBR"]);
  });

  test("goes from token to token, and no further than the last", async () => {
    const s = await looking();
    s.press("next-token");
    expect(texts(s, ".jp-sim-otherText")).toEqual(["·night", "·day"]);
    s.press("next-token");
    s.press("previous-token");
    s.press("previous-token");
    expect(texts(s, ".jp-sim-token.jp-mod-on")).toEqual(["·over"]);
  });

  test("draws a sibling that begins with the chosen alternative", async () => {
    const s = await looking();
    s.press("next-token");
    s.press("next");
    expect(texts(s, ".jp-sim-other.jp-mod-on .jp-sim-otherText")).toEqual(["·day"]);
    s.press("accept");
    expect(s.text).toBe("She turned");
    expect(s.wire.last("propose")).toMatchObject({ n: 1, prefix: " over day", at: 10 });
    expect(s.fan?.highlighted).toBe(3);
    expect(probe(s)?.hidden).toBe(true);
  });

  test("asks from the caret where a part was accepted already", async () => {
    const s = await looking();
    s.press("dismiss");
    s.press("accept-word");
    s.press("probabilities");
    expect(texts(s, ".jp-sim-token.jp-mod-on")).toEqual(["·night"]);
    s.press("next");
    s.press("accept");
    expect(s.wire.last("propose")).toMatchObject({ prefix: " day", at: 15 });
  });

  test("ends with the key that closes, which leaves the fan open", async () => {
    const s = await looking();
    s.press("dismiss");
    expect(probe(s)?.hidden).toBe(true);
    expect(s.fan).not.toBe(null);
    s.press("dismiss");
    expect(s.fan).toBe(null);
  });

  test("works by mouse: a click on a token looks at it, one on an alternative draws it", async () => {
    const s = await looking();
    s.view.dom.querySelectorAll<HTMLElement>(".jp-sim-token")[1]?.click();
    s.view.dom.querySelectorAll<HTMLElement>(".jp-sim-other")[1]?.click();
    expect(s.wire.last("propose")).toMatchObject({ prefix: " over day" });
  });
});
