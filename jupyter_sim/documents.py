"""Which documents are open, and how a front end's first request finds the one it means.

A notebook carries its document's id in its metadata. Where the file at the path that was recorded
still carries it too, the other one is a copy: it becomes a document of its own, which begins with
what the first had recorded when the copy was saved. Where not, the notebook was renamed. What was
recorded at a path since its file was last saved belongs to that file, whatever the file says. Text
files and widgets are found by path, and a text file that was moved by the text that was last
recorded. The paths are names only: hosts say what is in the files, and this module opens none but
through `history` and `summaries`.
"""

import asyncio
import math
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from .document import Document
from .draw import Reply
from .engine.messages import Engine
from .errors import BadInput
from .history import History, read
from .prompts import NO_LIMITS, Limits
from .protocol import Hello
from .summaries import Summary, documents
from .tree import fold


@dataclass(frozen=True, slots=True)
class Saved:
    """A file as it stands: the document that it names, if it does, when it was last changed, in
    seconds since 1970, and its text, if it is a text file of no great length.
    """

    document: str | None
    time: float
    text: str = ""


Files = Callable[[str], Awaitable[Saved | None]]

LATEST = 100
"""So many text files that were last written in are looked through for one that was moved."""

GRAIN = 2.0
"""Seconds by which the time of a file may lie before what was recorded before it was saved."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A document: where `of` names another, it begins with what that one had recorded at a time."""

    id: str
    of: str = ""
    until: float = 0.0


class Documents:
    """The open documents of one process, over one engine. A document is open as long as a front
    end is connected to it. `limits` are those of the prompts of all of them, and from `seed`, where
    there is one, follow the seeds of all their candidates.
    """

    def __init__(
        self,
        engine: Engine,
        root: Path | None = None,
        limits: Limits = NO_LIMITS,
        seed: int | None = None,
    ) -> None:
        self.engine = engine
        self._limits = limits
        self._seed = seed
        self._root = root
        self._open: dict[str, Document] = {}
        self._order = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, hello: Hello, reply: Reply, files: Files) -> Document:
        """The document that a front end means, with `reply` among those it answers. `files` tells
        what stands at a path, if anything does.

        Raises BadLog where the history cannot be read, HistoryError where a rename cannot be
        written down.
        """
        async with self._order:
            known = await asyncio.to_thread(documents, self._root)
            found = await self._find(hello, files, known)
            if found.id not in self._open:
                self._open[found.id] = await asyncio.to_thread(self._load, found, hello)
            document = self._open[found.id]
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

    def _load(self, found: _Found, hello: Hello) -> Document:
        if found.of:
            history = History.copy(
                found.id, found.of, found.until, hello.path, hello.kind, self._root
            )
        else:
            history = History.open(found.id, path=hello.path, kind=hello.kind, root=self._root)
        return Document(history, self.engine, self._limits, self._seed)

    async def _moved(self, text: str, files: Files, homes: Mapping[str, Summary]) -> str:
        """The document of a text file that is not where it was, and said this."""
        known = (s for s in homes.values() if s.kind == "file" and s.path)
        for summary in islice(known, LATEST):
            if not await files(summary.path) and await asyncio.to_thread(
                self._ended_with, summary.document, text
            ):
                return summary.document
        return ""

    def _ended_with(self, document: str, text: str) -> bool:
        """Whether this, and not nothing, is the text that a document was left with."""
        try:
            trees, _ = fold(read(document, self._root)[0])
        except BadInput:
            return False
        return bool(text.strip()) and text in [tree.text for tree in trees.values()]

    async def _find(self, hello: Hello, files: Files, known: list[Summary]) -> _Found:
        homes = {summary.document: summary for summary in known}
        for id, document in self._open.items():
            own = document.history
            if document.joined:
                homes[id] = Summary(id, own.path, own.kind, 0.0, math.inf, own.of)
        named = hello.document
        if named in homes and not await _is_copy(named, hello, files, homes):
            return _Found(named)
        file = await files(hello.path)
        if named and named not in homes:
            # perhaps that of a copy that was greeted before, and in which nothing happened
            named = file.document if file and file.document in homes else named
            if not await _is_copy(named, hello, files, homes):
                return _Found(named)
        here = [s for s in homes.values() if (s.path, s.kind) == (hello.path, hello.kind)]
        if hello.kind == "notebook":
            saved = file.time if file else 0.0
            here = [s for s in here if s.last >= saved and s.of == (named or s.of)]
        if here:
            return _Found(here[0].document)
        if hello.kind == "file" and file and not named:
            moved = await self._moved(file.text, files, homes)
            if moved:
                return _Found(moved)
        return _Found(uuid.uuid4().hex, named or "", file.time + GRAIN if file else math.inf)


async def _is_copy(named: str, hello: Hello, files: Files, homes: Mapping[str, Summary]) -> bool:
    """Whether the file that a document was in still stands, and this is another one."""
    home = homes[named].path if named in homes else ""
    if home in ("", hello.path):
        return False
    file = await files(home)
    return file is not None and (hello.kind != "notebook" or file.document == named)
