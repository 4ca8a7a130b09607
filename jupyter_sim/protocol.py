"""What is said between a front end and a document: one union for each direction.

Written once, here; `python -m jupyter_sim.protocol` prints the JSON Schema that the TypeScript
types are generated from. The messages know no transport: a WebSocket and a widget's comm carry
the same JSON. Offsets count Unicode code points; the front end converts.

Every request has an `id`, made by the front end and unique for ever. It becomes the id of the
event that the request records, so a request that is sent again after a broken connection is
acknowledged again and recorded once. Requests are handled in the order they come.
"""

import json
import re
import sys
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from .engine.messages import MAX_CANDIDATES, MAX_TOKENS, Status
from .errors import BadInput
from .events import Finish, Offset, Sampling, Stop, Value

MAX_MESSAGE = 4 * 1024 * 1024
"""The largest message that is read, in bytes."""

Id = Annotated[str, Meta(min_length=8, max_length=64, pattern="^[A-Za-z0-9-]+$")]
NodeId = Annotated[str, Meta(min_length=8, max_length=80, pattern="^[A-Za-z0-9.-]+$")]
CellId = Annotated[str, Meta(min_length=1, max_length=256)]
Seen = Annotated[tuple[NodeId, ...], Meta(max_length=1024)]
Kind = Literal["notebook", "file", "widget"]


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
    """The cell's whole text as it is now. `undo`: an undo or redo led here."""

    cell: CellId
    text: str
    undo: bool = False


class Propose(Request, frozen=True):
    """One draw into a fan at offset `at` of the cell's text; the request's id is the draw's.
    The same `fan` again means more; `replaces` names the rejected candidate whose row is free.
    """

    cell: CellId
    fan: Id
    at: Offset
    n: Annotated[int, Meta(ge=1, le=MAX_CANDIDATES)]
    stop: Stop
    max_tokens: Annotated[int, Meta(ge=1, le=MAX_TOKENS)]
    sampling: Sampling = Sampling()
    replaces: NodeId | None = None


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
    """Stop what still runs in the fan; what it has so far stays on offer."""

    cell: CellId
    fan: Id


FromFront = Hello | Sync | Propose | Accept | Branch | Reject | Dismiss | See | Cancel


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
    """What the request `id` asked to record is on disk."""

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
    """Text that a candidate gained, and the log-probabilities of its new tokens."""

    candidate: str
    text: str
    logprobs: tuple[float, ...]


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


FromDocument = Welcome | Acknowledged | Refused | Model | Drawing | Grown | Ended | Failed | Changed


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


def encode(answer: FromDocument) -> bytes:
    """Write one answer as JSON."""
    return _encoder.encode(answer)


def schema() -> dict[str, object]:
    """The JSON Schema of both directions, as one document with a definition for each message."""
    (_, _), definitions = msgspec.json.schema_components(
        [FromFront, FromDocument], ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Protocol",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in sorted(definitions)],
        "$defs": definitions,
    }


if __name__ == "__main__":
    json.dump(schema(), sys.stdout, indent=2)
