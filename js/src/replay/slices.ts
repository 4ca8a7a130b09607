/** Long work in slices, so that the page stays alive between them. */

/** Milliseconds that a slice takes, about. */
export const SLICE = 8;

/** Work that stops now and then to tell its share that is done. */
export type Work<T> = Generator<number, T>;

/** Whether the work is no longer wanted. */
export class Stopped extends Error {}

/** Do work to its end, and tell how far it is. Throws Stopped when `signal` says so. */
export async function inSlices<T>(
  work: Work<T>,
  signal: AbortSignal,
  tell: (share: number) => void,
): Promise<T> {
  for (;;) {
    const start = performance.now();
    while (performance.now() - start < SLICE) {
      const { done, value } = work.next();
      if (done) return value;
      tell(value);
    }
    await breath(signal);
  }
}

/** Let the page do what else it has to do. Throws Stopped when `signal` says so. */
export async function breath(signal: AbortSignal): Promise<void> {
  await new Promise<void>(inTurn);
  if (signal.aborted) throw new Stopped();
}

/** Call back in a task of its own. A timer would make each slice wait for milliseconds more. */
function inTurn(call: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    call();
  };
  port2.postMessage(null);
}
