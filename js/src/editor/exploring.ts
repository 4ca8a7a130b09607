/** Letting the tree grow by itself from where one is: at the caret, or behind the highlighted candidate. */

import type { EditorView } from "@codemirror/view";
import type { Explore, Explored } from "../protocol";
import type { Asked, Part } from "../questions";
import { points } from "../text";
import { type Cell, hosts } from "./config";
import { grows } from "./fan";
import { asVoice, contextIn, manner } from "./request";
import { fanField } from "./state";

/** How far the tree is to grow. A yes/no `question`, asked behind each branch, orders the branches. */
export interface Plan {
  readonly depth: number;
  readonly breadth: number;
  readonly tokens: number;
  readonly question: string;
}

/** An exploration under way. */
export interface Exploration {
  readonly asked: Asked;
  stop(): void;
}

/** How many candidates a plan comes to, if its tokens suffice. */
export function branchesIn({ depth, breadth }: Pick<Plan, "depth" | "breadth">): number {
  return breadth + (depth - 1) * breadth * breadth;
}

/** Where the tree would grow now, as a function that lets it; null where the editor belongs to no
 * document. */
export function explore(
  view: EditorView,
): ((plan: Plan, tell: (progress: Explored) => void) => Exploration) | null {
  const host = view.state.facet(hosts);
  const cell = host?.cell(view);
  if (!host || !cell) return null;
  const text = view.state.doc.toString();
  const at = start(view);
  const framing = host.framing(view);
  const { stop, max_tokens, sampling } = manner(host.settings(view));
  return (plan, tell) => {
    const context = contextIn(null, framing, cell.client);
    const voices = framing.voices.map(asVoice);
    const how = { at, stop, max_tokens, sampling, context, voices };
    const hear = (part: Part) => {
      if (part.type === "explored") tell(part);
    };
    const now = { cell: cell.id, text, undo: false };
    return exploration(
      cell,
      cell.client.ask(now, { type: "explore", cell: cell.id, ...how, ...plan }, hear),
    );
  };
}

function exploration(cell: Cell, asked: Asked): Exploration {
  return { asked, stop: () => cell.client.stop(cell.id, asked.id) };
}

/** The end of the candidate that is highlighted and whole, else the caret. */
function start(view: EditorView): Explore["at"] {
  const fan = view.state.field(fanField, false);
  const shown = fan?.rows[fan.highlighted]?.shown;
  if (shown?.text && !grows(shown) && shown.verdict !== "rejected") {
    return { node: shown.id, offset: points(shown.text) };
  }
  return points(view.state.sliceDoc(0, view.state.selection.main.head));
}
