/** What is asked about a text and answered part by part. */

import { newId } from "./ids";
import type { Explore, Explored, Inspect, Inspected, Score, Scored } from "./protocol";

/** What can be asked about a text. */
export type Question = Score | Inspect | Explore;

/** A part of the answer to a question. */
export type Part = Scored | Inspected | Explored;

/** A question under way: its id, and when it is answered to its end. */
export interface Asked {
  readonly id: string;
  readonly answered: Promise<void>;
}

/** The questions under way. */
export class Questions {
  private readonly hearers = new Map<string, (part: Part) => void>();

  /** Ask under the id that `send` is given. What is answered comes to `hear`. */
  ask(hear: (part: Part) => void, send: (id: string) => Promise<void>): Asked {
    const id = newId();
    this.hearers.set(id, hear);
    return { id, answered: send(id).finally(() => this.hearers.delete(id)) };
  }

  /** The document answered a part. */
  take(part: Part): void {
    this.hearers.get(part.id)?.(part);
  }
}
