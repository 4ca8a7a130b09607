/**
 * Arithmetic on text: code points and UTF-16 units, words, sentences and graphemes.
 *
 * The protocol counts Unicode code points, the editor UTF-16 units; they are converted here and
 * nowhere else. Pure: no editor and no document is known.
 */

const words = new Intl.Segmenter(undefined, { granularity: "word" });
const sentences = new Intl.Segmenter(undefined, { granularity: "sentence" });
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

const astral = /[\ud800-\udbff]/;

/** The number of code points in `text`. */
export function points(text: string): number {
  if (!astral.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** How many UTF-16 units the first `count` code points of `text` take; all of them, if there are not
 * so many. */
export function units(text: string, count: number): number {
  if (!astral.test(text)) return Math.min(count, text.length);
  let end = 0;
  for (const point of text) {
    if (count-- <= 0) break;
    end += point.length;
  }
  return end;
}

/** How many UTF-16 units the first so many code points of `text` take, for counts in rising order. */
export function unitsAt(text: string, counts: readonly number[]): number[] {
  let [at, passed] = [0, 0];
  return counts.map((count) => {
    at += units(text.slice(at), Math.max(0, count - passed));
    passed = Math.max(passed, count);
    return at;
  });
}

/** How many UTF-16 units the first word of `text` takes, with the white space before it. A mark of
 * punctuation before a word belongs to it; one that white space follows is a word by itself. */
export function firstWord(text: string): number {
  let end = 0;
  let found = false;
  for (const { segment, index, isWordLike } of words.segment(text)) {
    const blank = segment.trim() === "";
    if (found && blank) break;
    end = index + segment.length;
    if (isWordLike) break;
    found ||= !blank;
  }
  return end;
}

/** How many UTF-16 units the first sentence of `text` takes, with the white space before it and
 * without that after it. */
export function firstSentence(text: string): number {
  for (const { segment, index } of sentences.segment(text)) {
    if (segment.trim() !== "") return index + segment.trimEnd().length;
  }
  return text.length;
}

/** `text` without a last grapheme that is visibly unfinished, so that text which still grows can be
 * cut at its end. */
export function settled(text: string): string {
  if (!/[\u200d\ud800-\udbff]$/u.test(text)) return text;
  let last = 0;
  for (const { index } of graphemes.segment(text)) last = index;
  return text.slice(0, last);
}

/** The length of the longest beginning, in whole words, that `text` shares with one of `others`. */
export function sharedWords(text: string, others: readonly string[]): number {
  let longest = 0;
  for (const other of others) {
    let same = 0;
    while (same < text.length && same < other.length && text[same] === other[same]) same++;
    longest = Math.max(longest, same);
  }
  while (longest > 0 && longest < text.length && !/\s/u.test(text[longest - 1] ?? "")) longest--;
  return longest;
}

/** Where to begin `text` so that at most `room` units and no part of a word stand before `from`. */
export function runUp(text: string, from: number, room: number): number {
  if (from <= room) return 0;
  const space = text.slice(from - room, from).search(/\s/u);
  return space < 0 ? from : from - room + space + 1;
}
