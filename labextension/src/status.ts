/** The status bar's item: which model runs where, how far it is loaded; a click tells more. */

import type { Status } from "@jupyter-sim/core";
import { Dialog, showDialog } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";
import { fanIcon } from "./icons";

/** The item. It shows the latest status that it was given. */
export class StatusItem extends Widget {
  private status: Status | null = null;
  /** Why there is no connection; empty where there is one. */
  private trouble = "";
  private readonly label = document.createElement("span");
  private readonly bar = document.createElement("span");

  constructor(private readonly trans: TranslationBundle) {
    super({ node: document.createElement("button") });
    this.addClass("jp-sim-status");
    this.addClass("jp-mod-highlighted");
    this.node.setAttribute("type", "button");
    this.bar.className = "jp-sim-status-progress";
    this.label.className = "jp-sim-status-label";
    this.node.append(fanIcon.element({ tag: "span", width: "14px" }), this.label, this.bar);
    this.node.addEventListener("click", () => void this.tellMore());
    this.hide();
  }

  /** Show a status. */
  tell(status: Status): void {
    this.status = status;
    this.trouble = "";
    this.label.textContent = summary(status, this.trans);
    this.bar.style.width = status.state === "loading" ? `${100 * (status.progress ?? 0)}%` : "0";
    this.node.classList.toggle("jp-mod-failed", status.state === "failed");
    this.node.title = status.message || this.trans.__("The model that continues your text");
    this.show();
  }

  /** Show that there is no connection, until the next status comes. */
  lose(reason: string): void {
    const { trans } = this;
    this.trouble = reason;
    this.label.textContent = trans.__("%1 · no connection", this.status?.model || unnamed(trans));
    this.bar.style.width = "0";
    this.node.classList.add("jp-mod-failed");
    this.node.title = reason;
    this.show();
  }

  private async tellMore(): Promise<void> {
    if (!this.status) return;
    await showDialog({
      title: this.trans.__("The model"),
      body: new Details(this.status, this.trouble, this.trans),
      buttons: [Dialog.okButton({ label: this.trans.__("Close") })],
    });
  }
}

function summary(status: Status, trans: TranslationBundle): string {
  const name = status.model || unnamed(trans);
  switch (status.state) {
    case "idle":
      return name;
    case "loading":
      return trans.__("%1 · loading %2 %", name, Math.round(100 * (status.progress ?? 0)));
    case "ready":
      return `${name} · ${status.device}`;
    case "failed":
      return trans.__("%1 · failed", name);
    default:
      return status.state satisfies never;
  }
}

function unnamed(trans: TranslationBundle): string {
  return trans.__("Simulator");
}

/** What is known of the model, and how to name another. */
class Details extends Widget {
  constructor(status: Status, trouble: string, trans: TranslationBundle) {
    super();
    this.addClass("jp-sim-details");
    const list = document.createElement("dl");
    for (const [name, value] of facts(status, trans)) {
      if (value) list.append(element("dt", name), element("dd", value));
    }
    this.node.append(list);
    for (const sentence of [trouble, status.message]) {
      if (sentence) this.node.append(element("p", sentence));
    }
    this.node.append(
      element("p", trans.__("To write with another model, start JupyterLab with its file:")),
      element("pre", "jupyter lab --SimApp.model=/path/to/model.gguf"),
    );
  }
}

function facts(status: Status, trans: TranslationBundle): [string, string | undefined][] {
  const count = (n: number | undefined) => (n ? n.toLocaleString("en") : undefined);
  return [
    [trans.__("Model"), status.model],
    [trans.__("State"), stateName(status, trans)],
    [trans.__("Device"), status.device],
    [trans.__("Parameters"), count(status.parameters)],
    [trans.__("Context, in tokens"), count(status.context)],
    [trans.__("Engine"), status.engine],
    [trans.__("SHA-256"), status.sha256],
  ];
}

function stateName({ state }: Status, trans: TranslationBundle): string {
  switch (state) {
    case "idle":
      return trans.__("not loaded; the first proposal loads it");
    case "loading":
      return trans.__("loading");
    case "ready":
      return trans.__("ready");
    case "failed":
      return trans.__("failed");
    default:
      return state satisfies never;
  }
}

function element(tag: string, text: string): HTMLElement {
  const dom = document.createElement(tag);
  dom.textContent = text;
  return dom;
}
