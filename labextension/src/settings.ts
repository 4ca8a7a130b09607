/** The settings of the plugin: how fans begin, in prose and in code. */

import { defaults, type Length, type Settings } from "@jupyter-sim/core";
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

  /** Keep settings that were changed where a fan is. */
  keep(code: boolean, settings: Settings): void {
    const before = this.of(code);
    const common = { ...settings, length: this.of(!code).length };
    this.prose = code ? common : settings;
    this.code = code ? settings : common;
    for (const key of ["n", "temperature", "order"] as const) {
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
