"""An engine that recites: text from a script, word by word, a column a step. For tests and docs.

It knows no model and no process and draws nothing at random: the same prompt and seed give the
same words, token ids and log-probabilities. A token is a word with the white space before it; its
id and log-probability follow from its spelling. A held engine pauses before every column until told
to go on, so a test decides what has happened and never sleeps.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate
from random import Random
from zlib import crc32

from ..errors import ContextFull, EngineError, SimError, WorkerDied
from ..events import Alternative, Finish
from .messages import (
    Column,
    Piece,
    Rollout,
    Scored,
    ScoredToken,
    Scoring,
    Started,
    Status,
    Survey,
    Surveyed,
)

Script = Callable[[str, int], str] | Mapping[str, Sequence[str]]

WORDS = (
    "the",
    "rain",
    "harbour",
    "nobody",
    "spoke",
    "of",
    "it",
    "until",
    "morning",
    "came",
    "slowly",
)
SCORED_WORDS = 64


def babble(prompt: str, seed: int) -> str:
    """Twelve words that follow from prompt and seed, a full stop at the end."""
    chosen = Random(f"{seed} {prompt}".encode("utf-8", "replace")).choices(WORDS, k=12)
    return ("" if prompt[-1:].isspace() else " ") + " ".join(chosen) + "."


class ScriptedEngine:
    """An `Engine` that recites `script`: a function of (prompt, seed), or texts by prompt.

    With a mapping, `seed % len(texts)` picks the text, and a prompt that is not in it raises
    EngineError. `held` engines wait for `step` or `release` before each column. A `refusal` is
    raised by every start. `requests` lists all rollouts that have begun.
    """

    def __init__(
        self,
        script: Script = babble,
        *,
        held: bool = False,
        refusal: SimError | None = None,
        context: int = 4096,
    ) -> None:
        self.requests: list[Rollout] = []
        self._script = script
        self._held = held
        self._refusal = refusal
        self._runs: dict[str, _Run] = {}
        self._scorings: dict[str, bool] = {}
        self._spelled: dict[int, str] = {}
        self._begun = asyncio.Event()
        self._listeners: list[Callable[[Status], None]] = []
        sha256 = hashlib.sha256(b"scripted").hexdigest()
        self._ready = Status(
            "ready", "scripted", sha256, "CPU", "scripted", context=context, progress=1.0
        )
        self._status = Status("idle", "scripted")

    @property
    def status(self) -> Status:
        """Return the latest status."""
        return self._status

    def watch(self, listener: Callable[[Status], None]) -> Callable[[], None]:
        """Call `listener` at every change of status; the result ends that."""
        self._listeners.append(listener)

        def end() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return end

    async def start(self) -> Status:
        """Get ready at once, or raise the refusal."""
        if self._refusal is not None:
            self._tell(Status("failed", "scripted", message=str(self._refusal)))
            raise self._refusal
        if self._status.state != "ready":
            self._tell(Status("loading", "scripted", progress=0.5))
            self._tell(self._ready)
        return self._status

    async def rollout(self, request: Rollout) -> AsyncIterator[Started | Column]:
        """Recite for each seed, a word a column."""
        await self.start()
        heard = self._words(request.prompt)
        if len(heard) + request.max_tokens > self._ready.context:
            raise ContextFull(
                f"The prompt has {len(heard)} words and {request.max_tokens} more are asked for, "
                f"but the context holds {self._ready.context}; shorten the prompt."
            )
        run = self._runs[request.id] = _Run(request, self._recite(request), self._held)
        try:
            self.requests.append(request)
            self._begun.set()
            yield Started(request.id, tuple(map(_token, heard)), 0)
            while run.open:
                await run.permit()
                yield run.column()
        finally:
            del self._runs[request.id]
            run.settled.set()

    async def survey(self, request: Survey) -> Surveyed:
        """Return the words of a text; nothing is ever cached or taken back."""
        await self.start()
        words = self._words(request.text)
        return Surveyed(request.id, tuple(map(_token, words)), tuple(_ends(words)), 0, ())

    async def score(self, request: Scoring) -> AsyncIterator[Scored]:
        """Score the words of a text, some at a time; of given tokens, those that were ever said."""
        await self.start()
        words = self._words(request.text)
        if request.tokens is not None:
            words = [self._spelled.get(token, "") for token in request.tokens]
        scores = [
            ScoredToken(_token(word), word, end, _logprob(word), _top(word, request.top))
            for word, end in zip(words, _ends(words), strict=True)
        ]
        self._scorings[request.id] = True
        try:
            first = request.start
            while self._scorings[request.id]:
                stop = first + SCORED_WORDS
                whole = stop >= len(scores)
                yield Scored(request.id, first, tuple(scores[first:stop]), whole)
                if whole:
                    return
                first = stop
                await asyncio.sleep(0)
            yield Scored(request.id, first, (), whole=False)
        finally:
            del self._scorings[request.id]

    def cancel(self, rollout: str) -> None:
        """End a rollout's candidates at their next column, or a scoring at its next chunk."""
        if rollout in self._runs:
            self._runs[rollout].interrupt(cancelled=True)
        if rollout in self._scorings:
            self._scorings[rollout] = False

    async def close(self) -> None:
        """Cancel everything."""
        for rollout in (*self._runs, *self._scorings):
            self.cancel(rollout)
        self._tell(Status("idle", "scripted"))

    async def begun(self, count: int = 1) -> None:
        """Wait until `count` rollouts have begun since the engine was made."""
        while len(self.requests) < count:
            self._begun.clear()
            await self._begun.wait()

    def release(self, columns: int = 1) -> None:
        """Let every running rollout of a held engine go on for `columns` more columns."""
        for run in self._runs.values():
            run.release(columns)

    async def step(self, columns: int = 1) -> None:
        """Release, and wait until the readers of all running rollouts came back for more.

        For use from another task than the readers'.
        """
        runs = tuple(self._runs.values())
        self.release(columns)
        await asyncio.gather(*(run.settled.wait() for run in runs))

    def fail(self, error: SimError) -> None:
        """Let every running rollout raise `error` now; the engine itself stays ready."""
        for run in self._runs.values():
            run.interrupt(error=error)

    def crash(self) -> None:
        """Die as a worker does: every running rollout raises WorkerDied; the next one restarts."""
        error = WorkerDied("The model's process ended unexpectedly; propose again to restart it.")
        self._tell(Status("failed", "scripted", message=str(error)))
        self.fail(error)

    def _recite(self, request: Rollout) -> list[list[str]]:
        prompt = request.prompt + request.prefix
        if callable(self._script):
            told = [self._script(prompt, seed) for seed in request.seeds]
        else:
            texts = self._script.get(prompt)
            if not texts:
                raise EngineError(f"The script has no text for the prompt {prompt[-40:]!r}.")
            told = [texts[seed % len(texts)] for seed in request.seeds]
        return [self._words(request.prefix + text) for text in told]

    def _words(self, text: str) -> list[str]:
        """Words with the space before them; joined, they are the text."""
        words = re.findall(r"\s*\S+|\s+$", text)
        self._spelled.update(zip(map(_token, words), words, strict=True))
        return words

    def _tell(self, status: Status) -> None:
        self._status = status
        for listener in tuple(self._listeners):
            listener(status)


