/** Presets: named settings of the next draw, with the voices that it is dealt to. */

import { type Command, EditorView } from "@codemirror/view";
import { hosts, type Preset, type Said } from "./config";
import { fanField } from "./state";
import { tune } from "./tuning";

/** How the next draw in an editor is made, under a name. */
export function presetNow(view: EditorView, name: string): Preset | null {
  const host = view.state.facet(hosts);
  if (!host) return null;
  const settings = view.state.field(fanField)?.settings ?? host.settings(view);
  const voices = host.framing(view).voices.map((voice) => voice.name);
  return asPreset(name, settings, voices);
}

function asPreset(name: string, settings: Said, voices: readonly string[]): Preset {
  const { n, temperature, minP, length, distinct } = settings;
  return { name, n, temperature, minP, length, distinct, voices: [...voices] };
}

/** The first of the presets that says how the next draw is made; null where none does. */
export function presetOf(
  settings: Said,
  voices: readonly string[],
  presets: readonly Preset[],
): Preset | null {
  const now = fingerprint(asPreset("", settings, voices));
  return presets.find((preset) => fingerprint(preset) === now) ?? null;
}

function fingerprint(preset: Preset): string {
  const { n, temperature, minP, length, distinct, voices } = preset;
  return JSON.stringify([n, temperature, minP, length, distinct, [...voices].sort()]);
}

/** Make the next draw as a preset says, in an open fan and without one. */
export function takePreset(view: EditorView, preset: Preset): void {
  const host = view.state.facet(hosts);
  if (!host) return;
  const { name, voices, ...said } = preset;
  if (!tune(view, () => said)) host.keep(view, { ...host.settings(view), ...said });
  host.choose(view, voices);
  view.dispatch({ effects: EditorView.announce.of(host.words.__("Preset: %1", name)) });
}

/** Take the next preset, going round. */
export const nextPreset: Command = (view) => {
  const host = view.state.facet(hosts);
  if (!host) return false;
  const presets = host.presets();
  const drawn = presetNow(view, "");
  const now = drawn && presetOf(drawn, drawn.voices, presets);
  const next = presets[((now ? presets.indexOf(now) : -1) + 1) % presets.length];
  if (next) takePreset(view, next);
  else
    host.report(host.words.__("There are no presets; save one first, or add it in the settings."));
  return true;
};
