/**
 * The rows that a tree is listed in. The text that goes on stays in its column, as one reads it: what
 * could stand in place of what follows comes one step further in, between the two. Pure.
 */

import { mainChild, type Segment, type Segments } from "./segments";

/** What the reader opened, closed and singled out. */
export interface Outlook {
  /** Rows that are not as they are by themselves: alternatives open, earlier texts closed. */
  readonly opened: ReadonlyMap<string, boolean>;
  /** The segment that the list begins with; null for the whole tree. */
  readonly hoisted: string | null;
}

/** One line of the list: a segment, or what was the text before edits and is kept. */
export interface Row {
  readonly key: string;
  readonly segment: Segment;
  /** The earlier texts that the row stands for; empty on the row of a segment. */
  readonly earlier: readonly Segment[];
  /** Steps further in than the outermost row. */
  readonly level: number;
  /** The row that this one is in; null on the outermost. */
  readonly parent: Row | null;
  /** Whether the rows in it are shown; null without any. */
  readonly open: boolean | null;
  /** Its number among the rows in its parent, from 1, and how many those are. */
  readonly position: number;
  readonly count: number;
  /** Whether it goes on from the row before it in the same column. */
  readonly goesOn: boolean;
}

/** The rows of a tree, from the top. */
export function rowsOf(segments: Segments, outlook: Outlook): Row[] {
  const listing = new Listing(outlook);
  const hoisted = outlook.hoisted === null ? null : segments.get(outlook.hoisted);
  listing.list(hoisted ? [hoisted] : ordered(segments.roots), null);
  return listing.rows;
}

/** The row of a segment, or the one that it is folded into. */
export function rowOf(rows: readonly Row[], segment: Segment | null): number {
  return rows.findIndex(
    (row) =>
      row.earlier.length === 0 &&
      (row.segment === segment || (segment !== null && row.segment.folded.includes(segment))),
  );
}

/** The keys of the rows that must be open for a segment's own to be listed. */
export function above(segment: Segment): string[] {
  const keys: string[] = [];
  for (let one = segment; one.parent; one = one.parent) {
    if (one.superseded) keys.push(earlierKey(one.parent));
    if (mainChild(one.parent) !== one) keys.push(one.parent.id);
  }
  return keys;
}

function earlierKey({ id }: Segment): string {
  return `earlier ${id}`;
}

/** The branch's root last, since what follows it stands below. */
function ordered(roots: readonly Segment[]): Segment[] {
  return [...roots].sort((one, other) => Number(one.onBranch) - Number(other.onBranch));
}

type Draft = { -readonly [K in keyof Row]: Row[K] };

class Listing {
  readonly rows: Row[] = [];

  constructor(private readonly outlook: Outlook) {}

  /** List segments, each with what goes on from it, as the rows in `parent`. */
  list(starts: readonly Segment[], parent: Row | null): void {
    const inside: Draft[] = [];
    for (const start of starts) {
      let goesOn = false;
      for (let segment: Segment | null = start; segment; segment = mainChild(segment)) {
        inside.push(this.add(segment, parent, goesOn));
        goesOn = true;
      }
    }
    number(inside);
  }

  private add(segment: Segment, parent: Row | null, goesOn: boolean): Draft {
    const main = mainChild(segment);
    const others = segment.children.filter((child) => child !== main);
    const fresh = others.filter((child) => !child.superseded);
    const earlier = others.filter((child) => child.superseded);
    const open = others.length > 0 ? (this.outlook.opened.get(segment.id) ?? true) : null;
    const row = this.push(segment.id, segment, [], parent, open, goesOn);
    if (!open) return row;
    this.list(fresh, row);
    if (earlier.length > 0) this.addEarlier(segment, earlier, row);
    return row;
  }

  private addEarlier(segment: Segment, earlier: readonly Segment[], parent: Row): void {
    const key = earlierKey(segment);
    const open = this.outlook.opened.get(key) ?? false;
    const row = this.push(key, segment, earlier, parent, open, false);
    if (open) this.list(earlier, row);
  }

  private push(
    key: string,
    segment: Segment,
    earlier: readonly Segment[],
    parent: Row | null,
    open: boolean | null,
    goesOn: boolean,
  ): Draft {
    const level = parent ? parent.level + 1 : 0;
    const row = { key, segment, earlier, level, parent, open, goesOn, position: 1, count: 1 };
    this.rows.push(row);
    return row;
  }
}

function number(inside: readonly Draft[]): void {
  inside.forEach((row, i) => {
    row.position = i + 1;
    row.count = inside.length;
  });
}
