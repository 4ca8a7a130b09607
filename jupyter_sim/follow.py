"""Who hears what happens in which cells: from each cell's first event on, and then as it happens.

It knows front ends as callbacks only. Long histories are told in parts, and other work goes on
between them.
"""

import asyncio
from collections.abc import Iterable

from .cells import Cells
from .draw import Reply
from .events import Event, Framed
from .protocol import Happened, encode

MOST = 256 * 1024
"""Events of about so many bytes are told at once; a longer one alone."""


class Followers:
    """The front ends that follow cells of one document, and how much each was told."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._told: dict[Reply, dict[str, int]] = {}

    async def follow(self, reply: Reply, cells: Iterable[str]) -> None:
        """Tell a front end of these cells, and of no others. Returns when it knows all there is."""
        before = self._told.get(reply, {})
        wanted = dict.fromkeys(cells)
        told = self._told[reply] = {cell: before[cell] for cell in wanted if cell in before}
        for cell in wanted:
            if cell not in told:
                told[cell] = 0
                await self._catch_up(reply, cell)

    def leave(self, reply: Reply) -> None:
        """A front end went away."""
        self._told.pop(reply, None)

    def happened(self, event: Event) -> None:
        """Tell an event that the cells took in just now to all who know what came before it."""
        for reply, told in self._told.items():
            for cell in told if isinstance(event, Framed) else {event.stamp.cell} & told.keys():
                first = len(self._cells.events(cell)) - 1
                if told[cell] == first:
                    told[cell] += 1
                    reply(Happened(cell, first, (event,)))

    async def _catch_up(self, reply: Reply, cell: str) -> None:
        """Tell a cell in parts, until nothing is left or the front end follows it no more."""
        events = self._cells.events(cell)
        first = 0
        while self._told.get(reply, {}).get(cell) == first:
            part = _part(events[first:])
            self._told[reply][cell] += len(part)
            reply(Happened(cell, first, part))
            first += len(part)
            if first == len(events):
                return
            await asyncio.sleep(0)


def _part(events: Iterable[Event]) -> tuple[Event, ...]:
    """As many events as are told at once: one at the least."""
    part: list[Event] = []
    size = 0
    for event in events:
        size += len(encode(event))
        if part and size > MOST:
            break
        part.append(event)
    return tuple(part)
