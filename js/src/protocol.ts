// Generated from jupyter_sim/protocol.py by `make protocol`; do not edit.

export type Protocol =
  | Above
  | Accept
  | Accepted
  | Acknowledged
  | Alternative
  | Bias
  | Branch
  | Branched
  | Cancel
  | Cancelled
  | Changed
  | Context
  | Dismiss
  | Dismissed
  | Drawing
  | Dry
  | Edited
  | Ended
  | Event
  | Explore
  | Explored
  | Failed
  | Follow
  | Framed
  | Gain
  | Generated
  | Grown
  | Happened
  | Hello
  | Inspect
  | Inspected
  | Mark
  | Marked
  | Measure
  | Measured
  | Mirostat
  | Model
  | Move
  | Moved
  | Opened
  | Origin
  | Penalties
  | Place
  | Placed
  | Propose
  | Proposed
  | Put
  | Recipe
  | Refused
  | Reject
  | Rejected
  | Sampling
  | Score
  | Scored
  | ScoredToken
  | See
  | Shown
  | Source
  | Stamp
  | Status
  | Sync
  | Taken
  | Typical
  | Voice
  | Welcome
  | Withdraw
  | Withdrawn
  | Written
  | Xtc;
/**
 * A token that could have stood in another's place: id, text, log-probability.
 *
 * @minItems 3
 * @maxItems 3
 */
export type Alternative = [number, string, number];
/**
 * Anything that is recorded.
 */
export type Event =
  | Opened
  | Edited
  | Moved
  | Placed
  | Framed
  | Proposed
  | Generated
  | Shown
  | Accepted
  | Branched
  | Rejected
  | Withdrawn
  | Marked
  | Dismissed
  | Cancelled;

/**
 * A cell that stood above the fan's, and the place whose branch it showed.
 */
export interface Above {
  cell: string;
  place: Place;
}
/**
 * A point in the tree: `offset` code points into the text of a node.
 */
export interface Place {
  node: string;
  offset: number;
}
/**
 * Code points `start` to `stop` of the candidate are in the text now, at offset `at`.
 * `closes`: the fan is closed with this, so what still runs in it stops.
 */
export interface Accept {
  type: "accept";
  id: string;
  cell: string;
  fan: string;
  candidate: string;
  /**
   * @maxItems 1024
   */
  seen: string[];
  at: number;
  start: number;
  stop: number;
  closes: boolean;
}
/**
 * Code points `start` to `stop` of the candidate went into the text at `at`; `tail` is the
 * text that follows, taken from where it stands.
 */
export interface Accepted {
  type: "accepted";
  stamp: Stamp;
  fan: string;
  candidate: string;
  seen: string[];
  at: Place;
  start: number;
  stop: number;
  tail?: Taken[];
}
/**
 * Who recorded an event, and where it stands. Order is (seq, writer), never the clock.
 */
export interface Stamp {
  id: string;
  writer: string;
  seq: number;
  time: number;
  user: string;
  document: string;
  cell: string;
  v?: number;
}
/**
 * A span that stands in the tree already; its authors come along.
 */
export interface Taken {
  type: "taken";
  node: string;
  start: number;
  stop: number;
}
/**
 * What the request `id` asked to record is on disk. For what records nothing itself (`Follow`,
 * `Measure`, `Score`, `Inspect`, `Explore`): all was told.
 */
export interface Acknowledged {
  type: "acknowledged";
  id: string;
}
/**
 * What is added to the logits of single tokens: pairs of id and number.
 */
export interface Bias {
  type: "bias";
  /**
   * @maxItems 1024
   */
  tokens: [number, number][];
}
/**
 * Keep the candidate alive for later.
 */
export interface Branch {
  type: "branch";
  id: string;
  cell: string;
  fan: string;
  candidate: string;
  /**
   * @maxItems 1024
   */
  seen: string[];
}
/**
 * The candidate is kept alive for later.
 */
export interface Branched {
  type: "branched";
  stamp: Stamp;
  fan: string;
  candidate: string;
  seen: string[];
}
/**
 * Stop what still runs in the fan; what it has so far stays on offer. The id of a `Score` or
 * an `Explore` in the place of a fan's stops that.
 */
export interface Cancel {
  type: "cancel";
  id: string;
  cell: string;
  fan: string;
}
/**
 * The running draws of a fan were stopped.
 */
