/** A cell's history in the words of a test, as a document would tell it. */

import { Growth } from "../src/growth";
import type { Event, Place, Taken, Written } from "../src/protocol";
import { spell } from "../src/tail";
import { points } from "../src/text";
import type { Tree } from "../src/tree";

type Draft<T> = T extends unknown ? Omit<T, "stamp"> : never;

/** Begins with a text that was found, and goes on at the end of it. */
export class Story {
  readonly events: Event[] = [];
  readonly growth = new Growth("cell-1");

  constructor(found: string) {
    this.tell({ type: "opened", text: found });
  }

  get tree(): Tree {
    return this.growth.tree;
  }

  get end(): Place {
    return this.tree.head as Place;
  }

  /** Type at an offset, in the place of so many code points. */
  type(text: string, at = points(this.tree.text), removed = 0): this {
    const tail = this.tree.taken(this.end, at + removed);
    const fresh: Written[] = text ? [{ type: "written", text, author: "human" }] : [];
    const place = this.tree.place(at) as Place;
    return this.tell({ type: "edited", at: place, removed, spans: [...fresh, ...tail] });
  }

  /** Propose at a place, and let the candidates be whole; their ids are `draw`.0, `draw`.1 and on. */
  offer(draw: string, texts: readonly string[], at = this.end, fan = draw): this {
    const candidates = texts.map((_, i) => `${draw}.${i}`);
    const how = {
      seeds: texts.map((_, i) => i),
      recipe: { cut: 0, sha256: "" },
      source: { model: "toy", sha256: "", engine: "" },
      sampling: {},
      stop: "none" as const,
      max_tokens: 8,
    };
    this.tell({ type: "proposed", fan, draw, at, candidates, ...how });
    texts.forEach((text, i) => {
      const candidate = candidates[i] as string;
      const end = { tokens: [i], logprobs: [-1], finish: "length" as const, seconds: 1 };
      this.tell({ type: "generated", fan, draw, candidate, text, ...end });
    });
    return this.tell({ type: "shown", fan, candidates });
  }

  /** Accept code points of a candidate at the text's end. */
  accept(candidate: string, start = 0, stop = this.length(candidate)): this {
    return this.take(candidate, points(this.tree.text), start, stop);
  }

  /** Accept code points of a candidate at an offset of the text. */
  take(candidate: string, offset: number, start = 0, stop = this.length(candidate)): this {
    const at = this.tree.place(offset) as Place;
    const tail = this.tree.taken(this.end, offset);
    const fan = candidate.slice(0, -2);
    return this.tell({ type: "accepted", fan, candidate, seen: [], at, start, stop, tail });
  }

  /** Go to a place and take a tail along, as a document records it. */
  carry(to: Place, tail: readonly Taken[]): this {
    if (tail.length === 0) return this.tell({ type: "moved", to });
    const text = this.tree.branch(to) + spell(this.tree, tail);
    const heads = this.tree.heads.filter((head) => this.tree.branch(head) === text);
    const head = heads.find((head) => this.tree.path(head).some(({ node }) => node.id === to.node));
    if (head) return this.tell({ type: "moved", to: head });
    return this.tell({ type: "edited", at: to, removed: 0, spans: [...tail] });
  }

  judge(type: "branched" | "rejected", candidate: string): this {
    return this.tell({ type, fan: candidate.slice(0, -2), candidate, seen: [] });
  }

  move(node: string, offset = this.length(node)): this {
    return this.tell({ type: "moved", to: { node, offset } });
  }

  mark(node: string, note: string, pinned = false): this {
    return this.tell({ type: "marked", node, pinned, tags: [], note });
  }

  tell(event: Draft<Event>): this {
    const seq = this.events.length + 1;
    const id = `e${seq}`;
    const stamp = { id, writer: "w", seq, time: seq, user: "u", document: "d", cell: "cell-1" };
    const whole = { ...event, stamp } as Event;
    this.events.push(whole);
    this.growth.add(whole);
    return this;
  }

  private length(node: string): number {
    return this.tree.nodes.get(node)?.length ?? 0;
  }
}
