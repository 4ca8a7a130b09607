import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Stage } from "./stage";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An editor that has the focus and proposes after a pause. */
function writing(text: string, pause = 700): Stage {
  const s = new Stage(text);
  s.settings = { ...s.settings, pause };
  vi.spyOn(s.view, "hasFocus", "get").mockReturnValue(true);
  return s;
}

/** Let the pause pass, and the draw begin. */
async function rest(s: Stage): Promise<void> {
  vi.advanceTimersByTime(700);
  s.wire.welcome();
  await s.begin();
}

describe("a pause in typing", () => {
  test("opens a fan that shows its ghost only", async () => {
    const s = writing("She |");
    s.type("turned");
    await rest(s);
    await s.grow({ "1.0": " over", "1.1": " away" });
    expect(s.ghost).toBe(" over");
    expect(s.rows).toEqual([]);
  });

  test("is no pause while one types on", () => {
    const s = writing("She |");
    s.type("tur");
    vi.advanceTimersByTime(699);
    s.type("ned");
    vi.advanceTimersByTime(699);
    expect(s.fan).toBe(null);
  });

  test("does nothing unless it is set, within a line, or where the caret went elsewhere", () => {
    for (const s of [writing("She |", 0), writing("She | away")]) {
      s.type("turned");
      vi.advanceTimersByTime(60_000);
      expect(s.fan).toBe(null);
    }
    const s = writing("She |");
    s.type("turned");
    s.view.dispatch({ selection: { anchor: 2 } });
    vi.advanceTimersByTime(60_000);
    expect(s.fan).toBe(null);
  });

  test("shows the list when one asks for it, with the first candidate still highlighted", async () => {
    const s = writing("She |");
    s.type("turned");
    await rest(s);
    await s.grow({ "1.0": " over", "1.1": " away" });
    s.press("next");
    expect(s.rows.length).toBe(3);
    expect(s.ghost).toBe(" over");
    s.press("next");
    expect(s.ghost).toBe(" away");
  });

  test("lets the ghost be accepted", async () => {
    const s = writing("She |");
    s.type("turned");
    await rest(s);
    await s.grow({ "1.0": " over", "1.1": " away" });
    await s.end("1.0", "1.1", "1.2");
    s.press("accept");
    expect(s.text).toBe("She turned over");
    expect(s.wire.last("accept").candidate).toBe("1.0");
  });

  test("shows the list with the sentence when it fails", async () => {
    const s = writing("She |");
    s.type("turned");
    await rest(s);
    const { id, fan } = s.wire.last("propose");
    await s.answer({ type: "failed", fan, draw: id, code: "model", message: "No model." });
    expect(s.view.dom.textContent).toContain("No model.");
  });
});
