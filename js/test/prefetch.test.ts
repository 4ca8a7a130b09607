import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Propose } from "../src/protocol";
import { Stage } from "./stage";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A fan of whole candidates, read for a while. */
async function reading(...texts: string[]): Promise<Stage> {
  const s = new Stage("She turned|");
  s.settings = { ...s.settings, prefetch: true };
  await s.offer(...texts);
  vi.advanceTimersByTime(1000);
  return s;
}

const asked = (s: Stage) => s.wire.said.filter((said): said is Propose => said.type === "propose");
const cancelled = (s: Stage) => s.wire.said.filter(({ type }) => type === "cancel").length;

describe("drawing ahead", () => {
  test("asks for what may follow the highlighted candidate", async () => {
    const s = await reading(" over", " away");
    const [, ahead] = asked(s);
    expect(ahead?.at).toEqual({ node: "1.0", offset: 5 });
    expect(ahead?.priority).toBe("prefetch");
    expect(ahead?.n).toBe(2);
    expect(ahead?.fan).not.toBe(s.fan?.id);
  });

  test("asks for nothing unless the settings say so", async () => {
    const s = new Stage("She turned|");
    await s.offer(" over");
    vi.advanceTimersByTime(1000);
    expect(asked(s).length).toBe(1);
  });

  test("shows it as the next fan when all of the candidate is accepted", async () => {
    const s = await reading(" over", " away");
    const ahead = asked(s)[1] as Propose;
    await s.begin();
    await s.grow({ "2.0": " and slept", "2.1": " and" });
    await s.end("2.0");
    expect(s.fan?.rows[0]?.shown?.text).toBe(" over");
    s.press("accept");
    await s.quiet();
    expect(s.text).toBe("She turned over");
    expect(s.fan?.id).toBe(ahead.fan);
    expect(s.candidates).toEqual([" and slept", " and"]);
    expect(asked(s).length).toBe(2);
    await s.grow({ "2.1": " woke" });
    await s.end("2.1");
    expect(s.candidates).toEqual([" and slept", " and woke"]);
    s.press("accept");
    expect(s.text).toBe("She turned over and slept");
  });

  test("draws the next fan at once where nothing was drawn ahead", async () => {
    const s = new Stage("She turned|");
    s.settings = { ...s.settings, prefetch: true };
    await s.offer(" over");
    s.press("accept");
    await s.quiet();
    expect(asked(s).map(({ at }) => at)).toEqual([10, 15]);
    expect(s.fan?.rows.length).toBe(1);
  });

  test("is stopped when the highlight moves on, and begins again there", async () => {
    const s = await reading(" over", " away");
    s.press("next");
    expect(cancelled(s)).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(asked(s)[2]?.at).toEqual({ node: "1.1", offset: 5 });
  });

  test("is stopped when the fan closes, and opens nothing where a part was accepted", async () => {
    const s = await reading(" over and", " away");
    s.press("accept-word");
    s.press("dismiss");
    await s.quiet();
    expect(s.fan).toBeNull();
    expect(cancelled(s)).toBe(1);
  });

  test("tells in the next fan why nothing could be drawn", async () => {
    const s = await reading(" over");
    const { id } = asked(s)[1] as Propose;
    s.wire.answer({ type: "refused", id, code: "full", message: "The prompt is too long." });
    await s.quiet();
    s.press("accept");
    await s.quiet();
    expect(s.fan?.failure?.message).toBe("The prompt is too long.");
  });
});
