"""A connection of a few words to the open documents, for the tests of which document is which."""

import asyncio

import msgspec

from jupyter_sim.connection import Connection
from jupyter_sim.documents import Documents, Files
from jupyter_sim.protocol import (
    Ended,
    FromDocument,
    FromFront,
    Hello,
    Kind,
    Model,
    Propose,
    Sync,
    Welcome,
)


async def nothing(path: str) -> None:
    """There is no file anywhere."""


class Line:
    """A connection and what came back over it."""

    def __init__(self, documents: Documents, files: Files = nothing) -> None:
        self.heard: list[FromDocument] = []
        self._news = asyncio.Event()
        self.connection = Connection(documents, self._hear, files)

    async def say(self, request: FromFront | bytes) -> FromDocument:
        """The next answer of any kind but a status."""
        before = len(self._answers())
        data = request if isinstance(request, bytes) else msgspec.json.encode(request)
        await self.connection.hear(data)
        while len(self._answers()) == before:
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 10)
        return self._answers()[before]

    async def draw(self, request: Propose) -> None:
        """Ask for candidates, and wait until all have ended."""
        await self.connection.hear(msgspec.json.encode(request))
        while sum(isinstance(a, Ended) and a.draw == request.id for a in self.heard) < request.n:
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 10)

    async def hello(self, path: str, document: str | None = None, kind: Kind = "notebook") -> str:
        return (await self.welcome(path, document, kind)).document

    async def welcome(
        self, path: str, document: str | None = None, kind: Kind = "notebook"
    ) -> Welcome:
        answer = await self.say(Hello("hello-0001", kind, path, document))
        assert isinstance(answer, Welcome)
        return answer

    def _answers(self) -> list[FromDocument]:
        return [answer for answer in self.heard if not isinstance(answer, Model)]

    def _hear(self, answer: FromDocument) -> None:
        self.heard.append(answer)
        self._news.set()


async def begin(line: Line) -> None:
    """Record something, so that the document is on disk."""
    await line.say(Sync("request-0001", "cell", "It was "))
