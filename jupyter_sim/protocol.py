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

import msgspec
from msgspec import Struct

from .answers import (
    Acknowledged,
    Changed,
    Drawing,
    Ended,
    Explored,
    Failed,
    FromDocument,
    Gain,
    Grown,
    Happened,
    Inspected,
    Measured,
    Model,
    Refused,
    Scored,
    Welcome,
)
from .errors import BadInput
from .events import Event
from .requests import (
    MAX_MESSAGE,
    Accept,
    Branch,
    Cancel,
    Context,
    Dismiss,
    Explore,
    Follow,
    FromFront,
    Hello,
    Id,
    Inspect,
    Kind,
    Mark,
    Measure,
    Move,
    Propose,
    Put,
    Reject,
    Score,
    See,
    Sync,
    Voice,
    Withdraw,
)

__all__ = [
    "MAX_MESSAGE",
    "Accept",
    "Acknowledged",
    "Branch",
    "Cancel",
    "Changed",
    "Context",
    "Dismiss",
    "Drawing",
    "Ended",
    "Explore",
    "Explored",
    "Failed",
    "Follow",
    "FromDocument",
    "FromFront",
    "Gain",
    "Grown",
    "Happened",
    "Hello",
    "Id",
    "Inspect",
    "Inspected",
    "Kind",
    "Mark",
    "Measure",
    "Measured",
    "Model",
    "Move",
    "Propose",
    "Put",
    "Refused",
    "Reject",
    "Score",
    "Scored",
    "See",
    "Sync",
    "Voice",
    "Welcome",
    "Withdraw",
    "decode",
    "encode",
    "id_of",
    "schema",
]


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
