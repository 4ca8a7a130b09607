/** A widget's comm as the line to its document. A kernel that is busy does not hear, nor does one that
 * was restarted since, and the comm cannot tell them apart; that one waits is told. */

import type { AnyModel } from "@anywidget/types";
import type { Connect, FromDocument } from "./transport";

/** How long an answer may take before that is told, in milliseconds. */
const PATIENCE = 1500;

/** Connections over the comm of `model`; `late` hears whether answers keep one waiting. */
export function overComm(model: AnyModel, late: (is: boolean) => void): Connect {
  return (receiver) => {
    const patience = new Patience(late);
    const hear = (content: { protocol?: FromDocument }) => {
      patience.end();
      if (content.protocol) receiver.received(content.protocol);
    };
    model.on("msg:custom", hear);
    queueMicrotask(() => receiver.opened());
    return {
      send: (protocol) => {
        patience.begin();
        model.send({ protocol });
      },
      close: () => {
        patience.end();
        model.off("msg:custom", hear);
      },
    };
  };
}

/** Tells when one waits for too long. */
class Patience {
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly lost: (is: boolean) => void) {}

  begin(): void {
    this.timer ??= setTimeout(() => this.lost(true), PATIENCE);
  }

  end(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.lost(false);
  }
}
