import { describe, expect, test } from "vitest";
import { Stage } from "./stage";

describe("a fan", () => {
  test("opens with a row for each candidate before any text comes", () => {
    const s = new Stage("She turned|");
    expect(s.press("propose")).toBe(true);
    expect(s.rows.length).toBe(3);
    expect(s.ghost).toBe("");
    expect(s.text).toBe("She turned");
  });

  test("says why it does not open in a text that is read-only or belongs to no document", () => {
    const locked = new Stage("She|", "cell-1", undefined, true);
    const alone = new Stage("She|", null);
    for (const [s, why] of [
      [locked, "read-only"],
      [alone, "no notebook"],
    ] as const) {
      expect(s.press("propose")).toBe(true);
      expect(s.fan).toBe(null);
      expect(s.reports.length).toBe(1);
      expect(s.reports[0]).toContain(why);
      expect(s.wire.connections).toBe(0);
    }
  });

  test("streams the highlighted candidate at the caret without touching the text", async () => {
    const s = new Stage("She turned|");
    await s.open();
    await s.grow({ "1.0": " it", "1.1": " away" });
    expect(s.ghost).toBe(" it");
    await s.grow({ "1.0": " over", "1.2": "\n" });
    expect(s.ghost).toBe(" it over");
    expect(s.text).toBe("She turned");
    expect(s.candidates).toEqual([" it over", " away", "\n"]);
  });

  test("keeps the elements of its rows while it streams", async () => {
    const s = new Stage("She turned|");
    await s.open();
    const before = s.rows;
    await s.grow({ "1.0": " it", "1.1": " away" });
    await s.grow({ "1.0": " over" });
    await s.end("1.0");
    expect(s.rows).toEqual(before);
    expect(s.rows[0]?.textContent).toContain("it over");
  });

  test("moves the highlight round", async () => {
    const s = new Stage("She turned|");
    await s.offer(" it", " away", " red");
    s.press("next");
    expect(s.ghost).toBe(" away");
    s.press("previous");
    s.press("previous");
    expect(s.ghost).toBe(" red");
    expect(s.rows.map((row) => row.getAttribute("aria-selected"))).toEqual([
      "false",
      "false",
      "true",
    ]);
  });

  test("tells the editor's text field which option is active", async () => {
    const s = new Stage("She turned|");
    await s.offer(" it", " away");
    s.press("next");
    expect(s.view.contentDOM.getAttribute("aria-activedescendant")).toBe(s.rows[1]?.id);
    expect(s.view.dom.classList.contains("jp-sim-open")).toBe(true);
    s.press("dismiss");
    expect(s.view.contentDOM.hasAttribute("aria-activedescendant")).toBe(false);
    expect(s.view.dom.classList.contains("jp-sim-open")).toBe(false);
  });

  test("takes no key when it is not open", () => {
    const s = new Stage("She turned|");
    expect(s.press("accept")).toBe(false);
    expect(s.press("dismiss")).toBe(false);
    expect(s.press("next")).toBe(false);
  });

  test("lets go when the caret leaves, and its draws stop", async () => {
    const s = new Stage("She turned|");
    await s.open();
    s.view.dispatch({ selection: { anchor: 2 } });
    expect(s.fan).toBe(null);
    expect(s.wire.types()).toEqual(["sync", "propose", "dismiss"]);
  });

  test("grows by a draw when more is asked for", async () => {
    const s = new Stage("She turned|");
    await s.offer(" it", " away");
    s.press("propose");
    await s.begin();
    expect(s.rows.length).toBe(4);
    await s.grow({ "2.1": " blue" });
    expect(s.candidates).toEqual([" it", " away", " blue"]);
    expect(s.wire.last("propose").fan).toBe(s.fan?.id);
  });

  test("dims the beginning that a candidate shares with those above it", async () => {
    const s = new Stage("She turned it over, and |");
    await s.offer("held the seal up", "held the envelope", "heaven");
    const same = s.rows.map((row) => row.querySelector(".jp-sim-same")?.textContent);
    expect(same).toEqual(["", "held the ", ""]);
  });

  test("shows no white space before a candidate, which a strike-through would show", async () => {
    const s = new Stage("She|");
    await s.offer(" held on", " held it", "\n\n  ran");
    const shown = s.rows.map((row) => row.querySelector(".jp-sim-text")?.textContent);
    expect(shown).toEqual(["held on", "held it", "↵ ran"]);
  });

  test("shows one break where a shared beginning ends amid blank lines", async () => {
    const s = new Stage("She turned|");
    await s.offer(" away\n", " away\n\n\nIt rained.");
    const shown = s.rows.map((row) => row.querySelector(".jp-sim-text")?.textContent);
    expect(shown).toEqual(["away ↵ ", "away ↵ It rained."]);
  });

  test("takes the length, the number and the temperature of the next draw from the keys", async () => {
    const s = new Stage("She|");
    await s.offer(" held", " ran");
    for (const action of ["next-length", "more-candidates", "warmer", "warmer", "cooler"] as const)
      expect(s.press(action)).toBe(true);
    expect(s.settings).toMatchObject({ n: 3, length: "line", temperature: 1.1 });
    expect(s.view.dom.querySelector(".jp-sim-live")?.textContent).toBe(
      "Next draw: n 3, temperature 1.1, line",
    );
    s.press("propose");
    expect(s.wire.last("propose")).toMatchObject({ n: 3, stop: "line" });
    for (let i = 0; i < 5; i++) s.press("fewer-candidates");
    for (let i = 0; i < 5; i++) s.press("next-length");
    expect(s.settings).toMatchObject({ n: 1, length: "word" });
    s.press("dismiss");
    expect(s.press("next-length")).toBe(false);
  });

  test("says what failed in its place, and draws again into the free rows", async () => {
    const s = new Stage("She turned|");
    await s.open();
    await s.grow({ "1.0": " it" });
    const { id, fan } = s.wire.last("propose");
    await s.answer({ type: "failed", fan, draw: id, code: "worker_died", message: "It died." });
    expect(s.view.dom.querySelector(".jp-sim-failure")?.textContent).toBe("It died.");
    s.press("propose");
    expect(s.wire.last("propose").n).toBe(2);
    expect(s.view.dom.querySelector(".jp-sim-failure")?.textContent).toBe("");
    expect(s.rows.length).toBe(3);
  });

  test("says why a proposal was refused", async () => {
    const s = new Stage("She turned|");
    s.press("propose");
    s.wire.welcome();
    const { id } = s.wire.last("propose");
    s.wire.answer({ type: "refused", id, code: "model", message: "There is no model." });
    await s.quiet();
    expect(s.fan?.failure?.message).toBe("There is no model.");
  });
});
