"""SIGKILLs of the real Jupyter server and its worker, while authors judge over WebSockets."""

import asyncio
import os
import random
import signal
from functools import partial
from pathlib import Path

import pytest

from ..test_server import TOKEN, Server, history
from .author import Author
from .lines import WebLine
from .scale import scale
from .servers import broken, worker

KILLS, AUTHORS = scale(2, 25), 3
PATIENCE = 60.0


async def live(server: Server, authors: list[Author], dice: random.Random, *, last: bool) -> str:
    """One server's life: its worker dies, and then it does, or in the last all is acknowledged.
    What it logged.
    """
    connect = partial(WebLine.connect, server.url(f"socket?token={TOKEN}", "ws"))
    enough = asyncio.Event()
    work = [asyncio.create_task(author.stay(connect, enough)) for author in authors]
    try:
        async with asyncio.timeout(PATIENCE):
            await more(authors, dice.choice((1, 30, 100)))
            pid = worker(server.process.pid)
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await more(authors, dice.choice((100, 300, 600)))
            if last:
                enough.set()
                await asyncio.gather(*work)
    finally:
        log = await asyncio.to_thread(server.stop, signal.SIGKILL)
        await asyncio.gather(*work)
    return log


async def more(authors: list[Author], gains: int) -> None:
    """Wait until the authors have heard so much more, together."""
    goal = gains + sum(author.heard for author in authors)
    while sum(author.heard for author in authors) < goal:
        await asyncio.sleep(0.005)


@pytest.mark.timeout(120 + 30 * KILLS)
async def test_what_was_acknowledged_outlives_kills_of_a_jupyter_server(tmp_path: Path) -> None:
    dice = random.Random(scale(5, 7))
    authors = [
        Author(str(n), "document-jupyter", dice, tokens=40, leaves=0.03) for n in range(AUTHORS)
    ]
    for number in range(KILLS + 1):
        server = await asyncio.to_thread(Server, tmp_path, "--SimApp.threads=1")
        log = await live(server, authors, dice, last=number == KILLS)
        assert "Traceback" not in log, log
    acknowledged = sum(len(author.acknowledged) for author in authors)
    print(f"\n{KILLS} kills of a Jupyter server; {acknowledged:,} acknowledged")
    assert broken(history(server), "document-jupyter", authors) == ""
