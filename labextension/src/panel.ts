/** The Branches panel: the tree of the cell that one works in, in a side area. */

import {
  type Deeds,
  goTo,
  type Mark,
  type Toggle,
  type Tree,
  type TreeAction,
  type TreeKeys,
  TreeView,
} from "@jupyter-sim/core";
import type { ILayoutRestorer, JupyterFrontEnd } from "@jupyterlab/application";
import type { ICommandPalette } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { LabIcon } from "@jupyterlab/ui-components";
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import type { Current, Place } from "./current";
import { icons } from "./icons";
import type { TreeCommand } from "./keys";
import { logIcon } from "./replay";
import { shareText } from "./shares";

/** All other keys are those of commands. A shortcut of JupyterLab is a place on the keyboard, and "/" is
 * not everywhere at the same. */
const keys: TreeKeys = { "/": "search" };

/** What the panel needs from the program around it. */
export interface PanelOptions {
  trans: TranslationBundle;
  current: Current;
  authorship: Toggle;
  /** The live figures, where no status bar shows them. */
  curation: Widget | null;
  /** Replay the document. */
  replay(): void;
  /** How the keys of a command are written. */
  key(command: "propose" | TreeCommand): string;
  report(message: string): void;
}

/** The panel. It follows a cell only while it can be seen. */
export class BranchesPanel extends Widget {
  private readonly view: TreeView;
  private readonly heading = part("span", "jp-sim-branches-cell");
  private readonly count = part("span", "jp-sim-branches-count");
  private readonly trouble = part("div", "jp-sim-branches-trouble");
  private readonly shares = part("div", "jp-sim-shares");
  private place: Place | null = null;
  private tree: Tree | null = null;
  private stop: (() => void) | null = null;
  private frame = 0;
  private fresh = true;

  constructor(private readonly options: PanelOptions) {
    super();
    const { trans } = options;
    this.id = "jupyter-sim-branches";
    this.addClass("jp-sim-branches");
    this.title.icon = icons.tree;
    this.title.caption = trans.__("Branches");
    this.node.setAttribute("aria-label", trans.__("Branches"));
    this.node.setAttribute("role", "region");
    const deeds: Deeds = {
      go: (place) => this.go(place),
      reject: (candidate) => this.reject(candidate),
      mark: (node, mark) => this.mark(node, mark),
      see: (candidate) => this.see(candidate),
      leave: () => options.current.focus(),
    };
    this.view = new TreeView(trans, deeds, keys);
    this.trouble.setAttribute("role", "alert");
    this.node.append(this.head(), this.trouble, this.view.dom, this.shares);
    if (options.curation) this.node.append(options.curation.node);
    options.current.changed.connect(() => this.look());
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.look();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.leave();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.look();
    this.view.focus();
  }

  /** Whether a tree is shown. */
  get hasTree(): boolean {
    return this.isVisible && this.view.hasTree;
  }

  /** Whether the tree has the focus. */
  get hasFocus(): boolean {
    return this.view.dom.contains(document.activeElement);
  }

  /** Do something in the tree, with the focus there. */
  run(action: TreeAction): void {
    if (!this.hasFocus) this.view.focus();
    this.view.run(action);
  }

  override dispose(): void {
    this.leave();
    super.dispose();
  }

  private head(): HTMLElement {
    const { trans, authorship, replay } = this.options;
    const tools = part("span", "jp-sim-branches-tools");
    const authors = tool(icons.authors, trans.__("Show who wrote what in the text"), () =>
      authorship.turn(),
    );
    const press = () => authors.setAttribute("aria-pressed", String(authorship.on));
    authorship.watch(press);
    press();
    tools.append(
      authors,
      this.tool("graph", icons.graph, trans.__("Show the tree as a graph, or as a list")),
      this.tool("search", icons.search, trans.__("Search")),
      this.tool("end", icons.whole, trans.__("Go to the text's end")),
      this.tool("collapse", icons.collapse, trans.__("Close all alternatives")),
      this.tool("expand", icons.expand, trans.__("Open all alternatives")),
      tool(logIcon, trans.__("Replay this document"), replay),
    );
    const head = part("div", "jp-sim-branches-head");
    head.append(this.heading, this.count, tools);
    return head;
  }

  /** A button that does something in the tree; its title has its key as that is now. */
  private tool(action: TreeAction, icon: LabIcon, title: string): HTMLElement {
    const button = tool(icon, title, () => this.view.run(action));
    button.addEventListener("pointerenter", () => {
      const key = this.options.key(`tree-${action}`);
      button.title = key ? `${title} (${key})` : title;
    });
    return button;
  }

