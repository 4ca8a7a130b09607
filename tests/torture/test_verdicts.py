"""SIGKILLs of the worker, the real one with real weights, while authors propose and judge: what was
acknowledged is there once, and everyone goes on.

The authors are in several documents of one server, judge candidates that still grow, and hang up
and come again. One is alone in its document, so that this is closed and read again each time.
"""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from .author import Author
from .scale import scale
from .servers import Servers, broken, worker

KILLS, EACH = scale(20, 1000), scale(20, 50)
CREWS = (3, 2, 1)
PATIENCE = 60.0


async def judged(root: Path, socket: Path, dice: random.Random, kills: int, bug: str = "") -> str:
    """Let authors write while the worker is killed so often; what is broken."""
    began = time.perf_counter()
    documents = dict(crew(f"document-{dice.getrandbits(32)}", size, dice) for size in CREWS)
    authors = [author for crew in documents.values() for author in crew]
    servers = await Servers.begin(root, socket, "llama", bug)
    await servers.start()
    try:
        await write(servers, authors, dice, kills)
    finally:
        await servers.kill()
        await servers.end()
    tell(authors, kills, time.perf_counter() - began)
    return next(filter(None, (broken(root, *one) for one in documents.items())), "")


def crew(document: str, size: int, dice: random.Random) -> tuple[str, list[Author]]:
    names = map(str, range(size))
    return document, [
        Author(name, document, dice, tokens=40, early=0.02, leaves=0.02) for name in names
    ]


async def write(servers: Servers, authors: list[Author], dice: random.Random, kills: int) -> None:
    """Let authors write through so many kills, and on until all that they told is acknowledged."""
    enough = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        work = [group.create_task(author.stay(servers.connect, enough)) for author in authors]
        await kill(servers.pid, kills, dice, authors)
        await on(authors)
        enough.set()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*work)


async def kill(server: int, times: int, dice: random.Random, authors: list[Author]) -> None:
    """Kill each worker of a server once: as it starts, or after so much that the authors heard."""
    killed = None
    for _ in range(times):
        goal = heard(authors) + dice.choice((0, 1, 10, 100, 300))
        async with asyncio.timeout(PATIENCE):
            while (pid := worker(server)) in (None, killed) or heard(authors) < goal:
                await asyncio.sleep(0.01)
        killed = pid
        os.kill(pid, signal.SIGKILL)


def heard(authors: list[Author]) -> int:
    return sum(author.heard for author in authors)


async def on(authors: list[Author]) -> None:
    """Wait until each of them has heard more, and had more acknowledged."""
    marks = [(author, author.heard, len(author.acknowledged)) for author in authors]
    async with asyncio.timeout(PATIENCE):
        for author, gains, told in marks:
            while author.heard == gains or len(author.acknowledged) == told:
                await asyncio.sleep(0.01)


def tell(authors: list[Author], kills: int, seconds: float) -> None:
    acknowledged = sum(len(author.acknowledged) for author in authors)
    kinds = Counter(type(said).__name__ for author in authors for said in author.verdicts)
    failed = sum((author.failed for author in authors), Counter())
    print(
        f"\n{kills} kills of the worker in {seconds:.0f} s; {acknowledged:,} acknowledged; "
        f"verdicts {dict(kinds)}; failed {dict(failed)}"
    )


@pytest.mark.timeout(60 + 6 * KILLS)
async def test_what_was_acknowledged_outlives_kills_of_the_worker(tmp_path: Path) -> None:
    dice = random.Random(scale(5, 7))
    for _ in range(KILLS // EACH):
        assert await judged(tmp_path / "history", tmp_path / "socket", dice, EACH) == ""


BUGS = [
    "acknowledges before the write",
    "records again what is sent again",
    "forgets what a dead worker said",
]


@pytest.mark.parametrize("bug", BUGS)
async def test_a_server_that_loses_or_doubles_is_found(tmp_path: Path, bug: str) -> None:
    dice = random.Random(5)
    for _ in range(3):
        if await judged(tmp_path / "history", tmp_path / "socket", dice, 4, bug):
            return
    pytest.fail("nothing was found")
