/**
 * What can happen to an open fan, and what it becomes: `take(fan, step)`. Answers of the document and
 * keys come in alike. The same object back means that nothing changed; null, that the fan closed.
 */

import type { Gain, Status, Voice } from "../protocol";
import type { FanAnswer } from "../transport";
import type { Settings } from "./config";
import {
  type Candidate,
  type Failure,
  type Fan,
  fits,
  grows,
  isRunning,
  type Probe,
  type Row,
} from "./fan";
import { arranged, neighbour, original } from "./order";
import { inTurns } from "./voices";

/** A fan opens at the caret. Its draws are asked for, unless they were `drawn` ahead. */
export interface Opening {
  readonly type: "open";
  readonly fan: string;
  readonly draws: readonly Omit<Draw, "type">[];
  readonly drawn?: boolean;
  readonly quiet: boolean;
  readonly settings: Settings;
  readonly engine: Status | null;
}

/** A fan opens again, with candidates that were drawn before; `typed` UTF-16 units of what they say
 * stand before the caret. */
export interface Reopening {
  readonly type: "reopen";
  readonly fan: string;
  readonly typed: number;
  readonly candidates: readonly Candidate[];
  readonly highlighted: number;
  readonly seen: readonly string[];
  readonly settings: Settings;
  readonly engine: Status | null;
}

/** A draw was asked for: into the free rows and new ones, or into that of a rejected candidate. Its
 * candidates begin with `prefix`. */
export interface Draw {
  readonly type: "draw";
  readonly draw: string;
  readonly n: number;
  readonly replaces?: string | undefined;
  readonly prefix?: string;
  readonly voice: Voice | null;
}

/** What can happen to an open fan. */
export type Step =
  | Draw
  | { type: "redraw"; from: string; to: string }
  | { type: "answer"; answer: FanAnswer }
  | { type: "fail"; draw: string; failure: Failure }
  | { type: "highlight"; row: number }
  | { type: "judge"; candidate: string; verdict: "branched" | "rejected" }
  | { type: "accept"; candidate: string; from: number; to: number; closes: boolean }
  | { type: "see"; candidates: readonly string[] }
  | { type: "set"; settings: Settings }
  | { type: "probe"; probe: Probe | null }
  | { type: "list" }
  | { type: "engine"; status: Status }
  | { type: "lost"; message: string }
  | { type: "restored" }
  | { type: "close" };

/** A candidate before its first word. */
const unsaid = {
  text: "",
  logprobs: [],
  ends: [],
  top: [],
  finish: null,
  verdict: null,
};

/** A fan at `head`, with a row for each candidate that was asked for. */
export function opened(head: number, opening: Opening): Fan {
  const coming = inTurns(opening.draws).map(({ draw, voice }) => ({
    draw,
    base: "",
    voice,
    id: "",
  }));
  return {
    id: opening.fan,
    revisited: false,
    quiet: opening.quiet,
    anchor: head,
    head,
    typed: "",
    rows: coming.map((one, i) => ({ number: i + 1, shown: null, coming: one })),
    highlighted: 0,
    seen: [],
    settings: opening.settings,
    engine: opening.engine,
    failure: null,
    probe: null,
  };
}

/** A fan that opens again where the caret is, at the end of `before`. */
export function reopened(before: string, again: Reopening): Fan {
  const { fan, typed, candidates, highlighted, seen, settings, engine } = again;
  const place = { anchor: before.length - typed, head: before.length };
  const rows = candidates.map((shown, i) => ({ number: i + 1, shown, coming: null }));
  return {
    id: fan,
    revisited: true,
    quiet: false,
    ...place,
    typed: before.slice(place.anchor),
    rows,
    highlighted,
    seen,
    settings,
    engine,
    failure: null,
    probe: null,
  };
}

/** What a fan becomes by a step. */
export function take(fan: Fan, step: Step): Fan | null {
  switch (step.type) {
    case "draw":
      return draw(fan, step);
    case "redraw":
      return redraw(fan, step.from, step.to);
    case "answer":
      return settle(finished(fan, answered(fan, step.answer)));
    case "fail":
      return settle(fail(fan, step.draw, step.failure));
    case "highlight":
      return step.row === fan.highlighted ? fan : { ...fan, highlighted: step.row, probe: null };
    case "judge":
      return mapShown(fan, step.candidate, (shown) => ({ ...shown, verdict: step.verdict }));
    case "accept":
      return step.closes ? null : fan;
    case "see":
      return see(fan, step.candidates);
    case "set":
      return set(fan, step.settings);
    case "probe":
      return { ...fan, probe: step.probe, quiet: false };
    case "list":
      return { ...fan, quiet: false };
    case "engine":
      return { ...fan, engine: step.status };
    case "lost":
      return lose(fan, step.message);
    case "restored":
      return fan.failure?.code === "lost" ? { ...fan, failure: null } : fan;
    case "close":
      return null;
    default:
      return step satisfies never;
  }
}

