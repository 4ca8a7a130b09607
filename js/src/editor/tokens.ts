/**
 * The tokens of a candidate as a reader meets them: their text, how likely each was, and what the
 * model would have said instead. Pure.
 */

import type { Alternative as Recorded } from "../protocol";
import { unitsAt } from "../text";
import type { Candidate } from "./fan";

/** What the model might have said at a token, likeliest first; `chance` is from 0 to 1. */
export interface Alternative {
  readonly text: string;
  readonly chance: number;
}

/** A token and what the model thought of it. */
export interface Judged {
  readonly text: string;
  readonly chance: number;
  readonly alternatives: readonly Alternative[];
}

/** A token that brought text: UTF-16 units `from` to `to` of the candidate's own text. */
export interface Token extends Judged {
  readonly from: number;
  readonly to: number;
}

/** What stands for a byte that is no character by itself. */
const BROKEN = "\ufffd";

/** The tokens of a candidate. Those that only spell the prompt's end are left out. One that only spells
 * a part of a character belongs to the next that brings text; their chances multiply. */
export function tokensOf({ text, ends, logprobs, top }: Candidate): Token[] {
  const tokens: Token[] = [];
  const given = spelled(text, ends);
  let [from, sum, first] = [0, 0, given];
  unitsAt(text, ends).forEach((to, i) => {
    if (i < given) return;
    sum += logprobs[i] ?? 0;
    if (to <= from) return;
    const alternatives = first === i ? alternativesOf(top[i] ?? []) : [];
    tokens.push({ text: text.slice(from, to), from, to, chance: Math.exp(sum), alternatives });
    [from, sum, first] = [to, 0, i + 1];
  });
  return tokens;
}

/** How many of the first tokens spell the prompt's end only. Where the text begins with a character
 * that takes several bytes, they may be parts of that. */
function spelled(text: string, ends: readonly number[]): number {
  const isPlain = text.charCodeAt(0) < 128;
  return isPlain
    ? Math.max(
        0,
        ends.findIndex((end) => end > 0),
      )
    : 0;
}

/** Those alternatives that are whole characters. */
export function alternativesOf(top: readonly Recorded[]): Alternative[] {
  return top
    .filter(([, text]) => text !== "" && !text.includes(BROKEN))
    .map(([, text, logprob]) => ({ text, chance: Math.exp(logprob) }));
}

/** A token with its white space visible. */
export function visible(text: string): string {
  return text.replace(/ /g, "·").replace(/\n/g, "↵").replace(/\t/g, "→");
}

/** How strongly a token is tinted, from 0 for a sure one to 1 for one in ten thousand. */
export function surprise(chance: number): number {
  return Math.min(1, Math.max(0, -Math.log10(Math.max(chance, 1e-4)) / 4));
}

/** A chance as a reader meets it, such as "34 %" or "0.2 %". */
export function percent(chance: number): string {
  const hundredfold = 100 * chance;
  if (hundredfold < 0.1) return "<0.1 %";
  return `${hundredfold >= 9.5 ? hundredfold.toFixed(0) : hundredfold.toPrecision(1)} %`;
}
