/** Walking the tree from the caret, as editor commands: another branch becomes the text, in one undo
 * step, and what is on offer where one arrives shows as a fan. */

import { type ChangeSpec, EditorSelection, type StateEffect } from "@codemirror/state";
import { type Command, EditorView } from "@codemirror/view";
import type { Place } from "../protocol";
import { spell, tailOf } from "../tail";
import { points } from "../text";
import type { Tree } from "../tree";
import { seenBeside } from "../treeview/facts";
import { type Arrival, lastRuling, type OnOffer, offeredAt, type Way, walk } from "../walk";
import { type Cell, hosts } from "./config";
import { type Candidate, whole } from "./fan";
import { fanField, step } from "./state";
import type { Reopening } from "./steps";
import { type Walked, walked } from "./walked";
import { type Deed, watching } from "./watching";

/** Walk one step; with a fan open, into the candidate that is highlighted. */
export function walking(way: Way): Command {
  return (view) =>
    soon(view, (tree, cell) => {
      const into = way === "child" ? intoHighlighted(view, tree) : null;
      const place = caretPlace(view, tree);
      const arrival = into ?? (place && walk(tree, place, way));
      if (arrival) arrive(view, tree, cell, arrival);
      else blocked(view, way);
    });
}

/** Take the last verdict back: its fan shows again, where it was. */
export const withdraw: Command = (view) =>
  soon(view, (tree, cell) => {
    const last = lastRuling(tree);
    const host = view.state.facet(hosts);
    if (!last) return host?.report(host.words.__("There is no verdict to take back."));
    const { candidate, fan } = last.ruling;
    const to = last.back ?? here(tree, candidate);
    arrive(view, tree, cell, { to, from: candidate }, { fan, candidate });
  });

/** Pin the segment that the caret is in, or unpin it. */
export const pin: Command = (view) =>
  soon(view, (tree, cell) => {
    const node = caretPlace(view, tree)?.node;
    if (node === undefined) return;
    const { pinned = false, tags = [], note = "" } = tree.marks.get(node) ?? {};
    const mark = { node, pinned: !pinned, tags: [...tags], note };
    const { report } = view.state.facet(hosts) ?? {};
    cell.client
      .tell({ type: "mark", cell: cell.id, ...mark })
      .catch(({ message }: Error) => report?.(message));
  });

/** Make the branch to a place the text of an editor, with the caret at its end and what stays behind
 * that. The focus stays where it is. */
export function goTo(view: EditorView, to: Place): void {
  soon(view, (tree) => go(view, tree, to));
}

/** The same, with a tree that says what the editor does. */
export function go(view: EditorView, tree: Tree, to: Place): void {
  const tail = tailOf(tree, to);
  const moves = walked.of({ to, tail, withdrawn: null });
  show(view, tree.branch(to), spell(tree, tail), [moves]);
}

type Verdict = NonNullable<Walked["withdrawn"]>;

/** Do something with the tree of the editor's cell, as soon as it is known. */
export function soon(view: EditorView, deed: Deed): boolean {
  const plugin = view.plugin(watching);
  plugin?.soon(deed);
  return plugin !== null;
}

function caretPlace(view: EditorView, tree: Tree): Place | null {
  return tree.place(points(view.state.sliceDoc(0, view.state.selection.main.head)));
}

/** The end of the highlighted candidate, as far as it is known to the tree. */
function intoHighlighted(view: EditorView, tree: Tree): Arrival | null {
  const fan = view.state.field(fanField);
  const id = fan?.rows[fan.highlighted]?.shown?.id ?? "";
  const length = tree.nodes.get(id)?.length;
  return length === undefined ? null : { to: { node: id, offset: length }, from: null };
}

/** Where a candidate is on offer, if the text goes through there; else where the text ends. */
function here(tree: Tree, candidate: string): Place {
  const { head, offered } = tree;
  const at = offered.get(candidate);
  const through =
    at &&
    head &&
    tree.path(head).some(({ node, stop }) => {
      return node.id === at.node && at.offset <= stop;
    });
  return through ? at : (head as Place);
}

