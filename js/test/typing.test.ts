import { describe, expect, test } from "vitest";
import { Stage } from "./stage";

describe("typing into a fan", () => {
  test("narrows it to the candidates that begin so", async () => {
    const s = new Stage("She|");
    await s.offer(" held it", " had it", " ran");
    s.type(" ");
    s.type("h");
    expect(s.candidates).toEqual([" held it", " had it"]);
    s.type("a");
    expect(s.ghost).toBe("d it");
    s.erase(1);
    expect(s.candidates).toEqual([" held it", " had it"]);
  });

  test("closes it when no candidate begins so", async () => {
    const s = new Stage("She|");
    await s.open();
    await s.grow({ "1.0": " held", "1.1": " ran", "1.2": " fell" });
    s.type(" x");
    expect(s.fan).toBe(null);
    expect(s.ghost).toBe("");
    expect(s.wire.types().at(-1)).toBe("dismiss");
  });

  test("waits for candidates that have no text yet", async () => {
    const s = new Stage("She|");
    await s.open();
    s.type(" he");
    expect(s.fan).not.toBe(null);
    await s.grow({ "1.0": " held", "1.1": " ran", "1.2": " fell" });
    expect(s.ghost).toBe("ld");
  });

  test("closes when the late text turns out to be another", async () => {
    const s = new Stage("She|");
    await s.open();
    s.type(" x");
    await s.grow({ "1.0": " held", "1.1": " ran", "1.2": " fell" });
    expect(s.fan).toBe(null);
    expect(s.wire.types().at(-1)).toBe("dismiss");
  });

  test("closes when it happens before the fan's place", async () => {
    const s = new Stage("She turned|");
    await s.offer(" it");
    s.erase(1);
    expect(s.fan).toBe(null);
  });

  test("goes on with what the candidate says after emoji", async () => {
    const s = new Stage("👩🏽‍🚀 and 🎈|");
    await s.offer("🎈🎉 flew", " sank");
    expect(s.wire.last("propose").at).toBe(10);
    s.type("🎈");
    expect(s.ghost).toBe("🎉 flew");
    s.press("accept");
    expect(s.text).toBe("👩🏽‍🚀 and 🎈🎈🎉 flew");
    expect(s.wire.last("accept")).toMatchObject({ at: 11, start: 1, stop: 7, closes: true });
  });
});

describe("an edit from elsewhere", () => {
  test("keeps the fan open and its place mapped", async () => {
    const s = new Stage("She turned|. The end.");
    await s.offer(" it", " away");
    s.remote(0, 0, "Once ");
    expect(s.ghost).toBe(" it");
    s.remote(s.text.length, s.text.length, " Really.");
    s.press("accept");
    expect(s.text).toBe("Once She turned it. The end. Really.");
    expect(s.wire.last("accept").at).toBe(15);
  });

  test("at the caret stays behind it", async () => {
    const s = new Stage("She turned|");
    await s.offer(" it", " away");
    s.remote(10, 10, "!");
    expect(s.ghost).toBe(" it");
    s.press("accept");
    expect(s.text).toBe("She turned it!");
  });

  test("closes the fan when it takes away the place", async () => {
    const s = new Stage("She turned| round");
    await s.offer(" it");
    s.remote(4, 14, "");
    expect(s.fan).toBe(null);
  });
});
