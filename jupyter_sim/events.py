"""What happened: one frozen struct for each kind of event, in one tagged union.

A history is a sequence of these. Events hold facts and provenance; what they mean for the text of
a cell is told by `tree`. Nothing here reads a clock, a disk or a random number.

Offsets and lengths count Unicode code points. Log-probabilities are natural logarithms of the
model's own distribution, before temperature and truncation. Times are seconds since 1970, UTC.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

VERSION = 1

Author = Literal["human", "model", "found"]
Stop = Literal["none", "word", "sentence", "line", "paragraph", "block"]
Finish = Literal["stop", "length", "end", "cancelled", "failed"]

Offset = Annotated[int, Meta(ge=0)]


class Value(Struct, frozen=True, forbid_unknown_fields=True):
    """The ground of everything recorded or sent: immutable and strict."""


class Place(Value, frozen=True):
    """A point in the tree: `offset` code points into the text of a node."""

    node: str
    offset: Offset


class Written(Value, frozen=True, tag="written"):
    """A span of new text."""

    text: str
    author: Author


class Taken(Value, frozen=True, tag="taken"):
    """A span that stands in the tree already; its authors come along."""

    node: str
    start: Offset
    stop: Offset


Span = Written | Taken


class Sampling(Value, frozen=True):
    """How a token is drawn from the model's distribution. The default is nearly honest."""

    temperature: Annotated[float, Meta(ge=0, le=10)] = 1.0
    top_k: Annotated[int, Meta(ge=0)] = 0
    top_p: Annotated[float, Meta(gt=0, le=1)] = 1.0
    min_p: Annotated[float, Meta(ge=0, le=1)] = 0.02


class Source(Value, frozen=True):
    """The model and the program that drew a candidate, as far as a later reader needs them."""

    model: str
    sha256: str
    engine: str


class Recipe(Value, frozen=True):
    """How the prompt follows from the tree: the branch to the fan's place, less `cut` code points
    at its beginning. `sha256` is that of the prompt's UTF-8 bytes.
    """

    cut: Offset
    sha256: str


class Stamp(Value, frozen=True):
    """Who recorded an event, and where it stands. Order is (seq, writer), never the clock."""

    id: str
    writer: str
    seq: Annotated[int, Meta(ge=1)]
    time: float
    user: str
    document: str
    cell: str
    v: int = VERSION


class Recorded(Value, frozen=True, tag=lambda name: name.lower(), tag_field="type"):
    """What all events have in common."""

    stamp: Stamp


class Opened(Recorded, frozen=True):
    """A cell's text as it was found when recording began."""

    text: str


class Edited(Recorded, frozen=True):
    """At `at`, `removed` code points gave way to what `spans` begin with; the text that follows
    is the end of `spans`, taken from where it stands. So an edit says all of the branch after
    `at`, and means the same whatever other writers did meanwhile.
    """

    at: Place
    removed: Offset
    spans: tuple[Span, ...]


class Moved(Recorded, frozen=True):
    """The head went to another place of the tree."""

    to: Place


class Proposed(Recorded, frozen=True):
    """One draw into a fan was asked for: candidate i is drawn with seeds[i]."""

    fan: str
    draw: str
    at: Place
    candidates: tuple[str, ...]
    seeds: tuple[int, ...]
    recipe: Recipe
    source: Source
    sampling: Sampling
    stop: Stop
    max_tokens: Annotated[int, Meta(ge=1)]
    replaces: str | None = None


class Generated(Recorded, frozen=True):
    """One candidate, whole: its text, the token ids and log-probabilities behind it, and how it
    ended. With a healed caret the first tokens also cover the end of the prompt.
    """

    fan: str
    draw: str
    candidate: str
    text: str
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish: Finish
    seconds: float


class Shown(Recorded, frozen=True):
    """Candidates that were painted, with text, on a visible page."""

    fan: str
    candidates: tuple[str, ...]


class Verdict(Recorded, frozen=True):
    """A judgement on one candidate, with the candidates seen at that moment."""

    fan: str
    candidate: str
    seen: tuple[str, ...]


class Accepted(Verdict, frozen=True):
    """Code points `start` to `stop` of the candidate went into the text at `at`; `tail` is the
    text that follows, taken from where it stands.
    """

    at: Place
    start: Offset
    stop: Offset
    tail: tuple[Taken, ...] = ()


class Branched(Verdict, frozen=True):
    """The candidate is kept alive for later."""


class Rejected(Verdict, frozen=True):
    """The candidate is not wanted. It stays in the tree."""


class Dismissed(Recorded, frozen=True):
    """The fan was closed without a verdict."""

    fan: str
    seen: tuple[str, ...]


class Cancelled(Recorded, frozen=True):
    """The running draws of a fan were stopped."""

    fan: str


Event = (
    Opened
    | Edited
    | Moved
    | Proposed
    | Generated
    | Shown
    | Accepted
    | Branched
    | Rejected
    | Dismissed
    | Cancelled
)


def node_id(event: str, index: int = 0) -> str:
    """The id of the node that an event makes: the event's id, a dot and an index."""
    return f"{event}.{index}"


def event_id(node: str) -> str:
    """The id of the event that made a node."""
    return node.partition(".")[0]