export interface Cancelled {
  type: "cancelled";
  stamp: Stamp;
  fan: string;
}
/**
 * Another front end changed the cell's text: what this one told of it no longer stands.
 */
export interface Changed {
  type: "changed";
  cell: string;
}
/**
 * What stands before the branch in the prompt: the voice, the memory, and the texts of the
 * cells `above`, in their order, which the front end syncs first. The prompt has `tokens` tokens
 * at the most; 0 means all that fits.
 */
export interface Context {
  voice?: Voice | null;
  memory?: string;
  /**
   * @maxItems 10000
   */
  above?: string[];
  tokens?: number;
}
/**
 * A named framing: `text` is put before the prompt as it is.
 */
export interface Voice {
  name: string;
  text: string;
}
/**
 * The fan is closed without a verdict.
 */
export interface Dismiss {
  type: "dismiss";
  id: string;
  cell: string;
  fan: string;
  /**
   * @maxItems 1024
   */
  seen: string[];
}
/**
 * The fan was closed without a verdict.
 */
export interface Dismissed {
  type: "dismissed";
  stamp: Stamp;
  fan: string;
  seen: string[];
}
/**
 * A draw began: the ids of its candidates, in order.
 */
export interface Drawing {
  type: "drawing";
  fan: string;
  draw: string;
  candidates: string[];
}
/**
 * Against repeated passages: what would make one longer than `allowed_length` tokens costs
 * `multiplier * base ** (its length - allowed_length)`. `last` tokens are looked back over, -1 is
 * the window; a passage ends at any of `breakers`.
 */
export interface Dry {
  type: "dry";
  multiplier: number;
  base?: number;
  allowed_length?: number;
  last?: number;
  /**
   * @maxItems 64
   */
  breakers?: string[];
}
/**
 * At `at`, `removed` code points gave way to what `spans` begin with; the text that follows
 * is the end of `spans`, taken from where it stands. So an edit says all of the branch after
 * `at`, and means the same whatever other writers did meanwhile. What came from other cells is
 * written by its authors, and `origins` are the branches that it came from.
 */
export interface Edited {
  type: "edited";
  stamp: Stamp;
  at: Place;
  removed: number;
  spans: (Written | Taken)[];
  origins?: Origin[];
}
/**
 * A span of new text.
 */
export interface Written {
  type: "written";
  text: string;
  author: "found" | "human" | "model";
}
/**
 * A branch of another cell's tree that text came from.
 */
export interface Origin {
  cell: string;
  place: Place;
}
/**
 * A candidate is whole and on disk.
 */
export interface Ended {
  type: "ended";
  fan: string;
  draw: string;
  candidate: string;
  finish: "cancelled" | "end" | "failed" | "length" | "stop";
}
/**
 * A cell's text as it was found when recording began. Where it came from other cells, `runs`
 * are the same text by its authors, and `origins` the branches that it came from.
 */
export interface Opened {
  type: "opened";
  stamp: Stamp;
  text: string;
  runs?: Written[];
  origins?: Origin[];
}
/**
 * The head went to another place of the tree.
 */
export interface Moved {
  type: "moved";
  stamp: Stamp;
  to: Place;
}
/**
 * What happened to the cell as a whole.
 */
export interface Placed {
  type: "placed";
  stamp: Stamp;
  how: "moved" | "removed" | "restored" | "retyped";
}
/**
 * A text that is put before prompts, a voice's frame or the memory, when it was first used.
 */
export interface Framed {
  type: "framed";
  stamp: Stamp;
  text: string;
  name?: string;
}
/**
 * One draw into a fan was asked for: candidate i is drawn with seeds[i]. All of them begin with
 * `prefix`.
 */
export interface Proposed {
  type: "proposed";
  stamp: Stamp;
  fan: string;
  draw: string;
  at: Place;
  candidates: string[];
  seeds: number[];
  recipe: Recipe;
  source: Source;
  sampling: Sampling;
  stop: "block" | "line" | "none" | "paragraph" | "sentence" | "word";
  max_tokens: number;
  replaces?: string | null;
  prefix?: string;
}
/**
 * How the prompt follows from the history: the texts of the events `voice` and `memory`, then,
 * less `cut` code points at their beginning, the cells `above` each with a blank line after it,
 * and the branch to the fan's place. `sha256` is that of the prompt's UTF-8 bytes.
 */
