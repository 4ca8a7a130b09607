/**
 * Where the editor and the document meet: sends what transactions did to the fan, and brings answers
 * back as steps. All that waits is here.
 *
 * Answers come late. They name their draw, so those of a fan that closed meanwhile change nothing.
 */

import type { Transaction } from "@codemirror/state";
import { type EditorView, type PluginValue, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import type { FanListener } from "../fans";
import { newId } from "../ids";
import type { Refusal } from "../refusal";
import { points } from "../text";
import type { Snapshot } from "../told";
import { type Cell, hosts } from "./config";
import { type Fan, isRunning, shownAs } from "./fan";
import { repetitions } from "./order";
import { contextIn, manner } from "./request";
import { fanField, step } from "./state";
import type { Draw, Opening, Reopening, Step } from "./steps";
import { type Walked, walked } from "./walked";

/** How long typing rests before the document is told, in milliseconds. */
const PAUSE = 1000;
/** How often in a fan's life candidates that repeat others are drawn again. */
const REDRAWS = 4;

class FanPlugin implements PluginValue {
  private cell: Cell | null = null;
  private undone = false;
  private told: readonly string[] = [];
  private redraws = 0;
  private inbox: Step[] = [];
  private pause: ReturnType<typeof setTimeout> | null = null;
  private destroyed = false;

  constructor(private readonly view: EditorView) {}

  update(update: ViewUpdate): void {
    for (const tr of update.transactions) {
      if (tr.docChanged) this.edited(tr);
      this.send(tr);
    }
    if (update.docChanged && this.cell) this.rest();
  }

  destroy(): void {
    this.destroyed = true;
    const fan = this.view.state.field(fanField);
    if (fan) this.dismiss(fan);
    if (this.pause !== null) this.tellText();
  }

  /** Try a lost connection at once. */
  hurry(): void {
    this.cell?.client.hurry();
  }

  /** Tell the text as it is now. */
  sync(): void {
    this.cell ??= this.view.state.facet(hosts)?.cell(this.view) ?? null;
    this.tellText();
  }

  /** Look, when the focus has arrived where it goes, whether the reader left the fan. */
  blurred(): void {
    setTimeout(() => {
      if (this.destroyed || this.view.hasFocus) return;
      if (this.view.state.facet(hosts)?.isAway(this.view)) this.post({ type: "close" });
    });
  }

  /** Take steps in soon, in one transaction. */
  post(...steps: Step[]): void {
    if (this.inbox.length === 0) queueMicrotask(() => this.flush());
    this.inbox.push(...steps);
  }

  private flush(): void {
    const steps = this.inbox;
    this.inbox = [];
    if (this.destroyed || !this.view.state.field(fanField)) return;
    this.view.dispatch({ effects: steps.map((taken) => step.of(taken)) });
  }

  /** What an undo or redo led to is told before anything else can be, so that text of the model's
   * which comes back is known as the model's. */
  private edited(tr: Transaction): void {
    this.undone = tr.startState.facet(hosts)?.isUndo(tr) ?? false;
    if (this.undone) this.cell?.client.sync(this.snapshot(tr.newDoc.toString()));
  }

  private send(tr: Transaction): void {
    const before = tr.startState.field(fanField);
    const after = tr.state.field(fanField);
    let closes = false;
    for (const effect of tr.effects) {
      if (effect.is(walked)) this.walk(effect.value, tr);
      if (!effect.is(step)) continue;
      const taken = effect.value;
      closes ||= taken.type === "accept" && taken.closes;
      const fan = after ?? before;
      if (taken.type === "open") this.open(taken, tr);
      else if (taken.type === "reopen") this.reopen(taken, before);
      else if (fan) this.tell(taken, fan, tr);
    }
    if (before && before.id !== after?.id) this.leave(before, closes);
    if (after && !isRunning(after)) this.tellSeen(after);
    if (before && after && isRunning(before) && !isRunning(after)) this.vary(after);
  }

  /** Draw again what repeats another candidate, where they are to be distinct; a few times. */
  private vary(fan: Fan): void {
    if (!fan.settings.distinct || this.redraws === REDRAWS) return;
    const draws = repetitions(fan).map(
      ({ id, voice }): Draw => ({ type: "draw", draw: newId(), n: 1, replaces: id, voice }),
    );
    if (draws.length > 0) this.redraws++;
    this.post(...draws);
  }

  private open(opening: Opening, tr: Transaction): void {
    const fan = tr.state.field(fanField);
    this.cell = tr.state.facet(hosts)?.cell(this.view) ?? null;
    if (!fan || !this.cell) return;
    this.told = [];
    this.redraws = 0;
    this.cell.client.attach(opening.fan, this.listener());
    for (const draw of opening.drawn ? [] : opening.draws) this.ask(fan, draw, tr);
    this.hurry();
  }

  private reopen({ fan, seen }: Reopening, before: Fan | null): void {
    this.cell = this.view.state.facet(hosts)?.cell(this.view) ?? null;
    this.told = seen;
    if (before) this.cell?.client.detach(before.id);
    this.cell?.client.attach(fan, this.listener());
  }

  /** Tell where in the tree the text is now, and first which verdict was taken back. */
  private walk({ to, tail, withdrawn }: Walked, tr: Transaction): void {
    this.cell = this.view.state.facet(hosts)?.cell(this.view) ?? null;
    if (!this.cell) return;
    const { client, id } = this.cell;
    const report = (refusal: Refusal) => this.report(refusal);
    if (withdrawn) client.tell({ type: "withdraw", cell: id, ...withdrawn }).catch(report);
    if (!to) return;
    const before = this.snapshot(tr.startState.doc.toString());
    client.move(before, tr.newDoc.toString(), to, tail).catch(report);
  }

  private tell(taken: Step, fan: Fan, tr: Transaction): void {
    switch (taken.type) {
      case "draw":
        this.ask(fan, taken, tr);
        break;
      case "redraw":
        this.askAgain(fan, taken.to, tr);
        break;
      case "judge":
        this.judge(taken, fan, tr);
        break;
      case "accept":
        this.accept(taken, fan, tr);
        break;
      case "set":
        tr.startState.facet(hosts)?.keep(this.view, taken.settings);
        break;
      case "answer":
      case "fail":
      case "highlight":
      case "see":
      case "probe":
      case "list":
      case "engine":
      case "lost":
      case "restored":
      case "close":
        break;
      default:
        taken satisfies never;
    }
  }

  private ask(fan: Fan, asked: Omit<Draw, "type">, tr: Transaction): void {
    const { draw, n, replaces, prefix, voice } = asked;
    const host = tr.startState.facet(hosts);
    if (!this.cell || !host) return;
    const request = {
      id: draw,
      cell: this.cell.id,
      fan: fan.id,
      at: points(tr.newDoc.sliceString(0, fan.head)),
      n,
      ...manner(fan.settings),
      replaces: replaces ?? null,
      prefix: prefix ?? "",
      context: contextIn(voice, host.framing(this.view), this.cell.client),
    };
    this.cell.client
      .propose(this.snapshot(tr.newDoc.toString()), request)
      .catch(({ code, message }: Refusal) => {
        if (code !== "lost") this.post({ type: "fail", draw, failure: { code, message } });
      });
  }

  private askAgain(fan: Fan, draw: string, tr: Transaction): void {
    const rows = fan.rows.filter((row) => row.coming?.draw === draw);
    const replaces = rows.find((row) => row.shown)?.shown?.id;
    const voice = rows[0]?.coming?.voice ?? null;
    this.ask(fan, { draw, n: rows.length, replaces, voice }, tr);
  }

  private judge(taken: Step & { type: "judge" }, fan: Fan, tr: Transaction): void {
    const verdict = {
      type: taken.verdict === "branched" ? ("branch" as const) : ("reject" as const),
      cell: this.cell?.id ?? "",
      fan: shownAs(fan, taken.candidate)?.fan ?? fan.id,
      candidate: taken.candidate,
      seen: [...fan.seen],
    };
    const snapshot = this.snapshot(tr.newDoc.toString());
    this.cell?.client.judge(snapshot, verdict).catch((refusal) => this.report(refusal));
  }

  private accept(taken: Step & { type: "accept" }, fan: Fan, tr: Transaction): void {
    const head = tr.startState.selection.main.head;
    const candidate = tr.startState
      .field(fanField)
      ?.rows.find((row) => row.shown?.id === taken.candidate)?.shown;
    if (!candidate) return;
    const accept = {
      type: "accept" as const,
      cell: this.cell?.id ?? "",
      fan: candidate.fan,
      candidate: taken.candidate,
      seen: [...fan.seen],
      at: points(tr.startState.sliceDoc(0, head)),
      start: points(candidate.text.slice(0, taken.from)),
      stop: points(candidate.text.slice(0, taken.to)),
      closes: taken.closes,
    };
    const before = this.snapshot(tr.startState.doc.toString());
    this.cell?.client
      .accept(before, tr.newDoc.toString(), accept)
      .catch((refusal) => this.report(refusal));
  }

  private leave(fan: Fan, accepted: boolean): void {
    if (accepted || fan.revisited) this.cell?.client.detach(fan.id);
    else this.dismiss(fan);
  }

  private dismiss(fan: Fan): void {
    this.cell?.client.detach(fan.id);
    const message = { type: "dismiss" as const, cell: this.cell?.id ?? "", fan: fan.id };
    this.cell?.client
      .tell({ ...message, seen: [...fan.seen] })
      .catch((refusal) => this.report(refusal));
  }

  private tellSeen(fan: Fan): void {
    if (fan.seen.length === this.told.length) return;
    this.told = fan.seen;
    const message = { type: "see" as const, cell: this.cell?.id ?? "", fan: fan.id };
    this.cell?.client
      .tell({ ...message, seen: [...fan.seen] })
      .catch((refusal) => this.report(refusal));
  }

  private listener(): FanListener {
    return {
      answered: (answer) => this.post({ type: "answer", answer }),
      engine: (status) => this.post({ type: "engine", status }),
      lost: (message) => this.post({ type: "lost", message }),
      restored: () => this.restore(),
      superseded: () => this.post({ type: "close" }),
    };
  }

  private restore(): void {
    const waiting = this.view.state.field(fanField)?.rows.map((row) => row.coming?.draw) ?? [];
    const draws = new Set(waiting.filter((draw) => draw !== undefined));
    const again = [...draws].map((from) => ({
      type: "redraw" as const,
      from,
      to: newId(),
    }));
    this.post({ type: "restored" }, ...again);
  }

  private snapshot(text: string): Snapshot {
    return { cell: this.cell?.id ?? "", text, undo: this.undone };
  }

  private rest(): void {
    if (this.pause !== null) clearTimeout(this.pause);
    this.pause = setTimeout(() => this.tellText(), PAUSE);
  }

  private tellText(): void {
    if (this.pause !== null) clearTimeout(this.pause);
    this.pause = null;
    this.cell?.client.sync(this.snapshot(this.view.state.doc.toString()));
  }

  private report(refusal: Refusal): void {
    this.view.state.facet(hosts)?.report(refusal.message);
  }
}

/** Speaks for the editor's fan with its document. */
export const fanPlugin = ViewPlugin.fromClass(FanPlugin, {
  eventHandlers: {
    blur() {
      this.blurred();
    },
  },
});
