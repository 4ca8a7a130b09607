"""Write examples/example.simlog: the starter model, a document, and what a front end says to it.

    python examples/example_log.py

A short text is written in two cells: candidates are accepted whole and in part, kept as a branch,
rejected and drawn anew; a verdict is taken back; something is typed in the middle; two voices stand
side by side. `jupyter sim replay examples/example.simlog --regenerate` draws all of it again.
"""

import asyncio
import sys
import tempfile
import time
import uuid
from pathlib import Path

from jupyter_sim import history
from jupyter_sim.document import Document
from jupyter_sim.engine.client import LlamaEngine, Settings
from jupyter_sim.events import Sampling
from jupyter_sim.history import History
from jupyter_sim.protocol import (
    Accept,
    Acknowledged,
    Branch,
    Context,
    Dismiss,
    Drawing,
    FromDocument,
    FromFront,
    Mark,
    Propose,
    Refused,
    Reject,
    See,
    Sync,
    Voice,
    Withdraw,
)

OUT = Path(__file__).with_name("example.simlog")
PAUSE = 0.5

Fan = tuple[str, tuple[str, ...]]


class Front:
    """A front end that says one thing after another, and waits for each to be on disk."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._heard: list[FromDocument] = []
        self._news = asyncio.Event()
        document.join(self._hear)

    def _hear(self, answer: FromDocument) -> None:
        self._heard.append(answer)
        self._news.set()

    async def say(self, request: FromFront) -> None:
        """Say it, and wait until it is acknowledged."""
        await asyncio.sleep(PAUSE)
        await self.document.handle(request, self._hear, "writer")
        while True:
            self._news.clear()
            for answer in self._heard:
                if isinstance(answer, Refused):
                    sys.exit(answer.message)
                if isinstance(answer, Acknowledged) and answer.id == request.id:
                    return
            await self._news.wait()

    def text(self, cell: str) -> str:
        """The cell's text."""
        return self.document.trees[cell].text

    async def write(self, cell: str, text: str) -> None:
        """The cell's text is this now."""
        await self.say(Sync(id_(), cell, text))

    async def fan(self, cell: str, at: int, n: int, fan: str = "", **more: object) -> Fan:
        """A draw that was whole and seen: the fan's id and the candidates of this draw."""
        fan = fan or id_()
        asked = {"stop": "sentence", "max_tokens": 24, "top": 2, **more}
        request = Propose(id_(), cell, fan, at, n, **asked)  # type: ignore[arg-type]
        await self.say(request)
        await self._whole(cell, request.id)
        drawn = next(d for d in self._heard if isinstance(d, Drawing) and d.draw == request.id)
        await self.say(See(id_(), cell, fan, drawn.candidates))
        return fan, drawn.candidates

    async def _whole(self, cell: str, draw: str) -> None:
        while True:
            self._news.clear()
            drawn = next(
                (d for d in self._heard if isinstance(d, Drawing) and d.draw == draw), None
            )
            if drawn and set(drawn.candidates) <= self.document.trees[cell].nodes.keys():
                return
            await self._news.wait()

    async def accept(self, cell: str, fan: Fan, number: int, at: int, stop: int = 0) -> None:
        """Take a candidate into the text, or its beginning."""
        id, seen = fan
        text = self.document.trees[cell].nodes[seen[number]].text
        end = text.find(" ", 1) if stop else len(text)
        end = len(text) if end < 0 else end
        await self.say(Accept(id_(), cell, id, seen[number], seen, at, 0, end, True))


def id_() -> str:
    return uuid.uuid4().hex


async def write(front: Front) -> None:
    """The writing itself."""
    cell = "letter"
    opening = "The letter had been opened before it reached her. She turned it over twice, and "
    await front.write(cell, opening)
    fan, drawn = await front.fan(cell, len(opening), 4)
    await front.say(Reject(id_(), cell, fan, drawn[0], drawn))
    _, fresh = await front.fan(cell, len(opening), 1, fan, replaces=drawn[0])
    seen = (*drawn, *fresh)
    await front.say(Branch(id_(), cell, fan, drawn[2], seen))
    await front.say(Mark(id_(), cell, drawn[2], True, ("later",), "for the second chapter"))
    await front.accept(cell, (fan, seen), 1, len(opening))
    await front.write(cell, front.text(cell) + " Nobody spoke.")
    at = len(front.text(cell))
    second = await front.fan(cell, at, 3, sampling=Sampling(distinct=True))
    await front.say(Branch(id_(), cell, second[0], second[1][0], second[1]))
    await front.say(Withdraw(id_(), cell, second[0], second[1][0]))
    await front.accept(cell, second, 1, at, stop=1)
    await front.write(cell, front.text(cell).replace("twice", "three times"))
    middle = front.text(cell).index(" Nobody")
    third = await front.fan(cell, middle, 3)
    await front.say(Dismiss(id_(), cell, third[0], third[1]))
    await voices(front, "sea", cell)


async def voices(front: Front, cell: str, above: str) -> None:
    """Two voices in one fan, with the first cell above them."""
    text = "By the sea wall, the old pilot"
    await front.write(cell, text)
    fan = id_()
    seen: tuple[str, ...] = ()
    for voice in (Voice("sailor", "A sailor's yarn.\n\n"), Voice("clerk", "A clerk's report.\n\n")):
        context = Context(voice, "It is 1870.\n\n", (above,))
        _, drawn = await front.fan(cell, len(text), 2, fan, context=context)
        seen += drawn
    await front.accept(cell, (fan, seen), 2, len(text))


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        made = History.open(id_(), path="example.ipynb", root=root)
        engine = LlamaEngine(settings=Settings(deterministic=True))
        document = Document(made, engine)
        await write(Front(document))
        await document.close()
        await engine.close()
        count, _ = history.export(made.document, OUT, root)
    print(f"{count} events, {OUT.stat().st_size:,} bytes: {OUT}", time.strftime("%Y-%m-%d"))


if __name__ == "__main__":
    asyncio.run(main())