export interface Recipe {
  cut: number;
  sha256: string;
  voice?: string | null;
  memory?: string | null;
  above?: Above[];
}
/**
 * The model and the program that drew a candidate, as far as a later reader needs them.
 */
export interface Source {
  model: string;
  sha256: string;
  engine: string;
}
/**
 * How a token is drawn from the model's distribution. The default is nearly honest.
 *
 * `chain` works on the logits in its order, before all else. `distinct`: first tokens are drawn
 * without replacement, and whoever asked draws candidates again that repeat another.
 */
export interface Sampling {
  temperature?: number;
  top_k?: number;
  top_p?: number;
  min_p?: number;
  distinct?: boolean;
  /**
   * @maxItems 16
   */
  chain?:
    | []
    | [Typical | Xtc | Dry | Penalties | Bias | Mirostat]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ]
    | [
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat,
        Typical | Xtc | Dry | Penalties | Bias | Mirostat
      ];
}
/**
 * Keep the tokens whose surprise is nearest to what is expected, `p` of the probability.
 */
export interface Typical {
  type: "typical";
  p: number;
}
/**
 * With `probability`, drop all tokens above `threshold` but the least likely of them.
 */
export interface Xtc {
  type: "xtc";
  probability: number;
  threshold: number;
}
/**
 * Against tokens that stand in the `last` ones, -1 is the window: `repeat` divides, the others
 * are taken off, `frequency` once for each time.
 */
export interface Penalties {
  type: "penalties";
  last?: number;
  repeat?: number;
  frequency?: number;
  presence?: number;
}
/**
 * Mirostat 2: keep the surprise of a token near `tau` bits, at the rate `eta`.
 */
export interface Mirostat {
  type: "mirostat";
  tau?: number;
  eta?: number;
}
/**
 * One candidate, whole: its text, the token ids and log-probabilities behind it, and how it
 * ended. `ends` has, for each token, the code points of the text up to its end; with a healed
 * caret the first tokens also cover the end of the prompt, and those that only do that end at 0.
 * `top` has the likeliest tokens in each one's place, the likeliest first, or is empty.
 */
export interface Generated {
  type: "generated";
  stamp: Stamp;
  fan: string;
  draw: string;
  candidate: string;
  text: string;
  tokens: number[];
  logprobs: number[];
  finish: "cancelled" | "end" | "failed" | "length" | "stop";
  seconds: number;
  ends?: number[];
  top?: Alternative[][];
}
/**
 * Candidates that were painted, with text, on a visible page.
 */
export interface Shown {
  type: "shown";
  stamp: Stamp;
  fan: string;
  candidates: string[];
}
/**
 * The candidate is not wanted. It stays in the tree.
 */
export interface Rejected {
  type: "rejected";
  stamp: Stamp;
  fan: string;
  candidate: string;
  seen: string[];
}
/**
 * The verdict on the candidate is taken back; a `Moved` beside it says where the text went.
 */
export interface Withdrawn {
  type: "withdrawn";
  stamp: Stamp;
  fan: string;
  candidate: string;
}
/**
 * All marks of a node, as they are from now on.
 */
export interface Marked {
  type: "marked";
  stamp: Stamp;
  node: string;
  pinned?: boolean;
  tags?: string[];
  note?: string;
}
/**
 * Grow the tree from a place by itself: `breadth` candidates there, as many at the end of each
 * of the `breadth` most promising branches, and so on for `depth` steps or until `tokens` are
 * drawn. With a yes/no `question`, the model's log-odds of yes, asked behind each branch, say what
 * is promising; without, the mean log-probability of its tokens. Each branch's expansion is a fan
 * of its own. Candidates are dealt round `voices`, from fan to fan; without any, all are in the
 * context's voice.
 */
export interface Explore {
  type: "explore";
  id: string;
  cell: string;
  at: number | Place;
  depth: number;
  breadth: number;
  tokens: number;
  stop: "block" | "line" | "none" | "paragraph" | "sentence" | "word";
  max_tokens: number;
  sampling?: Sampling;
  context?: Context;
  question?: string;
  /**
   * @maxItems 64
   */
  voices?: Voice[];
}
/**
 * How far an `Explore` is: the candidates and tokens drawn, of `limit` tokens at the most.
 */
