/** Finding text in a tree, also where it runs across the border of two segments. Pure. */

import { type Segment, type Segments, textOf } from "./segments";

/** Where one searches: in everything, or along the branch to one segment. */
export type Scope = "tree" | "branch";

/** The segments in which an occurrence of `query` begins or ends, from the top. */
export function found(segments: Segments, query: string, scope: Scope, last: Segment | null) {
  const wanted = fold(query);
  const found: Segment[] = [];
  if (!wanted) return found;
  const open: { segment: Segment; before: string }[] = [];
  const line = scope === "branch" && last ? ancestry(last) : null;
  const push = (list: readonly Segment[], before: string) => {
    for (let i = list.length - 1; i >= 0; i--) {
      const segment = list[i] as Segment;
      if (!line || line.has(segment)) open.push({ segment, before });
    }
  };
  push(segments.roots, "");
  for (let one = open.pop(); one; one = open.pop()) {
    const text = one.before + fold(textOf(one.segment));
    if (text.includes(wanted)) found.push(one.segment);
    push(one.segment.children, text.slice(Math.max(0, text.length - wanted.length + 1)));
  }
  return found;
}

/** Where `query` stands in a text that is shown: the first occurrence, as UTF-16 units. */
export function within(text: string, query: string): readonly [number, number] | null {
  const start = query ? fold(text).indexOf(fold(query)) : -1;
  return start < 0 ? null : [start, start + query.length];
}

function ancestry(segment: Segment): Set<Segment> {
  const line = new Set<Segment>();
  for (let one: Segment | null = segment; one; one = one.parent) line.add(one);
  return line;
}

/** Without regard to case; only where that keeps the length, so that offsets hold. */
function fold(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text;
}
