"""One document: a request in, events recorded, rollouts run, answers out.

The document knows the trees of its cells, its history and an engine; it knows no transport, no
notebook and no user interface. Requests about the text of a cell take their turn, in the order they
come. Draws run on beside them, verdicts that leave the text alone do not wait, and what ends a fan
overtakes those that wait for its candidates.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import assert_never

from .cells import Cells
from .draw import Reply
from .engine.messages import Engine
from .errors import HistoryError, SimError
from .events import Accepted, Edited, Event, Moved, Opened
from .explore import Exploration, Explorer
from .facts import Told, fact
from .follow import Followers
from .history import History
from .measure import Measures
from .prompts import NO_LIMITS, Limits
from .proposals import CANCELLED, Proposals, Running, Work
from .protocol import (
    Accept,
    Acknowledged,
    Branch,
    Cancel,
    Changed,
    Dismiss,
    Explore,
    Follow,
    FromFront,
    Hello,
    Inspect,
    Measure,
    Propose,
    Put,
    Refused,
    Reject,
    Score,
    See,
    Welcome,
)
from .questions import inspect, score
from .seeds import Seeds
from .tree import Tree

Asked = Propose | Score | Inspect | Explore


class Document:
    """The trees, the history and what is under way in one document.

    All methods are called from one event loop. Several front ends may share a document; each
    names the callback that its answers go to. From `seed` follow those of all candidates; without
    one they are fresh.
    """

    def __init__(
        self,
        history: History,
        engine: Engine,
        limits: Limits = NO_LIMITS,
        seed: int | None = None,
    ) -> None:
        self.history = history
        self.engine = engine
        self.cells = Cells(history.events)
        self._followers = Followers(self.cells)
        self._measures = Measures(self.cells, history.events)
        self._proposals = Proposals(
            self.cells, history, engine, self._record, limits, Seeds(seed, history.events)
        )
        self._notes = (*history.damage, *self.cells.damage)
        self._turns: dict[str, asyncio.Event] = {}
        self._joined: set[Reply] = set()
        self._missing: dict[Reply, str] = {}

    @property
    def trees(self) -> dict[str, Tree]:
        """The trees of the cells, as they stand now."""
        return self.cells.trees

    @property
    def joined(self) -> bool:
        """Whether any front end is connected."""
        return bool(self._joined)

    def join(self, reply: Reply) -> None:
        """A front end came: it is told what others change."""
        self._joined.add(reply)

    def leave(self, reply: Reply) -> None:
        """A front end went away: what it was waiting for stops."""
        self._joined.discard(reply)
        self._missing.pop(reply, None)
        self._followers.leave(reply)
        self._measures.leave(reply)
        self._proposals.leave(reply)

    async def handle(self, request: FromFront, reply: Reply, user: str = "") -> None:
        """Carry out one request and answer it; whatever is wrong is answered as `Refused`."""
        try:
            match request:
                case Hello():
                    name, status = self.history.document, self.engine.status
                    reply(Welcome(request.id, name, status, tuple(self.trees), self._notes))
                case Follow():
                    await self._followers.follow(reply, request.cells)
                    reply(Acknowledged(request.id))
                case Measure():
                    await self._measures.listen(reply)
                    reply(Acknowledged(request.id))
                case Branch() | Reject() | See():
                    async with self._turn(request.id):
                        await self._carry_out(request, reply, user)
                case _:
                    self._stop_for(request)
                    async with self._turn(request.id, request.cell, *_others(request)):
                        self._stop_for(request)
                        await self._carry_out(request, reply, user)
        except HistoryError as error:
            if not isinstance(request, Asked):
                self._missing.setdefault(reply, request.id)
            reply(Refused(request.id, error.code, str(error)))
        except SimError as error:
            reply(Refused(request.id, error.code, str(error)))

    async def close(self) -> None:
        """Stop all that is under way, wait until what there is of it is recorded, and close the
        history.
        """
        await self._proposals.close()
        await self.history.close()

    @asynccontextmanager
    async def _turn(self, *names: str) -> AsyncIterator[None]:
        """Wait until all that came before about the same cells, or is the same request, is done,
        then let the next wait.
        """
        before = {self._turns[name] for name in names if name in self._turns}
        done = asyncio.Event()
        self._turns.update(dict.fromkeys(names, done))
        try:
            for one in before:
                await one.wait()
            yield
        finally:
            done.set()
            for name in set(names):
                if self._turns[name] is done:
                    del self._turns[name]

    async def _carry_out(self, request: Told | Asked, reply: Reply, user: str) -> None:
        if self._missing.get(reply, request.id) != request.id:
            raise HistoryError("What came before this could not be written; that comes first.")
        self._missing.pop(reply, None)
        if request.id in self.history:
            reply(Acknowledged(request.id))
        elif isinstance(request, Asked):
            self._begin(request, reply, user)
        else:
            event = await self._event(request, user)
            if event:
                await self._record(event)
            reply(Acknowledged(request.id))
            if isinstance(event, Opened | Edited | Moved | Accepted):
                for other in self._joined - {reply}:
                    other(Changed(request.cell))

    def _stop_for(self, request: Told | Asked) -> None:
        """Let a request that ends a fan overtake those that wait for the fan's candidates."""
        if isinstance(request, Cancel | Dismiss) or (
            isinstance(request, Accept) and request.closes
        ):
            self._proposals.stop(request.fan)

    def _begin(self, request: Asked, reply: Reply, user: str) -> None:
        """Begin what runs beside everything else."""
        if reply not in self._joined:
            reply(Refused(request.id, CANCELLED, "It was asked by a front end that left."))
        elif request.id in self._proposals:
            return
        elif isinstance(request, Propose):
            self._proposals.begin(request, reply, user)
        else:
            self._ask(request, reply, user)

    def _ask(self, request: Score | Inspect | Explore, reply: Reply, user: str) -> None:
        proposals, cell = self._proposals, request.cell
        work: Work
        running = Running(request.id, reply)
        match request:
            case Score():
                work = partial(self._score, request, self.cells.tree(cell), reply)
            case Inspect():
                at = self.cells.place(cell, request.at)
                material = proposals.ingredients(cell, at, request.context).material
                work = partial(inspect, proposals.prompts, request, material, reply)
            case Explore():
                running = exploration = Exploration(request.id, reply)
                explorer = Explorer(request, proposals, exploration, user)
                work = partial(explorer.run, self.cells.place(cell, request.at))
            case _:
                assert_never(request)
        proposals.launch(request.id, running, work)

    async def _score(self, request: Score, tree: Tree, reply: Reply) -> None:
        tokens = await score(self.engine, request, tree.text, reply)
        if tree.head:
            self._measures.scored(tree.cell, tree.head, tokens)
        reply(Acknowledged(request.id))

    async def _event(self, request: Told, user: str) -> Event | None:
        if isinstance(request, Accept):
            await self._proposals.whole(request.candidate)
        stamp = self.history.stamp(request.cell, id=request.id, user=user)
        event = fact(self.cells, request, stamp)
        if event:
            self.cells.check(event)
        return event

    async def _record(self, *events: Event) -> None:
        await self.history.append(*events)
        for event in events:
            self.cells.add(event)
            self._followers.happened(event)
        self._measures.happened()


def _others(request: Told | Asked) -> Iterable[str]:
    """The cells that a request is about besides its own."""
    match request:
        case Propose() | Inspect() | Explore():
            return request.context.above
        case Put():
            return request.sources
        case _:
            return ()
