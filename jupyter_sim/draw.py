"""One draw in flight: a rollout's columns become candidates, and whole candidates become events.

It knows the engine and the history, and answers through a callback. It knows no tree, no cell's
text and no transport.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from .engine.messages import Column, Engine, Piece, Priority, Rollout, Started
from .errors import EngineError, HistoryError, ModelError, SimError
from .events import Alternative, Event, Finish, Generated, Proposed, event_id
from .history import History
from .protocol import Drawing, Ended, Failed, FromDocument, Gain, Grown

Reply = Callable[[FromDocument], None]


class Record(Protocol):
    """What puts events on disk and folds them into the trees."""

    def __call__(self, *events: Event) -> Awaitable[None]:
        """Return when the events are on disk. Raises HistoryError."""


@dataclass(slots=True)
class Growing:
    """A candidate while it grows."""

    id: str
    text: str = ""
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    top: list[tuple[Alternative, ...]] = field(default_factory=list)
    whole: asyncio.Event = field(default_factory=asyncio.Event)

    def gain(self, piece: Piece) -> Gain:
        """Take a piece in, and say what was gained."""
        self.text += piece.text
        self.tokens += piece.tokens
        self.logprobs += piece.logprobs
        self.ends += piece.ends
        self.top += piece.top
        return Gain(self.id, piece.text, piece.logprobs, piece.ends, piece.top)


class Draw:
    """One draw: `run()` it to its end; `cancel()` ends it early and leaves the candidates whole.

    `record` puts events on disk; only after that is a candidate's end told.
    """

    def __init__(
        self,
        proposed: Proposed,
        prompt: str,
        engine: Engine,
        history: History,
        record: Record,
        *,
        top: int = 0,
        priority: Priority = "fan",
    ) -> None:
        self.fan = proposed.fan
        self.id = proposed.draw
        self.candidates = {id: Growing(id) for id in proposed.candidates}
        self._proposed = proposed
        self._prompt = prompt
        self._engine = engine
        self._history = history
        self._record = record
        self._top = top
        self._priority = priority
        self._began = time.monotonic()
        self._cancelled = False

    async def run(self, reply: Reply) -> None:
        """Run the rollout and tell every step. A failure is told as `Failed`, not raised."""
        reply(Drawing(self.fan, self.id, self._proposed.candidates))
        try:
            await self._stream(reply)
        except HistoryError as error:
            self._fail(error, reply)
        finally:
            for candidate in self.candidates.values():
                candidate.whole.set()

    def cancel(self) -> None:
        """Ask the engine to stop; `run` returns soon after."""
        self._cancelled = True
        self._engine.cancel(self.id)

    async def _stream(self, reply: Reply) -> None:
        try:
            async for answer in self._engine.rollout(self._rollout()):
                match answer:
                    case Started() if self._cancelled:
                        self._engine.cancel(self.id)
                    case Column():
                        await self._take(answer, reply)
        except (EngineError, ModelError) as error:
            await self._end(self._unfinished("failed"), reply)
            self._fail(error, reply)
        finally:
            await self._end(self._unfinished("cancelled"), reply)

    def _rollout(self) -> Rollout:
        p = self._proposed
        return Rollout(
            id=self.id,
            prompt=self._prompt,
            seeds=p.seeds,
            max_tokens=p.max_tokens,
            stop=p.stop,
            sampling=p.sampling,
            top=self._top,
            priority=self._priority,
            prefix=p.prefix,
        )

    async def _take(self, column: Column, reply: Reply) -> None:
        ids = self._proposed.candidates
        gains = tuple(self.candidates[ids[p.index]].gain(p) for p in column.pieces)
        reply(Grown(self.fan, self.id, gains))
        await self._end({ids[p.index]: p.finish for p in column.pieces if p.finish}, reply)

    def _unfinished(self, finish: Finish) -> dict[str, Finish]:
        return {id: finish for id, c in self.candidates.items() if not c.whole.is_set()}

    async def _end(self, finishes: dict[str, Finish], reply: Reply) -> None:
        if not finishes:
            return
        await self._record(*[self._generated(id, finish) for id, finish in finishes.items()])
        for id, finish in finishes.items():
            self.candidates[id].whole.set()
            reply(Ended(self.fan, self.id, id, finish))

    def _generated(self, id: str, finish: Finish) -> Generated:
        candidate = self.candidates[id]
        return Generated(
            stamp=self._history.stamp(self._proposed.stamp.cell, id=event_id(id)),
            fan=self.fan,
            draw=self.id,
            candidate=id,
            text=candidate.text,
            tokens=tuple(candidate.tokens),
            logprobs=tuple(candidate.logprobs),
            finish=finish,
            seconds=round(time.monotonic() - self._began, 3),
            ends=tuple(min(end, len(candidate.text)) for end in candidate.ends),
            top=tuple(candidate.top) if any(candidate.top) else (),
        )

    def _fail(self, error: SimError, reply: Reply) -> None:
        reply(Failed(self.fan, self.id, error.code, str(error)))
