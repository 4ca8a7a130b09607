import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fold, Growth } from "../src/growth";
import type { Event, Place } from "../src/protocol";
import { BadLog, type Tree } from "../src/tree";

interface History {
  events: Event[];
  texts: string[];
  problems: number[];
  head: Place;
  runs: [string, string][];
  nodes: Record<string, [number, string]>;
  verdicts: Record<string, string>;
  marks: Record<string, [boolean, string[], string]>;
  heads: Place[];
  places: Place[];
}

const path = `${import.meta.dirname}/../../tests/vectors/tree.json`;
const histories = JSON.parse(readFileSync(path, "utf8")) as History[];

/** Runs as Python has them: by author only. */
function authors(tree: Tree): [string, string][] {
  const merged: [string, string][] = [];
  for (const { text, author } of tree.head ? tree.runs(tree.head) : []) {
    const last = merged.at(-1);
    if (last && last[1] === author) last[0] += text;
    else merged.push([text, author]);
  }
  return merged;
}

function account(tree: Tree) {
  const { head, text, verdicts, marks, nodes } = tree;
  return {
    head: head && { ...head },
    runs: authors(tree),
    nodes: Object.fromEntries([...nodes].map(([id, node]) => [id, [node.start, node.text]])),
    verdicts: Object.fromEntries(verdicts),
    marks: Object.fromEntries(
      [...marks].map(([id, mark]) => [id, [mark.pinned, mark.tags, mark.note]]),
    ),
    heads: [...tree.heads],
    places: Array.from({ length: [...text].length + 1 }, (_, i) => tree.place(i)),
  };
}

describe("a tree", () => {
  test.each(
    histories.map((history, i) => [i, history] as const),
  )("is what Python makes of the same events (%i)", (_, { events, texts, problems, ...wanted }) => {
    const growth = new Growth("cell");
    const lost: number[] = [];
    events.forEach((event, i) => {
      try {
        growth.add(event);
      } catch (error) {
        expect(error).toBeInstanceOf(BadLog);
        lost.push(i);
      }
      expect(growth.tree.text).toBe(texts[i]);
    });
    expect(lost).toEqual(problems);
    expect(account(growth.tree)).toEqual(wanted);
  });

  test.each(
    histories.map((history, i) => [i, history] as const),
  )("goes back event by event to where it began (%i)", (_, { events, texts }) => {
    const { tree, growth } = grown(events);
    const whole = account(tree);
    for (let i = events.length - 1; i >= 0; i--) {
      expect(growth.tree.text).toBe(texts[i]);
      growth.back();
    }
    expect(growth.count).toBe(0);
    expect([tree.nodes.size, tree.head, tree.heads.length, tree.marks.size]).toEqual([
      0,
      null,
      0,
      0,
    ]);
    for (const event of events) take(growth, event);
    expect(account(tree)).toEqual(whole);
  });

  test("knows where each run was first written, through every edit after it", () => {
    for (const { events } of histories) {
      const { tree } = fold("cell", events);
      for (const run of tree.head ? tree.runs(tree.head) : []) {
        const node = tree.nodes.get(run.from);
        const points = [...(node?.text ?? "")].slice(run.start, run.start + run.length);
        expect(points.join("")).toBe(run.text);
      }
    }
  });

  test("tells an earlier text's place, and a sentence for each event that cannot be", () => {
    for (const { events, problems, texts } of histories) {
      const folded = fold("cell", events);
      expect(folded.problems.length).toBe(problems.length);
      const { tree } = folded;
      const place = tree.earlier(texts[0] as string);
      expect(place && tree.branch(place)).toBe(texts[0]);
      expect(tree.earlier("never so")).toBe(null);
    }
  });

  test("of 100,000 events is folded, and unfolded to nothing", () => {
    const { tree, growth } = grown(long(100_000));
    expect(tree.nodes.size).toBeGreaterThan(40_000);
    while (growth.count > 0) growth.back();
    expect(tree.nodes.size).toBe(0);
  });
});

function take(growth: Growth, event: Event): void {
  try {
    growth.add(event);
  } catch (error) {
    expect(error).toBeInstanceOf(BadLog);
  }
}

function grown(events: readonly Event[]) {
  const growth = new Growth("cell");
  for (const event of events) take(growth, event);
  return { growth, tree: growth.tree };
}

/** A long session: fans of two, one accepted, one rejected. */
function long(count: number): Event[] {
  const events: Event[] = [];
  const stamp = () => ({
    id: `e${events.length}`,
    writer: "w",
    seq: events.length + 1,
    time: events.length,
    user: "u",
    document: "d",
    cell: "cell",
  });
  events.push({ type: "opened", stamp: stamp(), text: "It was" });
  let at = { node: "e0.0", offset: 6 };
  while (events.length < count) {
    const [one, other] = [`c${events.length}.0`, `c${events.length}.1`];
    const draw = { fan: "f", draw: "d", candidates: [one, other], seeds: [1, 2] };
    const recipe = { cut: 0, sha256: "" };
    const source = { model: "m", sha256: "", engine: "" };
    const how = { recipe, source, sampling: {}, stop: "none", max_tokens: 8 } as const;
    events.push({ type: "proposed", stamp: stamp(), ...draw, at, ...how });
    for (const candidate of [one, other]) {
      const end = { tokens: [1], logprobs: [-1], finish: "length" as const, seconds: 0 };
      const text = " a dark night";
      events.push({
        type: "generated",
        stamp: stamp(),
        fan: "f",
        draw: "d",
        candidate,
        text,
        ...end,
      });
    }
    events.push({ type: "rejected", stamp: stamp(), fan: "f", candidate: other, seen: [] });
    const cut = { candidate: one, seen: [one, other], at, start: 0, stop: 13 };
    events.push({ type: "accepted", stamp: stamp(), fan: "f", ...cut });
    at = { node: one, offset: 13 };
  }
  return events;
}
