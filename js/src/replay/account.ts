/**
 * An event told to a person in one line of plain words, as `jupyter_sim/formats/account.py` does.
 * Candidates are named by their number in the fan. All text from the log comes out visible. Pure.
 */

import type { Accepted, Edited, Event, Generated, Marked, Proposed, Written } from "../protocol";
import { points } from "../text";
import { slice } from "../tree";
import { quoted, visible } from "../visible";
import type { Words } from "../words";
import type { Reel } from "./reel";

/** Tell what happened in an event. */
export function account(reel: Reel, index: number, words: Words): string {
  return new Teller(reel, index, words).tell();
}

class Teller {
  private readonly fan: readonly string[];

  constructor(
    private readonly reel: Reel,
    private readonly index: number,
    private readonly words: Words,
  ) {
    this.fan = reel.fan(index)?.offers.map(({ id }) => id) ?? [];
  }

  tell(): string {
    const { words } = this;
    const event = this.reel.events[this.index] as Event;
    switch (event.type) {
      case "opened":
        return words.__("recording began with %1", this.characters(points(event.text)));
      case "edited":
        return this.edited(event);
      case "moved":
        return words.__("went to another place of the tree");
      case "placed":
        return this.placed(event.how);
      case "framed":
        return words.__("put %1 before prompts from here on", quoted(event.text));
      case "proposed":
        return this.proposed(event);
      case "generated":
        return this.generated(event);
      case "shown":
        return words.__("saw %1", this.shown(event.candidates));
      case "accepted":
        return words.__("accepted %1, having seen %2", this.accepted(event), event.seen.length);
      case "branched":
        return words.__(
          "kept %1 alive, having seen %2",
          this.name(event.candidate),
          event.seen.length,
        );
      case "rejected":
        return words.__(
          "rejected %1, having seen %2",
          this.name(event.candidate),
          event.seen.length,
        );
      case "withdrawn":
        return words.__("took back the verdict on %1", this.name(event.candidate));
      case "marked":
        return this.marked(event);
      case "dismissed":
        return words.__("dismissed the fan, having seen %1", event.seen.length);
      case "cancelled":
        return words.__("stopped what still ran in the fan");
      default:
        return event satisfies never;
    }
  }

  private edited({ spans, removed }: Edited): string {
    const { words } = this;
    const written = spans.filter((span): span is Written => span.type === "written");
    const text = written.map((span) => span.text).join("");
    const less = words.__("removed %1", this.characters(removed));
    if (!text) return removed > 0 ? less : words.__("moved text that was there");
    const found = written[0]?.author === "found";
    const more = found ? words.__("found %1", quoted(text)) : words.__("wrote %1", quoted(text));
    return removed > 0 ? words.__("%1 and %2", less, more) : more;
  }

  private placed(how: "moved" | "removed" | "restored" | "retyped"): string {
    const { words } = this;
    switch (how) {
      case "moved":
        return words.__("the cell was moved");
      case "removed":
        return words.__("the cell was removed");
      case "restored":
        return words.__("the cell was restored");
      case "retyped":
        return words.__("the cell was retyped");
      default:
        return how satisfies never;
    }
  }

  private proposed({ candidates, max_tokens, sampling, source, replaces }: Proposed): string {
    const { words } = this;
    const model = visible(source.model).trim() || words.__("the model");
    const n = words._n("%1 candidate", "%1 candidates", candidates.length);
    const most = words._n("%1 token", "%1 tokens", max_tokens);
    const what = replaces ? words.__("%1 in place of another one", n) : n;
    const degrees = String(sampling.temperature ?? 1);
    return words.__("asked %1 for %2: up to %3, temperature %4", model, what, most, degrees);
  }

  private generated({ candidate, text, tokens, seconds, finish }: Generated): string {
    const { words } = this;
    const count = words._n("%1 token", "%1 tokens", tokens.length);
    const time = Math.abs(seconds) < 1e6 ? `${seconds.toFixed(1)} s` : words.__("an unlikely time");
    const ends: Partial<Record<Generated["finish"], string>> = {
      failed: words.__("cut off by a failure"),
      cancelled: words.__("stopped early"),
    };
    const end = ends[finish] ? `, ${ends[finish]}` : "";
    return words.__("%1 is %2: %3 in %4", this.name(candidate), quoted(text), count, time) + end;
  }

  private accepted({ candidate, start, stop }: Accepted): string {
    const { words } = this;
    const node = this.reel.strand(this.index).tree.nodes.get(candidate);
    if (!node) return this.name(candidate);
    const whole = start === 0 && stop === node.length;
    const part = whole ? words.__("all") : quoted(slice(node, start, Math.max(start, stop)));
    return words.__("%1 of %2", part, this.name(candidate));
  }

  private marked({ pinned, tags = [], note = "" }: Marked): string {
    const { words } = this;
    const marks = [
      ...(pinned ? [words.__("a pin")] : []),
      ...tags.map((tag) => words.__("the tag %1", quoted(tag))),
      ...(note ? [words.__("the note %1", quoted(note))] : []),
    ];
    if (marks.length === 0) return words.__("took the marks off a text");
    return words.__("marked a text with %1", marks.join(", "));
  }

  private shown(candidates: readonly string[]): string {
    if (candidates.length === 1) return this.name(candidates[0] as string);
    const known = candidates.filter((id) => this.fan.includes(id));
    const numbers = known.map((id) => this.fan.indexOf(id) + 1).join(", ");
    return this.words.__("candidates %1", numbers);
  }

  private name(candidate: string): string {
    const number = this.fan.indexOf(candidate) + 1;
    if (number === 0) return this.words.__("an unknown candidate");
    return this.words.__("candidate %1", number);
  }

  private characters(count: number): string {
    return this.words._n("%1 character", "%1 characters", count);
  }
}
