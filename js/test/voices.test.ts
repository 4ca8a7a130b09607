import { describe, expect, test } from "vitest";
import { explore } from "../src/editor/exploring";
import { dealt, inTurns } from "../src/editor/voices";
import type { Propose, Voice } from "../src/protocol";
import { Stage } from "./stage";

const dawn: Voice = { name: "dawn", text: "A hymn.\n\n" };
const dusk: Voice = { name: "dusk", text: "An elegy.\n\n" };

function stage(n: number, ...voices: Voice[]): Stage {
  const s = new Stage("She turned|");
  s.settings = { ...s.settings, n };
  s.framing = { ...s.framing, voices };
  return s;
}

const asked = (s: Stage) => s.wire.said.filter((said): said is Propose => said.type === "propose");
const shares = (s: Stage) => asked(s).map(({ n, context }) => [context?.voice?.name ?? "", n]);
const voices = (s: Stage) =>
  s.rows.map((row) => row.querySelector(".jp-sim-voice")?.textContent ?? "");

describe("dealing candidates", () => {
  test("gives each voice its turn, and the rest to the first", () => {
    expect(dealt(5, [dawn, dusk])).toEqual([
      { voice: dawn, n: 3 },
      { voice: dusk, n: 2 },
    ]);
    expect(dealt(1, [dawn, dusk], 3)).toEqual([{ voice: dusk, n: 1 }]);
    expect(dealt(2, [])).toEqual([{ voice: null, n: 2 }]);
  });

  test("lays the shares out in turns", () => {
    const turns = inTurns(dealt(3, [dawn, dusk])).map(({ voice }) => voice?.name);
    expect(turns).toEqual(["dawn", "dusk", "dawn"]);
  });
});

describe("exploring", () => {
  test("is done in all of the chosen voices", () => {
    const s = stage(2, dawn, dusk);
    const grow = explore(s.view);
    grow?.({ depth: 2, breadth: 2, tokens: 100, question: "" }, () => {});
    s.wire.welcome();
    expect(s.wire.last("explore")).toMatchObject({ at: 10, breadth: 2, voices: [dawn, dusk] });
    expect(s.wire.last("explore").context?.voice).toBe(null);
  });
});

describe("a fan of several voices", () => {
  test("asks each voice for its share, and marks each row", () => {
    const s = stage(3, dawn, dusk);
    s.press("propose");
    s.wire.welcome();
    expect(shares(s)).toEqual([
      ["dawn", 2],
      ["dusk", 1],
    ]);
    expect(asked(s)[0]?.context?.voice).toEqual(dawn);
    expect(new Set(asked(s).map(({ fan }) => fan)).size).toBe(1);
    expect(voices(s)).toEqual(["dawn", "dusk", "dawn"]);
  });

  test("fills the rows of each voice from its own draw", async () => {
    const s = stage(3, dawn, dusk);
    s.press("propose");
    s.wire.welcome();
    const [first, second] = asked(s);
    const fan = first?.fan ?? "";
    await s.answer({ type: "drawing", fan, draw: second?.id ?? "", candidates: ["d.0"] });
    await s.answer({ type: "drawing", fan, draw: first?.id ?? "", candidates: ["m.0", "m.1"] });
    const ids = s.fan?.rows.map(({ coming }) => coming?.id);
    expect(ids).toEqual(["m.0", "d.0", "m.1"]);
  });

  test("replaces a rejected candidate by one of the same voice", async () => {
    const s = stage(2, dawn, dusk);
    s.press("propose");
    s.wire.welcome();
    const { fan, id } = asked(s)[1] as Propose;
    await s.answer({ type: "drawing", fan, draw: id, candidates: ["d.0"] });
    const gains = [{ candidate: "d.0", text: " away", logprobs: [-1] }];
    await s.answer({ type: "grown", fan, draw: id, gains });
    s.press("next");
    s.press("reject");
    expect(s.wire.last("propose")).toMatchObject({ replaces: "d.0", context: { voice: dusk } });
  });

  test("draws one from each on one key, whatever n is", () => {
    const s = stage(5, dawn, dusk);
    s.press("one-of-each");
    s.wire.welcome();
    expect(shares(s)).toEqual([
      ["dawn", 1],
      ["dusk", 1],
    ]);
    s.press("one-of-each");
    expect(s.rows.length).toBe(4);
  });
});

test("the cells above are told before the prompt that names them", () => {
  const s = stage(1);
  const above = [{ cell: "cell-0", text: "Chapter one." }];
  s.framing = { ...s.framing, memory: "It rains.", above, tokens: 500 };
  s.press("propose");
  s.wire.welcome();
  expect(s.wire.types()).toEqual(["sync", "sync", "propose"]);
  expect(s.wire.last("propose").context).toEqual({
    voice: null,
    memory: "It rains.\n\n",
    above: ["cell-0"],
    tokens: 500,
  });
});
