"""What the rigs watch, cut short or kill: a process that does one thing with a history.

    python steps.py ACTION FOLDER [BUG]

It says what it was promised, as lines `ack ID` and `no ID` in single writes to standard output.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from planted import BUGS

from jupyter_sim import history, imports, summaries, upkeep
from jupyter_sim.errors import HistoryError
from jupyter_sim.events import Opened, Stamp
from jupyter_sim.formats.chain import dump
from jupyter_sim.formats.header import Header

DOCUMENT = "torture"


def say(word: str, id: str) -> None:
    os.write(1, f"{word} {id}\n".encode())


def event(number: int, size: int = 40) -> Opened:
    stamp = Stamp(f"id-{number}", "w", number, 0.0, "", DOCUMENT, f"cell-{number}")
    return Opened(stamp, "x" * size)


def append(root: Path, limit: int = 1 << 20) -> None:
    """Write events one by one, as the writer thread does."""
    header = Header(document=DOCUMENT, writer="w", path="story.ipynb", kind="notebook")
    writer = history.Writer([root / DOCUMENT], header, limit)
    for number in range(1, 6):
        writer.write([dump(event(number))])
        say("ack", f"id-{number}")
    writer.close()


def rotate(root: Path) -> None:
    """Write events, each but the first into a segment of its own."""
    append(root, limit=1)


def repair(root: Path) -> None:
    """Repair a history."""
    for mended in upkeep.repair(DOCUMENT, root):
        say("ack", mended.aside.name)


def archive(root: Path) -> None:
    """Move a document whose notebook is gone to the archive."""
    found = summaries.documents(root)
    for one in list(upkeep.spare(found, lambda summary: True, root)):
        try:
            say("ack", upkeep.put_away(one).name)
        except HistoryError as error:
            say("no", str(error))


def take_in(root: Path) -> None:
    """Import the session log that stands there."""
    imports.import_log(root / "in.simlog", root)


async def record(root: Path, clients: int = 3, each: int = 8, size: int = 40) -> None:
    """Let clients record at once; what is refused they send again, once."""
    made = history.History.open(DOCUMENT, root=root)

    async def client(name: int) -> None:
        for number in range(each):
            stamp = made.stamp(f"cell-{name}-{number}")
            for _ in range(3):
                try:
                    await made.append(Opened(stamp, "x" * size))
                except HistoryError:
                    say("no", stamp.id)
                else:
                    say("ack", stamp.id)
                    break

    await asyncio.gather(*(client(name) for name in range(clients)))
    await made.close()


def turn(root: Path) -> None:
    """Record as clients do, in segments that are full at once."""
    history.Writer = partial(history.Writer, limit=300)
    asyncio.run(record(root))


async def fill(root: Path) -> None:
    """Record until the disk is full, make room, and go on."""
    ballast = root / "ballast"
    ballast.write_bytes(b"x" * 50_000)
    await record(root, 1, 120, 3_000)
    ballast.unlink()
    await record(root, 1, 3)


async def refuge(data: Path) -> None:
    """Record where the usual folder cannot be written."""
    made = history.History.open(DOCUMENT)
    stamp = made.stamp("cell-refuge")
    await made.append(Opened(stamp, "here"))
    say("ack", stamp.id)
    for sentence in made.damage:
        say("said", sentence)
    await made.close()


ACTIONS: dict[str, Callable[[Path], None]] = {
    "append": append,
    "rotate": rotate,
    "repair": repair,
    "archive": archive,
    "import": take_in,
    "record": lambda root: asyncio.run(record(root)),
    "turn": turn,
    "fill": lambda root: asyncio.run(fill(root)),
    "refuge": lambda data: asyncio.run(refuge(data)),
}


if __name__ == "__main__":
    BUGS[sys.argv[3] if len(sys.argv) > 3 else ""]()
    ACTIONS[sys.argv[1]](Path(sys.argv[2]))
