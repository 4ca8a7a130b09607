import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Event } from "../src/protocol";
import { account } from "../src/replay/account";
import { Player } from "../src/replay/player";
import { type Circumstances, NoLog, readLog, readPage } from "../src/replay/reader";
import { Reel } from "../src/replay/reel";
import { definitions } from "../src/replay/schema";
import { Tally } from "../src/replay/tally";
import { oneLine, quoted, visible } from "../src/visible";
import { english } from "../src/words";
import { Story } from "./story";

const root = `${import.meta.dirname}/../..`;
const example = readFileSync(`${root}/examples/example.simlog`);
const around: Circumstances = {
  words: english,
  signal: new AbortController().signal,
  progress: () => {},
};

function reelOf(events: readonly Event[]): Reel {
  const work = Reel.of(events);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

const read = (text: string | Uint8Array) =>
  readLog([typeof text === "string" ? new TextEncoder().encode(text) : text], around);

/** Bytes in parts of some lengths. */
function* cutUp(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += length) yield bytes.subarray(i, i + length);
}

/** A log whose lines prove each other, whatever they say. */
function chained(entries: readonly string[]): string {
  const header =
    '{"format":"simlog","version":1,"document":"d","path":"p","kind":"file","exported":1,"prev":""}';
  const lines = [header];
  for (const entry of entries) {
    const prev = createHash("sha256")
      .update(lines.at(-1) as string)
      .digest("hex");
    lines.push(`{"prev":"${prev}",${entry}}`);
  }
  return `${lines.join("\n")}\n`;
}

const opened = (seq: number, text = '"x"', more = "") =>
  `"event":{"type":"opened","stamp":{"id":"e${seq}","writer":"w","seq":${seq},"time":${seq},"user":"u","document":"d","cell":"c${seq}"},"text":${text}${more}}`;

describe("reading a session log", () => {
  test("the schema is the one that Python wrote; `make format` renews it", () => {
    const { $defs } = JSON.parse(readFileSync(`${root}/docs/history.schema.json`, "utf8"));
    const words = new Set(["title", "description", "default"]);
    const bare = JSON.stringify($defs, (name, value) => (words.has(name) ? undefined : value));
    expect(JSON.stringify(definitions)).toBe(bare);
  });

  test.each(["examples/example.simlog", "tests/logs/v1.simlog"])("%s is verified", async (name) => {
    const { standing, problems, events } = await read(readFileSync(`${root}/${name}`));
    expect([standing, problems]).toEqual(["verified", []]);
    expect(events.length).toBeGreaterThan(10);
  });

  test.each([1, 7, 1000, 65_536])("parts of %d bytes read as the whole does", async (length) => {
    const changed = Uint8Array.from(example);
    changed[5000] = 33;
    for (const log of [example, changed, example.subarray(0, 9000)]) {
      expect(await readLog(cutUp(log, length), around)).toEqual(await read(log));
    }
  });

  test("what follows the end is told, and not read", async () => {
    const { problems } = await read(`${example}{}\n{}\n`);
    expect(problems).toEqual(["Something follows the end, at line 46."]);
  });

  test("the first events of a long log are there before the last", async () => {
    const entries = Array.from({ length: 3000 }, (_, i) => opened(i + 1));
    const log = new TextEncoder().encode(chained([...entries, '"end":3000']));
    const begun: number[] = [];
    const begin = (_: unknown, events: readonly Event[]) => begun.push(events.length);
    const { events } = await readLog(cutUp(log, 5000), { ...around, begin });
    expect(events.length).toBe(3000);
    expect(begun).toHaveLength(1);
    expect(begun[0]).toBeLessThan(3000);
  });

  test("every changed byte is noticed", async () => {
    const log = readFileSync(`${root}/tests/logs/v1.simlog`);
    for (let i = 0; i < log.length; i += 97) {
      const changed = Uint8Array.from(log);
      changed[i] = (changed[i] as number) ^ 1;
      const reading = await read(changed).catch((error: Error) => error);
      if (reading instanceof Error) expect(reading).toBeInstanceOf(NoLog);
      else expect(reading.standing, `byte ${i}`).not.toBe("verified");
    }
  });

  test("every cut is noticed, and what stands before it is read", async () => {
    for (let i = 400; i < example.length; i += 1709) {
      const { standing, problems } = await read(example.subarray(0, i));
      expect(standing).toBe("damaged");
      expect(problems.at(-1)).toMatch(
        /^The log is cut short after line \d+: its end is missing\.$/,
      );
    }
  });

  test.each([
    ["a line that is no JSON", '"event":{"a":NaN}', "Line 2 is not JSON."],
    ["a number that is not finite", opened(1).replace('"time":1', '"time":1e999'), "time"],
    ["a member twice", opened(1, '"x"', ',"text":"y"'), "Line 2 has a member twice."],
    ["an unknown member", opened(1, '"x"', ',"html":"<b>"'), "at “event.html”"],
    ["an unknown type", opened(1).replace('"opened"', '"run"'), "at “event.type”"],
    ["a depth bomb", `"event":${"[".repeat(100_000)}${"]".repeat(100_000)}`, "at “event.type”"],
    ["neither an event nor an end", '"event":null', "Line 2 is neither an event nor the end."],
  ])("%s is told by its line, and the rest is read", async (_, entry, sentence) => {
    const { standing, events, problems } = await read(chained([entry, opened(2), '"end":2']));
    expect(standing).toBe("damaged");
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(sentence);
    expect(events.map(({ stamp }) => stamp.seq)).toEqual([2]);
  });

  test("an order and a count that do not fit are changes", async () => {
    const { standing, problems } = await read(chained([opened(2), opened(1), '"end":7']));
    expect(standing).toBe("modified");
    expect(problems).toEqual([
      "Line 3 is out of order.",
      "Line 4 counts 7 events, and there are 2.",
    ]);
  });

  test.each([
    ["an empty file", "", "no session log"],
    ["another format", '{"format":"pickle"}\n', "no session log"],
    ["a depth bomb", "[".repeat(1_000_000), "no session log"],
    ["a newer version", '{"format":"simlog","version":9}\n', "version 9"],
    ["half a header", '{"format":"simlog","version":1}\n', "does not fit"],
  ])("%s is refused with a sentence", async (_, text, sentence) => {
    await expect(read(text)).rejects.toThrow(sentence);
  });

  test("the log in an exported page is checked as a file is", async () => {
    expect(await readPage(`${example}`, around)).toEqual(await read(example));
    const { standing, wrong } = await readPage(`${example}`.replace("letter", "litter"), around);
    expect([standing, wrong]).toEqual(["modified", 2]);
  });
});

