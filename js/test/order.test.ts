import { describe, expect, test } from "vitest";
import type { Settings } from "../src/editor";
import { Stage } from "./stage";

/** A fan with these whole candidates, each of one token with its log-probability. */
async function offered(settings: Partial<Settings>, ...said: [string, number][]): Promise<Stage> {
  const s = new Stage("She turned|");
  s.settings = { ...s.settings, ...settings, n: said.length };
  await s.open();
  const { id, fan } = s.wire.last("propose");
  const gains = said.map(([text, logprob], i) => ({
    candidate: `1.${i}`,
    text,
    logprobs: [logprob],
  }));
  await s.answer({ type: "grown", fan, draw: id, gains });
  await s.end(...said.map((_, i) => `1.${i}`));
  return s;
}

const numbers = (s: Stage) =>
  s.rows
    .filter((row) => !row.classList.contains("jp-mod-copy"))
    .map((row) => row.querySelector(".jp-sim-number")?.textContent);

describe("rows that say the same", () => {
  const twice: [string, number][] = [
    [" over", -1],
    [" away", -2],
    [" over", -1],
  ];

  test("are folded into the first, with their count", async () => {
    const s = await offered({}, ...twice);
    expect(numbers(s)).toEqual(["1", "2"]);
    expect(s.rows[0]?.querySelector(".jp-sim-note")?.textContent).toBe("×2");
  });

  test("are passed over by the highlight", async () => {
    const s = await offered({}, ...twice);
    s.press("next");
    expect(s.ghost).toBe(" away");
    s.press("next");
    expect(s.fan?.highlighted).toBe(0);
  });

  test("hand the highlight to the one that is shown", async () => {
    const s = new Stage("She turned|");
    await s.open();
    await s.grow({ "1.0": " over", "1.1": " away", "1.2": " ov" });
    s.press("previous");
    expect(s.fan?.highlighted).toBe(2);
    await s.grow({ "1.2": "er" });
    await s.end("1.0", "1.1", "1.2");
    expect(s.fan?.highlighted).toBe(0);
  });

  test("stand apart while one still grows, and when the first is rejected", async () => {
    const s = new Stage("She turned|");
    await s.open();
    await s.grow({ "1.0": " over", "1.1": " away", "1.2": " over" });
    await s.end("1.0");
    expect(numbers(s)).toEqual(["1", "2", "3"]);
    await s.end("1.1", "1.2");
    s.press("reject");
    expect(numbers(s)).toEqual(["1", "2", "3"]);
  });
});

describe("the order of the rows", () => {
  const three: [string, number][] = [
    [" the moon", -3],
    [" a star", -2],
    [" the moor", -1],
  ];

  test("is that of drawing at first, and can be by likelihood or by text", async () => {
    const s = await offered({}, ...three);
    expect(numbers(s)).toEqual(["1", "2", "3"]);
    s.press("next-order");
    expect(numbers(s)).toEqual(["3", "2", "1"]);
    s.press("next-order");
    expect(numbers(s)).toEqual(["2", "1", "3"]);
    s.press("next-order");
    expect(numbers(s)).toEqual(["1", "2", "3"]);
  });

  test("leaves the same candidate highlighted", async () => {
    const s = await offered({}, ...three);
    const { ghost } = s;
    s.press("next-order");
    expect(s.ghost).toBe(ghost);
    expect(s.fan?.highlighted).toBe(2);
  });

  test("comes only when all is said, so that nothing moves while it streams", async () => {
    const s = new Stage("She turned|");
    s.settings = { ...s.settings, order: "alike" };
    await s.open();
    await s.grow({ "1.0": " b", "1.1": " a", "1.2": " c" });
    await s.end("1.0", "1.1");
    expect(numbers(s)).toEqual(["1", "2", "3"]);
    await s.end("1.2");
    expect(numbers(s)).toEqual(["2", "1", "3"]);
  });
});

describe("distinct candidates", () => {
  const twice: [string, number][] = [
    [" over", -1],
    [" over", -2],
  ];

  test("are drawn again where they repeat another, and come into the same row", async () => {
    const s = await offered({ distinct: true }, ...twice);
    await s.quiet();
    expect(s.wire.last("propose")).toMatchObject({ n: 1, replaces: "1.1" });
    await s.begin();
    await s.grow({ "2.0": " away" });
    await s.end("2.0");
    expect(numbers(s)).toEqual(["1", "2"]);
    expect(s.candidates).toEqual([" over", " away"]);
  });

  test("are drawn again a few times only", async () => {
    const s = await offered({ distinct: true }, ...twice);
    for (let round = 2; round < 9; round++) {
      await s.quiet();
      if (s.wire.types().filter((type) => type === "propose").length < round) break;
      await s.begin();
      await s.grow({ [`${round}.0`]: " over" });
      await s.end(`${round}.0`);
    }
    expect(s.wire.types().filter((type) => type === "propose").length).toBe(5);
  });

  test("are not asked for where that is not set", async () => {
    const s = await offered({}, ...twice);
    await s.quiet();
    expect(s.wire.types().filter((type) => type === "propose").length).toBe(1);
  });
});

test("distinct first tokens are asked for where that is set", async () => {
  const s = await offered({ distinct: true }, [" over", -1]);
  expect(s.wire.last("propose").sampling).toMatchObject({ distinct: true });
});
