/** Delays before something is tried again, each twice as long as the one before. */

const FIRST = 500;
const LONGEST = 15_000;

/** One thing that is tried again and again, until it succeeds. */
export class Backoff {
  private delay = FIRST;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly run: () => void) {}

  /** Whether the next try stands. */
  get waits(): boolean {
    return this.timer !== null;
  }

  /** Try after the delay, or after another one this once. */
  begin(delay = this.delay): void {
    this.stop();
    this.delay = Math.min(2 * this.delay, LONGEST);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.run();
    }, delay);
  }

  /** It succeeded: the next delay is the first. */
  reset(): void {
    this.delay = FIRST;
  }

  /** Do not try any more. */
  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
