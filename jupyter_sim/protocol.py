"""What is said between a front end and a document: one union for each direction.

Written once, here; `python -m jupyter_sim.protocol` prints the JSON Schema that the TypeScript
types are generated from. The messages know no transport: a WebSocket and a widget's comm carry
the same JSON. Offsets count Unicode code points; the front end converts.

Every request has an `id`, made by the front end and unique for ever. It becomes the id of the
event that the request records, so a request that is sent again after a broken connection is
acknowledged again and recorded once. Requests are handled in the order they come. What works for
the front end that asked (a `Propose`, `Score`, `Inspect` or `Explore`) ends with its connection.
"""

import json
import re
import sys
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from .engine.messages import MAX_CANDIDATES, MAX_TOKENS, Priority, ScoredToken, Status, Top
from .errors import BadInput
from .events import Alternative, Change, Event, Finish, Offset, Place, Sampling, Stop, Taken, Value

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
    before this front end watched the cell, so nobody here wrote what is new in it.
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
    id is the draw's. The same `fan` again means more; `replaces` names the rejected candidate whose
    row is free. Every candidate begins with `prefix`, as if the model had said it. `top`
    alternatives come with each token.
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
    of its own.
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
    | Score
    | Inspect
    | Explore
)


class Answer(Value, frozen=True, tag=lambda name: name.lower(), tag_field="type"):
    """Anything a document says."""


class Welcome(Answer, frozen=True):
    """The answer to Hello. `document` is the id to keep in the notebook's metadata from the first
    proposal on; `cells` are those that are recorded; `notes` are sentences about what is wrong with
    the history.
    """

    id: str
    document: str
    engine: Status
    cells: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Acknowledged(Answer, frozen=True):
    """What the request `id` asked to record is on disk. For what records nothing itself (`Follow`,
    `Score`, `Inspect`, `Explore`): all was told.
    """

    id: str


class Refused(Answer, frozen=True):
    """The request `id` was not carried out; nothing was recorded. `id` is empty where the message
    could not be read far enough to know it.
    """

    id: str
    code: str
    message: str


class Model(Answer, frozen=True):
    """The engine's status changed."""

    engine: Status


class Drawing(Answer, frozen=True):
    """A draw began: the ids of its candidates, in order."""

    fan: str
    draw: str
    candidates: tuple[str, ...]


class Gain(Value, frozen=True):
    """Text that a candidate gained, and the log-probabilities of its new tokens, with the code
    points of its text up to the end of each, and the likeliest tokens in the place of each. A
    stop may yet cut what is counted in `ends` off the text.
    """

    candidate: str
    text: str
    logprobs: tuple[float, ...]
    ends: tuple[int, ...] = ()
    top: tuple[tuple[Alternative, ...], ...] = ()


class Grown(Answer, frozen=True):
    """One step of a draw."""

    fan: str
    draw: str
    gains: tuple[Gain, ...]


class Ended(Answer, frozen=True):
    """A candidate is whole and on disk."""

    fan: str
    draw: str
    candidate: str
    finish: Finish


class Failed(Answer, frozen=True):
    """A draw cannot go on; its candidates keep the text they have. `message` is one sentence."""

    fan: str
    draw: str
    code: str
    message: str


class Changed(Answer, frozen=True):
    """Another front end changed the cell's text: what this one told of it no longer stands."""

    cell: str


class Happened(Answer, frozen=True):
    """What happened in a cell, the first of it being event number `first` of the cell's, counted
    from 0. With 0 the cell is told from its beginning.
    """

    cell: str
    first: int
    events: tuple[Event, ...]


class Scored(Answer, frozen=True):
    """More of the answer to `Score`, from token number `first` of the cell's text on; `whole` with
    the last of them.
    """

    id: str
    first: int
    tokens: tuple[ScoredToken, ...]
    whole: bool


class Inspected(Answer, frozen=True):
    """The answer to `Inspect`: the exact prompt, its token ids, the code points of `text` up to the
    end of each, how many code points were cut before it, and how many of the tokens stand in the
    model's cache.
    """

    id: str
    text: str
    tokens: tuple[int, ...]
    ends: tuple[int, ...]
    cut: int
    reused: int


class Explored(Answer, frozen=True):
    """How far an `Explore` is: the candidates and tokens drawn, of `limit` tokens at the most."""

    id: str
    nodes: int
    tokens: int
    limit: int
    done: bool


FromDocument = (
    Welcome
    | Acknowledged
    | Refused
    | Model
    | Drawing
    | Grown
    | Ended
    | Failed
    | Changed
    | Happened
    | Scored
    | Inspected
    | Explored
)


class _Named(Struct):
    """As much of a request as tells which one it is."""

    id: Id = ""


_decoder: msgspec.json.Decoder[FromFront] = msgspec.json.Decoder(FromFront)
_encoder = msgspec.json.Encoder()
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def decode(data: bytes | str) -> FromFront:
    """Read one request.

    Raises BadInput, naming what is wrong, for anything that is not a request or is too large.
    """
    if len(data) > MAX_MESSAGE:
        raise BadInput(
            f"A message of {len(data):,} bytes came; at most {MAX_MESSAGE:,} are read. "
            "Split the text into several cells."
        )
    try:
        return _read(data)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"The message is not one of this protocol: {error}.") from error


def id_of(data: bytes | str) -> str:
    """The id of a request that `decode` refused, or nothing where it cannot be known."""
    try:
        return msgspec.json.decode(data, type=_Named).id
    except (ValueError, RecursionError):
        return ""


def _read(data: bytes | str) -> FromFront:
    """Lone surrogates, which a browser can send, are read by json alone."""
    try:
        return _decoder.decode(data)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        text = data if isinstance(data, str) else data.decode("utf-8", "replace")
        if not _SURROGATE.search(text):
            raise
        request: FromFront = msgspec.convert(json.loads(text), FromFront)
        return request


def encode(answer: FromDocument | Event) -> bytes:
    """Write one answer, or an event that stands in one, as JSON. Lone surrogates, which a cell's
    text can hold, are escaped.
    """
    try:
        return _encoder.encode(answer)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(answer), separators=(",", ":")).encode()


def schema() -> dict[str, object]:
    """The JSON Schema of both directions, as one document with a definition for each message."""
    (_, _, event), definitions = msgspec.json.schema_components(
        [FromFront, FromDocument, Event], ref_template="#/$defs/{name}"
    )
    definitions["Event"] = {"description": "Anything that is recorded.", **event}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Protocol",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in sorted(definitions)],
        "$defs": definitions,
    }


if __name__ == "__main__":
    json.dump(schema(), sys.stdout, indent=2)
