/** Where the fan stands in the editor: the ghost at the caret and the list under its line, as
 * decorations; the class that marks an open fan; what a screen reader is told of the list. */

import { type EditorState, type Extension, Prec } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import { fill, ghostElement } from "./clip";
import { type Fan, fits, remainder } from "./fan";
import { fanPanel } from "./panel";
import { listId, optionId } from "./rows";
import { fanField } from "./state";

/** Marks the editor while its fan is open; keys of the fan act inside it only. */
export const OPEN = "jp-sim-open";

/** Marks it while one looks into a candidate. */
export const PROBING = "jp-sim-probing";

class Ghost extends WidgetType {
  constructor(readonly text: string) {
    super();
  }

  override eq(other: Ghost): boolean {
    return this.text === other.text;
  }

  override toDOM(): HTMLElement {
    const dom = ghostElement();
    fill(dom, this.text);
    return dom;
  }

  override updateDOM(dom: HTMLElement): boolean {
    fill(dom, this.text);
    return true;
  }
}

/** Stands for the list, which the panel keeps; so a list is made once in a fan's life. */
class List extends WidgetType {
  constructor(readonly fan: Fan) {
    super();
  }

  override eq(other: List): boolean {
    return this.fan.id === other.fan.id;
  }

  override get estimatedHeight(): number {
    return (this.fan.rows.length + this.fan.settings.n + 2) * 12;
  }

  override toDOM(view: EditorView): HTMLElement {
    return view.plugin(fanPanel)?.dom ?? document.createElement("div");
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

function decorate(state: EditorState): DecorationSet {
  const fan = state.field(fanField);
  if (!fan) return Decoration.none;
  const text = remainder(fan, fan.rows[fan.highlighted]);
  const ghost = Decoration.widget({ widget: new Ghost(text), side: 1 }).range(fan.head);
  if (fan.quiet) return text ? Decoration.set(ghost) : Decoration.none;
  const line = state.doc.lineAt(fan.head).to;
  const list = Decoration.widget({ widget: new List(fan), side: 2, block: true }).range(line);
  return Decoration.set(text ? [ghost, list] : [list]);
}

function describe(fan: Fan | null): Record<string, string> {
  if (!fan) return {};
  const option = fits(fan, fan.rows[fan.highlighted]);
  return {
    "aria-controls": listId(fan),
    ...(option ? { "aria-activedescendant": optionId(fan, fan.highlighted) } : {}),
  };
}

/** Shows the fan of an editor. */
export const ghost: Extension = [
  Prec.low(EditorView.decorations.compute([fanField, "doc"], decorate)),
  EditorView.editorAttributes.compute([fanField], (state): Record<string, string> => {
    const fan = state.field(fanField);
    return fan ? { class: fan.probe ? `${OPEN} ${PROBING}` : OPEN } : {};
  }),
  EditorView.contentAttributes.compute([fanField], (state) => describe(state.field(fanField))),
];
