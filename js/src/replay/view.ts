/**
 * A replay to look at: the text as it was written, the fan as it was offered, the tree and the figures
 * beside them, a time line below. It knows no host: it is given what reads a log.
 *
 * What belongs to the step is drawn in the next frame; the tree and the figures come when there is time.
 */

import { el, setAttribute, setText } from "../editor/dom";
import type { Event } from "../protocol";
import { visible } from "../visible";
import type { Words } from "../words";
import { account } from "./account";
import { badge } from "./badge";
import { Branches } from "./branches";
import { Controls } from "./controls";
import { FanPane } from "./fanpane";
import { Player } from "./player";
import { type Circumstances, type Header, NoLog, type Reading } from "./reader";
import { Reel } from "./reel";
import { inSlices, Stopped } from "./slices";
import { Sums } from "./sums";
import { TextPane } from "./textpane";
import { Timeline } from "./timeline";

/** What a view is given. */
export interface ReplayOptions {
  readonly words: Words;
  /** Reads the log. Throws NoLog with a sentence for the reader. */
  read(around: Circumstances): Promise<Reading>;
  /** Whether the log may say more when it is read again. */
  readonly grows?: boolean;
}

/** Milliseconds without a change after which the tree and the figures follow, at the least; those of a
 * long history wait as long as they take. While it plays, they take one part in so many of the time. */
const REST = 60;
const PARTS = 6;

/** The view of one log. */
export class ReplayView {
  readonly dom: HTMLElement;
  private readonly words: Words;
  private readonly head = el("div", "jp-sim-replay-head");
  private readonly cell = el("span", "jp-sim-replay-cell");
  private readonly text: TextPane;
  private readonly fan: FanPane;
  private readonly line: Timeline;
  private readonly said = el("div", "jp-sim-replay-event", { role: "status" });
  private readonly controls: Controls;
  private readonly sums: Sums;
  private readonly side = el("div", "jp-sim-replay-side");
  private readonly notice = el("div", "jp-sim-replay-notice", { role: "status" });
  private branches: Branches | null = null;
  private player: Player | null = null;
  private reading = new AbortController();
  private frame = 0;
  private rest: ReturnType<typeof setTimeout> | null = null;
  /** Milliseconds that the tree and the figures took the last time. */
  private cost = 0;

  constructor(private readonly options: ReplayOptions) {
    const { words } = options;
    this.words = words;
    this.text = new TextPane(words);
    this.fan = new FanPane(words);
    this.sums = new Sums(words);
    this.line = new Timeline(words, { to: (seconds) => this.scrub(seconds) });
    const reload = options.grows ? () => void this.load() : null;
    this.controls = new Controls(words, { copy: () => void this.copy(), reload });
    const main = el("div", "jp-sim-replay-main", {}, this.text.dom, this.fan.dom);
    const body = el("div", "jp-sim-replay-body", {}, main, this.side);
    const foot = el("div", "jp-sim-replay-foot", {}, this.said, this.line.dom, this.controls.dom);
    const parts = [this.head, this.notice, body, foot];
    this.dom = el("div", "jp-sim-replay jp-mod-busy", { tabindex: "-1" }, ...parts);
    this.dom.addEventListener("keydown", (event) => this.key(event));
  }

  /** Read the log and show it, from its beginning; when it is read again, where it stood. The first
   * events of a long one are shown while the rest is read. */
  async load(): Promise<void> {
    this.reading.abort();
    this.reading = new AbortController();
    this.player?.pause();
    const { words } = this;
    const { signal } = this.reading;
    this.dom.classList.add("jp-mod-busy");
    try {
      const begin = (header: Header, events: readonly Event[]) => this.begin(header, events);
      const around = { words, signal, progress: this.progress, ...(this.player ? {} : { begin }) };
      const reading = await this.options.read(around);
      const { length } = reading.events;
      const told = (share: number) => this.progress(0.8 + 0.2 * share, length);
      this.show(reading, await inSlices(Reel.of(reading.events), signal, told));
    } catch (error) {
      if (error instanceof Stopped || signal.aborted) return;
      if (!(error instanceof NoLog)) throw error;
      this.say(error.message, true);
    }
    this.dom.classList.remove("jp-mod-busy");
  }

