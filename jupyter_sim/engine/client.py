"""The engine on this machine's llama.cpp, as the rest of the program sees it.

`LlamaEngine` starts a worker process when it is first needed, hands rollouts to it, and starts it
again when it has died. It may be used from any event loop, and from several: what the worker says
is passed to the loop that asked. Nothing is known here of tokens, caches or sampling.
"""

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import RLock, Thread
from time import sleep
from typing import TypeVar, cast

import msgspec
from jupyter_core.paths import jupyter_data_dir

from .. import models
from ..errors import BadInput, EngineError, ModelError, SimError, WorkerDied
from . import builds
from .messages import (
    Column,
    Piece,
    Rollout,
    Scored,
    Scoring,
    Started,
    Status,
    Survey,
    Surveyed,
)
from .process import Process
from .wire import Answer, Begin, Cancel, Failed, Load, Loaded, Request, Said, Settings

__all__ = ["LlamaEngine", "Settings"]

MAX_DEATHS = 5
BACK_OFF = (0.0, 0.0, 0.5, 1.0, 2.0)
CLOSED = "The engine was closed while the model was loading."

T = TypeVar("T")


class LlamaEngine:
    """An `Engine` that runs a GGUF model (None: the starter model) in a process of its own."""

    def __init__(self, model: str | Path | None = None, settings: Settings | None = None) -> None:
        self._model = model
        self._settings = _sound(settings or Settings())
        self._lock = RLock()
        self._status = Status("idle", Path(model).stem if model else models.STARTER.stem)
        self._listeners: list[_Listener] = []
        self._ready: Future[Status] | None = None
        self._process: Process | None = None
        self._deaths = 0
        self._serials = itertools.count(1)
        self._calls: dict[int, _Call] = {}

    @property
    def status(self) -> Status:
        """The latest status."""
        return self._status

    @property
    def pid(self) -> int | None:
        """The worker's process number, while there is one."""
        process = self._process
        return process.pid if process else None

    def watch(self, listener: Callable[[Status], None]) -> Callable[[], None]:
        """Call `listener` at every change of status; the result ends that.

        It is called in the event loop that runs now, or on a thread of the engine if there is none.
        """
        entry = _Listener(listener)
        self._listeners.append(entry)

        def end() -> None:
            with suppress(ValueError):
                self._listeners.remove(entry)

        return end

    async def start(self) -> Status:
        """Load the model if it is not loaded, and return the status when that is done.

        Raises ModelError or EngineError. After five deaths of the worker with no token between,
        it gives up until `close`.
        """
        with self._lock:
            if self._ready is None:
                self._ready = Future()
                # running, it cannot be cancelled by one of those who wait for it
                self._ready.set_running_or_notify_cancel()
                Thread(target=self._load, args=(self._ready,), daemon=True).start()
            ready = self._ready
        return await asyncio.wrap_future(ready)

    def rollout(self, request: Rollout) -> AsyncIterator[Started | Column]:
        """Run one rollout; starts the engine where needed. Leaving the iterator cancels it.

        Raises BadInput, ModelError, ContextFull, WorkerDied or EngineError.
        """
        return cast("AsyncIterator[Started | Column]", self._ask(request))

    async def survey(self, request: Survey) -> Surveyed:
        """Return the tokens of a text as a prompt; starts the engine where needed.

        Raises BadInput, ModelError, WorkerDied or EngineError.
        """
        (surveyed,) = [said async for said in self._ask(request)]
        return cast("Surveyed", surveyed)

    def score(self, request: Scoring) -> AsyncIterator[Scored]:
        """Score a text, chunk by chunk; starts the engine where needed. Leaving cancels it.

        Raises BadInput, ModelError, WorkerDied or EngineError.
        """
        return cast("AsyncIterator[Scored]", self._ask(request))

    async def _ask(self, request: Request) -> AsyncGenerator[Said, None]:
        """Hand a request to the worker, and yield what it says until that is all."""
        call = self._enter(request)
        beginning = asyncio.create_task(self._begin(call))
        try:
            while not call.over:
                said = await call.said.get()
                if isinstance(said, SimError):
                    raise said
                call.note(said)
                yield said
        finally:
            beginning.cancel()
            self._leave(call)

    def cancel(self, rollout: str) -> None:
        """End a rollout's candidates with finish "cancelled", or a scoring with an empty chunk that
        is not `whole`; unknown ids are ignored.
        """
        with self._lock:
            for call in self._calls.values():
                if call.request.id == rollout:
                    self._cancel(call)

    async def close(self) -> None:
        """Cancel everything and let go of the model. A later start loads it again."""
        with self._lock:
            process, self._process, self._ready = self._process, None, None
            self._deaths = 0
            for call in self._calls.values():
                call.end()
        if process is not None:
            await asyncio.to_thread(process.end)
        self._tell(Status("idle", self._status.model))

    def _enter(self, request: Request) -> "_Call":
        """Take a request in; raises BadInput where it cannot be sent to a worker."""
        kind = type(request)
        try:
            msgspec.msgpack.decode(msgspec.msgpack.encode(request), type=kind)
        except msgspec.ValidationError as error:
            raise BadInput(f"This {kind.__name__.lower()} cannot be run: {error}.") from error
        except UnicodeEncodeError as error:
            what = "prompt" if kind is Rollout else "text"
            raise BadInput(
                f"The {what} is no valid Unicode text: character {error.start} is half of a "
                "surrogate pair; delete it and try again."
            ) from error
        with self._lock:
            if any(call.request.id == request.id for call in self._calls.values()):
                raise BadInput(f"A request with the id {request.id!r} is running already.")
            call = _Call(next(self._serials), request, asyncio.get_running_loop())
            self._calls[call.serial] = call
        return call

    async def _begin(self, call: "_Call") -> None:
        try:
            await self.start()
            with self._lock:
                if self._process is None:
                    raise WorkerDied("The model's process ended just now; propose again.")
                if not call.ended:
                    call.begun = True
                    self._process.say(Begin(call.serial, call.request))
        except SimError as error:
            call.hear(error)

    def _cancel(self, call: "_Call") -> None:
        if call.begun and self._process is not None:
            self._process.say(Cancel(call.serial))
        else:
            call.end()

    def _leave(self, call: "_Call") -> None:
        with self._lock:
            if not call.over:
                self._cancel(call)
            del self._calls[call.serial]

    def _load(self, ready: "Future[Status]") -> None:
        """Bring a worker up, on a thread of its own."""
        try:
            process, status = self._bring_up(ready)
        except Exception as error:  # noqa: BLE001 - the edge: who waits must hear of any failure
            told = _told(error)
            with self._lock:
                if self._ready is ready:
                    self._ready = None
                    self._tell(Status("failed", self._status.model, message=str(told)))
            ready.set_exception(told)
            return
        with self._lock:
            if self._process is process:
                self._tell(status)
                ready.set_result(status)
            else:
                self._ready = None if self._ready is ready else self._ready
                ready.set_exception(WorkerDied("The model's process ended just now; try again."))

    def _bring_up(self, ready: "Future[Status]") -> tuple[Process, Status]:
        if self._deaths >= MAX_DEATHS:
            raise EngineError(
                f"The model's process ended {self._deaths} times without a token between, so it "
                "is not started any more. Name another model, or restart the Jupyter server (in a "
                "notebook's cell, the kernel) to try again."
            )
        self._tell(Status("loading", self._status.model))
        path = models.resolve(self._model)
        about = models.check(path)
        loading = Status("loading", about.name, context=about.context, parameters=about.parameters)
        self._tell(loading)
        sleep(BACK_OFF[self._deaths])
        build = builds.key(path)
        for repack in (True, False) if builds.repacks(build) else (False,):
            load = Load(str(path), self._settings, repack, str(_memory()))
            process = self._spawn(ready, load, loading)
            try:
                sha256 = models.digest(path)
                loaded = process.loaded.result()
            except WorkerDied as death:
                self._judge(ready, process, path, death)
                builds.remember_crash(build)
            except ModelError:
                process.end()
                raise
            else:
                return process, _ready_status(loading, loaded, sha256)
        raise EngineError(builds.REBUILD)

    def _spawn(self, ready: "Future[Status]", load: Load, loading: Status) -> Process:
        def progress(fraction: float) -> None:
            self._tell(msgspec.structs.replace(loading, progress=fraction))

        with self._lock:
            if self._ready is not ready:
                raise EngineError(CLOSED)
            self._process = Process(load, progress, self._hear, self._lose)
            return self._process

    def _judge(
        self, ready: "Future[Status]", process: Process, path: Path, death: WorkerDied
    ) -> None:
        """Return if the death was the build's fault; raise what it was otherwise."""
        if self._ready is not ready:
            raise EngineError(CLOSED) from death
        if not process.crashed_at_first_batch:
            raise ModelError(
                f"The model {path} did not load. {death} Choose another GGUF file, or update "
                "llama-cpp-python."
            ) from death

    def _hear(self, process: Process, reply: Answer | Failed) -> None:
        """Pass on what the worker says, on the thread that reads it."""
        with self._lock:
            call = self._calls.get(reply.serial)
            if isinstance(reply, Answer) and isinstance(reply.message, Column):
                self._deaths = 0
        if call is not None:
            call.hear(reply.message if isinstance(reply, Answer) else reply.error())

    def _lose(self, process: Process, farewell: str) -> None:
        """Fail what the dead worker was doing; the next rollout starts another."""
        with self._lock:
            if self._process is not process:
                return
            self._process = None
            self._deaths += 1
            if self._ready is None or not self._ready.done():
                return
            self._ready = None
            message = f"{farewell} It starts again with the next proposal."
            self._tell(msgspec.structs.replace(self._status, state="failed", message=message))
            for call in self._calls.values():
                if call.begun:
                    call.hear(WorkerDied(message))

    def _tell(self, status: Status) -> None:
        with self._lock:
            self._status = status
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener.hear(status)