describe("a reel", () => {
  const story = new Story("Once ")
    .offer("a", ["upon", "there", "more"])
    .judge("rejected", "a.2")
    .accept("a.1")
    .type(" was")
    .offer("b", [" x", " y"])
    .judge("branched", "b.0")
    .type("!", 0);
  const reel = reelOf(story.events);
  const indexOf = (type: Event["type"], from = 0) =>
    story.events.findIndex((event, i) => i >= from && event.type === type);

  test("has the text after each event, as if folded up to it", async () => {
    for (const { events } of [await read(example), story]) {
      const reel = reelOf(events);
      const { Growth } = await import("../src/growth");
      const cells = new Map<string, InstanceType<typeof Growth>>();
      events.forEach((event, index) => {
        const { cell } = event.stamp;
        const growth = cells.get(cell) ?? new Growth(cell);
        cells.set(cell, growth);
        growth.add(event);
        expect(reel.text(index)).toBe(growth.tree.text);
      });
    }
  });

  test("has the fan as it was offered, seen and judged", () => {
    const fan = reel.fan(1);
    if (!fan) throw new Error("There is a fan");
    const told = (index: number) =>
      reel.offered(fan, index).map(({ text, seen, verdict }) => [text, seen, verdict]);
    expect(told(1)).toEqual(Array(3).fill([null, false, null]));
    expect(told(3).map(([text]) => text)).toEqual(["upon", "there", null]);
    expect(told(indexOf("shown")).every(([, seen]) => seen)).toBe(true);
    expect(told(indexOf("accepted")).map(([, , verdict]) => verdict)).toEqual([
      null,
      "accepted",
      "rejected",
    ]);
    expect(told(indexOf("rejected")).map(([, , verdict]) => verdict)).toEqual([
      null,
      null,
      "rejected",
    ]);
  });

  test("steps from fan to fan, to where each is decided first", () => {
    const [one, two] = [indexOf("rejected"), indexOf("branched")];
    expect(reel.fanFrom(0, 1)).toBe(one);
    expect(reel.fanFrom(one, 1)).toBe(two);
    expect(reel.fanFrom(two, 1)).toBe(reel.length - 1);
    expect(reel.fanFrom(two, -1)).toBe(one);
    expect(reel.fanFrom(one, -1)).toBe(0);
  });

  test("knows where in the text an event happened", () => {
    expect(reel.caret(indexOf("proposed"))).toBe(5);
    expect(reel.caret(indexOf("accepted"))).toBe(10);
    expect(reel.caret(indexOf("edited"))).toBe(14);
    expect(reel.caret(reel.length - 1)).toBe(1);
  });

  test("says of an event that refers to nothing what is wrong, and goes on", () => {
    const events = story.events.filter(({ type }) => type !== "opened");
    const broken = reelOf(events);
    expect(broken.problems.size).toBeGreaterThan(0);
    expect(broken.text(broken.length - 1)).toBe("");
  });

  test("tells events in words", () => {
    const told = reel.events.map((_, index) => account(reel, index, english));
    expect(told[0]).toBe("recording began with 5 characters");
    expect(told[indexOf("proposed")]).toBe(
      "asked toy for 3 candidates: up to 8 tokens, temperature 1",
    );
    expect(told[2]).toBe("candidate 1 is “upon”: 1 token in 1.0 s");
    expect(told[indexOf("accepted")]).toBe("accepted all of candidate 2, having seen 0");
    expect(told[indexOf("edited")]).toBe("wrote “ was”");
  });
});

