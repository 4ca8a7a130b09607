/** In which order the rows of a fan stand, and which of them say the same. Pure. */

import type { Words } from "./config";
import { type Candidate, type Fan, fits, grows, type Row, whole } from "./fan";

/** The orders: as drawn; the likeliest first, by the mean log-probability of a token; or by text, so
 * that candidates which begin alike are neighbours. */
export const orders = ["drawn", "likely", "alike"] as const;

/** An order of the rows, as in the settings. */
export type Order = (typeof orders)[number];

/** What an order is called. */
export function orderName(order: Order, words: Words): string {
  switch (order) {
    case "drawn":
      return words.__("as drawn");
    case "likely":
      return words.__("likeliest first");
    case "alike":
      return words.__("alike together");
    default:
      return order satisfies never;
  }
}

/** The fan with its rows in an order; the same candidate stays highlighted. */
export function arranged(fan: Fan, order: Order): Fan {
  const rows = [...fan.rows].sort((a, b) => compare(a, b, order) || a.number - b.number);
  if (rows.every((row, i) => row === fan.rows[i])) return fan;
  const highlighted = rows.indexOf(fan.rows[fan.highlighted] as Row);
  return { ...fan, rows, highlighted };
}

/** For each row, how many rows say what it says, itself among them; 0 where an earlier one does. */
export function copies(fan: Fan): number[] {
  const first = new Map<string, number>();
  const counts: number[] = [];
  fan.rows.forEach((row, i) => {
    const text = said(fan, row);
    const before = text === null ? undefined : first.get(text);
    if (before === undefined) {
      if (text !== null) first.set(text, i);
      counts.push(1);
    } else {
      counts[before] = (counts[before] ?? 0) + 1;
      counts.push(0);
    }
  });
  return counts;
}

/** The candidates that say what another one says, which is shown for them. */
export function repetitions(fan: Fan): Candidate[] {
  const counts = copies(fan);
  return fan.rows.flatMap(({ shown }, i) => (shown && counts[i] === 0 ? [shown] : []));
}

/** What a row says when all is said; null where it is no candidate to choose. */
function said(fan: Fan, row: Row): string | null {
  const { shown, coming } = row;
  return shown && !coming && !grows(shown) && fits(fan, row) ? whole(shown) : null;
}

function compare(a: Row, b: Row, order: Order): number {
  switch (order) {
    case "drawn":
      return 0;
    case "likely":
      return likelihood(b) - likelihood(a);
    case "alike":
      return text(a) < text(b) ? -1 : Number(text(a) > text(b));
    default:
      return order satisfies never;
  }
}

function likelihood({ shown }: Row): number {
  if (!shown || shown.logprobs.length === 0) return Number.NEGATIVE_INFINITY;
  return shown.logprobs.reduce((sum, logprob) => sum + logprob, 0) / shown.logprobs.length;
}

/** What is sorted by; rows without text come last. */
function text({ shown }: Row): string {
  return shown ? whole(shown) : "\uffff";
}

/** The row nearest to `from` in a direction that fits and does not repeat another, going round; `from`
 * itself if there is none. */
export function neighbour(fan: Fan, from: number, direction: 1 | -1): number {
  const count = fan.rows.length;
  const counts = copies(fan);
  for (let i = 1; i <= count; i++) {
    const row = (from + direction * i + count * i) % count;
    if (fits(fan, fan.rows[row]) && counts[row] !== 0) return row;
  }
  return from;
}

/** The row that says what a row says and is shown for it: the row itself, or an earlier one. */
export function original(fan: Fan, row: number): number {
  if (copies(fan)[row] !== 0) return row;
  const text = said(fan, fan.rows[row] as Row);
  return fan.rows.findIndex((other) => said(fan, other) === text);
}
