"""SIGKILLs of a server at random moments, while authors write: nothing acknowledged is lost."""

import asyncio
import random
from pathlib import Path

import pytest

from .author import Author
from .scale import scale
from .servers import Servers, broken

KILLS, EACH, AUTHORS = scale(15, 1000), scale(15, 50), 3
LONGEST = scale(8, 20) / 100


async def killed(root: Path, socket: Path, dice: random.Random, kills: int, bug: str = "") -> str:
    """Let authors write in one document while its server is killed so often; what is broken."""
    document = f"document-{dice.getrandbits(32)}"
    authors = [Author(str(number), document, dice) for number in range(AUTHORS)]
    servers = await Servers.begin(root, socket, bug=bug)
    for number in range(kills + 1):
        await run(servers, authors, None if number == kills else dice.random() * LONGEST)
    await servers.end()
    acknowledged = sum(len(author.acknowledged) for author in authors)
    print(f"{kills} kills of the server; {acknowledged:,} acknowledged", end="; ")
    return broken(root, document, authors) or next((str(a.failed) for a in authors if a.failed), "")


async def run(servers: Servers, authors: list[Author], seconds: float | None) -> None:
    """One server's life: so many seconds, or until all is acknowledged."""
    await servers.start()
    enough = asyncio.Event()
    if seconds is None:
        enough.set()
    work = [asyncio.create_task(author.work(servers.connect, enough)) for author in authors]
    if seconds is None:
        await asyncio.gather(*work)
    else:
        await asyncio.sleep(seconds)
    await servers.kill()
    await asyncio.gather(*work)


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
    both = [await Servers.begin(root, tmp_path / name) for name in "ab"]
    for seconds in (0.2, 0.2, None):
        lives = zip(both, authors, strict=True)
        await asyncio.gather(*(run(servers, [one], seconds) for servers, one in lives))
    for servers in both:
        await servers.end()
    assert broken(root, "document-shared", authors) == ""
    assert len(list((root / "document-shared").glob("*.jsonl"))) >= 4