describe("a player", () => {
  const story = new Story("a");
  for (let i = 0; i < 40; i++) story.type("b");
  const reel = reelOf(story.events);

  function playing() {
    let tick: ((now: number) => void) | null = null;
    const player = new Player(
      reel,
      (next) => {
        tick = next;
        return () => {
          tick = null;
        };
      },
      () => {},
    );
    const frame = (now: number) => {
      const due = tick;
      tick = null;
      due?.(now);
    };
    return { player, frame };
  }

  test("plays at the writer's pace, and ends", () => {
    const { player, frame } = playing();
    player.toggle();
    for (let now = 0; now <= 2000; now += 100) frame(now);
    expect(player.index).toBe(2);
    for (let i = 0; i < 4; i++) player.pace(1);
    expect(player.speed).toBe(16);
    for (let now = 2100; now <= 6000; now += 100) frame(now);
    expect([player.index, player.playing]).toEqual([40, false]);
  });

  test("goes on from where a page was that was hidden", () => {
    const { player, frame } = playing();
    player.toggle();
    frame(0);
    frame(3_600_000);
    expect(player.index).toBeLessThan(2);
  });

  test("stops at the ends", () => {
    const { player } = playing();
    player.step(Infinity);
    expect(player.index).toBe(40);
    player.step(-Infinity);
    player.step(-1);
    expect(player.index).toBe(0);
  });
});

test("figures are those of Python", () => {
  const vectors = JSON.parse(readFileSync(`${root}/tests/vectors/curation.json`, "utf8"));
  for (const { events, figures } of vectors as { events: Event[]; figures: object[] }[]) {
    const tally = new Tally();
    events.forEach((event, i) => {
      tally.take(event);
      const now = tally.figures() as unknown as Record<string, number | null>;
      for (const [name, value] of Object.entries(figures[i] as object)) {
        if (value === null) expect(now[name], `${name} after event ${i}`).toBeNull();
        else expect(now[name], `${name} after event ${i}`).toBeCloseTo(value, 9);
      }
    });
  }
});

test("the bits of a choice are shared out to its cell, its day and its voices", () => {
  const tally = new Tally();
  const seen = ["a.0", "a.1", "a.2"];
  const story = new Story("Once ")
    .offer("a", ["upon", "there", "more"])
    .tell({ type: "branched", fan: "a", candidate: "a.1", seen });
  for (const event of story.events) tally.take(event);
  const { cells, voices, days } = tally.divided();
  const bits = Math.log2(3);
  expect([...voices]).toEqual([["", bits]]);
  expect([...cells, ...days]).toEqual([
    ["cell-1", bits],
    ["1970-01-01", bits],
  ]);
});

test("what cannot be seen is shown by name", () => {
  expect(visible("a\u202eb\u0000\u001b[1m\ud800\u2028é\n\t👩‍🚀")).toBe(
    "a<U+202E>b␀␛[1m<U+D800><U+2028>é\n\t👩‍🚀",
  );
  expect(oneLine("a\nb\tc")).toBe("a⏎b⇥c");
  expect(quoted("x".repeat(100))).toBe(`“${"x".repeat(30)} … ${"x".repeat(30)}”`);
});