/** Make the branch to a place and what stays behind it the text, with the fan of what is on offer
 * there. */
function arrive(
  view: EditorView,
  tree: Tree,
  cell: Cell,
  { to, from }: Arrival,
  withdrawn: Verdict | null = null,
): void {
  const tail = tailOf(tree, to);
  const [branch, rest] = [tree.branch(to), spell(tree, tail)];
  const moves = branch + rest !== view.state.doc.toString();
  const again = reopening(view, tree, cell, to, from, withdrawn);
  show(view, branch, rest, [
    ...(moves || withdrawn ? [walked.of({ to: moves ? to : null, tail, withdrawn })] : []),
    ...(again ? [step.of(again)] : []),
  ]);
}

/** Make two texts, with the caret between them, the editor's in one undo step, by the least change
 * there is. */
function show(
  view: EditorView,
  branch: string,
  rest: string,
  effects: StateEffect<unknown>[],
): void {
  view.state.facet(hosts)?.isolate(view, () =>
    view.dispatch({
      changes: difference(view.state.doc.toString(), branch + rest),
      selection: EditorSelection.cursor(branch.length),
      effects,
      userEvent: "input.branch",
      scrollIntoView: true,
    }),
  );
}

function difference(before: string, text: string): ChangeSpec {
  const most = Math.min(before.length, text.length);
  let start = 0;
  while (start < most && before[start] === text[start]) start++;
  if (/[\ud800-\udbff]/.test(text[start - 1] ?? "")) start--;
  let same = 0;
  while (same < most - start && before.at(-1 - same) === text.at(-1 - same)) same++;
  if (same > 0 && /[\udc00-\udfff]/.test(text.at(-same) ?? "")) same--;
  const insert = text.slice(start, text.length - same);
  return { from: start, to: before.length - same, insert };
}

/** The fan of what is on offer at a place; null where nothing is left of it. */
function reopening(
  view: EditorView,
  tree: Tree,
  cell: Cell,
  to: Place,
  from: string | null,
  withdrawn: Verdict | null,
): Reopening | null {
  const { typed, offers } = offeredAt(tree, to);
  const settings = view.state.facet(hosts)?.settings(view);
  const candidates = offers.map((offer) => asCandidate(tree, offer, typed, withdrawn));
  if (!settings || !candidates.some((one) => whole(one).length > typed.length)) return null;
  const highlighted = Math.max(
    0,
    candidates.findIndex(({ id }) => id === from),
  );
  const lead = candidates[highlighted] as Candidate;
  const { fan } = lead;
  const seen = seenBeside(tree, lead.id);
  const engine = cell.client.status;
  const before = { fan, typed: typed.length, candidates, highlighted, seen };
  return { type: "reopen", ...before, settings, engine };
}

function asCandidate(
  tree: Tree,
  { id, typed }: OnOffer,
  before: string,
  withdrawn: Verdict | null,
): Candidate {
  const { logprobs = [], ends = [], top = [], finish = "cancelled" } = tree.generated.get(id) ?? {};
  const { fan = "", draw = "" } = tree.proposals.get(id) ?? {};
  const verdict = withdrawn?.candidate === id ? null : (tree.verdicts.get(id) ?? null);
  const text = tree.nodes.get(id)?.text ?? "";
  const base = typed ? "" : before;
  return { id, fan, draw, base, voice: null, text, logprobs, ends, top, finish, verdict };
}

function blocked(view: EditorView, way: Way): void {
  const host = view.state.facet(hosts);
  const { words } = host ?? {};
  if (!host || !words) return;
  const sentences: Record<Way, string> = {
    parent: words.__("This is where the text begins."),
    child: words.__("Nothing goes on from here; have continuations proposed."),
    previous: words.__("There is no earlier sibling."),
    next: words.__("There is no later sibling."),
  };
  view.dispatch({ effects: EditorView.announce.of(sentences[way]) });
}
