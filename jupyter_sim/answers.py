"""What a document says to a front end: one struct for each answer."""

from .engine.messages import ScoredToken, Status
from .events import Alternative, Event, Finish, Value


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
    `Measure`, `Score`, `Inspect`, `Explore`): all was told.
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


class Measured(Answer, frozen=True):
    """The figures of curation of the document as they are now, under the names of
    `curation.Figures`. `scored` of the `cells` that have any text were scored as they stand, and
    `intervention_bits` are theirs; `bits_per_token` takes all of them.
    """

    fans: int
    choices: int
    selection_bits: float
    generated: int
    kept: int
    kept_tokens: int
    selection_bits_per_token: float | None
    cells: int
    scored: int
    intervention_bits: float | None
    bits_per_token: float | None


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
    | Measured
)
