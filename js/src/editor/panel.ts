/** The list under the line: one element for a fan's whole life, updated in place, and the room that is
 * kept for the ghost above it so that the list stands still while text streams. */

import { type EditorView, type PluginValue, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { accept, dismiss, highlight, propose } from "./commands";
import { type Host, hosts, type Words } from "./config";
import { button, drawing, el, setAttribute, setText } from "./dom";
import { type Fan, fits, isRunning, whole } from "./fan";
import { Foot } from "./foot";
import { warnIcon } from "./icons";
import { copies } from "./order";
import { ProbeView } from "./probe";
import { lookAt, takeAlternative } from "./probing";
import { Room } from "./room";
import { listId, RowView } from "./rows";
import { spoken } from "./speech";
import { fanField, step } from "./state";

/** The elements of one fan. */
class Panel {
  readonly dom: HTMLElement;
  readonly room: Room;
  private readonly bar = el("div", "jp-sim-progress");
  private readonly list = el("div", "jp-sim-rows", { role: "listbox", tabindex: "0" });
  private readonly sentence = el("span", "jp-sim-failure");
  private readonly failure: HTMLElement;
  private readonly probe: ProbeView;
  private readonly foot: Foot;
  private readonly rows: RowView[] = [];

  constructor(
    private readonly view: EditorView,
    private readonly host: Host,
    fan: Fan,
  ) {
    const { words } = host;
    this.room = new Room(fan.settings.length);
    this.foot = new Foot(view, host);
    this.probe = new ProbeView(words, {
      look: (token) => lookAt(view, token),
      take: (alternative) => takeAlternative(view, alternative),
    });
    this.failure = el(
      "div",
      "jp-sim-trouble",
      {},
      drawing("jp-sim-icon", warnIcon),
      this.sentence,
      button("jp-sim-button", () => propose(view), words.__("Retry")),
      button("jp-sim-button", () => dismiss(view), words.__("Dismiss")),
    );
    this.list.id = listId(fan);
    setAttribute(this.list, "aria-label", words.__("Candidates"));
    this.listen();
    const body = el(
      "div",
      "jp-sim-fan",
      {},
      this.bar,
      this.list,
      this.probe.dom,
      this.failure,
      this.foot.dom,
    );
    body.addEventListener("mousedown", (event) => event.preventDefault());
    this.dom = el("div", "jp-sim-panel", { contenteditable: "false" }, this.room.dom, body);
  }

  update(fan: Fan): void {
    const waiting = loading(fan, this.host.words);
    while (this.rows.length < fan.rows.length) this.add();
    const earlier: string[] = [];
    const counts = copies(fan);
    this.rows.forEach((row, i) => {
      row.update(fan, earlier, i === 0 ? waiting : "", counts[i] ?? 1);
      const shown = fan.rows[i]?.shown;
      if (shown && fits(fan, fan.rows[i])) earlier.push(whole(shown));
    });
    setAttribute(this.list, "aria-busy", String(isRunning(fan)));
    this.bar.style.width = `${waiting ? Math.round(100 * (fan.engine?.progress ?? 0)) : 0}%`;
    setText(this.sentence, fan.failure?.message ?? "");
    this.dom.classList.toggle("jp-mod-failed", fan.failure !== null);
    this.dom.classList.toggle(
      "jp-mod-bare",
      fan.failure !== null && !fan.rows.some((r) => r.shown),
    );
    this.probe.update(fan);
    this.foot.update(fan);
  }

  /** Bring a row into the part of the list that is shown. */
  reveal(row: number): void {
    const { dom } = this.rows[row] ?? {};
    if (!dom) return;
    const top = dom.offsetTop - this.list.offsetTop;
    const bottom = top + dom.offsetHeight;
    if (top < this.list.scrollTop) this.list.scrollTop = top;
    else if (bottom > this.list.scrollTop + this.list.clientHeight) {
      this.list.scrollTop = bottom - this.list.clientHeight;
    }
  }

  /** The candidates whose rows can be seen on the screen now; of a quiet fan, the one at the caret. */
  painted(fan: Fan): string[] {
    if (fan.quiet) {
      const ghost = fan.rows[fan.highlighted]?.shown;
      return ghost?.text ? [ghost.id] : [];
    }
    const box = this.list.getBoundingClientRect();
    const top = Math.max(box.top, 0);
    const bottom = Math.min(box.bottom, window.innerHeight);
    return fan.rows.flatMap(({ shown }, i) => {
      const row = this.rows[i]?.dom.getBoundingClientRect();
      const inside = row && row.height > 0 && row.bottom > top && row.top < bottom;
      return shown?.text && inside ? [shown.id] : [];
    });
  }

  private add(): void {
    const row = new RowView(this.rows.length, this.host.words);
    this.rows.push(row);
    this.list.append(row.dom);
  }

  private listen(): void {
    const on = (type: "click" | "dblclick", run: (row: number) => void) =>
      this.list.addEventListener(type, ({ target }) => {
        const row = this.rows.findIndex(({ dom }) => dom.contains(target as Node));
        const fan = this.view.state.field(fanField);
        if (fan && row >= 0 && fits(fan, fan.rows[row])) run(row);
      });
    on("click", (row) => highlight(this.view, row));
    on("dblclick", () => accept(this.view));
  }
}

/** What to say while the model is not ready. */
function loading(fan: Fan, words: Words): string {
  const { engine } = fan;
  if (engine?.state !== "loading" || fan.rows.some((row) => row.shown)) return "";
  const percent = Math.round(100 * (engine.progress ?? 0));
  return words.__("Loading the model %1… %2 %", engine.model ?? "", percent);
}

class FanPanel implements PluginValue {
  private panel: Panel | null = null;
  private readonly live = el("div", "jp-sim-live", { "aria-live": "polite", role: "status" });

  constructor(private readonly view: EditorView) {}

  /** The list's element, while a fan is open. */
  get dom(): HTMLElement | undefined {
    return this.panel?.dom;
  }

  update(update: ViewUpdate): void {
    const before = update.startState.field(fanField);
    const fan = update.state.field(fanField);
    if (!fan) {
      this.panel = null;
    } else if (before !== fan) {
      this.show(before, fan);
    }
    if (fan && (before !== fan || update.geometryChanged)) this.measure();
  }

  destroy(): void {
    this.live.remove();
  }

  private show(before: Fan | null, fan: Fan): void {
    const host = this.view.state.facet(hosts);
    if (!host) return;
    if (!this.panel || before?.id !== fan.id) {
      this.panel = new Panel(this.view, host, fan);
      this.view.dom.append(this.live);
    }
    this.panel.update(fan);
    const say = spoken(before, fan, host.words);
    if (say) setText(this.live, say);
  }

  private measure(): void {
    this.view.requestMeasure({
      key: this,
      read: (view) => {
        const fan = view.state.field(fanField);
        if (!fan || !this.panel) return null;
        return {
          fan,
          space: this.panel.room.measure(view, fan.head),
          painted: this.panel.painted(fan),
        };
      },
      write: (found, view) => {
        if (!found || !this.panel) return;
        if (this.panel.room.keep(view, found.space)) this.measure();
        this.panel.reveal(found.fan.highlighted);
        this.see(found.fan, found.painted);
      },
    });
  }

  private see(fan: Fan, painted: readonly string[]): void {
    if (document.visibilityState !== "visible") return;
    const candidates = painted.filter((id) => !fan.seen.includes(id));
    if (candidates.length === 0) return;
    queueMicrotask(() => {
      const now = this.view.state.field(fanField);
      if (now?.id === fan.id) this.view.dispatch({ effects: step.of({ type: "see", candidates }) });
    });
  }
}

/** Keeps the list of the editor's fan. */
export const fanPanel = ViewPlugin.fromClass(FanPanel);
