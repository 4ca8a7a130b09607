"""A front end of a few words, for the tests of everything between it and the engine."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from jupyter_sim.document import Document
from jupyter_sim.engine.messages import Engine
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.events import Sampling
from jupyter_sim.protocol import (
    Accept,
    Acknowledged,
    Drawing,
    Ended,
    FromDocument,
    FromFront,
    Propose,
    Refused,
    Sync,
)

PROMPT = "It was "
TEXTS = ("a dark night.", "a day of rain.", "nobody.")

T = TypeVar("T")


class Writer:
    """A front end of a few words: it says things to a document and hears the answers."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.heard: list[FromDocument] = []
        self.candidates: dict[str, tuple[str, ...]] = {}
        self._news = asyncio.Event()
        self._count = 0
        document.join(self.hear)

    def hear(self, answer: FromDocument) -> None:
        self.heard.append(answer)
        if isinstance(answer, Drawing):
            self.candidates[answer.draw] = answer.candidates
        self._news.set()

    def id(self) -> str:
        self._count += 1
        return f"request-{id(self)}-{self._count}"

    async def say(self, request: FromFront) -> FromDocument:
        await self.document.handle(request, self.hear, "user")
        return next(a for a in reversed(self.heard) if getattr(a, "id", None) == request.id)

    async def ask(self, request: FromFront) -> FromDocument:
        """Say something that takes its time, and wait until it is acknowledged or refused."""
        await self.document.handle(request, self.hear, "user")
        return await self.answer(request.id)

    async def answer(self, id: str) -> Acknowledged | Refused:
        """Wait until a request is acknowledged or refused."""
        await self.until(lambda: bool(self._answers(id)))
        return self._answers(id)[0]

    def _answers(self, id: str) -> list[Acknowledged | Refused]:
        return [a for a in self.heard if isinstance(a, Acknowledged | Refused) and a.id == id]

    def answers(self, kind: type[T]) -> list[T]:
        """All answers of a kind, in order."""
        return [answer for answer in self.heard if isinstance(answer, kind)]

    async def write(self, text: str, undo: bool = False, cell: str = "cell") -> FromDocument:
        return await self.say(Sync(self.id(), cell, text, undo))

    async def begin(
        self, at: int, n: int = 3, fan: str = "fan-00001", replaces: str | None = None
    ) -> str:
        request = Propose(
            self.id(), "cell", fan, at, n, "sentence", 48, Sampling(), replaces=replaces
        )
        await self.document.handle(request, self.hear, "user")
        return request.id

    async def propose(self, at: int, n: int = 3) -> tuple[str, ...]:
        """A whole draw: the ids of its candidates once all have ended."""
        draw = await self.begin(at, n)
        await self.until(lambda: self.ended(draw) == n)
        return self.candidates[draw]

    async def until(self, so: Callable[[], bool]) -> None:
        while not so():
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 10)

    def ended(self, draw: str) -> int:
        return sum(isinstance(a, Ended) and a.draw == draw for a in self.heard)

    async def accept(
        self, candidate: str, start: int, stop: int, at: int, closes: bool = False
    ) -> FromDocument:
        return await self.say(
            Accept(self.id(), "cell", "fan-00001", candidate, (candidate,), at, start, stop, closes)
        )

    @property
    def text(self) -> str:
        return self.document.trees["cell"].text

    @property
    def authors(self) -> str:
        """The initial of its author for each character of the text."""
        return self.authors_of("cell")

    def authors_of(self, cell: str) -> str:
        tree = self.document.trees[cell]
        assert tree.head is not None
        return "".join(run.author[0] * len(run.text) for run in tree.runs(tree.head))

    def node(self, candidate: str) -> str:
        return self.document.trees["cell"].nodes[candidate].text

    def candidate(self, draw_candidates: tuple[str, ...], text: str) -> str:
        return next(c for c in draw_candidates if self.node(c) == text)


def recorded(document: Document) -> list[str]:
    return [type(event).__name__ for event in document.history.events]


Open = Callable[[Engine], Writer]


def told(texts: tuple[str, ...] = TEXTS) -> Callable[[str, int], str]:
    """A script in which each candidate of a draw gets the next text."""
    rest = list(texts)
    return lambda prompt, seed: rest.pop(0) if rest else "and so on."


async def streaming(opened: Open) -> tuple[ScriptedEngine, Writer, str]:
    """An engine that holds a draw of three after its first column, and who asked for it."""
    engine = ScriptedEngine(told(), held=True)
    writer = opened(engine)
    await writer.write(PROMPT)
    draw = await writer.begin(len(PROMPT))
    await engine.begun()
    await engine.step()
    return engine, writer, draw