  /** Take the focus; the keys of the replay work then. */
  focus(): void {
    this.dom.focus({ preventScroll: true });
  }

  /** Stop whatever is under way. */
  dispose(): void {
    this.reading.abort();
    this.player?.pause();
    cancelAnimationFrame(this.frame);
    if (this.rest) clearTimeout(this.rest);
  }

  private readonly progress = (share: number | null, events: number): void => {
    const { words } = this;
    const sentence =
      share === null
        ? words.__("Reading the log: %1 events", events.toLocaleString("en"))
        : words.__("Reading the log: %1 %", Math.round(100 * share));
    this.say(sentence, false);
  };

  private say(sentence: string, failed: boolean): void {
    this.notice.hidden = sentence === "";
    this.notice.classList.toggle("jp-mod-failed", failed);
    setText(this.notice, sentence);
  }

  /** Show the first events, which are few. */
  private begin(header: Header, events: readonly Event[]): void {
    const work = Reel.of(events);
    let step = work.next();
    while (!step.done) step = work.next();
    this.dom.classList.remove("jp-mod-busy");
    this.title(header);
    this.play(step.value);
  }

  private show(reading: Reading, reel: Reel): void {
    const { words } = this;
    this.title(reading.header, badge(reading, words));
    this.dom.classList.toggle("jp-mod-empty", reel.length === 0);
    this.say(reel.length === 0 ? words.__("Nothing was recorded yet.") : "", false);
    if (reel.length > 0) this.play(reel);
  }

  private title(header: Header, ...more: HTMLElement[]): void {
    const name = visible(header.path || header.document);
    this.head.replaceChildren(el("span", "jp-sim-replay-name", {}, name), ...more, this.cell);
  }

  /** Play a reel on from where the last one stood. */
  private play(reel: Reel): void {
    const { words } = this;
    const { index = 0, playing = false, speed = 1 } = this.player ?? {};
    this.player?.pause();
    this.player = new Player(reel, frames, () => this.changed());
    this.player.speed = speed;
    this.line.load(reel);
    this.controls.load(this.player);
    this.sums.clear();
    this.branches = new Branches(words, reel, (to) => this.player?.seek(to));
    const tree = el("div", "jp-sim-replay-tree", { role: "region" }, this.branches.view.dom);
    tree.setAttribute("aria-label", words.__("Branches"));
    this.side.replaceChildren(tree, this.sums.dom);
    this.player.seek(index);
    if (playing) this.player.toggle();
  }

  private scrub(seconds: number): void {
    this.player?.pause();
    this.player?.seek(this.player.reel.after(seconds));
  }

