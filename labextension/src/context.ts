/** The Context panel: what frames the prompts of the document that one works in, and what is sent. */

import { el } from "@jupyter-sim/core";
import type { ILayoutRestorer, JupyterFrontEnd } from "@jupyterlab/application";
import type { ICommandPalette } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import { MemoryView } from "./contextmemory";
import { PromptView } from "./contextprompt";
import { SentView } from "./contextsent";
import { VoicesView } from "./contextvoices";
import type { Current } from "./current";
import type { Framings } from "./framings";
import { icons } from "./icons";

/** Where the panel can be opened. */
type Section = "memory" | "voices" | "prompt";

/** The panel. It follows the document while it can be seen. */
export class ContextPanel extends Widget {
  private readonly heading = el("span", "jp-sim-branches-cell");
  private readonly body = el("div", "jp-sim-context-body");
  private readonly empty: HTMLElement;
  private readonly memory: MemoryView;
  private readonly voices: VoicesView;
  private readonly sent: SentView;
  private readonly prompt: PromptView;
  private section: Section = "memory";
  private frame = 0;
  private readonly later = () => this.soon();

  constructor(
    trans: TranslationBundle,
    private readonly current: Current,
    framings: Framings,
  ) {
    super();
    this.id = "jupyter-sim-context";
    this.addClass("jp-sim-context");
    this.title.icon = icons.context;
    this.title.caption = trans.__("Context");
    this.node.setAttribute("aria-label", trans.__("Context"));
    this.node.setAttribute("role", "region");
    this.memory = new MemoryView(trans, framings);
    this.voices = new VoicesView(trans, framings);
    this.sent = new SentView(trans, framings);
    this.prompt = new PromptView(trans, current, framings);
    this.empty = el(
      "p",
      "jp-sim-context-empty",
      {},
      trans.__("Open a notebook or a text file; what frames its prompts is kept here."),
    );
    const views = [this.memory, this.voices, this.sent, this.prompt];
    this.body.append(...views.map(({ dom }) => dom));
    const head = el("div", "jp-sim-branches-head", {}, this.heading);
    this.node.append(head, this.empty, this.body);
    this.node.addEventListener("keydown", (event) => this.leave(event));
    current.changed.connect(this.later);
    framings.changed.connect(this.later);
  }

  /** Go to a section, as soon as the panel is shown. */
  open(section: Section): void {
    this.section = section;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    document.addEventListener("selectionchange", this.later);
    this.look();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    document.removeEventListener("selectionchange", this.later);
    this.memory.save();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.look();
    if (this.section === "memory") this.memory.focus();
    else if (this.section === "voices") this.voices.focus();
    else {
      this.prompt.focus();
      void this.prompt.look();
    }
  }

  override dispose(): void {
    document.removeEventListener("selectionchange", this.later);
    cancelAnimationFrame(this.frame);
    super.dispose();
  }

  private soon(): void {
    if (!this.isVisible || this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => this.look());
  }

  private look(): void {
    this.frame = 0;
    const { place } = this.current;
    this.heading.textContent = place?.document ?? "";
    this.empty.hidden = place !== null;
    this.body.hidden = place === null;
    if (!place) return;
    this.memory.show(place.model);
    this.voices.show(place.model);
    this.sent.show();
    this.prompt.update();
  }

  private leave(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    this.current.focus();
  }
}

/** Add the panel to a side area, and the commands that open it. */
export function addContext(
  app: JupyterFrontEnd,
  panel: ContextPanel,
  restorer: ILayoutRestorer | null,
  palette: ICommandPalette | null,
  trans: TranslationBundle,
): void {
  app.shell.add(panel, "right", { rank: 951, type: "Simulator" });
  restorer?.add(panel, panel.id);
  const commands: [string, Section, string, string][] = [
    [
      "context",
      "memory",
      trans.__("Context"),
      trans.__("What frames the prompt: memory and voices"),
    ],
    ["voices", "voices", trans.__("Choose Voices"), trans.__("The voices of the next fan")],
    ["inspect", "prompt", trans.__("Show the Prompt"), trans.__("The exact prompt at the caret")],
  ];
  for (const [name, section, label, caption] of commands) {
    const command = `jupyter-sim:${name}`;
    app.commands.addCommand(command, {
      label,
      caption,
      icon: section === "memory" ? icons.context : undefined,
      execute: () => {
        panel.open(section);
        app.shell.activateById(panel.id);
      },
      describedBy: { args: { type: "object", properties: {} } },
    });
    palette?.addItem({ command, category: trans.__("Simulator") });
  }
}
