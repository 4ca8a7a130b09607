/** The fan that an event is about, as it was offered: each candidate, whether it was seen, what became of it. */

import { drawing, el, setAttribute, setText } from "../editor/dom";
import { branchIcon } from "../editor/icons";
import { acceptedIcon, rejectedIcon } from "../treeview/drawings";
import { typical } from "../treeview/facts";
import { oneLine, visible } from "../visible";
import type { Words } from "../words";
import { seenIcon } from "./drawings";
import type { Offered, Reel } from "./reel";

/** At most so many candidates of a fan, characters of one, and bars of its probabilities are shown. */
const MOST = { rows: 100, text: 400, bars: 24 };

const icons = { accepted: acceptedIcon, branched: branchIcon, rejected: rejectedIcon };

/** The element of the fan. */
export class FanPane {
  readonly dom: HTMLElement;
  private readonly title = el("div", "jp-sim-replay-title");
  private readonly rows = el("div", "jp-sim-replay-rows", { role: "list" });

  constructor(private readonly words: Words) {
    this.dom = el("div", "jp-sim-replay-fan", { role: "region" }, this.title, this.rows);
    this.dom.setAttribute("aria-label", words.__("The fan"));
    this.rows.tabIndex = 0;
    setAttribute(this.rows, "aria-label", words.__("Candidates"));
  }

  /** Show the fan of an event. */
  show(reel: Reel, index: number): void {
    const fan = reel.fan(index);
    const offered = fan ? reel.offered(fan, index) : [];
    const event = reel.events[index];
    const about = event && "candidate" in event ? event.candidate : null;
    this.dom.classList.toggle("jp-mod-empty", !fan);
    setText(this.title, fan ? this.sum(offered) : this.words.__("No fan at this step"));
    this.rows.replaceChildren(
      ...offered.slice(0, MOST.rows).map((one) => this.row(one, one.id === about)),
    );
    this.rows.querySelector(".jp-mod-on")?.scrollIntoView({ block: "nearest" });
  }

  private sum(offered: readonly Offered[]): string {
    const { words } = this;
    const seen = offered.filter((one) => one.seen).length;
    const count = words._n("%1 candidate", "%1 candidates", offered.length);
    return words.__("%1, %2 seen", count, seen);
  }

  private row(offered: Offered, on: boolean): HTMLElement {
    const { number, text, seen, verdict, voice, logprobs } = offered;
    const state = this.state(offered);
    const row = el(
      "div",
      "jp-sim-replay-row",
      { role: "listitem", "data-verdict": verdict ?? "" },
      el("span", "jp-sim-replay-number", {}, String(number)),
      this.sign(offered),
      el("span", "jp-sim-replay-words", {}, text === null ? "…" : cut(text)),
      el("span", "jp-sim-replay-voice", {}, visible(voice)),
      this.bars(logprobs),
      el("span", "jp-sim-replay-state", {}, state),
    );
    row.classList.toggle("jp-mod-on", on);
    row.classList.toggle("jp-mod-unseen", !seen);
    row.title = text === null ? "" : visible(text.slice(0, 600));
    return row;
  }

  private sign({ verdict, seen }: Offered): HTMLElement {
    const icon = verdict ? icons[verdict] : seen ? seenIcon : "";
    return drawing("jp-sim-replay-sign", icon);
  }

  private state({ verdict, seen, text }: Offered): string {
    const { words } = this;
    switch (verdict) {
      case "accepted":
        return words.__("accepted");
      case "branched":
        return words.__("kept");
      case "rejected":
        return words.__("rejected");
      case null:
        if (seen) return words.__("seen");
        return text === null ? words.__("on its way") : words.__("not seen");
      default:
        return verdict satisfies never;
    }
  }

  private bars(logprobs: readonly number[]): HTMLElement {
    const dom = el("span", "jp-sim-replay-bars");
    for (const logprob of logprobs.slice(0, MOST.bars)) {
      const bar = el("i", "");
      bar.style.height = `${Math.max(12, Math.round(100 * Math.sqrt(Math.exp(logprob))))}%`;
      dom.append(bar);
    }
    if (logprobs.length > 0) {
      const percent = Math.round(100 * typical(logprobs));
      const said = "%1 tokens, typical probability %2 %";
      dom.title = this.words.__(said, logprobs.length, percent);
    }
    return dom;
  }
}

function cut(text: string): string {
  const line = oneLine(text.slice(0, MOST.text).trimStart());
  return text.length > MOST.text ? `${line} …` : line;
}
