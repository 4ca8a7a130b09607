"""What a front end says to a document: one struct for each request."""

from typing import Annotated, Literal

from msgspec import Meta

from .engine.messages import MAX_CANDIDATES, MAX_TOKENS, Priority, Top
from .events import Change, Offset, Place, Sampling, Stop, Taken, Value

MAX_MESSAGE = 4 * 1024 * 1024
"""The largest message that is read, in bytes."""

Id = Annotated[str, Meta(min_length=8, max_length=64, pattern="^[A-Za-z0-9-]+$")]
NodeId = Annotated[str, Meta(min_length=8, max_length=80, pattern="^[A-Za-z0-9.-]+$")]
CellId = Annotated[str, Meta(min_length=1, max_length=256)]
Seen = Annotated[tuple[NodeId, ...], Meta(max_length=1024)]
Kind = Literal["notebook", "file", "widget"]
Text = Annotated[str, Meta(max_length=MAX_MESSAGE)]
Tokens = Annotated[int, Meta(ge=1, le=MAX_TOKENS)]


class Request(Value, frozen=True, tag=lambda name: name.lower(), tag_field="type"):
    """Anything a front end says."""

    id: Id


class Hello(Request, frozen=True):
    """The first request on a connection: which document it is about. `document` is the id that
    the notebook's metadata holds, if any.
    """

    kind: Kind
    path: Annotated[str, Meta(max_length=4096)]
    document: Id | None = None


class Sync(Request, frozen=True):
    """The cell's whole text as it is now. `undo`: an undo or redo led here. `found`: it stood there
    before this front end watched the cell, so nobody here wrote what is new in it. In both cases a
    text that stood there before is that text again.
    """

    cell: CellId
    text: str
    undo: bool = False
    found: bool = False


class Put(Request, frozen=True):
    """Something happened to the cell as a whole. The front end says so before it syncs any cell
    that lost text by it; the document finds out which text came from where.

    - "made": the cell stands there with `text`, all or part of which stood in the cells `sources`:
      the new half of a split cell (its source is the cell that was split), a merged cell (its
      sources are the others that went into it), a copy, a pasted cell, a cell that got a new id
      because its own was there twice. The text's authors come along.
    - "retyped": the cell is of another type now. If that gave it a new id, `sources` is the old
      one, and `text` is said too.
    - "moved": to another place in the notebook. "removed": from the notebook. "restored": it is
      there again. These three say no text.
    """

    cell: CellId
    how: Literal["made"] | Change
    text: str | None = None
    sources: Annotated[tuple[CellId, ...], Meta(max_length=1024)] = ()


class Voice(Value, frozen=True):
    """A named framing: `text` is put before the prompt as it is."""

    name: Annotated[str, Meta(max_length=256)]
    text: Text


class Context(Value, frozen=True):
    """What stands before the branch in the prompt: the voice, the memory, and the texts of the
    cells `above`, in their order, which the front end syncs first. The prompt has `tokens` tokens
    at the most; 0 means all that fits.
    """

    voice: Voice | None = None
    memory: Text = ""
    above: Annotated[tuple[CellId, ...], Meta(max_length=10_000)] = ()
    tokens: Annotated[int, Meta(ge=0)] = 0


class Propose(Request, frozen=True):
    """One draw into a fan, at an offset of the cell's text or any place of its tree; the request's
    id is the draw's. The same `fan` again means more; `replaces` names the candidate, rejected or a
    repetition, in whose row it comes. Every candidate begins with `prefix`, as if the model had
    said it. `top` alternatives come with each token.
    """

    cell: CellId
    fan: Id
    at: Offset | Place
    n: Annotated[int, Meta(ge=1, le=MAX_CANDIDATES)]
    stop: Stop
    max_tokens: Tokens
    sampling: Sampling = Sampling()
    replaces: NodeId | None = None
    context: Context = Context()
    top: Top = 5
    priority: Priority = "fan"
    prefix: Annotated[str, Meta(max_length=4096)] = ""


