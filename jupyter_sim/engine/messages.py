"""What an engine is asked and what it answers. No process, model or clock is known here.

A rollout is the engine's work for one draw: one prompt, one candidate for each seed. It answers
`Started` once the prompt stands in the KV cache, then columns: for one step, the text that each
candidate gained. A candidate's last piece carries its `finish`; the rollout is over when every
candidate has one.
"""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Literal, Protocol

from msgspec import Meta

from ..events import Finish, Sampling, Stop, Value

MAX_CANDIDATES = 32
MAX_TOKENS = 4096

Seed = Annotated[int, Meta(ge=0, lt=2**32)]


class Rollout(Value, frozen=True, tag="rollout"):
    """Continue `prompt`, exactly as it is, once for each seed.

    The ids are the caller's. `max_tokens` bounds each candidate; `stop` may end it earlier.
    """

    id: str
    prompt: str
    seeds: Annotated[tuple[Seed, ...], Meta(min_length=1, max_length=MAX_CANDIDATES)]
    max_tokens: Annotated[int, Meta(ge=1, le=MAX_TOKENS)] = 48
    stop: Stop = "none"
    sampling: Sampling = Sampling()


class Started(Value, frozen=True, tag="started"):
    """The prompt is decoded: its token ids, and how many of them were still in the cache."""

    rollout: str
    prompt_tokens: tuple[int, ...]
    reused: int


class Piece(Value, frozen=True):
    """What candidate `index` gained in one step.

    `text` holds whole characters only, so it can be empty while tokens are not, and the reverse
    never loses any.
    """

    index: int
    text: str
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish: Finish | None = None


class Column(Value, frozen=True, tag="column"):
    """One step of a rollout: the pieces of all candidates that gained something."""

    rollout: str
    pieces: tuple[Piece, ...]


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

    def cancel(self, rollout: str) -> None:
        """End every candidate of a rollout with finish "cancelled"; unknown ids are ignored."""

    async def close(self) -> None:
        """Cancel everything and let go of the model."""
