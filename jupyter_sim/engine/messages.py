"""What an engine is asked and what it answers. No process, model or clock is known here.

A rollout is the engine's work for one draw: one prompt, one candidate for each seed. It answers
`Started` once the prompt stands in the KV cache, then columns: for one step, the text that each
candidate gained. A candidate's last piece carries its `finish`; the rollout is over when every
candidate has one. A survey tells what the engine would make of a prompt, and a scoring what it
thinks of a text that stands already; both answer for themselves, with no column.

Offsets count code points. Log-probabilities and alternatives are of the model's own distribution,
before temperature and everything else that a sampling does to it.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Annotated, Literal, Protocol

from msgspec import Meta

from ..events import Alternative, Finish, Sampling, Stop, Value

MAX_CANDIDATES = 32
MAX_TOKENS = 4096
MAX_TOP = 20
MAX_STRINGS = 16

Seed = Annotated[int, Meta(ge=0, lt=2**32)]
Top = Annotated[int, Meta(ge=0, le=MAX_TOP)]
Token = Annotated[int, Meta(ge=0, lt=2**31)]
StopString = Annotated[str, Meta(min_length=1, max_length=256)]
Priority = Literal["fan", "prefetch", "explore"]


class Rollout(Value, frozen=True, tag="rollout"):
    """Continue `prompt`, exactly as it is, once for each seed.

    The ids are the caller's. `max_tokens` bounds each candidate; `stop` may end it earlier, and so
    does any of `strings`, right before it. Each candidate begins with `prefix`, which counts as the
    model's own: it is scored, healed where it ends like a prompt, and part of the candidate's text,
    but not of its `max_tokens`. It is never cut: a string that begins in it ends the text right
    behind it, and one that stands there whole is none. `top` is how many alternatives come with
    each token. Whoever looks at a fan comes before a prefetch, and that before an exploration.
    """

    id: str
    prompt: str
    seeds: Annotated[tuple[Seed, ...], Meta(min_length=1, max_length=MAX_CANDIDATES)]
    max_tokens: Annotated[int, Meta(ge=1, le=MAX_TOKENS)] = 48
    stop: Stop = "none"
    sampling: Sampling = Sampling()
    top: Top = 0
    priority: Priority = "fan"
    prefix: str = ""
    strings: Annotated[tuple[StopString, ...], Meta(max_length=MAX_STRINGS)] = ()


class Started(Value, frozen=True, tag="started"):
    """The prompt is decoded: its token ids, and how many of them were still in the cache.

    `back` are the tokens at its end that were taken back: the candidates' first tokens spell what
    they spelled.
    """

    rollout: str
    prompt_tokens: tuple[int, ...]
    reused: int
    back: tuple[int, ...] = ()


class Piece(Value, frozen=True):
    """What candidate `index` gained in one step.

    `text` holds whole characters only, so it can be empty while tokens are not, and the reverse
    never loses any. `ends` are the code points of all that the candidate has said after each token,
    with what is held back or cut off behind a stop; 0 while it spells the prompt's end. `top` are
    the likeliest tokens in the place of each, likeliest first.
    """

    index: int
    text: str
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish: Finish | None = None
    ends: tuple[int, ...] = ()
    top: tuple[tuple[Alternative, ...], ...] = ()


class Column(Value, frozen=True, tag="column"):
    """One step of a rollout: the pieces of all candidates that gained something."""

    rollout: str
    pieces: tuple[Piece, ...]


class Survey(Value, frozen=True, tag="survey"):
    """Ask for the tokens of a text as a prompt; nothing is computed."""

    id: str
    text: str


class Surveyed(Value, frozen=True, tag="surveyed"):
    """The tokens that `text` would be decoded as, and the code points up to the end of each.

    `reused` of them stand in the cache now; `back` would be taken back to be healed, and are the
    last of `tokens`.
    """

    id: str
    tokens: tuple[int, ...]
    ends: tuple[int, ...]
    reused: int
    back: tuple[int, ...]


class Scoring(Value, frozen=True, tag="scoring"):
    """Ask how likely a text is, token by token: `text`, or exactly these `tokens`.

    Tokens before `start` are only read. A text that is longer than the window is read in windows
    that overlap: each token is judged from all that stands before it in its window, which for
    every window but the first is at least half a window.
    """

    id: str
    text: str = ""
    tokens: tuple[Token, ...] | None = None
    start: Annotated[int, Meta(ge=0)] = 0
    top: Top = 0


class ScoredToken(Value, frozen=True):
    """One token of a text: its spelling, the code points up to its end, and how likely it was.

    A text's first token is judged as the continuation of nothing, after the token with which an
    empty prompt begins. That one itself is certain where it stands first in `tokens` that were
    given, and left out where the text was.
    """

    token: int
    text: str
    end: int
    logprob: float
    top: tuple[Alternative, ...] = ()


class Scored(Value, frozen=True, tag="scored"):
    """The scores of some tokens, from the `first` on; `whole` with the last of them."""

    id: str
    first: int
    tokens: tuple[ScoredToken, ...]
    whole: bool


def cancelled(
    request: Rollout | Scoring, candidates: Iterable[int], first: int = 0
) -> Column | Scored:
    """What is said last where a rollout ends with these candidates unfinished, or a scoring with
    the tokens from the `first` on not judged.
    """
    if isinstance(request, Scoring):
        return Scored(request.id, first, (), whole=False)
    pieces = (Piece(index, "", (), (), "cancelled") for index in sorted(candidates))
    return Column(request.id, tuple(pieces))


State = Literal["idle", "loading", "ready", "failed"]


class Status(Value, frozen=True, tag="status"):
    """What the engine is doing, for a status bar.

    `progress` runs from 0 to 1 while loading; `message` is a sentence when something is wrong;
    `context` is the model's window in tokens; `device` names where it runs, such as "CPU" or
    "CUDA: NVIDIA H200"; `sha256` is the model file's.
    """

    state: State
    model: str = ""
    sha256: str = ""
    device: str = ""
    engine: str = ""
    context: int = 0
    parameters: int = 0
    progress: float = 0.0
    message: str = ""


class Engine(Protocol):
    """Anything that continues prompts: a worker with a model, a server far away, a script."""

    @property
    def status(self) -> Status:
        """The latest status."""

    def watch(self, listener: Callable[[Status], None]) -> Callable[[], None]:
        """Call `listener` at every change of status; the result ends that."""

    async def start(self) -> Status:
        """Load the model if it is not loaded, and return the status when that is done.

        Raises ModelError or EngineError.
        """

    def rollout(self, request: Rollout) -> AsyncIterator[Started | Column]:
        """Run one rollout; starts the engine where needed. Leaving the iterator cancels it.

        Raises ModelError, ContextFull, WorkerDied or EngineError while iterated.
        """

    async def survey(self, request: Survey) -> Surveyed:
        """Return the tokens of a text as a prompt; starts the engine where needed.

        Raises BadInput, ModelError, WorkerDied or EngineError.
        """

    def score(self, request: Scoring) -> AsyncIterator[Scored]:
        """Score a text, chunk by chunk; starts the engine where needed. Leaving cancels it.

        Raises BadInput, ModelError, WorkerDied or EngineError while iterated.
        """

    def cancel(self, rollout: str) -> None:
        """End a rollout's candidates with finish "cancelled", or a scoring with an empty chunk that
        is not `whole`; unknown ids are ignored.
        """

    async def close(self) -> None:
        """Cancel everything and let go of the model."""
