/** The settings of the plugin: how fans begin, in prose and in code. */

import { defaults, type Length, type Preset, type Settings } from "@jupyter-sim/core";
import type { ISettingRegistry } from "@jupyterlab/settingregistry";

/** The settings; until they are loaded, or where there are none, those that are built in. */
export class FanSettings {
  private loaded: ISettingRegistry.ISettings | null = null;
  private prose: Settings = defaults;
  private code: Settings = { ...defaults, length: "block" };

  /** Follow the user's settings, and write to them. */
  follow(loaded: ISettingRegistry.ISettings): void {
    this.loaded = loaded;
    this.read();
    loaded.changed.connect(() => this.read());
  }

  /** The settings for prose or code. */
  of(code: boolean): Settings {
    return code ? this.code : this.prose;
  }

  /** The presets that can be taken. */
  get presets(): readonly Preset[] {
    return (this.loaded?.composite.presets ?? []) as unknown as Preset[];
  }

  /** How far the tree grows where one explores. */
  get plan(): { depth: number; breadth: number; tokens: number } {
    const { exploreDepth, exploreBreadth, exploreTokens } = (this.loaded?.composite ?? {}) as {
      exploreDepth?: number;
      exploreBreadth?: number;
      exploreTokens?: number;
    };
    return {
      depth: exploreDepth ?? 3,
      breadth: exploreBreadth ?? 3,
      tokens: exploreTokens ?? 2000,
    };
  }

  /** Keep a preset, in the place of one of the same name. */
  async save(preset: Preset): Promise<void> {
    const others = this.presets.filter(({ name }) => name !== preset.name);
    const presets = [...others, preset].map((one) => ({ ...one, voices: [...one.voices] }));
    await this.loaded?.set("presets", presets);
  }

  /** Keep settings that were changed where a fan is. */
  keep(code: boolean, settings: Settings): void {
    const before = this.of(code);
    const common = { ...settings, length: this.of(!code).length };
    this.prose = code ? common : settings;
    this.code = code ? settings : common;
    for (const key of ["n", "temperature", "minP", "distinct", "order"] as const) {
      if (settings[key] !== before[key]) void this.loaded?.set(key, settings[key]);
    }
    const length = code ? "codeLength" : "length";
    if (settings.length !== before.length) void this.loaded?.set(length, settings.length);
  }

  private read(): void {
    const composite = this.loaded?.composite as Partial<Settings & { codeLength: Length }>;
    const { codeLength = this.code.length, ...prose } = composite;
    this.prose = { ...this.prose, ...prose };
    this.code = { ...this.prose, length: codeLength };
  }
}
