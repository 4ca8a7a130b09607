"""What is under way for the front ends of a document: draws, and everything else that takes time.

It makes a proposal's prompt, records it, and runs its draw. It knows the cells, the history and the
engine; it knows no request but `Propose`, and no transport.
"""

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from .cells import Cells
from .draw import Draw, Record, Reply
from .engine.messages import Engine
from .errors import SimError
from .events import Above, Framed, Place, Proposed, Source, node_id
from .history import History
from .prompt import Material, Prompt, recipe
from .prompts import Limits, Prompts
from .protocol import Acknowledged, Context, Propose, Refused
from .seeds import Seeds

Work = Callable[[], Coroutine[Any, Any, None]]

CANCELLED = "cancelled"


@dataclass(slots=True)
class Running:
    """Something under way for a front end. A draw first waits for the model, then it is a `Draw`;
    a question has its own id for a fan.
    """

    fan: str
    reply: Reply
    task: asyncio.Task[None] | None = None
    draw: Draw | None = None

    def stop(self) -> None:
        """Stop it where it is."""
        if self.draw:
            self.draw.cancel()
        elif self.task:
            self.task.cancel()


@dataclass(frozen=True, slots=True)
class Ingredients:
    """A prompt's material, and where it stands in the history."""

    material: Material
    context: Context
    above: tuple[Above, ...]


class Proposals:
    """All that is under way in one document, by the id of the request."""

    def __init__(
        self,
        cells: Cells,
        history: History,
        engine: Engine,
        record: Record,
        limits: Limits,
        seeds: Seeds,
    ) -> None:
        self.prompts = Prompts(engine, limits)
        self._cells = cells
        self._history = history
        self._engine = engine
        self._record = record
        self._limits = limits
        self._seeds = seeds
        self._running: dict[str, Running] = {}

    def __contains__(self, request: str) -> bool:
        """Is what this request asked for under way?"""
        return request in self._running

    def launch(self, request: str, running: Running, work: Work) -> None:
        """Let `work` run beside everything else. Its errors are answered as `Refused`."""
        self._running[request] = running
        running.task = asyncio.create_task(self._guarded(request, running.reply, work))
        running.task.add_done_callback(partial(self._ended, request))

    def begin(self, request: Propose, reply: Reply, user: str) -> Running:
        """Begin a draw into the text as it is now. Raises BadInput where it cannot be."""
        at = self._cells.place(request.cell, request.at)
        ingredients = self.ingredients(request.cell, at, request.context)
        running = Running(request.fan, reply)
        work = partial(self._draw, request, at, ingredients, running, user)
        self.launch(request.id, running, work)
        return running

    def ingredients(self, cell: str, at: Place, context: Context) -> Ingredients:
        """What a prompt at a place is made of now. Raises BadInput for cells that are unknown."""
        above = [self._cells.now(self._cells.tree(one).cell) for one in context.above]
        stand = [ground for ground in above if ground]
        material = Material(
            branch=self._cells.tree(cell).branch(at),
            above=tuple(ground.text for ground in stand),
            voice=context.voice.text if context.voice else "",
            memory=context.memory,
        )
        places = tuple(Above(ground.tree.cell, ground.place) for ground in stand)
        return Ingredients(material, context, places)

    def stop(self, fan: str) -> None:
        """Stop what runs in a fan, or a question by its id."""
        self._stop(running for running in self._running.values() if running.fan == fan)

    def leave(self, reply: Reply) -> None:
        """Stop what only this front end was waiting for."""
        self._stop(running for running in self._running.values() if running.reply == reply)

    async def close(self) -> None:
        """Stop everything, and wait until what there is of it is recorded."""
        tasks = [running.task for running in self._running.values() if running.task]
        self._stop(self._running.values())
        if tasks:
            await asyncio.wait(tasks)

    async def whole(self, candidate: str) -> None:
        """Wait until a candidate is whole, if it still grows."""
        for running in self._running.values():
            if running.draw and candidate in running.draw.candidates:
                await running.draw.candidates[candidate].whole.wait()
                return

    def _stop(self, running: Iterable[Running]) -> None:
        for one in tuple(running):
            one.stop()

    async def _guarded(self, request: str, reply: Reply, work: Work) -> None:
        try:
            await work()
        except SimError as error:
            reply(Refused(request, error.code, str(error)))

    def _ended(self, request: str, task: asyncio.Task[None]) -> None:
        running = self._running.pop(request)
        if task.cancelled():
            running.reply(Refused(request, CANCELLED, "It was called off."))

    async def _draw(
        self, request: Propose, at: Place, stuff: Ingredients, running: Running, user: str
    ) -> None:
        prompt = await self.prompts.make(stuff.material, request.context.tokens, request.max_tokens)
        proposed, frames = self._proposed(request, at, stuff, prompt, user)
        running.draw = Draw(
            proposed,
            prompt.text,
            self._engine,
            self._history,
            self._record,
            top=min(request.top, self._limits.top),
            priority=request.priority,
        )
        await self._record(*frames, proposed)
        running.reply(Acknowledged(request.id))
        await running.draw.run(running.reply)

    def _proposed(
        self, request: Propose, at: Place, stuff: Ingredients, prompt: Prompt, user: str
    ) -> tuple[Proposed, list[Framed]]:
        """The event, and the frames that no event has recorded yet."""
        frames: list[Framed] = []
        context, status = request.context, self._engine.status
        voice = context.voice
        return (
            Proposed(
                at=at,
                fan=request.fan,
                draw=request.id,
                candidates=tuple(node_id(uuid.uuid4().hex) for _ in range(request.n)),
                seeds=self._seeds.deal(request.cell, prompt.sha256, request.n),
                recipe=recipe(
                    prompt,
                    stuff.material,
                    stuff.above,
                    self._frame(request.cell, voice.name, voice.text, frames) if voice else None,
                    self._frame(request.cell, "", context.memory, frames),
                ),
                source=Source(status.model, status.sha256, status.engine),
                sampling=request.sampling,
                stop=request.stop,
                max_tokens=request.max_tokens,
                replaces=request.replaces,
                prefix=request.prefix,
                stamp=self._history.stamp(request.cell, id=request.id, user=user),
            ),
            frames,
        )

    def _frame(self, cell: str, name: str, text: str, fresh: list[Framed]) -> str | None:
        """The id of the event that has this frame; a fresh event where none has."""
        if not text:
            return None
        if (name, text) not in self._cells.frames:
            fresh.append(Framed(self._history.stamp(cell), text, name))
            return fresh[-1].stamp.id
        return self._cells.frames[name, text]
