/**
 * Where a replay stands, and how it goes on: by events, by fans, or in time. It knows no page; a clock
 * is given to it.
 */

import type { Reel } from "./reel";

/** How fast a replay can play, as multiples of the writer's pace. */
export const SPEEDS: readonly number[] = [0.5, 1, 2, 4, 8, 16];

/** Seconds of playing that one frame makes up for at most: a page that was hidden goes on from there. */
const LONGEST_FRAME = 0.25;

/** Calls back at the next frame with the time in milliseconds; what it returns takes that back. */
export type Frames = (tick: (now: number) => void) => () => void;

/** A replay of a reel. `changed` hears of every change. */
export class Player {
  speed = 1;
  private at = 0;
  private seconds = 0;
  private before: number | null = null;
  private cancel: (() => void) | null = null;

  constructor(
    readonly reel: Reel,
    private readonly frames: Frames,
    private readonly changed: () => void,
  ) {}

  /** The number of the event after which the replay stands. */
  get index(): number {
    return this.at;
  }

  get playing(): boolean {
    return this.cancel !== null;
  }

  /** Go to an event; what is beyond the ends is the end. */
  seek(index: number): void {
    this.at = Math.max(0, Math.min(this.reel.length - 1, Math.round(index)));
    this.seconds = this.reel.times[this.at] ?? 0;
    this.changed();
  }

  /** Go on or back by events. */
  step(by: number): void {
    this.pause();
    this.seek(this.at + by);
  }

  /** Go to the next fan, or to the one before. */
  stepFan(by: 1 | -1): void {
    this.pause();
    this.seek(this.reel.fanFrom(this.at, by));
  }

  /** Play, from the beginning where the end is reached; or stop playing. */
  toggle(): void {
    if (this.playing) this.pause();
    else {
      if (this.at >= this.reel.length - 1) this.seek(0);
      this.before = null;
      this.wait();
    }
    this.changed();
  }

  /** Stop playing. */
  pause(): void {
    this.cancel?.();
    this.cancel = null;
  }

  /** Play faster or slower from here on. */
  pace(by: 1 | -1): void {
    const speed = SPEEDS[SPEEDS.indexOf(this.speed) + by];
    if (speed === undefined) return;
    this.speed = speed;
    this.changed();
  }

  private wait(): void {
    this.cancel = this.frames((now) => this.tick(now));
  }

  private tick(now: number): void {
    const passed = this.before === null ? 0 : (now - this.before) / 1000;
    this.before = now;
    this.seconds += Math.min(passed, LONGEST_FRAME) * this.speed;
    const index = this.reel.after(this.seconds);
    const ended = index >= this.reel.length - 1;
    this.cancel = null;
    if (!ended) this.wait();
    if (index === this.at && !ended) return;
    this.at = index;
    this.changed();
  }
}
