"""How an author and a server talk: a line of messages, over a socket in the file system or the web.

A line that breaks raises ConnectionError. Neither kind knows what the messages say.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect

from jupyter_sim.connection import Connection
from jupyter_sim.documents import Documents
from jupyter_sim.protocol import FromDocument, encode


class Line(Protocol):
    """An author's end."""

    def send(self, message: bytes) -> None: ...

    async def hear(self) -> str | bytes: ...

    def close(self) -> None: ...


Connect = Callable[[], Awaitable[Line]]


class SocketLine:
    """Each line of bytes is a message."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, path: Path) -> "SocketLine":
        return cls(*await asyncio.open_unix_connection(path))

    def send(self, message: bytes) -> None:
        self._writer.write(message + b"\n")

    async def hear(self) -> bytes:
        try:
            return await self._reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            raise ConnectionError("the server is gone") from error

    def close(self) -> None:
        self._writer.close()


class WebLine:
    """Each message of a WebSocket is one."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket

    @classmethod
    async def connect(cls, url: str) -> "WebLine":
        try:
            return cls(await websocket_connect(url))
        except (HTTPClientError, OSError) as error:
            raise ConnectionError("the server is gone") from error

    def send(self, message: bytes) -> None:
        try:
            self._socket.write_message(message.decode())
        except WebSocketClosedError as error:
            raise ConnectionError("the server is gone") from error

    async def hear(self) -> str | bytes:
        message = await self._socket.read_message()
        if message is None:
            raise ConnectionError("the server is gone")
        return message

    def close(self) -> None:
        self._socket.close()


async def nowhere(path: str) -> bool:
    return False


async def listen(documents: Documents, socket: Path) -> None:
    """Serve documents at a socket in the file system, until this is cancelled."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def answer(said: FromDocument) -> None:
            if not writer.is_closing():
                writer.write(encode(said) + b"\n")

        connection = Connection(documents, answer, nowhere)
        with suppress(ConnectionError):  # the author is gone
            while line := await reader.readline():
                await connection.hear(line.decode())
        connection.close()

    await (await asyncio.start_unix_server(connected, socket)).serve_forever()
