"""What client and worker say to each other: msgpack, each message after its length in four bytes.

A serial number names a request on the wire, so that a late answer to one that was left can never
reach another of the same id. No process, thread or model is known here.
"""

import struct
from typing import IO, Annotated

import msgspec
from msgspec import Meta

from ..errors import BadInput, ContextFull, EngineError, ModelError, SimError
from ..events import Value
from .messages import Column, Rollout, Scored, Scoring, Started, Survey, Surveyed

HEAD = struct.Struct("<I")
MAX_FRAME = 1 << 28

ERRORS = {error.code: error for error in (BadInput, ModelError, EngineError, ContextFull)}


class Settings(Value, frozen=True):
    """How a model is to run; a zero lets the worker decide.

    `context` is the window in tokens (0: what the model was trained for, at most 8192), `threads`
    the processor threads (0: all cores, or one less while that is faster), `n_gpu_layers` how many
    layers go to the GPU (-1: all, where llama.cpp was built for one). `deterministic` lets the same
    seed say the same however busy or warm the engine is, slowly. `idle` are the seconds after which
    a model that nobody uses is let go (0: never).
    """

    context: Annotated[int, Meta(ge=0, lt=2**24)] = 0
    threads: Annotated[int, Meta(ge=0, le=1024)] = 0
    n_gpu_layers: Annotated[int, Meta(ge=-1, lt=2**16)] = -1
    deterministic: bool = False
    idle: Annotated[float, Meta(ge=0)] = 0


Request = Rollout | Survey | Scoring
Said = Started | Column | Surveyed | Scored


class Load(Value, frozen=True, tag="load"):
    """Load this model; the first command, given once. `repack` allows ggml's extra buffers.

    `marks` are the file's, by which it is known again. `memory` is a folder for what is worth
    remembering until the next load; empty is none.
    """

    path: str
    marks: str
    settings: Settings
    repack: bool
    memory: str = ""


class Begin(Value, frozen=True, tag="begin"):
    """Begin a rollout or a scoring, or answer a survey."""

    serial: int
    request: Request


class Cancel(Value, frozen=True, tag="cancel"):
    """End a rollout or a scoring; a serial that is not running is ignored."""

    serial: int


class Ping(Value, frozen=True, tag="ping"):
    """Ask for a sign of life; the answer is a Pong."""


class Pong(Value, frozen=True, tag="pong"):
    """The process lives, and its model's thread has made so many steps since its start."""

    steps: int


class Loading(Value, frozen=True, tag="loading"):
    """How much of the model is read, from 0 to 1; above 1, it is being tried out."""

    progress: float


class Loaded(Value, frozen=True, tag="loaded"):
    """The model stands ready, and has decoded two tokens to prove it."""

    device: str
    engine: str
    context: int
    parameters: int


class Answer(Value, frozen=True, tag="answer"):
    """What a request says."""

    serial: int
    message: Said


class Failed(Value, frozen=True, tag="failed"):
    """A request, or with serial 0 the model, ends with the error of this code and text."""

    serial: int
    code: str
    text: str

    def error(self) -> SimError:
        """Return the error, to be raised."""
        return ERRORS.get(self.code, EngineError)(self.text)


Command = Load | Begin | Cancel | Ping
Reply = Loading | Loaded | Answer | Failed | Pong


def send(file: IO[bytes], message: Command | Reply) -> None:
    """Write one message."""
    body = msgspec.msgpack.encode(message)
    file.write(HEAD.pack(len(body)) + body)
    file.flush()


def receive(file: IO[bytes]) -> bytes | None:
    """Return the bytes of the next message, or None where the other end has closed or broken off.

    Raises EngineError for a length that no message has.
    """
    head = file.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    (length,) = HEAD.unpack(head)
    if length > MAX_FRAME:
        raise EngineError(f"The model's process sent {length:,} bytes at once, which is nonsense.")
    body = file.read(length)
    return body if len(body) == length else None