  private changed(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  /** Draw what belongs to the step. */
  private draw(): void {
    this.frame = 0;
    const { player, words } = this;
    if (!player) return;
    setAttribute(this.dom, "aria-busy", "true");
    const { index, reel, playing } = player;
    const sentence = account(reel, index, words);
    const problem = reel.problems.get(index);
    const said = problem ? `${sentence} — ${visible(problem)}` : sentence;
    const time = clock(this.seconds(index));
    this.text.show(reel, index);
    this.fan.show(reel, index);
    this.said.setAttribute("aria-live", playing ? "off" : "polite");
    this.said.classList.toggle("jp-mod-failed", problem !== undefined);
    setText(this.said, said);
    this.line.show(index, `${time}, ${said}`);
    this.controls.show(time);
    this.name(index);
    this.settle(Math.max(REST, this.cost));
  }

  private name(index: number): void {
    const { strands } = this.player?.reel ?? { strands: [] };
    const strand = this.player?.reel.strand(index);
    const one = strands.length < 2;
    setText(this.cell, one ? "" : this.words.__("cell %1 of %2", strand?.number, strands.length));
    this.cell.title = visible(strand?.id ?? "");
  }

  /** Let the tree and the figures follow once there was no other change for a while; while it plays,
   * as often as they can. */
  private settle(delay: number): void {
    const { player } = this;
    if (this.rest && player?.playing) return;
    if (this.rest) clearTimeout(this.rest);
    this.rest = setTimeout(() => this.follow(0), delay);
  }

  /** Go on with the tree and then the figures, in tasks of their own; `spent` is what they took so far. */
  private follow(spent: number): void {
    const { player, branches } = this;
    this.rest = null;
    if (!player || !branches) return;
    const start = performance.now();
    const there = branches.follow(player.index);
    const cost = spent + performance.now() - start;
    this.rest = setTimeout(() => (there ? this.sum(cost) : this.follow(cost)), 0);
  }

  private sum(spent: number): void {
    const { player } = this;
    this.rest = null;
    if (!player) return;
    const start = performance.now();
    this.controls.sum(this.sums.show(player.reel, player.index));
    setAttribute(this.dom, "aria-busy", null);
    this.cost = spent + performance.now() - start;
    if (player.playing) this.settle(Math.max(REST, PARTS * this.cost));
  }

  /** Seconds from the first event, by the recorders' clocks. */
  private seconds(index: number): number {
    const { events } = this.player?.reel ?? { events: [] };
    return (events[index]?.stamp.time ?? 0) - (events[0]?.stamp.time ?? 0);
  }

  private key(event: KeyboardEvent): void {
    const { player } = this;
    const { key, shiftKey, target } = event;
    if (!player || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof HTMLInputElement || (isPressed(target) && key === " ")) return;
    const acts: Record<string, () => void> = {
      " ": () => player.toggle(),
      ArrowLeft: () => (shiftKey ? player.stepFan(-1) : player.step(-1)),
      ArrowRight: () => (shiftKey ? player.stepFan(1) : player.step(1)),
      PageUp: () => player.step(-Math.ceil(player.reel.length / 20)),
      PageDown: () => player.step(Math.ceil(player.reel.length / 20)),
      Home: () => player.step(-Infinity),
      End: () => player.step(Infinity),
      "+": () => player.pace(1),
      "-": () => player.pace(-1),
      c: () => void this.copy(),
    };
    const act = Object.hasOwn(acts, key) ? acts[key] : undefined;
    if (!act) return;
    act();
    event.preventDefault();
    event.stopPropagation();
  }

  private async copy(): Promise<void> {
    const { player, words } = this;
    if (!player) return;
    const done = await copied(player.reel.text(player.index));
    const said = done
      ? words.__("The text at this step was copied.")
      : words.__("The browser did not let the text be copied; select it and copy it.");
    setText(this.said, said);
  }
}

/** Put a text on the clipboard; whether it went there. Pages over plain HTTP have the old way only. */
async function copied(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  }
  const before = document.activeElement;
  const area = el("textarea", "jp-sim-replay-clip");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

function frames(tick: (now: number) => void): () => void {
  const frame = requestAnimationFrame(tick);
  return () => cancelAnimationFrame(frame);
}

/** Whether Space presses what has the focus. */
function isPressed(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("button, summary") !== null;
}

/** Seconds as a clock has them; a log from elsewhere can say any number. */
function clock(seconds: number): string {
  if (!(Math.abs(seconds) < 1e10)) return "(?)";
  const whole = Math.max(0, Math.floor(seconds));
  const [minutes, rest] = [Math.floor(whole / 60) % 60, whole % 60].map((n) =>
    String(n).padStart(2, "0"),
  );
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${minutes}:${rest}` : `${minutes}:${rest}`;
}
