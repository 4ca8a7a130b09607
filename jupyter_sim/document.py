"""One document: a request in, events recorded, rollouts run, answers out.

The document knows the trees of its cells, its history and an engine; it knows no transport, no
notebook and no user interface. Requests about the text of a cell take their turn, in the order they
come. Draws run on beside them, verdicts that leave the text alone do not wait, and what ends a fan
overtakes those that wait for its candidates.
"""

import asyncio
import secrets
import uuid
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from .draw import Draw, Reply
from .engine.messages import Engine, Status
from .errors import BadInput, HistoryError, SimError
from .events import (
    Accepted,
    Branched,
    Cancelled,
    Dismissed,
    Edited,
    Event,
    Moved,
    Opened,
    Place,
    Proposed,
    Rejected,
    Shown,
    Source,
    Span,
    Stamp,
    Written,
    node_id,
)
from .history import History
from .prompt import Prompt, assemble
from .protocol import (
    Accept,
    Acknowledged,
    Branch,
    Cancel,
    Changed,
    Dismiss,
    FromFront,
    Hello,
    Propose,
    Refused,
    Reject,
    See,
    Sync,
    Welcome,
)
from .tree import Tree, fold

Told = Sync | Accept | Branch | Reject | Dismiss | See | Cancel


CANCELLED = "cancelled"


@dataclass(slots=True)
class Running:
    """A draw on its way: first it waits for the model, then it is a `Draw`."""

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


