"""Those who wait for an engine: requests from the side that asked, and watchers of its status.

Each lives in an event loop of its own and is told there, from whatever thread. No process is known
here by more than its name.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import msgspec

from ..errors import BadInput, EngineError, SimError
from .messages import Column, Rollout, Scored, Started, Status, Survey, Surveyed, cancelled
from .process import Process
from .wire import Request, Said

CLOSED = "The engine was closed while the model was loading."

MAX_REQUEST = 1 << 22
"""Bytes: a thick novel. Nobody else is served while a text is split into tokens."""

T = TypeVar("T")


class Listener:
    """Someone who watches the status, and the loop they live in."""

    def __init__(self, listener: Callable[[Status], None]) -> None:
        self._listener = listener
        self._loop: asyncio.AbstractEventLoop | None = None
        with suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()

    def hear(self, status: Status) -> None:
        """Pass a status on, from any thread."""
        if self._loop is None:
            self._listener(status)
        else:
            _call_in(self._loop, self._listener, status)


class Call:
    """A request from the side that asked it, and the loop it was asked from.

    `process` is the worker that it was given to, `open` are the candidates of a rollout that are
    not finished, and `ended` says that its end was told without a worker.
    """

    def __init__(self, serial: int, request: Request) -> None:
        self.serial = serial
        self.request = request
        self.said: asyncio.Queue[Said | SimError] = asyncio.Queue()
        self.open = set(range(len(request.seeds))) if isinstance(request, Rollout) else set()
        self.over = self.ended = False
        self.process: Process | None = None
        self._loop = asyncio.get_running_loop()

    def hear(self, said: Said | SimError) -> bool:
        """Pass something on, from any thread; whether there is anybody left to listen."""
        return _call_in(self._loop, self.said.put_nowait, said)

    def note(self, said: Said) -> None:
        """See whether that was all there is to say."""
        match said:
            case Started():
                pass
            case Column(pieces=pieces):
                self.open -= {piece.index for piece in pieces if piece.finish}
                self.over = not self.open
            case Scored():
                self.over = said.whole or not said.tokens
            case Surveyed():
                self.over = True

    def end(self) -> None:
        """End what is open as cancelled, without a word from the worker."""
        self.ended = True
        match self.request:
            case Survey():
                self.hear(EngineError(CLOSED))
            case request:
                self.hear(cancelled(request, self.open))


def see_that_it_can_be_sent(request: Request) -> None:
    """Raise BadInput for a request that no worker could read."""
    kind = type(request)
    try:
        sent = msgspec.msgpack.encode(request)
        msgspec.msgpack.decode(sent, type=kind)
    except (msgspec.ValidationError, OverflowError, TypeError) as error:
        raise BadInput(f"This {kind.__name__.lower()} cannot be run: {error}.") from error
    except UnicodeEncodeError as error:
        raise BadInput(
            f"The {_bearer(request, error.object)} of this {kind.__name__.lower()} is no valid "
            f"Unicode: character {error.start} is half of a surrogate pair; delete it and try "
            "again."
        ) from error
    if len(sent) > MAX_REQUEST:
        raise BadInput(
            f"This {kind.__name__.lower()} has {len(sent):,} bytes, and {MAX_REQUEST:,} are the "
            "most; shorten its text."
        )


def _bearer(request: Request, text: str) -> str:
    """Return what a text is in a request."""
    named = [name for name in request.__struct_fields__ if getattr(request, name) == text]
    strings = request.strings if isinstance(request, Rollout) else ()
    return named[0] if named else "stop string" if text in strings else "sampling"


def computed(said: Said) -> bool:
    """Whether a model computed this; cancelled candidates and surveys are no sign of that."""
    match said:
        case Column(pieces=pieces):
            return any(piece.tokens for piece in pieces)
        case Scored(tokens=tokens):
            return bool(tokens)
        case _:
            return False


def _call_in(loop: asyncio.AbstractEventLoop, call: Callable[[T], object], value: T) -> bool:
    try:
        loop.call_soon_threadsafe(call, value)
    except RuntimeError:
        # a loop that has closed has nobody left who listens
        return False
    return True
