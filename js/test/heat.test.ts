import { describe, expect, test } from "vitest";
import type { ScoredToken } from "../src/protocol";
import { Stage } from "./stage";

const one = Math.log(0.01);

function token(text: string, end: number, logprob = one): ScoredToken {
  return { token: end, text, end, logprob, top: [[9, " else", Math.log(0.5)]] };
}

/** An editor whose text is being scored. */
async function asked(text: string): Promise<Stage> {
  const s = new Stage(text);
  s.press("score");
  s.wire.welcome();
  await s.quiet();
  return s;
}

function tell(s: Stage, first: number, tokens: ScoredToken[], whole = true): void {
  const { id } = s.wire.last("score");
  s.wire.answer({ type: "scored", id, first, tokens, whole });
}

/** The shaded tokens, as they stand in the text. */
const shaded = (s: Stage) =>
  [...s.view.dom.querySelectorAll(".jp-sim-heat")].map(({ textContent }) => textContent);

describe("scoring the text of an editor", () => {
  test("tells the text first, and shades its tokens part by part", async () => {
    const s = await asked("🌙 was old|");
    expect(s.wire.types()).toEqual(["sync", "score"]);
    tell(s, 0, [token("🌙", 1), token(" was", 5)], false);
    expect(shaded(s)).toEqual(["🌙", " was"]);
    tell(s, 2, [token(" old", 9)]);
    expect(shaded(s)).toEqual(["🌙", " was", " old"]);
  });

  test("shades by surprise", async () => {
    const s = await asked("It was|");
    tell(s, 0, [token("It", 2, Math.log(1)), token(" was", 6, Math.log(1e-4))]);
    const shades = [...s.view.dom.querySelectorAll<HTMLElement>(".jp-sim-heat")].map(({ style }) =>
      style.getPropertyValue("--jp-sim-surprise"),
    );
    expect(shades).toEqual(["0%", "70%"]);
  });

  test("takes the shades away with the same key", async () => {
    const s = await asked("It was|");
    tell(s, 0, [token("It", 2), token(" was", 6)]);
    s.wire.acknowledge();
    await s.quiet();
    s.press("score");
    expect(shaded(s)).toEqual([]);
    expect(s.wire.types()).toEqual(["sync", "score"]);
  });

  test("stops with the same key what is not answered yet", async () => {
    const s = await asked("It was|");
    const { id } = s.wire.last("score");
    s.press("score");
    expect(s.wire.last("cancel")).toMatchObject({ fan: id });
    tell(s, 0, [token("It", 2)]);
    expect(shaded(s)).toEqual([]);
  });

  test("lets go of the shades of what is edited, and keeps the others where they belong", async () => {
    const s = await asked("It was| old");
    tell(s, 0, [token("It", 2), token(" was", 6), token(" old", 10)]);
    s.type("n't so");
    expect(shaded(s)).toEqual(["It"]);
  });

  test("shades what comes late where it stands by then, and nothing that was edited", async () => {
    const s = await asked("|It was old");
    s.type("So ");
    tell(s, 0, [token("It", 2), token(" was", 6), token(" old", 10)]);
    expect(shaded(s)).toEqual([" was", " old"]);
  });

  test("says why it could not be, and shades nothing", async () => {
    const s = await asked("It was|");
    const { id } = s.wire.last("score");
    s.wire.answer({ type: "refused", id, code: "model", message: "No model." });
    await s.quiet();
    expect(s.reports).toEqual(["No model."]);
    expect(shaded(s)).toEqual([]);
  });

  test("asks for text where there is none", () => {
    const s = new Stage("|");
    s.press("score");
    expect(s.reports.length).toBe(1);
    expect(s.wire.connections).toBe(0);
  });

  test("is also what the probabilities' key does where no fan is open", async () => {
    const s = new Stage("It was|");
    s.press("probabilities");
    s.wire.welcome();
    expect(s.wire.types()).toContain("score");
  });
});
