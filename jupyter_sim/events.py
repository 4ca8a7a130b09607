"""What happened: one frozen struct for each kind of event, in one tagged union.

A history is a sequence of these. Events hold facts and provenance; what they mean for the text of
a cell is told by `tree`. Nothing here reads a clock, a disk or a random number.

Offsets and lengths count Unicode code points. Log-probabilities are natural logarithms of the
model's own distribution, before temperature and truncation. Times are seconds since 1970, UTC.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

VERSION = 1

MAX_SEQ = 2**53 - 1
"""The largest `seq`: the largest integer that every reader of JSON takes exactly."""

Author = Literal["human", "model", "found"]
Change = Literal["removed", "retyped", "moved", "restored"]
Stop = Literal["none", "word", "sentence", "line", "paragraph", "block"]
Finish = Literal["stop", "length", "end", "cancelled", "failed"]

Offset = Annotated[int, Meta(ge=0)]


class Value(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
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


class Origin(Value, frozen=True):
    """A branch of another cell's tree that text came from."""

    cell: str
    place: Place


class Alternative(Value, frozen=True, array_like=True):
    """A token that could have stood in another's place: id, text, log-probability."""

    token: int
    text: str
    logprob: float


class Setting(Value, frozen=True, tag=lambda name: name.lower()):
    """A sampler of llama.cpp, with what it is set to."""


class Typical(Setting, frozen=True):
    """Keep the tokens whose surprise is nearest to what is expected, `p` of the probability."""

    p: Annotated[float, Meta(gt=0, le=1)]


class Xtc(Setting, frozen=True):
    """With `probability`, drop all tokens above `threshold` but the least likely of them."""

    probability: Annotated[float, Meta(ge=0, le=1)]
    threshold: Annotated[float, Meta(ge=0, le=1)]


class Dry(Setting, frozen=True):
    """Against repeated passages: what would make one longer than `allowed_length` tokens costs
    `multiplier * base ** (its length - allowed_length)`. `last` tokens are looked back over, -1 is
    the window; a passage ends at any of `breakers`.
    """

    multiplier: Annotated[float, Meta(ge=0, le=100)]
    base: Annotated[float, Meta(ge=1, le=10)] = 1.75
    allowed_length: Annotated[int, Meta(ge=0, le=4096)] = 2
    last: Annotated[int, Meta(ge=-1, le=1 << 20)] = -1
    breakers: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...], Meta(max_length=64)
    ] = ()


class Penalties(Setting, frozen=True):
    """Against tokens that stand in the `last` ones, -1 is the window: `repeat` divides, the others
    are taken off, `frequency` once for each time.
    """

    last: Annotated[int, Meta(ge=-1, le=1 << 20)] = 64
    repeat: Annotated[float, Meta(gt=0, le=10)] = 1.0
    frequency: Annotated[float, Meta(ge=-10, le=10)] = 0.0
    presence: Annotated[float, Meta(ge=-10, le=10)] = 0.0


class Bias(Setting, frozen=True):
    """What is added to the logits of single tokens: pairs of id and number."""

    tokens: Annotated[
        tuple[tuple[Annotated[int, Meta(ge=0)], Annotated[float, Meta(ge=-1e9, le=1e9)]], ...],
        Meta(max_length=1024),
    ]


class Mirostat(Setting, frozen=True):
    """Mirostat 2: keep the surprise of a token near `tau` bits, at the rate `eta`."""

    tau: Annotated[float, Meta(ge=0, le=100)] = 5.0
    eta: Annotated[float, Meta(ge=0, le=1)] = 0.1


Sampler = Typical | Xtc | Dry | Penalties | Bias | Mirostat


class Sampling(Value, frozen=True, cache_hash=True):
    """How a token is drawn from the model's distribution. The default is nearly honest.

    `chain` works on the logits in its order, before all else. `distinct`: first tokens are drawn
    without replacement, and whoever asked draws candidates again that repeat another.
    """

    temperature: Annotated[float, Meta(ge=0, le=10)] = 1.0
    top_k: Annotated[int, Meta(ge=0)] = 0
    top_p: Annotated[float, Meta(gt=0, le=1)] = 1.0
    min_p: Annotated[float, Meta(ge=0, le=1)] = 0.02
    distinct: bool = False
    chain: Annotated[tuple[Sampler, ...], Meta(max_length=16)] = ()