class Judgement(Request, frozen=True):
    """A verdict on one candidate; `seen` are the candidates painted so far in this fan."""

    cell: CellId
    fan: Id
    candidate: NodeId
    seen: Seen


class Accept(Judgement, frozen=True):
    """Code points `start` to `stop` of the candidate are in the text now, at offset `at`.
    `closes`: the fan is closed with this, so what still runs in it stops.
    """

    at: Offset
    start: Offset
    stop: Offset
    closes: bool


class Branch(Judgement, frozen=True):
    """Keep the candidate alive for later."""


class Reject(Judgement, frozen=True):
    """The candidate is not wanted."""


class Withdraw(Request, frozen=True):
    """The verdict on the candidate is taken back. The text stays; a `Move` changes it."""

    cell: CellId
    fan: Id
    candidate: NodeId


class Move(Request, frozen=True):
    """The cell's text is now the branch to a place of its tree, and the `tail` behind it: what
    stood after the caret of a fan in the middle of a text, wherever it stands in the tree.
    """

    cell: CellId
    to: Place
    tail: Annotated[tuple[Taken, ...], Meta(max_length=4096)] = ()


class Mark(Request, frozen=True):
    """All marks of a node, as they are from now on."""

    cell: CellId
    node: NodeId
    pinned: bool = False
    tags: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...], Meta(max_length=32)
    ] = ()
    note: Annotated[str, Meta(max_length=16_384)] = ""


class Dismiss(Request, frozen=True):
    """The fan is closed without a verdict."""

    cell: CellId
    fan: Id
    seen: Seen


class See(Request, frozen=True):
    """These candidates were painted, with text, on a visible page."""

    cell: CellId
    fan: Id
    seen: Seen


class Cancel(Request, frozen=True):
    """Stop what still runs in the fan; what it has so far stays on offer. The id of a `Score` or
    an `Explore` in the place of a fan's stops that.
    """

    cell: CellId
    fan: Id


class Follow(Request, frozen=True):
    """Tell from now on what happens in these cells, and in no others. Nothing need be recorded of
    them yet. Each cell that is new among them is told from its first event on.
    """

    cells: Annotated[tuple[CellId, ...], Meta(max_length=10_000)]


class Measure(Request, frozen=True):
    """Tell the document's figures of curation, and tell them again whenever they change."""


class Score(Request, frozen=True):
    """How likely is the cell's text, token by token? Nothing is recorded. `top` alternatives come
    with each token.
    """

    cell: CellId
    top: Top = 5


class Inspect(Request, frozen=True):
    """What would a proposal send to the model? Nothing is recorded and nothing is drawn."""

    cell: CellId
    at: Offset | Place
    context: Context = Context()
    max_tokens: Tokens = 48


class Explore(Request, frozen=True):
    """Grow the tree from a place by itself: `breadth` candidates there, as many at the end of each
    of the `breadth` most promising branches, and so on for `depth` steps or until `tokens` are
    drawn. With a yes/no `question`, the model's log-odds of yes, asked behind each branch, say what
    is promising; without, the mean log-probability of its tokens. Each branch's expansion is a fan
    of its own. Candidates are dealt round `voices`, from fan to fan; without any, all are in the
    context's voice.
    """

    cell: CellId
    at: Offset | Place
    depth: Annotated[int, Meta(ge=1, le=32)]
    breadth: Annotated[int, Meta(ge=1, le=MAX_CANDIDATES)]
    tokens: Annotated[int, Meta(ge=1, le=1_000_000)]
    stop: Stop
    max_tokens: Tokens
    sampling: Sampling = Sampling()
    context: Context = Context()
    question: Annotated[str, Meta(max_length=4096)] = ""
    voices: Annotated[tuple[Voice, ...], Meta(max_length=64)] = ()


FromFront = (
    Hello
    | Sync
    | Put
    | Propose
    | Accept
    | Branch
    | Reject
    | Withdraw
    | Move
    | Mark
    | Dismiss
    | See
    | Cancel
    | Follow
    | Measure
    | Score
    | Inspect
    | Explore
)
