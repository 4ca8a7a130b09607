/** One line of the list, an element that shows now this row and now that. */

import type { Words } from "../editor/config";
import { drawing, el, setAttribute, setText } from "../editor/dom";
import { branchIcon } from "../editor/icons";
import type { Tree } from "../tree";
import { visible } from "../visible";
import { acceptedIcon, pinIcon, rejectedIcon } from "./drawings";
import { byline, facts, isUnread, markOf, verdictName, verdictOf } from "./facts";
import type { Row } from "./rows";
import { within } from "./search";
import { type Segment, textOf } from "./segments";

/** At most so many characters of a segment are put into the page. */
const SHOWN = 160;
/** A row is so wide, at most, by what is before its text: deeper ones stand no further in. */
const STEPS = 12;

/** What a row is shown with. */
export interface Light {
  readonly tree: Tree;
  readonly selected: boolean;
  readonly head: boolean;
  readonly query: string;
}

/** The element of a row. */
export class RowElement {
  readonly dom: HTMLElement;
  private readonly indent = el("span", "jp-sim-indent");
  private readonly twisty = el("span", "jp-sim-twisty");
  private readonly mark = el("span", "jp-sim-author");
  private readonly verdict = el("span", "jp-sim-verdict");
  private readonly before = el("span", "");
  private readonly match = el("mark", "jp-sim-match");
  private readonly after = el("span", "");
  private readonly note = el("span", "jp-sim-remark");
  private readonly tags = el("span", "jp-sim-tags");
  private readonly count = el("span", "jp-sim-same-count");
  private readonly pin = drawing("jp-sim-pin", pinIcon);
  private readonly unread = el("span", "jp-sim-unread");
  private drawn: Row | null = null;

  constructor(
    id: string,
    private readonly words: Words,
  ) {
    const text = el("span", "jp-sim-words", {}, this.before, this.match, this.after);
    this.twisty.setAttribute("aria-hidden", "true");
    this.dom = el(
      "div",
      "jp-sim-node",
      { role: "treeitem", id },
      this.indent,
      this.twisty,
      this.mark,
      this.verdict,
      text,
      this.note,
      this.tags,
      this.count,
      this.pin,
      this.unread,
    );
    this.unread.title = words.__("Not seen yet");
    this.pin.title = words.__("Pinned");
  }

  /** The row that is shown. */
  get row(): Row | null {
    return this.drawn;
  }

  show(row: Row, light: Light): void {
    this.drawn = row;
    const { segment, level, open } = row;
    const flags = {
      selected: light.selected,
      branch: segment.onBranch && row.earlier.length === 0,
      head: light.head,
      earlier: row.earlier.length > 0 || segment.superseded,
      on: row.goesOn,
      open: open === true,
      closed: open === false,
    };
    for (const [name, set] of Object.entries(flags)) {
      this.dom.classList.toggle(`jp-mod-${name}`, set);
    }
    this.dom.style.setProperty("--jp-sim-level", String(Math.min(level, STEPS)));
    setAttribute(this.dom, "aria-level", String(level + 1));
    setAttribute(this.dom, "aria-posinset", String(row.position));
    setAttribute(this.dom, "aria-setsize", String(row.count));
    setAttribute(this.dom, "aria-expanded", open === null ? null : String(open));
    setAttribute(this.dom, "aria-selected", String(light.selected));
    if (row.earlier.length > 0) this.showEarlier(row.earlier.length);
    else this.showSegment(segment, light);
  }

  private showEarlier(count: number): void {
    const words = this.words;
    this.dom.dataset.author = "";
    this.dom.dataset.verdict = "";
    this.write(words._n("%1 earlier text", "%1 earlier texts", count), "");
    for (const part of [this.note, this.tags, this.count]) setText(part, "");
    this.dom.classList.remove("jp-mod-pinned", "jp-mod-unread");
    setAttribute(this.dom, "aria-label", null);
    this.dom.title = words.__("What stood here before it was edited");
  }

  private showSegment(segment: Segment, light: Light): void {
    const { tree } = light;
    const words = this.words;
    const mark = markOf(tree, segment);
    const verdict = verdictOf(tree, segment);
    this.dom.dataset.author = byline(segment);
    this.dom.dataset.verdict = verdict;
    this.showVerdict(verdict);
    const text = textOf(segment);
    this.write(line(text) || this.blank(segment), light.query);
    setText(this.note, visible(mark?.note ?? ""));
    this.showTags([...(mark?.tags ?? []), ...this.voice(tree, segment)]);
    const same = segment.folded.length + 1;
    setText(this.count, same > 1 ? `×${same}` : "");
    this.count.title = words.__("%1 candidates say the same", same);
    const unread = [segment, ...segment.folded].every((one) => isUnread(tree, one));
    this.dom.classList.toggle("jp-mod-pinned", mark?.pinned === true);
    this.dom.classList.toggle("jp-mod-unread", unread);
    setAttribute(this.dom, "aria-label", this.spoken(text, segment, light, unread));
    this.dom.title = visible(text.trim().slice(0, 600));
  }

  private voice(tree: Tree, { candidate, stretches }: Segment): string[] {
    const name = candidate && stretches[0]?.start === 0 ? tree.voice(candidate) : null;
    return name ? [name] : [];
  }

  private showVerdict(verdict: string): void {
    const icons: Record<string, string> = {
      accepted: acceptedIcon,
      branched: branchIcon,
      rejected: rejectedIcon,
    };
    if (this.verdict.dataset.verdict === verdict) return;
    this.verdict.dataset.verdict = verdict;
    this.verdict.replaceChildren(...(icons[verdict] ? [drawing("", icons[verdict])] : []));
  }

  private showTags(tags: readonly string[]): void {
    if (this.tags.childElementCount === 0 && tags.length === 0) return;
    this.tags.replaceChildren(...tags.map((tag) => el("span", "jp-sim-tag", {}, visible(tag))));
  }

  private blank(segment: Segment): string {
    const words = this.words;
    if (segment.parent === null) return words.__("the beginning");
    return segment.candidate ? words.__("the text ends here") : words.__("nothing");
  }

  private write(text: string, query: string): void {
    const [start, stop] = within(text, query) ?? [text.length, text.length];
    setText(this.before, text.slice(0, start));
    setText(this.match, text.slice(start, stop));
    setText(this.after, text.slice(stop));
  }

  private spoken(text: string, segment: Segment, light: Light, unread: boolean): string {
    const words = this.words;
    const parts = [line(text) || this.blank(segment)];
    if (segment.onBranch) parts.push(words.__("in the text"));
    if (segment.candidate) parts.push(verdictName(light.tree, segment.candidate, words));
    else if (unread) parts.push(words.__("not seen yet"));
    if (markOf(light.tree, segment)?.pinned) parts.push(words.__("pinned"));
    parts.push(...facts(light.tree, segment, words).slice(0, 1));
    return parts.join(", ");
  }
}

/** The beginning of a text on one line. */
function line(text: string): string {
  const start = text.trimStart().slice(0, SHOWN);
  return visible(start.replace(/[^\S\n]*\n\s*/g, " ↵ "));
}