class Source(Value, frozen=True):
    """The model and the program that drew a candidate, as far as a later reader needs them."""

    model: str
    sha256: str
    engine: str


class Above(Value, frozen=True):
    """A cell that stood above the fan's, and the place whose branch it showed."""

    cell: str
    place: Place


class Recipe(Value, frozen=True):
    """How the prompt follows from the history: the texts of the events `voice` and `memory`, then,
    less `cut` code points at their beginning, the cells `above` each with a blank line after it,
    and the branch to the fan's place. `sha256` is that of the prompt's UTF-8 bytes.
    """

    cut: Offset
    sha256: str
    voice: str | None = None
    memory: str | None = None
    above: tuple[Above, ...] = ()


class Stamp(Value, frozen=True):
    """Who recorded an event, and where it stands. Order is (seq, writer), never the clock."""

    id: str
    writer: str
    seq: Annotated[int, Meta(ge=1, le=MAX_SEQ)]
    time: float
    user: str
    document: str
    cell: str
    v: int = VERSION


class Recorded(Value, frozen=True, tag=lambda name: name.lower(), tag_field="type"):
    """What all events have in common."""

    stamp: Stamp


class Opened(Recorded, frozen=True):
    """A cell's text as it was found when recording began. Where it came from other cells, `runs`
    are the same text by its authors, and `origins` the branches that it came from.
    """

    text: str
    runs: tuple[Written, ...] = ()
    origins: tuple[Origin, ...] = ()


class Edited(Recorded, frozen=True):
    """At `at`, `removed` code points gave way to what `spans` begin with; the text that follows
    is the end of `spans`, taken from where it stands. So an edit says all of the branch after
    `at`, and means the same whatever other writers did meanwhile. What came from other cells is
    written by its authors, and `origins` are the branches that it came from.
    """

    at: Place
    removed: Offset
    spans: tuple[Span, ...]
    origins: tuple[Origin, ...] = ()


class Moved(Recorded, frozen=True):
    """The head went to another place of the tree."""

    to: Place


class Placed(Recorded, frozen=True):
    """What happened to the cell as a whole."""

    how: Change


class Framed(Recorded, frozen=True):
    """A text that is put before prompts, a voice's frame or the memory, when it was first used."""

    text: str
    name: str = ""


class Proposed(Recorded, frozen=True):
    """One draw into a fan was asked for: candidate i is drawn with seeds[i]. All of them begin with
    `prefix`.
    """

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
    prefix: str = ""


class Generated(Recorded, frozen=True):
    """One candidate, whole: its text, the token ids and log-probabilities behind it, and how it
    ended. `ends` has, for each token, the code points of the text up to its end; with a healed
    caret the first tokens also cover the end of the prompt, and those that only do that end at 0.
    `top` has the likeliest tokens in each one's place, the likeliest first, or is empty.
    """

    fan: str
    draw: str
    candidate: str
    text: str
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish: Finish
    seconds: float
    ends: tuple[Offset, ...] = ()
    top: tuple[tuple[Alternative, ...], ...] = ()


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


class Withdrawn(Recorded, frozen=True):
    """The verdict on the candidate is taken back; a `Moved` beside it says where the text went."""

    fan: str
    candidate: str


class Marked(Recorded, frozen=True):
    """All marks of a node, as they are from now on."""

    node: str
    pinned: bool = False
    tags: tuple[str, ...] = ()
    note: str = ""


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
)


def node_id(event: str, index: int = 0) -> str:
    """The id of the node that an event makes: the event's id, a dot and an index."""
    return f"{event}.{index}"


def event_id(node: str) -> str:
    """The id of the event that made a node."""
    return node.partition(".")[0]