  /** Look at the cell that one works in now. A panel that was hidden, as a change of theme does for a
   * moment, shows what it showed until it is told anew. */
  private look(): void {
    if (!this.isVisible) return;
    const place = this.options.current.place;
    this.name(place);
    const same = isSame(place, this.place);
    if (this.stop && same) return;
    this.leave();
    this.place = place;
    this.fresh ||= !same;
    const { trans } = this.options;
    if (place) {
      if (!same) this.view.say(trans.__("Loading…"));
      const { client, id } = place.cell;
      this.stop = client.look(id, (tree, trouble) => this.hear(tree, trouble));
    } else {
      this.view.say(trans.__("Open a notebook or a text file; its branches show here."));
    }
  }

  private leave(): void {
    this.stop?.();
    this.stop = null;
    this.tree = null;
  }

  private hear(tree: Tree | null, trouble: string): void {
    this.trouble.textContent = trouble;
    this.tree = tree;
    if (tree && this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.frame = 0;
    const { tree } = this;
    const { trans, key } = this.options;
    if (!tree) return;
    if (tree.nodes.size > 0) this.view.show(tree, this.fresh);
    else {
      this.view.say(
        trans.__(
          "No branches yet. Write something in the cell and press %1: what the model offers, and what you make of it, grows here.",
          key("propose"),
        ),
      );
    }
    this.fresh = tree.nodes.size === 0;
    this.sum(tree);
  }

  private name(place: Place | null): void {
    const { trans } = this.options;
    const cell = place?.number ? trans.__("Cell %1", place.number) : (place?.document ?? "");
    this.heading.textContent = cell;
    this.heading.title = place?.document ?? "";
    if (place) return;
    this.tally(0);
    this.shares.textContent = "";
  }

  private sum(tree: Tree): void {
    const { trans } = this.options;
    const { size } = tree.nodes;
    this.tally(size);
    this.shares.textContent = size > 0 ? shareText(tree, trans) : "";
  }

  private tally(size: number): void {
    this.count.textContent = this.count.title = size > 0 ? counted(size, this.options.trans) : "";
    this.count.dataset.short = size > 0 ? size.toLocaleString("en") : "";
  }

  private go(to: Parameters<typeof goTo>[1]): void {
    const { current, trans, report } = this.options;
    const view = current.view;
    if (view && !view.state.readOnly) goTo(view, to);
    else report(trans.__("The cell cannot be edited now."));
  }

  private reject(candidate: string): void {
    const { place, tree } = this;
    const fan = tree?.proposals.get(candidate)?.fan;
    if (!place || !tree || fan === undefined) return;
    const { client, id } = place.cell;
    const now = { cell: id, text: place.model.sharedModel.getSource(), undo: false };
    const seen = [...new Set([...this.beside(fan), candidate])];
    client.judge(now, { type: "reject", cell: id, fan, candidate, seen }).catch(this.failed);
  }

  private beside(fan: string): string[] {
    const { tree } = this;
    return [...(tree?.seen ?? [])].filter((id) => tree?.proposals.get(id)?.fan === fan);
  }

  private mark(node: string, { pinned, tags, note }: Mark): void {
    const { client, id } = this.place?.cell ?? {};
    if (!client || id === undefined) return;
    client.tell({ type: "mark", cell: id, node, pinned, tags: [...tags], note }).catch(this.failed);
  }

  private see(candidate: string): void {
    const fan = this.tree?.proposals.get(candidate)?.fan;
    const { client, id } = this.place?.cell ?? {};
    if (!client || id === undefined || fan === undefined) return;
    client.tell({ type: "see", cell: id, fan, seen: [candidate] }).catch(this.failed);
  }

  private readonly failed = ({ message }: Error): void => this.options.report(message);
}

function isSame(one: Place | null, other: Place | null): boolean {
  return one?.cell.id === other?.cell.id && one?.cell.client === other?.cell.client;
}

/** Add the panel to a side area, and the command that opens it. */
export function addPanel(
  app: JupyterFrontEnd,
  panel: BranchesPanel,
  restorer: ILayoutRestorer | null,
  palette: ICommandPalette | null,
  trans: TranslationBundle,
): void {
  const command = "jupyter-sim:branches";
  app.shell.add(panel, "right", { rank: 950, type: "Simulator" });
  restorer?.add(panel, panel.id);
  app.commands.addCommand(command, {
    label: trans.__("Branches"),
    caption: trans.__("Show the branches of the text that one works in"),
    icon: icons.tree,
    execute: () => app.shell.activateById(panel.id),
    describedBy: { args: { type: "object", properties: {} } },
  });
  palette?.addItem({ command, category: trans.__("Simulator") });
}

function counted(size: number, trans: TranslationBundle): string {
  return size === 1 ? trans.__("1 node") : trans.__("%1 nodes", size.toLocaleString("en"));
}

function part(tag: "div" | "span", className: string): HTMLElement {
  const dom = document.createElement(tag);
  dom.className = className;
  return dom;
}

function tool(icon: LabIcon, title: string, press: () => void): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "jp-sim-branches-tool";
  button.title = title;
  button.setAttribute("aria-label", title);
  icon.element({ container: button, tag: "span" });
  button.addEventListener("click", press);
  return button;
}
