/** What everything that asks the model to go on has in common: how it samples and stops, and what frames
 * the prompt. */

import type { Client } from "../client";
import type { Context, Propose, Voice } from "../protocol";
import type { Settings } from "./config";
import { extents } from "./lengths";
import { asFrame, type Framing } from "./voices";

/** How candidates are sampled, and where they end. */
export function manner(
  settings: Settings,
): Required<Pick<Propose, "stop" | "max_tokens" | "sampling">> {
  const { length, temperature, minP, distinct } = settings;
  const { stop, maxTokens } = extents[length];
  return { stop, max_tokens: maxTokens, sampling: { temperature, min_p: minP, distinct } };
}

/** A voice as it is sent. */
export function asVoice({ name, text }: Voice): Voice {
  return { name, text: asFrame(text) };
}

/** What frames a prompt in one of the voices; the cells above are told to the document first. */
export function contextIn(voice: Voice | null, framing: Framing, client: Client): Context {
  const { memory, above, tokens } = framing;
  for (const cell of above) client.sync({ ...cell, undo: false });
  return {
    voice: voice && asVoice(voice),
    memory: asFrame(memory),
    above: above.map(({ cell }) => cell),
    tokens,
  };
}
