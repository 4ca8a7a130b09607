/** JupyterLab as the host of the fans in one editor. */

import type { IYText } from "@jupyter/ydoc";
import type { Action, Host, Toggle } from "@jupyter-sim/core";
import type { CodeEditor } from "@jupyterlab/codeeditor";
import { ySyncAnnotation } from "@jupyterlab/codemirror";
import type { TranslationBundle } from "@jupyterlab/translation";
import { type Documents, isCode } from "./documents";
import type { Framings } from "./framings";
import type { FanSettings } from "./settings";

/** What the hosts of all editors share. */
export interface Surroundings {
  readonly trans: TranslationBundle;
  readonly documents: Documents;
  readonly settings: FanSettings;
  readonly framings: Framings;
  readonly authorship: Toggle;
  key(action: Action): string;
  report(message: string): void;
}

/** The host of an editor of `model`. */
export function hostOf(model: CodeEditor.IModel, around: Surroundings): Host {
  const { trans, documents, settings, framings, authorship, key, report } = around;
  const undoing = () => (model.sharedModel as Partial<IYText>).undoManager;
  return {
    words: trans,
    authorship,
    key,
    report,
    cell: () => documents.cell(model),
    settings: () => settings.of(isCode(model)),
    framing: () => framings.of(model),
    presets: () => settings.presets,
    choose: (_, voices) => framings.chooseOnly(model, voices),
    keep: (_, changed) => settings.keep(isCode(model), changed),
    isRemote: (tr) => tr.annotation(ySyncAnnotation) !== undefined,
    isUndo: () => Boolean(undoing()?.undoing || undoing()?.redoing),
    isolate: (_, edit) => {
      undoing()?.stopCapturing();
      edit();
      undoing()?.stopCapturing();
    },
    isAway: (view) => {
      const notebook = documents.panel(model)?.content.node;
      const cell = view.dom.closest(".jp-Cell");
      const focused = document.activeElement;
      return Boolean(notebook?.contains(focused) && !cell?.contains(focused));
    },
  };
}
