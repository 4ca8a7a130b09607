/**
 * What becomes of the cells of a notebook as wholes: split, merged, copied, moved, retyped, removed and
 * put back. It is told of changes made here only; those of others are told by their own front ends.
 *
 * JupyterLab says only which cells went and came in one transaction, so what happened is read from that:
 * a cell that came has its text from those that went, from its neighbours, or from one that says the same.
 */

import type { YNotebook } from "@jupyter/ydoc";

/** What happened to a cell, in the protocol's words. */
export interface Put {
  readonly cell: string;
  readonly how: "made" | "retyped" | "moved" | "removed" | "restored";
  readonly text: string | null;
  readonly sources: string[];
}

/** A cell as it stood. */
interface Stood {
  readonly id: string;
  readonly type: string;
}

/** At most so many cells that say the same are named as where a copy came from. */
const ALIKE = 8;

/** Watch the cells of a notebook until the function that is returned is called. */
export function watchCells(notebook: YNotebook, tell: (put: Put) => void): () => void {
  const cells = notebook.ydoc.getArray("cells");
  const gone = new Set<string>();
  let stood = standing(notebook);
  const look: Parameters<typeof cells.observe>[0] = ({ changes }, { local }) => {
    const before = stood;
    stood = standing(notebook);
    if (!local) return;
    const { went, came } = exchanged(before, stood, changes.delta);
    for (const put of told(notebook, went, came, gone)) tell(put);
    for (const { id } of went) gone.add(id);
    for (const { id } of came) gone.delete(id);
  };
  cells.observe(look);
  return () => cells.unobserve(look);
}

/** Give a new id to every cell whose id another one above it has. */
export function repairIds(notebook: YNotebook, newId: () => string): void {
  const seen = new Set<string>();
  notebook.cells.forEach((cell, index) => {
    if (seen.has(cell.getId())) {
      const content = { ...cell.toJSON(), id: newId() };
      notebook.transact(() => {
        notebook.deleteCell(index);
        notebook.insertCell(index, content);
      }, false);
    }
    seen.add(cell.getId());
  });
}

function standing({ cells }: YNotebook): Stood[] {
  return cells.map((cell) => ({ id: cell.getId(), type: cell.cell_type }));
}

type Delta = readonly { retain?: number; delete?: number; insert?: unknown }[];

/** The cells that went and those that came, in their order; one that was moved or retyped did both. */
function exchanged(before: readonly Stood[], after: readonly Stood[], delta: Delta) {
  const went: Stood[] = [];
  const came: Stood[] = [];
  let [from, to] = [0, 0];
  for (const part of delta) {
    if (part.delete) went.push(...before.slice(from, from + part.delete));
    const inserted = Array.isArray(part.insert) ? part.insert.length : 0;
    came.push(...after.slice(to, to + inserted));
    from += (part.retain ?? 0) + (part.delete ?? 0);
    to += (part.retain ?? 0) + inserted;
  }
  return { went, came };
}

/** What is to be told, what was made first: its sources must still be known as they were. */
function told(
  notebook: YNotebook,
  went: readonly Stood[],
  came: readonly Stood[],
  gone: ReadonlySet<string>,
): Put[] {
  const back = new Map(went.map((cell) => [cell.id, cell]));
  const there = new Set(came.map(({ id }) => id));
  const left = went.filter(({ id }) => !there.has(id) && !stands(notebook, id)).map(({ id }) => id);
  const plain = { text: null, sources: [] };
  const arrived = came.flatMap(({ id, type }): Put[] => {
    const old = back.get(id);
    if (old) return [{ cell: id, how: old.type === type ? "moved" : "retyped", ...plain }];
    if (gone.has(id)) return [{ cell: id, how: "restored", ...plain }];
    return made(notebook, id, [...left, ...went.map((cell) => cell.id)], there);
  });
  return [...arrived, ...left.map((cell): Put => ({ cell, how: "removed", ...plain }))];
}

function stands({ cells }: YNotebook, id: string): boolean {
  return cells.some((cell) => cell.getId() === id);
}

function made(notebook: YNotebook, id: string, went: string[], fresh: ReadonlySet<string>): Put[] {
  const { cells } = notebook;
  const at = cells.findIndex((cell) => cell.getId() === id);
  const text = cells[at]?.getSource() ?? "";
  if (text.trim() === "") return [];
  const old = cells.filter((cell) => !fresh.has(cell.getId()));
  const above = cells
    .slice(0, at)
    .reverse()
    .find((cell) => old.includes(cell));
  const below = cells.slice(at + 1).find((cell) => old.includes(cell));
  const alike = old.filter((cell) => cell.getSource() === text).slice(0, ALIKE);
  const near = [below, above, ...alike].flatMap((cell) => (cell ? [cell.getId()] : []));
  return [{ cell: id, how: "made", text, sources: [...new Set([...went, ...near])] }];
}