export interface Explored {
  type: "explored";
  id: string;
  nodes: number;
  tokens: number;
  limit: number;
  done: boolean;
}
/**
 * A draw cannot go on; its candidates keep the text they have. `message` is one sentence.
 */
export interface Failed {
  type: "failed";
  fan: string;
  draw: string;
  code: string;
  message: string;
}
/**
 * Tell from now on what happens in these cells, and in no others. Nothing need be recorded of
 * them yet. Each cell that is new among them is told from its first event on.
 */
export interface Follow {
  type: "follow";
  id: string;
  /**
   * @maxItems 10000
   */
  cells: string[];
}
/**
 * Text that a candidate gained, and the log-probabilities of its new tokens, with the code
 * points of its text up to the end of each, and the likeliest tokens in the place of each. A
 * stop may yet cut what is counted in `ends` off the text.
 */
export interface Gain {
  candidate: string;
  text: string;
  logprobs: number[];
  ends?: number[];
  top?: Alternative[][];
}
/**
 * One step of a draw.
 */
export interface Grown {
  type: "grown";
  fan: string;
  draw: string;
  gains: Gain[];
}
/**
 * What happened in a cell, the first of it being event number `first` of the cell's, counted
 * from 0. With 0 the cell is told from its beginning.
 */
export interface Happened {
  type: "happened";
  cell: string;
  first: number;
  events: (
    | Opened
    | Edited
    | Moved
    | Placed
    | Framed
    | Proposed
    | Generated
    | Shown
    | Accepted
    | Branched
    | Rejected
    | Withdrawn
    | Marked
    | Dismissed
    | Cancelled
  )[];
}
/**
 * The first request on a connection: which document it is about. `document` is the id that
 * the notebook's metadata holds, if any.
 */
export interface Hello {
  type: "hello";
  id: string;
  kind: "file" | "notebook" | "widget";
  path: string;
  document?: string | null;
}
/**
 * What would a proposal send to the model? Nothing is recorded and nothing is drawn.
 */
export interface Inspect {
  type: "inspect";
  id: string;
  cell: string;
  at: number | Place;
  context?: Context;
  max_tokens?: number;
}
/**
 * The answer to `Inspect`: the exact prompt, its token ids, the code points of `text` up to the
 * end of each, how many code points were cut before it, and how many of the tokens stand in the
 * model's cache.
 */
export interface Inspected {
  type: "inspected";
  id: string;
  text: string;
  tokens: number[];
  ends: number[];
  cut: number;
  reused: number;
}
/**
 * All marks of a node, as they are from now on.
 */
export interface Mark {
  type: "mark";
  id: string;
  cell: string;
  node: string;
  pinned?: boolean;
  /**
   * @maxItems 32
   */
  tags?: string[];
  note?: string;
}
/**
 * Tell the document's figures of curation, and tell them again whenever they change.
 */
export interface Measure {
  type: "measure";
  id: string;
}
/**
 * The figures of curation of the document as they are now, under the names of
 * `curation.Figures`. `scored` of the `cells` that have any text were scored as they stand, and
 * `intervention_bits` are theirs; `bits_per_token` takes all of them.
 */
export interface Measured {
  type: "measured";
  fans: number;
  choices: number;
  selection_bits: number;
  generated: number;
  kept: number;
  kept_tokens: number;
  selection_bits_per_token: number | null;
  cells: number;
  scored: number;
  intervention_bits: number | null;
  bits_per_token: number | null;
}
/**
 * The engine's status changed.
 */
export interface Model {
  type: "model";
  engine: Status;
}
/**
 * What the engine is doing, for a status bar.
 *
 * `progress` runs from 0 to 1 while loading; `message` is a sentence when something is wrong;
 * `context` is the model's window in tokens; `device` names where it runs, such as "CPU" or
 * "CUDA: NVIDIA H200"; `sha256` is the model file's.
 */
export interface Status {
  type: "status";
  state: "failed" | "idle" | "loading" | "ready";
  model?: string;
  sha256?: string;
  device?: string;
  engine?: string;
  context?: number;
  parameters?: number;
  progress?: number;
  message?: string;
}
/**
 * The cell's text is now the branch to a place of its tree, and the `tail` behind it: what
 * stood after the caret of a fan in the middle of a text, wherever it stands in the tree.
 */