def _memory() -> Path:
    """Return the folder where workers remember the order of a model's vocabulary."""
    return Path(jupyter_data_dir()) / "jupyter_sim" / "vocabularies"


def _told(error: Exception) -> SimError:
    """Return an error of the thread that loads as one for a person."""
    if isinstance(error, SimError):
        return error
    told = EngineError(
        f"The model's process cannot be started ({type(error).__name__}: {error}). Close other "
        "programs and propose again, or restart the Jupyter server."
    )
    told.__cause__ = error
    return told


def _sound(settings: Settings) -> Settings:
    try:
        return msgspec.convert(msgspec.to_builtins(settings), Settings)
    except msgspec.ValidationError as error:
        raise BadInput(f"These settings of the engine cannot be used: {error}.") from error


def _ready_status(loading: Status, loaded: Loaded, sha256: str) -> Status:
    return msgspec.structs.replace(
        loading,
        state="ready",
        sha256=sha256,
        device=loaded.device,
        engine=loaded.engine,
        context=loaded.context,
        progress=1.0,
    )


class _Listener:
    """Someone who watches the status, and the loop they live in."""

    def __init__(self, listener: Callable[[Status], None]) -> None:
        self._listener = listener
        self._loop: asyncio.AbstractEventLoop | None = None
        with suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()

    def hear(self, status: Status) -> None:
        if self._loop is None:
            self._listener(status)
        else:
            _call_in(self._loop, self._listener, status)


class _Call:
    """A request from the side that asked it, and the loop it was asked from.

    `open` are the candidates of a rollout that are not finished.
    """

    def __init__(self, serial: int, request: Request, loop: asyncio.AbstractEventLoop) -> None:
        self.serial = serial
        self.request = request
        self.said: asyncio.Queue[Said | SimError] = asyncio.Queue()
        self.open = set(range(len(request.seeds))) if isinstance(request, Rollout) else set()
        self.over = self.begun = self.ended = False
        self._loop = loop

    def hear(self, said: Said | SimError) -> None:
        """Pass something on, from any thread."""
        _call_in(self._loop, self.said.put_nowait, said)

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
            case Rollout(id=name):
                pieces = (Piece(index, "", (), (), "cancelled") for index in sorted(self.open))
                self.hear(Column(name, tuple(pieces)))
            case Scoring(id=name):
                self.hear(Scored(name, 0, (), whole=False))
            case Survey():
                self.hear(EngineError(CLOSED))


def _call_in(loop: asyncio.AbstractEventLoop, call: Callable[[T], object], value: T) -> None:
    # a loop that has closed has nobody left who listens
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call, value)