/** Close a fan that was typed past, and keep the highlight on a row that fits. */
export function settle(fan: Fan): Fan | null {
  if (fits(fan, fan.rows[fan.highlighted])) {
    const highlighted = original(fan, fan.highlighted);
    return highlighted === fan.highlighted ? fan : { ...fan, highlighted };
  }
  const next = neighbour(fan, fan.highlighted, 1);
  if (next !== fan.highlighted) return { ...fan, highlighted: next };
  return fan.typed === "" ? fan : null;
}

/** Put the rows in order as soon as all that was asked for is there. */
function finished(before: Fan, fan: Fan): Fan {
  return isRunning(before) && !isRunning(fan) ? arranged(fan, fan.settings.order) : fan;
}

function set(fan: Fan, settings: Settings): Fan {
  const changed = { ...fan, settings };
  return isRunning(fan) ? changed : arranged(changed, settings.order);
}

function mapRows(fan: Fan, change: (row: Row) => Row): Fan {
  const rows = fan.rows.map(change);
  return rows.some((row, i) => row !== fan.rows[i]) ? { ...fan, rows } : fan;
}

function mapShown(fan: Fan, id: string, change: (candidate: Candidate) => Candidate): Fan {
  return mapRows(fan, (row) => (row.shown?.id === id ? { ...row, shown: change(row.shown) } : row));
}

function see(fan: Fan, candidates: readonly string[]): Fan {
  const fresh = candidates.filter((id) => !fan.seen.includes(id));
  return fresh.length > 0 ? { ...fan, seen: [...fan.seen, ...fresh] } : fan;
}

function draw(fan: Fan, { draw, n, replaces, voice }: Draw): Fan {
  const coming = { draw, base: fan.typed, voice, id: "" };
  let left = n;
  const rows = fan.rows.map((row) => {
    const free = replaces ? row.shown?.id === replaces : !row.shown && !row.coming;
    return free && left-- > 0 ? { ...row, coming } : row;
  });
  while (left-- > 0) rows.push({ number: rows.length + 1, shown: null, coming });
  return { ...fan, rows, failure: null };
}

function redraw(fan: Fan, from: string, to: string): Fan {
  return mapRows(fan, (row) =>
    row.coming?.draw === from && !row.coming.id
      ? { ...row, coming: { ...row.coming, draw: to, base: fan.typed } }
      : row,
  );
}

function answered(fan: Fan, answer: FanAnswer): Fan {
  switch (answer.type) {
    case "drawing":
      return begin(fan, answer.draw, answer.candidates);
    case "grown":
      return answer.gains.reduce(gain, fan);
    case "ended":
      return mapShown(arrive(fan, answer.candidate), answer.candidate, (shown) =>
        grows(shown) ? { ...shown, finish: answer.finish } : shown,
      );
    case "failed":
      return fail(fan, answer.draw, { code: answer.code, message: answer.message });
    default:
      return answer satisfies never;
  }
}

function begin(fan: Fan, draw: string, candidates: readonly string[]): Fan {
  const ids = [...candidates];
  return mapRows(fan, (row) =>
    row.coming?.draw === draw && !row.coming.id
      ? { ...row, coming: { ...row.coming, id: ids.shift() ?? "" } }
      : row,
  );
}

/** Let a coming candidate take its row. */
function arrive(fan: Fan, id: string): Fan {
  return mapRows(fan, (row) =>
    row.coming?.id === id
      ? { ...row, shown: { ...row.coming, fan: fan.id, ...unsaid }, coming: null }
      : row,
  );
}

function gain(fan: Fan, { candidate, text, logprobs, ends = [], top = [] }: Gain): Fan {
  return mapShown(arrive(fan, candidate), candidate, (shown) =>
    grows(shown)
      ? {
          ...shown,
          text: shown.text + text,
          logprobs: [...shown.logprobs, ...logprobs],
          ends: [...shown.ends, ...ends],
          top: [...shown.top, ...top],
        }
      : shown,
  );
}

function broken(candidate: Candidate | null): Candidate | null {
  return candidate && grows(candidate) ? { ...candidate, finish: "failed" } : candidate;
}

function fail(fan: Fan, draw: string, failure: Failure): Fan {
  const mine = ({ shown, coming }: Row) => coming?.draw === draw || shown?.draw === draw;
  if (!fan.rows.some(mine)) return fan;
  const rows = fan.rows.map((row) => ({
    ...row,
    shown: row.shown?.draw === draw ? broken(row.shown) : row.shown,
    coming: row.coming?.draw === draw ? null : row.coming,
  }));
  return { ...fan, rows, failure, quiet: false };
}

/** What was being drawn stays as it is; what was only asked for waits to be asked for again. */
function lose(fan: Fan, message: string): Fan {
  const rows = fan.rows.map(({ number, shown, coming }) => ({
    number,
    shown: broken(shown),
    coming: coming && { ...coming, id: "" },
  }));
  return { ...fan, rows, failure: { code: "lost", message } };
}
