/** The buttons of a replay, and what it says of where it stands. */

import { drawing, el, setAttribute, setText } from "../editor/dom";
import type { Words } from "../words";
import * as drawings from "./drawings";
import { type Player, SPEEDS } from "./player";

/** What the buttons do beside playing. */
export interface Desk {
  copy(): void;
  /** Read the log anew; null where it does not change. */
  readonly reload: (() => void) | null;
}

/** The element of the controls. */
export class Controls {
  readonly dom: HTMLElement;
  private player: Player | null = null;
  private readonly play: HTMLButtonElement;
  private readonly speed = el("span", "jp-sim-replay-speed", { "aria-live": "polite" });
  private readonly slower: HTMLButtonElement;
  private readonly faster: HTMLButtonElement;
  private readonly where = el("span", "jp-sim-replay-where");
  private readonly sums = el("span", "jp-sim-replay-brief");
  private playing: boolean | null = null;

  constructor(
    private readonly words: Words,
    desk: Desk,
  ) {
    const go = (act: (player: Player) => void) => () => this.player && act(this.player);
    const __ = (text: string) => this.words.__(text);
    this.play = tool(
      drawings.playIcon,
      "",
      go((player) => player.toggle()),
    );
    this.slower = tool(
      "−",
      __("Slower (−)"),
      go((player) => player.pace(-1)),
    );
    this.faster = tool(
      "+",
      __("Faster (+)"),
      go((player) => player.pace(1)),
    );
    this.dom = el("div", "jp-sim-replay-controls", { role: "toolbar" });
    this.dom.setAttribute("aria-label", __("Replay"));
    const steps = el(
      "span",
      "jp-sim-replay-tools",
      {},
      tool(
        drawings.firstIcon,
        __("Beginning (Home)"),
        go((player) => player.step(-Infinity)),
      ),
      tool(
        drawings.fanBackIcon,
        __("Fan before (Shift ←)"),
        go((player) => player.stepFan(-1)),
      ),
      tool(
        drawings.backIcon,
        __("Step back (←)"),
        go((player) => player.step(-1)),
      ),
      this.play,
      tool(
        drawings.onIcon,
        __("Step on (→)"),
        go((player) => player.step(1)),
      ),
      tool(
        drawings.fanOnIcon,
        __("Next fan (Shift →)"),
        go((player) => player.stepFan(1)),
      ),
      tool(
        drawings.lastIcon,
        __("End (End)"),
        go((player) => player.step(Infinity)),
      ),
    );
    const pace = el("span", "jp-sim-replay-tools", {}, this.slower, this.speed, this.faster);
    const others = el("span", "jp-sim-replay-tools", {});
    others.append(tool(drawings.copyIcon, __("Copy the text at this step (C)"), desk.copy));
    if (desk.reload)
      others.append(tool(drawings.reloadIcon, __("Read the history again"), desk.reload));
    const told = el("span", "jp-sim-replay-told", {}, this.where, this.sums);
    this.dom.append(steps, pace, others, told);
  }

  /** Work for a player. */
  load(player: Player): void {
    this.player = player;
  }

  /** Show how the player stands, and a time. */
  show(time: string): void {
    const { player, words } = this;
    if (!player) return;
    const { index, reel, speed, playing } = player;
    if (playing !== this.playing) {
      const title = playing ? words.__("Pause (Space)") : words.__("Play (Space)");
      this.play.replaceChildren(drawing("", playing ? drawings.pauseIcon : drawings.playIcon));
      this.play.title = title;
      setAttribute(this.play, "aria-label", title);
      this.playing = playing;
    }
    setText(this.speed, `${speed}×`);
    this.slower.disabled = speed === SPEEDS[0];
    this.faster.disabled = speed === SPEEDS.at(-1);
    const number = (index + 1).toLocaleString("en");
    const count = reel.length.toLocaleString("en");
    setText(this.where, words.__("event %1 of %2 · %3", number, count, time));
  }

  /** Show figures in brief. */
  sum(text: string): void {
    setText(this.sums, text);
  }
}

/** A button with a drawing, or a sign, that one can reach by Tab. */
export function tool(icon: string, title: string, press: () => void): HTMLButtonElement {
  const dom = el("button", "jp-sim-replay-tool", { type: "button" });
  dom.append(icon.startsWith("<svg") ? drawing("", icon) : icon);
  dom.title = title;
  if (title) setAttribute(dom, "aria-label", title);
  dom.addEventListener("click", press);
  return dom;
}
