"""Servers that are there to be killed, and what their documents must hold afterwards."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil

from jupyter_sim import folders, history, upkeep
from jupyter_sim.events import (
    Accepted,
    Branched,
    Cancelled,
    Dismissed,
    Event,
    Rejected,
    Shown,
    Withdrawn,
)
from jupyter_sim.formats.segment import read_segments
from jupyter_sim.protocol import (
    Accept,
    Branch,
    Cancel,
    Dismiss,
    FromFront,
    Reject,
    See,
    Withdraw,
)
from jupyter_sim.tree import fold

from .author import Author
from .lines import Connect, SocketLine

PROJECT = Path(__file__).parent.parent.parent

RECORDED: dict[type[FromFront], type[Event]] = {
    Accept: Accepted,
    Branch: Branched,
    Reject: Rejected,
    Withdraw: Withdrawn,
    See: Shown,
    Dismiss: Dismissed,
    Cancel: Cancelled,
}
"""What each verdict is recorded as."""


class Servers:
    """One server after another, at one socket, over one folder of histories."""

    def __init__(self, process: Process, socket: Path) -> None:
        self.connect: Connect = partial(SocketLine.connect, socket)
        self.pid = 0
        self._process = process
        self._socket = socket

    @classmethod
    async def begin(
        cls, root: Path, socket: Path, engine: str = "scripted", bug: str = ""
    ) -> "Servers":
        """Get ready to start servers, with a bug or none."""
        command = (sys.executable, "-m", "tests.torture.served", root, socket, engine, bug)
        process = await asyncio.create_subprocess_exec(
            *map(str, command), stdin=PIPE, stdout=PIPE, cwd=PROJECT
        )
        return cls(process, socket)

    async def start(self) -> None:
        """Return when a server takes connections."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(b"go\n")
        self.pid = int(await self._process.stdout.readline())
        while True:
            try:
                line = await self.connect()
            except (FileNotFoundError, ConnectionRefusedError):
                await asyncio.sleep(0.001)
            else:
                line.close()
                return

    async def kill(self) -> None:
        """Kill the server, and return when it is dead."""
        assert self._process.stdout
        os.kill(self.pid, signal.SIGKILL)
        assert await self._process.stdout.readline() == b"ended\n"
        self._socket.unlink()

    async def end(self) -> None:
        """Start no more."""
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()


def worker(server: int) -> int | None:
    """The process of a server's model, while there is one."""
    with suppress(psutil.NoSuchProcess):
        return next((child.pid for child in psutil.Process(server).children()), None)
    return None


def broken(root: Path, document: str, authors: Sequence[Author]) -> str:
    """The first promise that a document does not keep to its authors, if any."""
    problems = upkeep.verify(document, root).problems
    if other := [str(problem) for problem in problems if "never ack" not in problem.message]:
        return other[0]
    segments = read_segments(folders.of(document, root))
    lines = Counter(event.stamp.id for segment in segments for event in segment.events)
    events = history.merged(segments)
    trees, _ = fold(events)
    for author in authors:
        lost = [id for id in author.acknowledged if lines[id] == 0]
        if lost:
            return f"{len(lost)} acknowledged and lost: {lost[0]}"
        if author.waiting:
            return f"{author.cell} still waits for {len(author.waiting)} acknowledgements"
        if author.refused:
            return f"refused: {author.refused[0]}"
        if author.text and trees[author.cell].text != author.text:
            return f"{author.cell} holds {trees[author.cell].text!r}, not {author.text!r}"
    twice = [id for id, count in lines.items() if count > 1]
    return f"recorded twice: {twice[0]}" if twice else _differ(events, authors)


def _differ(events: Sequence[Event], authors: Sequence[Author]) -> str:
    """Each verdict that was told stands there once, under whatever id, and no other does."""
    kinds = tuple(RECORDED.values())
    there = Counter(
        _what(type(event), event.stamp.cell, event) for event in events if isinstance(event, kinds)
    )
    told = Counter(
        _what(RECORDED[type(said)], author.cell, said)
        for author in authors
        for said in author.verdicts
    )
    if there == told:
        return ""
    return f"never recorded: {told - there}; recorded and never told: {there - told}"


def _what(kind: type[Event], cell: str, said: object) -> tuple[str, ...]:
    about = (getattr(said, name, "") for name in ("fan", "candidate"))
    return (kind.__name__, cell, *about)