class Document:
    """The trees, the history and the running draws of one document.

    All methods are called from one event loop. Several front ends may share a document; each
    names the callback that its answers go to.
    """

    def __init__(self, history: History, engine: Engine) -> None:
        self.history = history
        self.engine = engine
        self.trees, lost = fold(history.events)
        self._notes = (*history.damage, *lost)
        self._running: dict[str, Running] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._joined: set[Reply] = set()
        self._missing: dict[Reply, str] = {}

    @property
    def joined(self) -> bool:
        """Whether any front end is connected."""
        return bool(self._joined)

    def join(self, reply: Reply) -> None:
        """A front end came: it is told what others change."""
        self._joined.add(reply)

    def leave(self, reply: Reply) -> None:
        """A front end went away: the draws that it was waiting for stop."""
        self._joined.discard(reply)
        self._missing.pop(reply, None)
        for running in tuple(self._running.values()):
            if running.reply == reply:
                running.stop()

    async def handle(self, request: FromFront, reply: Reply, user: str = "") -> None:
        """Carry out one request and answer it; whatever is wrong is answered as `Refused`."""
        try:
            if isinstance(request, Hello):
                name, status = self.history.document, self.engine.status
                reply(Welcome(request.id, name, status, tuple(self.trees), self._notes))
            elif not isinstance(request, Told | Propose):
                raise BadInput(f"{type(request).__name__} is not carried out yet.")
            elif isinstance(request, Branch | Reject | See):
                await self._carry_out(request, reply, user)
            else:
                self._stop_for(request)
                async with self._turns[request.cell]:
                    self._stop_for(request)
                    await self._carry_out(request, reply, user)
        except HistoryError as error:
            if not isinstance(request, Propose):
                self._missing.setdefault(reply, request.id)
            reply(Refused(request.id, error.code, str(error)))
        except SimError as error:
            reply(Refused(request.id, error.code, str(error)))

    async def close(self) -> None:
        """Stop all draws, wait until what they have is recorded, and close the history."""
        tasks = [running.task for running in self._running.values() if running.task]
        for running in tuple(self._running.values()):
            running.stop()
        if tasks:
            await asyncio.wait(tasks)
        await self.history.close()

    async def _carry_out(self, request: Told | Propose, reply: Reply, user: str) -> None:
        if self._missing.get(reply, request.id) != request.id:
            raise HistoryError("What came before this could not be written; that comes first.")
        self._missing.pop(reply, None)
        if request.id in self.history:
            reply(Acknowledged(request.id))
        elif isinstance(request, Propose):
            self._propose(request, reply, user)
        else:
            event = await self._event(request, user)
            if event:
                await self._record(event)
            reply(Acknowledged(request.id))
            if isinstance(event, Opened | Edited | Moved | Accepted):
                for other in self._joined - {reply}:
                    other(Changed(request.cell))

    def _stop_for(self, request: Told | Propose) -> None:
        """Let a request that ends a fan overtake those that wait for the fan's candidates."""
        if isinstance(request, Cancel | Dismiss) or (
            isinstance(request, Accept) and request.closes
        ):
            for running in tuple(self._running.values()):
                if running.fan == request.fan:
                    running.stop()

    async def _event(self, request: Told, user: str) -> Event | None:
        match request:
            case Sync():
                return self._synced(request, user)
            case Accept():
                return await self._accepted(request, user)
            case Branch() | Reject():
                self._known(request)
                kind = Branched if isinstance(request, Branch) else Rejected
                stamp = self._stamp(request, user)
                return kind(stamp, request.fan, request.candidate, request.seen)
            case Dismiss():
                return Dismissed(self._stamp(request, user), request.fan, request.seen)
            case See():
                return Shown(self._stamp(request, user), request.fan, request.seen)
            case Cancel():
                return Cancelled(self._stamp(request, user), request.fan)
            case _:
                assert_never(request)

    def _synced(self, request: Sync, user: str) -> Event | None:
        tree = self.trees.get(request.cell)
        if tree is None or tree.head is None:
            return Opened(self._stamp(request, user), request.text)
        if request.text == tree.text:
            return None
        earlier = tree.earlier(request.text) if request.undo else None
        if earlier:
            return Moved(self._stamp(request, user), earlier)
        start, old, new = difference(tree.text, request.text)
        written = request.text[start:new]
        spans: tuple[Span, ...] = (Written(written, "human"),) if written else ()
        return Edited(
            self._stamp(request, user), tree.place(start), old - start, spans + tree.tail(old)
        )

    async def _accepted(self, request: Accept, user: str) -> Event:
        self._known(request)
        await self._whole(request.candidate)
        tree = self._tree(request.cell)
        node = tree.nodes.get(request.candidate)
        if node is None:
            raise BadInput(f"Candidate {request.candidate} could not be recorded; propose again.")
        if not request.start <= request.stop <= len(node.text):
            raise BadInput(
                f"Code points {request.start} to {request.stop} of a candidate of "
                f"{len(node.text)} were accepted; they must lie inside it."
            )
        at = self._place(tree, request.at)
        return Accepted(
            self._stamp(request, user),
            request.fan,
            request.candidate,
            request.seen,
            at,
            request.start,
            request.stop,
            tree.tail(request.at),
        )

    def _propose(self, request: Propose, reply: Reply, user: str) -> None:
        tree = self._tree(request.cell)
        at = request.at if isinstance(request.at, Place) else self._place(tree, request.at)
        if reply not in self._joined:
            reply(Refused(request.id, CANCELLED, "The proposal came from a front end that left."))
        elif request.id not in self._running:
            running = self._running[request.id] = Running(request.fan, reply)
            draw = self._draw(request, at, tree.branch(at), running, user)
            running.task = asyncio.create_task(draw)
            running.task.add_done_callback(partial(self._drawn, request.id))

    async def _draw(
        self, request: Propose, at: Place, branch: str, running: Running, user: str
    ) -> None:
        reply = running.reply
        try:
            status = await self.engine.start()
            prompt = assemble(branch, status.context, request.max_tokens)
            proposed = self._proposed(request, at, prompt, status, user)
            running.draw = Draw(proposed, prompt.text, self.engine, self.history, self._record)
            await self._record(proposed)
            reply(Acknowledged(request.id))
            await running.draw.run(reply)
        except SimError as error:
            reply(Refused(request.id, error.code, str(error)))

    def _drawn(self, id: str, task: asyncio.Task[None]) -> None:
        running = self._running.pop(id)
        if task.cancelled():
            running.reply(Refused(id, CANCELLED, "The proposal was called off."))

    def _proposed(
        self, request: Propose, at: Place, prompt: Prompt, status: Status, user: str
    ) -> Proposed:
        return Proposed(
            stamp=self._stamp(request, user),
            fan=request.fan,
            draw=request.id,
            at=at,
            candidates=tuple(node_id(uuid.uuid4().hex) for _ in range(request.n)),
            seeds=tuple(secrets.randbelow(2**32) for _ in range(request.n)),
            recipe=prompt.recipe,
            source=Source(model=status.model, sha256=status.sha256, engine=status.engine),
            sampling=request.sampling,
            stop=request.stop,
            max_tokens=request.max_tokens,
            replaces=request.replaces,
        )

    def _stamp(self, request: Told | Propose, user: str) -> Stamp:
        return self.history.stamp(request.cell, id=request.id, user=user)

    def _tree(self, cell: str) -> Tree:
        tree = self.trees.get(cell)
        if tree is None:
            raise BadInput(f"Cell {cell} is not known here; send its text first.")
        return tree

    def _place(self, tree: Tree, offset: int) -> Place:
        try:
            return tree.place(offset)
        except IndexError as error:
            raise BadInput(f"The cell's text has no such point: {error}.") from error

    def _known(self, request: Accept | Branch | Reject) -> None:
        if request.candidate not in self._tree(request.cell).offered:
            raise BadInput(
                f"Candidate {request.candidate} was never offered in cell {request.cell}; "
                "propose again."
            )

    async def _whole(self, candidate: str) -> None:
        for running in self._running.values():
            if running.draw and candidate in running.draw.candidates:
                await running.draw.candidates[candidate].whole.wait()
                return

    async def _record(self, *events: Event) -> None:
        await self.history.append(*events)
        for event in events:
            cell = event.stamp.cell
            self.trees[cell] = self.trees.get(cell, Tree(cell)).apply(event)


def difference(old: str, new: str) -> tuple[int, int, int]:
    """Where two texts part and meet again: `old[start:o]` gave way to `new[start:n]`, as short as
    can be.
    """
    start = _agree(old, new)
    same = _agree(old[start:][::-1], new[start:][::-1])
    return start, len(old) - same, len(new) - same


def _agree(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    parts = (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(parts, min(len(one), len(other)))
