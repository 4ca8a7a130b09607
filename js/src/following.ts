/**
 * The trees of the cells that someone looks at, kept as the document tells what happens in them. A cell
 * is followed for as long as anyone looks.
 */

import { Growth } from "./growth";
import type { Framed, Happened } from "./protocol";
import { BadLog, type Tree } from "./tree";

/** Hears that a cell's tree is there, or has grown; it is the same object while it grows. Where the
 * document cannot be reached, `trouble` says so, and the tree stays as it is. */
export type Onlooker = (tree: Tree | null, trouble: string) => void;

interface Followed {
  growth: Growth | null;
  readonly onlookers: Set<Onlooker>;
}

/** The cells that are followed. `changed` hears when there are others. */
export class Following {
  private readonly followed = new Map<string, Followed>();
  private readonly frames = new Map<string, Framed>();
  private trouble = "";

  constructor(private readonly changed: () => void) {}

  /** The cells, in the order they came. */
  get cells(): string[] {
    return [...this.followed.keys()];
  }

  /** The tree of a cell that is followed, as far as it was told. */
  tree(cell: string): Tree | null {
    return this.followed.get(cell)?.growth?.tree ?? null;
  }

  /** Look at a cell until the function that is returned is called. A tree that is there already is
   * shown at once. */
  look(cell: string, onlooker: Onlooker): () => void {
    const known = this.followed.get(cell);
    const followed = known ?? { growth: null, onlookers: new Set() };
    followed.onlookers.add(onlooker);
    this.followed.set(cell, followed);
    if (!known) this.changed();
    else if (followed.growth) onlooker(followed.growth.tree, this.trouble);
    return () => this.leave(cell, followed, onlooker);
  }

  /** Take in what happened. What is told from the first event on begins a tree anew. */
  take({ cell, first, events }: Happened): void {
    const followed = this.followed.get(cell);
    if (!followed) return;
    if (first === 0) followed.growth = new Growth(cell, this.frames);
    const { growth, onlookers } = followed;
    // It was on its way when one looked away and back again: behind it all is told anew.
    if (!growth || first > growth.count) return;
    for (const event of events.slice(growth.count - first)) {
      try {
        growth.add(event);
      } catch (error) {
        if (!(error instanceof BadLog)) throw error;
      }
    }
    for (const onlooker of [...onlookers]) onlooker(growth.tree, "");
  }

  /** The document cannot be reached, as a sentence says; or with an empty one, it can again. */
  interrupt(trouble: string): void {
    this.trouble = trouble;
    for (const { growth, onlookers } of this.followed.values()) {
      for (const onlooker of [...onlookers]) onlooker(growth?.tree ?? null, trouble);
    }
  }

  private leave(cell: string, followed: Followed, onlooker: Onlooker): void {
    followed.onlookers.delete(onlooker);
    if (followed.onlookers.size > 0 || this.followed.get(cell) !== followed) return;
    this.followed.delete(cell);
    this.changed();
  }
}