class _Run:
    """One rollout under way: the words of each candidate, and how far it may go."""

    def __init__(self, request: Rollout, scripts: list[list[str]], held: bool) -> None:
        self.settled = asyncio.Event()
        self._request = request
        self._open = dict(enumerate(scripts))
        self._place = 0
        self._permits: float = 0 if held else float("inf")
        self._wake = asyncio.Event()
        self._cancelled = False
        self._error: SimError | None = None

    @property
    def open(self) -> bool:
        return bool(self._open)

    def release(self, columns: int) -> None:
        self._permits += columns
        self.settled.clear()
        self._wake.set()

    def interrupt(self, *, cancelled: bool = False, error: SimError | None = None) -> None:
        self._cancelled, self._error = cancelled, error
        self.release(1)

    async def permit(self) -> None:
        """Wait for leave to go on by one column; raises the error the run is to fail with."""
        await asyncio.sleep(0)
        while not self._permits:
            self.settled.set()
            self._wake.clear()
            await self._wake.wait()
        self._permits -= 1
        if self._error is not None:
            raise self._error

    def column(self) -> Column:
        """The next word of every candidate that is not finished."""
        pieces = tuple(self._piece(index, words) for index, words in self._open.items())
        self._place += 1
        finished = {piece.index for piece in pieces if piece.finish}
        self._open = {i: words for i, words in self._open.items() if i not in finished}
        return Column(self._request.id, pieces)

    def _piece(self, index: int, words: list[str]) -> Piece:
        if self._cancelled:
            return Piece(index, "", (), (), "cancelled")
        heard = words[self._place : self._place + 1]
        before = sum(map(len, words[: self._place]))
        return Piece(
            index,
            "".join(heard),
            tuple(map(_token, heard)),
            tuple(map(_logprob, heard)),
            self._finish(words),
            tuple(before + end for end in _ends(heard)),
            tuple(_top(word, self._request.top) for word in heard),
        )

    def _finish(self, words: list[str]) -> Finish | None:
        said = self._place + 1
        if said >= len(words):
            return "end" if self._request.stop == "none" else "stop"
        return "length" if said >= self._request.max_tokens else None


def _token(word: str) -> int:
    return crc32(word.encode("utf-8", "replace")) % 50_000


def _logprob(word: str) -> float:
    return -(crc32(word.encode("utf-8", "replace")[::-1]) % 4000 + 1) / 1000


def _ends(words: Sequence[str]) -> Iterator[int]:
    return accumulate(map(len, words))


def _top(word: str, count: int) -> tuple[Alternative, ...]:
    """The likeliest of the word itself and the words of `babble`."""
    known = {word, *(f" {other}" for other in WORDS)}
    likely = sorted(known, key=lambda one: (-_logprob(one), one))
    return tuple(Alternative(_token(one), one, _logprob(one)) for one in likely[:count])
