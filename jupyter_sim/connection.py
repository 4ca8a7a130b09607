"""One front end's line to its document, the same for every host: JSON in, answers out.

A host brings a callback that sends an answer, and calls `hear` for each message that comes and
`close` when the front end has gone. Nothing here knows what carries the messages.
"""

import asyncio
from collections.abc import Callable

from .document import Document
from .documents import Documents, Files
from .errors import BadInput, SimError
from .protocol import FromDocument, FromFront, Hello, Model, Refused, decode, id_of


class Connection:
    """Decode requests, find the document that the first one names, and hand the others to it.

    `files` tells what stands at a path. Made and used on one event loop.
    """

    def __init__(
        self, documents: Documents, answer: Callable[[FromDocument], None], files: Files
    ) -> None:
        self._documents = documents
        self._answer = answer
        self._files = files
        self._document: Document | None = None
        self._order = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._unwatch = documents.engine.watch(lambda status: answer(Model(status)))

    async def hear(self, message: str | bytes, user: str = "") -> None:
        """Take one message. Returns once its place in the order is sure, not when it is done."""
        try:
            async with self._order:
                request = decode(message)
                document = await self._opened(request)
                task = asyncio.create_task(document.handle(request, self._answer, user))
        except SimError as error:
            self._answer(Refused(id_of(message), error.code, str(error)))
        else:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """End the line: what only this front end was waiting for stops."""
        self._unwatch()
        if self._document:
            self._documents.leave(self._document, self._answer)

    async def _opened(self, request: FromFront) -> Document:
        if isinstance(request, Hello):
            self._document = await self._documents.open(request, self._answer, self._files)
        if self._document is None:
            raise BadInput("A request came before hello; say hello first.")
        return self._document