export interface Move {
  type: "move";
  id: string;
  cell: string;
  to: Place;
  /**
   * @maxItems 4096
   */
  tail?: Taken[];
}
/**
 * One draw into a fan, at an offset of the cell's text or any place of its tree; the request's
 * id is the draw's. The same `fan` again means more; `replaces` names the candidate, rejected or a
 * repetition, in whose row it comes. Every candidate begins with `prefix`, as if the model had
 * said it. `top` alternatives come with each token.
 */
export interface Propose {
  type: "propose";
  id: string;
  cell: string;
  fan: string;
  at: number | Place;
  n: number;
  stop: "block" | "line" | "none" | "paragraph" | "sentence" | "word";
  max_tokens: number;
  sampling?: Sampling;
  replaces?: string | null;
  context?: Context;
  top?: number;
  priority?: "explore" | "fan" | "prefetch";
  prefix?: string;
}
/**
 * Something happened to the cell as a whole. The front end says so before it syncs any cell
 * that lost text by it; the document finds out which text came from where.
 *
 * - "made": the cell stands there with `text`, all or part of which stood in the cells `sources`:
 * the new half of a split cell (its source is the cell that was split), a merged cell (its
 * sources are the others that went into it), a copy, a pasted cell, a cell that got a new id
 * because its own was there twice. The text's authors come along.
 * - "retyped": the cell is of another type now. If that gave it a new id, `sources` is the old
 * one, and `text` is said too.
 * - "moved": to another place in the notebook. "removed": from the notebook. "restored": it is
 * there again. These three say no text.
 */
export interface Put {
  type: "put";
  id: string;
  cell: string;
  how: "made" | ("moved" | "removed" | "restored" | "retyped");
  text?: string | null;
  /**
   * @maxItems 1024
   */
  sources?: string[];
}
/**
 * The request `id` was not carried out; nothing was recorded. `id` is empty where the message
 * could not be read far enough to know it.
 */
export interface Refused {
  type: "refused";
  id: string;
  code: string;
  message: string;
}
/**
 * The candidate is not wanted.
 */
export interface Reject {
  type: "reject";
  id: string;
  cell: string;
  fan: string;
  candidate: string;
  /**
   * @maxItems 1024
   */
  seen: string[];
}
/**
 * How likely is the cell's text, token by token? Nothing is recorded. `top` alternatives come
 * with each token.
 */
export interface Score {
  type: "score";
  id: string;
  cell: string;
  top?: number;
}
/**
 * More of the answer to `Score`, from token number `first` of the cell's text on; `whole` with
 * the last of them.
 */
export interface Scored {
  type: "scored";
  id: string;
  first: number;
  tokens: ScoredToken[];
  whole: boolean;
}
/**
 * One token of a text: its spelling, the code points up to its end, and how likely it was.
 *
 * A text's first token is judged as the continuation of nothing, after the token with which an
 * empty prompt begins. That one itself is certain where it stands first in `tokens` that were
 * given, and left out where the text was.
 */
export interface ScoredToken {
  token: number;
  text: string;
  end: number;
  logprob: number;
  top?: Alternative[];
}
/**
 * These candidates were painted, with text, on a visible page.
 */
export interface See {
  type: "see";
  id: string;
  cell: string;
  fan: string;
  /**
   * @maxItems 1024
   */
  seen: string[];
}
/**
 * The cell's whole text as it is now. `undo`: an undo or redo led here. `found`: it stood there
 * before this front end watched the cell, so nobody here wrote what is new in it. In both cases a
 * text that stood there before is that text again.
 */
export interface Sync {
  type: "sync";
  id: string;
  cell: string;
  text: string;
  undo?: boolean;
  found?: boolean;
}
/**
 * The answer to Hello. `document` is the id to keep in the notebook's metadata from the first
 * proposal on; `cells` are those that are recorded; `notes` are sentences about what is wrong with
 * the history.
 */
export interface Welcome {
  type: "welcome";
  id: string;
  document: string;
  engine: Status;
  cells?: string[];
  notes?: string[];
}
/**
 * The verdict on the candidate is taken back. The text stays; a `Move` changes it.
 */
export interface Withdraw {
  type: "withdraw";
  id: string;
  cell: string;
  fan: string;
  candidate: string;
}
