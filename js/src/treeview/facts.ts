/** What is known of a segment, in words: who wrote it, when, and how it was chosen. Pure. */

import type { Words } from "../editor/config";
import type { Event } from "../protocol";
import { type Author, cut, type Judged, type Mark, type Tree } from "../tree";
import { nodeOf, type Segment } from "./segments";

/** Whether a candidate was never looked at. */
export function isUnread(tree: Tree, { candidate, stretches, visited }: Segment): boolean {
  if (candidate === null || visited > 0 || stretches[0]?.start !== 0) return false;
  return !tree.seen.has(candidate) && !tree.verdicts.has(candidate);
}

/** The marks of a segment: those of the node that begins with it. */
export function markOf(tree: Tree, segment: Segment): Mark | null {
  const [first] = segment.stretches;
  return first?.start === 0 ? (tree.marks.get(first.node.id) ?? null) : null;
}

/** Whose a segment is: the author of all of it, or several. */
export function byline({ stretches, author }: Segment): Author | "mixed" {
  const others = stretches.some(({ node, start, stop }) =>
    cut(node.runs, start, stop).some((run) => run.author !== author),
  );
  return others ? "mixed" : author;
}

/** What an author is called. */
export function authorName(author: Author | "mixed", words: Words): string {
  switch (author) {
    case "human":
      return words.__("human");
    case "model":
      return words.__("model");
    case "found":
      return words.__("found");
    case "mixed":
      return words.__("several authors");
    default:
      return author satisfies never;
  }
}

/** The verdict that is shown with a segment: with the first part of its candidate; one of rejection
 * not with what stands in the text, but with the rest. */
export function verdictOf({ verdicts }: Tree, segment: Segment): Judged | "" {
  const { candidate, stretches, parent, onBranch } = segment;
  const verdict = candidate ? (verdicts.get(candidate) ?? "") : "";
  if (verdict !== "rejected") return stretches[0]?.start === 0 ? verdict : "";
  const follows = parent?.candidate === candidate;
  return !onBranch && (!follows || parent?.onBranch) ? verdict : "";
}

/** How a candidate was chosen; empty where it was not. */
export function verdictName(tree: Tree, candidate: string, words: Words): string {
  switch (tree.verdicts.get(candidate)) {
    case "accepted":
      return words.__("accepted");
    case "branched":
      return words.__("kept");
    case "rejected":
      return words.__("rejected");
    default:
      return tree.seen.has(candidate) ? words.__("seen") : words.__("not seen yet");
  }
}

/** The facts about a segment, most telling first. */
export function facts(tree: Tree, segment: Segment, words: Words): string[] {
  const { candidate } = segment;
  if (candidate !== null) return candidateFacts(tree, candidate, words);
  return [authorName(byline(segment), words), ...eventFacts(nodeOf(segment).event, words)];
}

/** The facts about text that no model was asked for: when it came, and from where. */
export function eventFacts(event: Event, words: Words): string[] {
  const moved = "origins" in event && event.origins && event.origins.length > 0;
  return [when(event.stamp.time), ...(moved ? [words.__("from another cell")] : [])];
}

/** The facts about a candidate: its model and voice, when, the verdict, how likely it was. */
export function candidateFacts(tree: Tree, candidate: string, words: Words): string[] {
  const proposed = tree.proposals.get(candidate);
  const generated = tree.generated.get(candidate);
  const parts = [proposed?.source.model ?? "", tree.voice(candidate) ?? ""];
  parts.push(when(proposed?.stamp.time), verdictName(tree, candidate, words));
  const logprobs = generated?.logprobs ?? [];
  if (logprobs.length > 0) {
    const percent = Math.round(100 * typical(logprobs));
    parts.push(words.__("%1 tokens, typical probability %2 %", logprobs.length, percent));
  }
  return parts.filter((part) => part !== "");
}

/** The geometric mean of the probabilities. */
export function typical(logprobs: readonly number[]): number {
  return Math.exp(logprobs.reduce((sum, p) => sum + p, 0) / Math.max(1, logprobs.length));
}

/** How many characters of the text each author wrote. */
export function shares(tree: Tree): Record<Author, number> {
  const counts = { human: 0, model: 0, found: 0 };
  for (const { author, length } of tree.head ? tree.runs(tree.head) : []) counts[author] += length;
  return counts;
}

/** The candidates that were seen beside one when it is judged: those of its fan. */
export function seenBeside(tree: Tree, candidate: string): string[] {
  const fan = tree.proposals.get(candidate)?.fan;
  const beside = [...tree.seen].filter((id) => tree.proposals.get(id)?.fan === fan);
  return beside.includes(candidate) ? beside : [...beside, candidate];
}

/** A note with its tags, as one writes them: words with # before them are tags. */
export function parseMark(text: string, pinned: boolean): Mark {
  const words = text.split(/\s+/).filter(Boolean);
  const tags = words.filter((word) => /^#./u.test(word)).map((word) => word.slice(1, 65));
  const note = words.filter((word) => !/^#./u.test(word)).join(" ");
  return { pinned, tags: [...new Set(tags)], note };
}

/** A mark as one writes it. */
export function writeMark(mark: Mark | null): string {
  const tags = (mark?.tags ?? []).map((tag) => `#${tag}`);
  return [...tags, mark?.note ?? ""].filter(Boolean).join(" ");
}

function when(time: number | undefined): string {
  if (time === undefined) return "";
  const date = new Date(1000 * time);
  const today = date.toDateString() === new Date().toDateString();
  const clock = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return today ? clock : `${date.toLocaleDateString()} ${clock}`;
}
