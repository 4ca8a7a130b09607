"""Which documents are open, and how a front end's first request finds the one it means.

A notebook carries its document's id in its metadata; a copy of it, at another path while the first
still stands, begins a document of its own. Text files and widgets are found by path. The paths
are names only: this module opens no file but through `history`.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from .document import Document
from .draw import Reply
from .engine.messages import Engine
from .history import History, Summary, documents
from .prompts import NO_LIMITS, Limits
from .protocol import Hello

Stands = Callable[[str], Awaitable[bool]]


class Documents:
    """The open documents of one process, over one engine. A document is open as long as a front
    end is connected to it. `limits` are those of the prompts of all of them.
    """

    def __init__(
        self, engine: Engine, root: Path | None = None, limits: Limits = NO_LIMITS
    ) -> None:
        self.engine = engine
        self._limits = limits
        self._root = root
        self._open: dict[str, Document] = {}
        self._order = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, hello: Hello, reply: Reply, stands: Stands) -> Document:
        """The document that a front end means, with `reply` among those it answers. `stands` tells
        whether a path still has a file.

        Raises BadLog where the history cannot be read, HistoryError where a rename cannot be
        written down.
        """
        async with self._order:
            known = await asyncio.to_thread(documents, self._root)
            id = await self._find(hello, stands, known)
            if id not in self._open:
                self._open[id] = await asyncio.to_thread(self._load, id, hello)
            document = self._open[id]
            await document.history.rename(hello.path)
            document.join(reply)
            return document

    def leave(self, document: Document, reply: Reply) -> None:
        """A front end went away; without any other, its document is closed."""
        document.leave(reply)
        task = asyncio.create_task(self._retire(document))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Close all documents and the engine."""
        async with self._order:
            for document in self._open.values():
                await document.close()
            self._open.clear()
        await self.engine.close()

    async def _retire(self, document: Document) -> None:
        async with self._order:
            id = document.history.document
            if not document.joined and self._open.get(id) is document:
                del self._open[id]
                await document.close()

    def _load(self, id: str, hello: Hello) -> Document:
        history = History.open(id, path=hello.path, kind=hello.kind, root=self._root)
        return Document(history, self.engine, self._limits)

    async def _find(self, hello: Hello, stands: Stands, known: list[Summary]) -> str:
        homes = {summary.document: (summary.path, summary.kind) for summary in known}
        for id, document in self._open.items():
            homes[id] = (document.history.path, document.history.kind)
        if hello.document:
            home, _ = homes.get(hello.document, ("", ""))
            copied = home not in ("", hello.path) and await stands(home)
            return uuid.uuid4().hex if copied else hello.document
        mine = (hello.path, hello.kind)
        found = (id for id, home in homes.items() if home == mine)
        noted = hello.kind == "notebook"
        return next((id for id in found if id in self._open or not noted), uuid.uuid4().hex)
