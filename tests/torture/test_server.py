"""SIGKILLs of a server at random moments, while authors write: nothing acknowledged is lost."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from jupyter_sim import history, upkeep
from jupyter_sim.formats.segment import read_segments
from jupyter_sim.tree import fold

from .author import Author
from .scale import scale

KILLS, EACH, AUTHORS = scale(15, 1000), scale(15, 50), 3
LONGEST = scale(8, 20) / 100
HERE = Path(__file__).parent


async def killed(root: Path, socket: Path, dice: random.Random, kills: int, bug: str = "") -> str:
    """Let authors write in one document while its server is killed so often; what is broken."""
    document = f"document-{dice.getrandbits(32)}"
    authors = [Author(str(number), document, dice) for number in range(AUTHORS)]
    server = await started(root, socket, bug)
    for number in range(kills + 1):
        await run(server, authors, socket, None if number == kills else dice.random() * LONGEST)
    await ended(server)
    return broken(root, document, authors)


async def started(root: Path, socket: Path, bug: str = "") -> asyncio.subprocess.Process:
    """What servers are forked from."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, str(HERE / "served.py"), str(root), str(socket), bug),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def ended(server: asyncio.subprocess.Process) -> None:
    """Let it go, once its last server is dead."""
    assert server.stdin
    server.stdin.close()
    await server.wait()


async def run(
    server: asyncio.subprocess.Process, authors: list[Author], socket: Path, seconds: float | None
) -> None:
    """One server's life: so many seconds, or until all is acknowledged."""
    assert server.stdin
    assert server.stdout
    server.stdin.write(b"go\n")
    pid = int(await server.stdout.readline())
    await listening(socket)
    enough = asyncio.Event()
    if seconds is None:
        enough.set()
    work = [asyncio.create_task(author.work(socket, enough)) for author in authors]
    if seconds is None:
        await asyncio.gather(*work)
    else:
        await asyncio.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    assert await server.stdout.readline() == b"ended\n"
    await asyncio.gather(*work)
    socket.unlink()


async def listening(socket: Path) -> None:
    """Return when a server takes connections."""
    while True:
        try:
            _, writer = await asyncio.open_unix_connection(socket)
        except (FileNotFoundError, ConnectionRefusedError):
            await asyncio.sleep(0.001)
        else:
            writer.close()
            return


def broken(root: Path, document: str, authors: list[Author]) -> str:
    """The first promise that was not kept, if any."""
    problems = upkeep.verify(document, root).problems
    if other := [str(problem) for problem in problems if "never ack" not in problem.message]:
        return other[0]
    segments = read_segments(history.folders(document, root))
    lines = Counter(event.stamp.id for segment in segments for event in segment.events)
    trees, _ = fold(history.merged(segments))
    acknowledged = [id for author in authors for id in author.acknowledged]
    print(f"{len(acknowledged):,} acknowledged, {lines.total():,} recorded", end="; ")
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
    return f"recorded twice: {twice[0]}" if twice else ""


async def test_what_was_acknowledged_outlives_kills_of_the_server(tmp_path: Path) -> None:
    dice = random.Random(scale(5, 7))
    for _ in range(KILLS // EACH):
        assert await killed(tmp_path / "history", tmp_path / "socket", dice, EACH) == ""


@pytest.mark.parametrize("bug", ["acknowledges before the write"])
async def test_a_server_that_acknowledges_too_early_is_found(tmp_path: Path, bug: str) -> None:
    dice = random.Random(5)
    found = [
        await killed(tmp_path / "history", tmp_path / "socket", dice, 5, bug) for _ in range(3)
    ]
    assert any(found)


async def test_two_servers_that_share_a_document_end_with_the_union(tmp_path: Path) -> None:
    dice, root = random.Random(9), tmp_path / "history"
    authors = [Author(name, "document-shared", dice) for name in "ab"]
    sockets = [tmp_path / name for name in "ab"]
    servers = [await started(root, socket) for socket in sockets]
    for seconds in (0.2, 0.2, None):
        lives = zip(servers, authors, sockets, strict=True)
        await asyncio.gather(*(run(server, [one], at, seconds) for server, one, at in lives))
    for server in servers:
        await ended(server)
    assert broken(root, "document-shared", authors) == ""
    assert len(list((root / "document-shared").glob("*.jsonl"))) >= 4
