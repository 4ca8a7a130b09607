import { expect, test } from "vitest";
import { Client } from "../src/client";
import type { Measured } from "../src/protocol";
import { Wire } from "./stage";

const figures: Measured = {
  type: "measured",
  fans: 2,
  choices: 1,
  selection_bits: 3,
  generated: 80,
  kept: 10,
  kept_tokens: 2,
  selection_bits_per_token: 1.5,
  cells: 1,
  scored: 0,
  intervention_bits: null,
  bits_per_token: null,
};

function reading(document: string | null) {
  const wire = new Wire();
  const greeting = () =>
    ({ type: "hello", kind: "notebook", path: "story.ipynb", document }) as const;
  const client = new Client({ connect: wire.connect, greeting });
  const read: number[] = [];
  const stop = client.figures(({ selection_bits }) => read.push(selection_bits));
  return { wire, client, read, stop };
}

test("The figures of a recorded document are asked for at once, and again on a new connection", () => {
  const { wire, client, read, stop } = reading("document-1");
  wire.welcome();
  expect(wire.types()).toEqual(["measure"]);
  wire.answer(figures, { ...figures, selection_bits: 4 });
  expect(read).toEqual([3, 4]);
  wire.cut();
  client.hurry();
  wire.welcome();
  expect(wire.types()).toEqual(["measure", "measure"]);
  stop();
  wire.answer({ ...figures, selection_bits: 5 });
  expect(read).toEqual([3, 4]);
});

test("A document that may have no history is asked once something else was said to it", () => {
  const { wire, client } = reading(null);
  expect(wire.connections).toBe(0);
  client.sync({ cell: "cell-1", text: "It was", undo: false });
  wire.welcome();
  expect(wire.types()).toEqual(["sync", "measure"]);
});

test("A second reader is told at once what is known", () => {
  const { wire, client } = reading("document-1");
  wire.welcome();
  wire.answer(figures);
  const read: number[] = [];
  client.figures(({ choices }) => read.push(choices));
  expect(read).toEqual([1]);
  expect(wire.types()).toEqual(["measure"]);
});
