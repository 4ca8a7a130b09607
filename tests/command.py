"""Commands run as processes of their own, and the little histories they are run on."""

import asyncio
import sys
from pathlib import Path

from jupyter_sim import history
from jupyter_sim.document import Document
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.events import Opened
from jupyter_sim.history import History

from .judged import Run
from .writer import Writer

DOCUMENT = "3f2a1111-2222"
PROMPT = "It was a dark and "


def story(sim: Run) -> str:
    """Write a text with a candidate in it, as notes/story.ipynb; the text in the end."""
    return asyncio.run(write(DOCUMENT, "notes/story.ipynb"))


async def write(id: str, path: str) -> str:
    document = Document(History.open(id, path=path), ScriptedEngine())
    writer = Writer(document)
    await writer.write(PROMPT)
    first, *_ = await writer.propose(len(PROMPT))
    await writer.accept(first, 0, 7, len(PROMPT), closes=True)
    text = writer.text + "\nand so on"
    await writer.write(text)
    await document.close()
    return text


def exported(folder: Path, *texts: str) -> Path:
    """A session log in which each text was found a minute after the one before."""

    async def record() -> None:
        made = History.open(DOCUMENT, root=folder / "history")
        for minute, text in enumerate(texts):
            stamp = made.stamp(f"cell-{minute}")
            late = type(stamp)(
                stamp.id, stamp.writer, stamp.seq, 60.0 * minute, "", DOCUMENT, stamp.cell
            )
            await made.append(Opened(late, text))
        await made.close()

    asyncio.run(record())
    history.export(DOCUMENT, folder / "story.simlog", folder / "history")
    return folder / "story.simlog"


def command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("jupyter")), "sim", *arguments]


def refused(outcome: tuple[int, str, str]) -> str:
    """The one sentence of a command that could not be carried out."""
    status, out, err = outcome
    assert (status, out) == (2, "")
    assert err.startswith("jupyter sim: ")
    assert err.count("\n") == 1
    return err
