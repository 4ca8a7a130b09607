"""Histories of a few texts in segments on disk, for the tests of what becomes of the files."""

from pathlib import Path

from jupyter_sim import folders, history
from jupyter_sim.events import Opened
from jupyter_sim.formats.chain import dump
from jupyter_sim.formats.header import Header
from jupyter_sim.formats.writer import Writer
from jupyter_sim.history import History

DOCUMENT = "11111111-2222"


def opened(history: History, text: str = "It was a dark and ") -> Opened:
    return Opened(history.stamp("cell"), text)


async def written(
    *texts: str, document: str = DOCUMENT, path: str = "story.ipynb", root: Path | None = None
) -> Path:
    """A history of one writer, closed again; its segment."""
    made = History.open(document, path=path, root=root)
    for text in texts:
        await made.append(opened(made, text))
    await made.close()
    name = f"{made.stamp('cell').writer}.jsonl"
    places = (folder / name for folder in folders.of(document, root))
    return next(place for place in places if place.exists())


def sealed(root: Path, count: int, limit: int) -> None:
    """A history of so many texts in segments that are sealed at `limit` bytes."""
    header = Header(document=DOCUMENT, writer="w", path="story.ipynb", kind="notebook")
    writer = Writer([root / DOCUMENT], header, limit=limit)
    made = History.open(DOCUMENT, root=root)
    for number in range(count):
        writer.write([dump(opened(made, f"{number}"))])
    writer.close()


def reread(root: Path | None = None) -> list[str]:
    return [event.text for event in history.read(DOCUMENT, root)[0] if isinstance(event, Opened)]


def segments(root: Path) -> list[Path]:
    return sorted((root / DOCUMENT).glob("*.jsonl"), key=lambda path: (len(path.name), path.name))
