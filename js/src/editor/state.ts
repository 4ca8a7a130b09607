/**
 * The open fan of an editor as a state field: it follows edits and the caret, and takes the steps that
 * transactions carry. Pure; nothing here sends, waits or draws.
 */

import { StateEffect, StateField, type Transaction } from "@codemirror/state";
import { hosts } from "./config";
import type { Fan } from "./fan";
import { type Opening, opened, type Reopening, reopened, type Step, settle, take } from "./steps";

/** Carries a step of the fan in a transaction. */
export const step = StateEffect.define<Step | Opening | Reopening>();

/** The open fan of an editor, or null. */
export const fanField = StateField.define<Fan | null>({
  create: () => null,
  update(fan, tr) {
    if (fan && (tr.docChanged || tr.selection)) fan = follow(fan, tr);
    for (const effect of tr.effects) {
      if (!effect.is(step)) continue;
      const { head } = tr.state.selection.main;
      if (effect.value.type === "open") fan = opened(head, effect.value);
      else if (effect.value.type === "reopen") {
        fan = settle(reopened(tr.newDoc.sliceString(0, head), effect.value));
      } else if (fan) fan = take(fan, effect.value);
    }
    return fan;
  },
});

/** Where a fan is after a transaction; null where it let go. One's own hand may change only what
 * stands between its place and the caret; edits from elsewhere may change all but that place. */
function follow(fan: Fan, tr: Transaction): Fan | null {
  const remote = isForeign(tr);
  const { main, ranges } = tr.state.selection;
  const anchor = tr.changes.mapPos(fan.anchor, remote && fan.typed ? 1 : -1);
  const kept = remote ? isSpared(fan, tr) : isWithin(fan, tr);
  if (!kept || ranges.length > 1 || !main.empty || main.head < anchor) return null;
  if (!tr.docChanged) return main.head === fan.head ? fan : null;
  const typed = tr.state.sliceDoc(anchor, main.head);
  const moved = { ...fan, anchor, head: main.head, typed };
  return typed === fan.typed ? moved : settle(moved);
}

function isForeign(tr: Transaction): boolean {
  const host = tr.startState.facet(hosts);
  return Boolean(host?.isRemote(tr) && !host.isUndo(tr));
}

function isSpared(fan: Fan, tr: Transaction): boolean {
  return tr.changes.touchesRange(fan.anchor, fan.head) !== "cover";
}

function isWithin(fan: Fan, tr: Transaction): boolean {
  let within = true;
  tr.changes.iterChangedRanges((from, to) => {
    if (from < fan.anchor || to > fan.head) within = false;
  });
  return within;
}
