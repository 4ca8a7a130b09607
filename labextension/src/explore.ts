/** Exploring: a dialog that asks how far the tree is to grow, and a notification that tells how far it
 * is, with a button that stops it. */

import { branchesIn, type Explored, el, explore, type Plan } from "@jupyter-sim/core";
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { Dialog, type ICommandPalette, Notification, showDialog } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";
import { type Current, focusedView } from "./current";

type Running = ReturnType<NonNullable<ReturnType<typeof explore>>>;

/** What an exploration needs from the program around it. */
export interface Around {
  readonly app: JupyterFrontEnd;
  readonly current: Current;
  readonly trans: TranslationBundle;
  /** How far the tree grows unless one says otherwise. */
  plan(): Omit<Plan, "question">;
}

/** The fields of the dialog. */
class PlanForm extends Widget implements Dialog.IBodyWidget<Plan> {
  private readonly depth: HTMLInputElement;
  private readonly breadth: HTMLInputElement;
  private readonly tokens: HTMLInputElement;
  private readonly question = el("input", "jp-mod-styled", { type: "text", maxlength: "1000" });
  private readonly sum = el("p", "jp-sim-plan-sum", { role: "status" });

  constructor(
    private readonly trans: TranslationBundle,
    { depth, breadth, tokens, question }: Plan,
  ) {
    super();
    this.addClass("jp-sim-plan");
    this.depth = number(depth, 32);
    this.breadth = number(breadth, 32);
    this.tokens = number(tokens, 1_000_000);
    this.question.value = question;
    this.question.placeholder = trans.__("such as: Is this a story about a letter?");
    this.node.append(
      field(trans.__("Steps deep"), this.depth),
      field(trans.__("Branches at each step"), this.breadth),
      field(trans.__("Tokens at most"), this.tokens),
      field(trans.__("A yes/no question that orders the branches, if you like"), this.question),
      this.sum,
    );
    this.node.addEventListener("input", () => this.tell());
    this.tell();
  }

  getValue(): Plan {
    return {
      depth: whole(this.depth),
      breadth: whole(this.breadth),
      tokens: whole(this.tokens),
      question: asked(this.question.value),
    };
  }

  private tell(): void {
    const plan = this.getValue();
    this.sum.textContent = this.trans.__(
      "Up to %1 candidates, %2 tokens.",
      branchesIn(plan).toLocaleString(),
      plan.tokens.toLocaleString(),
    );
  }
}

/** A question as it stands behind a branch. */
function asked(question: string): string {
  const said = question.trim();
  return said ? `\n\n${said}` : "";
}

function number(value: number, most: number): HTMLInputElement {
  const attributes = { type: "number", min: "1", max: String(most), value: String(value) };
  return el("input", "jp-mod-styled", attributes);
}

/** The number in a field, within what it takes. */
function whole({ value, max }: HTMLInputElement): number {
  return Math.min(Math.max(1, Math.round(Number(value)) || 1), Number(max));
}

function field(name: string, input: HTMLInputElement): HTMLElement {
  return el("label", "jp-sim-plan-field", {}, el("span", "", {}, name), input);
}

/** The command that explores, and the one that stops it. */
export function addExplore(around: Around, palette: ICommandPalette | null): void {
  const { app, current, trans } = around;
  const category = trans.__("Simulator");
  const describedBy = { args: { type: "object" as const, properties: {} } };
  let running: Running | null = null;
  let question = "";
  const [start, stop] = ["jupyter-sim:explore", "jupyter-sim:stop-exploring"];
  app.commands.addCommand(start, {
    label: trans.__("Explore from Here…"),
    caption: trans.__("Let the tree grow by itself from the caret or the highlighted candidate"),
    isEnabled: () => running === null && focusedView(current) !== null,
    execute: async () => {
      const view = focusedView(current);
      const grow = view && explore(view);
      if (!grow) return;
      const plan = await ask(trans, { ...around.plan(), question });
      if (!plan || running) return;
      question = plan.question.trim();
      const progress = new Progress(around, () => running?.stop());
      running = grow(plan, (part) => progress.tell(part));
      app.commands.notifyCommandChanged();
      await running.asked.answered
        .then(() => progress.end())
        .catch(({ message }: Error) => progress.fail(message));
      running = null;
      app.commands.notifyCommandChanged();
    },
    describedBy,
  });
  app.commands.addCommand(stop, {
    label: trans.__("Stop Exploring"),
    isEnabled: () => running !== null,
    execute: () => running?.stop(),
    describedBy,
  });
  for (const command of [start, stop]) palette?.addItem({ command, category });
}

/** What the reader wants; null where the dialog was closed. */
async function ask(trans: TranslationBundle, plan: Plan): Promise<Plan | null> {
  const { button, value } = await showDialog({
    title: trans.__("Explore from here"),
    body: new PlanForm(trans, plan),
    focusNodeSelector: "input",
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__("Explore") })],
  });
  return button.accept ? value : null;
}

/** The notification of one exploration. */
class Progress {
  private readonly id: string;
  private last: Explored | null = null;
  private stopped = false;

  constructor(
    private readonly around: Around,
    stop: () => void,
  ) {
    const { trans } = around;
    const callback = (event: MouseEvent) => {
      event.preventDefault();
      this.stopped = true;
      stop();
    };
    this.id = Notification.emit(trans.__("Exploring…"), "in-progress", {
      autoClose: false,
      actions: [{ label: trans.__("Stop"), callback }],
    });
  }

  tell(part: Explored): void {
    this.last = part;
    const { nodes, tokens, limit } = part;
    const { trans } = this.around;
    const message = trans.__("Exploring: %1 candidates, %2 of %3 tokens", nodes, tokens, limit);
    const progress = Math.min(0.999, Math.max(0.001, tokens / limit));
    Notification.update({ id: this.id, message, progress });
  }

  end(): void {
    const { trans, app } = this.around;
    const { nodes = 0, tokens = 0 } = this.last ?? {};
    const message = this.stopped
      ? trans.__("Exploring was stopped: %1 candidates, %2 tokens", nodes, tokens)
      : trans.__("Explored: %1 candidates, %2 tokens", nodes, tokens);
    const show = () => void app.commands.execute("jupyter-sim:branches");
    const actions = [{ label: trans.__("Show Branches"), callback: show }];
    Notification.update({ id: this.id, message, type: "success", autoClose: 8000, actions });
  }

  fail(message: string): void {
    Notification.update({ id: this.id, message, type: "error", actions: [] });
  }
}
