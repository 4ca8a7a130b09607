/** What someone who listens to the screen is told of a fan. Pure. */

import type { Settings, Words } from "./config";
import { type Fan, isRunning, shownAs, whole } from "./fan";
import { lengthName } from "./lengths";
import { percent, tokensOf } from "./tokens";

/** What to say when a fan changed; empty where there is nothing. */
export function spoken(before: Fan | null, fan: Fan, words: Words): string {
  if (before?.id !== fan.id) return words.__("Drawing %1 candidates", fan.rows.length);
  if (fan.failure) return fan.failure === before.failure ? "" : fan.failure.message;
  if (fan.settings !== before.settings) return tuned(fan.settings, words);
  if (fan.probe !== before.probe) return probed(fan, words);
  return verdict(before, fan, words) || ended(before, fan, words);
}

function verdict(before: Fan, fan: Fan, words: Words): string {
  const was = new Map(before.rows.map(({ shown }) => [shown?.id, shown?.verdict]));
  for (const { shown } of fan.rows) {
    if (!shown?.verdict || was.get(shown.id) === shown.verdict) continue;
    return shown.verdict === "branched"
      ? words.__("Branch kept: %1", whole(shown))
      : words.__("Rejected; another is drawn");
  }
  return "";
}

function probed(fan: Fan, words: Words): string {
  const shown = fan.probe && shownAs(fan, fan.probe.candidate);
  const token = shown && tokensOf(shown)[fan.probe?.token ?? 0];
  if (!token) return "";
  const other = token.alternatives[fan.probe?.alternative ?? 0];
  const said = words.__("Token %1, %2", token.text, percent(token.chance));
  return other ? `${said}; ${words.__("instead %1, %2", other.text, percent(other.chance))}` : said;
}

function ended(before: Fan, fan: Fan, words: Words): string {
  if (isRunning(fan) || !isRunning(before)) return "";
  const count = fan.rows.filter(({ shown }) => shown?.verdict !== "rejected").length;
  return words._n("%1 candidate", "%1 candidates", count);
}

function tuned({ n, temperature, length }: Settings, words: Words): string {
  const name = lengthName(length, words);
  return words.__("Next draw: n %1, temperature %2, %3", n, temperature.toFixed(1), name);
}
