/**
 * Drawing ahead, where the settings say so: while a fan is read, what may follow its highlighted candidate
 * is drawn; accepting all of that one shows it at once, as the next fan.
 */

import { type EditorView, type PluginValue, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { newId } from "../ids";
import type { Refusal } from "../refusal";
import { points } from "../text";
import type { FanAnswer } from "../transport";
import { type Cell, hosts } from "./config";
import { type Candidate, type Fan, fits, grows, isRunning } from "./fan";
import { draws, openAt } from "./opening";
import { contextIn, manner } from "./request";
import { fanField, step } from "./state";
import type { Draw } from "./steps";

/** How long the highlight rests before anything is drawn ahead, in milliseconds. */
const REST = 400;

/** A fan that is not open yet: what was asked for, and what was answered so far. */
interface Ahead {
  readonly cell: Cell;
  readonly fan: string;
  readonly draws: readonly Draw[];
  readonly heard: FanAnswer[];
  leave(): void;
}

class Prefetch implements PluginValue {
  /** The candidate that it is drawn ahead for, or will be after a rest. */
  private candidate: string | null = null;
  private ahead: Ahead | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly view: EditorView) {}

  update(update: ViewUpdate): void {
    const before = update.startState.field(fanField);
    const fan = update.state.field(fanField);
    if (before === fan || !(before ?? fan)?.settings.prefetch) return;
    if (before && !fan && isAcceptedWhole(update, before)) this.goOn();
    else this.follow((fan && promising(fan)?.id) ?? null);
  }

  destroy(): void {
    this.forget();
  }

  /** Draw ahead for another candidate, after a rest. */
  private follow(candidate: string | null): void {
    if (this.candidate === candidate) return;
    this.forget();
    this.candidate = candidate;
    if (candidate) this.timer = setTimeout(() => this.draw(), REST);
  }

  private draw(): void {
    const fan = this.view.state.field(fanField);
    const host = this.view.state.facet(hosts);
    const cell = host?.cell(this.view);
    const shown = fan && promising(fan);
    if (!host || !cell || !shown) return;
    const ahead = begun(cell, draws(this.view, fan.settings.n));
    this.ahead = ahead;
    const request = {
      cell: cell.id,
      fan: ahead.fan,
      at: { node: shown.id, offset: points(shown.text) },
      ...manner(fan.settings),
      priority: "prefetch" as const,
    };
    const now = { cell: cell.id, text: this.view.state.doc.toString(), undo: false };
    for (const { draw, n, voice } of ahead.draws) {
      const context = contextIn(voice, host.framing(this.view), cell.client);
      cell.client
        .propose(now, { ...request, id: draw, n, context })
        .catch((refusal: Refusal) => this.refused(ahead, draw, refusal));
    }
  }

  /** What cannot be drawn is told as soon as the fan opens. */
  private refused({ fan, heard }: Ahead, draw: string, { code, message }: Refusal): void {
    heard.push({ type: "failed", fan, draw, code, message });
  }

  /** Show what was drawn ahead; where nothing was, draw it now. */
  private goOn(): void {
    const { ahead, view } = this;
    this.ahead = null;
    this.forget();
    const { head } = view.state.selection.main;
    queueMicrotask(() => {
      const there = !view.state.field(fanField) && view.state.selection.main.head === head;
      if (there && ahead) this.show(ahead);
      else if (there) openAt(view);
      else if (ahead) drop(ahead);
    });
  }

  private show({ cell, fan, draws, heard, leave }: Ahead): void {
    const settings = this.view.state.facet(hosts)?.settings(this.view);
    leave();
    if (!settings) return;
    const engine = cell.client.status;
    const opening = { type: "open" as const, fan, draws, drawn: true, quiet: false };
    const answers = heard.map((answer) => step.of({ type: "answer", answer }));
    const effects = [step.of({ ...opening, settings, engine }), ...answers];
    this.view.dispatch({ effects, scrollIntoView: true });
  }

  private forget(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.ahead) drop(this.ahead);
    this.timer = null;
    this.ahead = null;
    this.candidate = null;
  }
}

/** A fan that is drawn ahead from now on. */
function begun(cell: Cell, all: readonly Draw[]): Ahead {
  const [fan, heard] = [newId(), [] as FanAnswer[]];
  const leave = cell.client.overhear(fan, (answer) => heard.push(answer));
  return { cell, fan, draws: all, heard, leave };
}

/** Stop what still runs; what is whole stays in the tree. */
function drop({ cell, fan, draws, heard, leave }: Ahead): void {
  leave();
  const asked = draws.reduce((sum, { n }) => sum + n, 0);
  const ended = heard.filter(({ type }) => type === "ended").length;
  if (ended < asked) cell.client.stop(cell.id, fan);
}

/** The highlighted candidate, where all are whole and that one can be gone on from. */
function promising(fan: Fan): Candidate | null {
  const row = fan.rows[fan.highlighted];
  const shown = row?.shown;
  if (!shown?.text || !fits(fan, row) || isRunning(fan) || fan.quiet || fan.failure) return null;
  return shown.finish === "end" || shown.finish === "failed" ? null : shown;
}

/** Whether a transaction put the end of a whole candidate into the text. */
function isAcceptedWhole({ transactions }: ViewUpdate, fan: Fan): boolean {
  return transactions.some(({ effects }) =>
    effects.some((effect) => {
      if (!effect.is(step) || effect.value.type !== "accept") return false;
      const { candidate, to } = effect.value;
      const shown = fan.rows.find((row) => row.shown?.id === candidate)?.shown;
      return Boolean(shown && !grows(shown) && to === shown.text.length);
    }),
  );
}

/** Draws ahead of the editor's fan. */
export const prefetching = ViewPlugin.fromClass(Prefetch);
