"""The engine on this machine's llama.cpp, as the rest of the program sees it.

`LlamaEngine` starts a worker process when it is first needed, hands requests to it, and starts it
again when it has died. It may be used from any event loop, and from several: what the worker says
is passed to the loop that asked. Nothing is known here of tokens, caches or sampling.

Whatever changes the state does so under one lock, and nothing waits while it holds it. Three kinds
of threads come in: the loops that ask, for each load one that brings a worker up, and for each
worker those that read its replies and look after it once a second.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import RLock, Thread
from time import sleep
from typing import cast

import msgspec

from .. import models
from ..errors import BadInput, EngineError, SimError, WorkerDied
from .calls import CLOSED, Call, Listener, computed, see_that_it_can_be_sent
from .loading import as_told, bring_up
from .messages import Column, Rollout, Scored, Scoring, Started, Status, Survey, Surveyed
from .process import Process
from .wire import Answer, Begin, Cancel, Failed, Load, Request, Said, Settings

__all__ = ["LlamaEngine", "Settings"]

MAX_DEATHS = 5
BACK_OFF = (0.0, 0.0, 0.5, 1.0, 2.0)
TICK = 1.0


class LlamaEngine:
    """An `Engine` that runs a GGUF model (None: the starter model) in a process of its own."""

    def __init__(self, model: str | Path | None = None, settings: Settings | None = None) -> None:
        self._model = model
        self._settings = _sound(settings or Settings())
        self._lock = RLock()
        self._status = Status("idle", Path(model).stem if model else models.STARTER.stem)
        self._listeners: list[Listener] = []
        self._ready: Future[Status] | None = None
        self._process: Process | None = None
        self._deaths = 0
        self._rested = 0.0
        self._owner = os.getpid()
        self._serials = itertools.count(1)
        self._calls: dict[int, Call] = {}

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

        It is called in the event loop that runs now, or on a thread of the engine if there is none;
        there it must not wait for the engine.
        """
        entry = Listener(listener)
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
        self._refuse_forks()
        with self._lock:
            ready = self._ready
            if ready is None:
                self._ready = ready = Future()
                # running, it cannot be cancelled by one of those who wait for it
                ready.set_running_or_notify_cancel()
                self._start_thread(ready)
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
        """Cancel everything and let go of the model, at once. A later start loads it again."""
        self._refuse_forks()
        with self._lock:
            for call in self._calls.values():
                call.end()
            self._deaths = 0
            process = self._let_go("")
        if process is not None:
            await asyncio.to_thread(process.end)

    def tick(self) -> None:
        """Look after the worker: called once a second while there is one."""
        with self._lock:
            process = self._process
            if process is None:
                return
            self._rested = 0.0 if self._calls or self._loading else self._rested + TICK
            if 0 < self._settings.idle <= self._rested:
                self._let_go(
                    f"The model was let go after {self._settings.idle:g} seconds without work; "
                    "the next proposal loads it again."
                )
            elif self._works(process):
                process.pulse()
                return
            else:
                process.rest()
                return
        process.end()

    def _works(self, process: Process) -> bool:
        given = any(call.process is process for call in self._calls.values())
        return given or not process.loaded.done()

    @property
    def _loading(self) -> bool:
        return self._ready is not None and not self._ready.done()

    def _let_go(self, message: str) -> Process | None:
        """Have no worker from now on; return the one that is to be ended."""
        process, ready = self._process, self._ready
        self._process = self._ready = None
        self._rested = 0.0
        self._tell(Status("idle", self._status.model, message=message))
        if ready is not None and not ready.done():
            ready.set_exception(EngineError(CLOSED))
        return process

    def _refuse_forks(self) -> None:
        if os.getpid() != self._owner:
            raise EngineError(
                f"This engine belongs to process {self._owner}, of which this one is a fork; "
                "make an engine of its own here."
            )

    def _enter(self, request: Request) -> Call:
        """Take a request in; raises BadInput where it cannot be sent to a worker."""
        self._refuse_forks()
        see_that_it_can_be_sent(request)
        with self._lock:
            if any(call.request.id == request.id for call in self._calls.values()):
                raise BadInput(f"A request with the id {request.id!r} is running already.")
            call = Call(next(self._serials), request)
            self._calls[call.serial] = call
        return call

    async def _begin(self, call: Call) -> None:
        try:
            while not (call.process or call.ended):
                await self.start()
                with self._lock:
                    # it may have died or been closed since; then once more
                    if self._process is not None and not self._loading and not call.ended:
                        call.process = self._process
                        self._process.say(Begin(call.serial, call.request))
        except SimError as error:
            call.hear(error)

    def _cancel(self, call: Call) -> None:
        if call.process is None:
            call.end()
        else:
            # if it has died, that has been told, or will be
            call.process.say(Cancel(call.serial))

    def _leave(self, call: Call) -> None:
        with self._lock:
            if not call.over:
                self._cancel(call)
            self._calls.pop(call.serial, None)

    def _start_thread(self, ready: "Future[Status]") -> None:
        try:
            Thread(target=self._load, args=(ready,), name="jupyter-sim load", daemon=True).start()
        except RuntimeError as error:
            self._fail(ready, error)

    def _load(self, ready: "Future[Status]") -> None:
        """Bring a worker up, on a thread of its own."""
        try:
            if self._deaths >= MAX_DEATHS:
                raise EngineError(
                    f"The model's process ended {self._deaths} times without a token between, so "
                    "it is not started any more. Name another model, or restart the Jupyter "
                    "server (in a notebook's cell, the kernel) to try again."
                )
            self._tell_of(ready, Status("loading", self._status.model))
            process, status = bring_up(
                self._model,
                self._settings,
                partial(self._tell_of, ready),
                partial(self._spawn, ready),
                partial(sleep, BACK_OFF[self._deaths]),
            )
        except Exception as error:  # noqa: BLE001 - the edge: who waits must hear of any failure
            self._fail(ready, error)
            return
        with self._lock:
            if self._ready is ready and self._process is process:
                self._tell(status)
                ready.set_result(status)
                return
        self._fail(ready, WorkerDied("The model's process ended just now; try again."))

    def _fail(self, ready: "Future[Status]", error: Exception) -> None:
        """Tell those who wait for a load that it came to nothing, unless it was given up before."""
        told = as_told(error)
        with self._lock:
            if self._ready is not ready:
                return
            process, self._process, self._ready = self._process, None, None
            self._tell(Status("failed", self._status.model, message=str(told)))
            ready.set_exception(told)
        if process is not None:
            process.end()

    def _spawn(
        self, ready: "Future[Status]", load: Load, progress: Callable[[float], None]
    ) -> Process:
        """Start a worker, unless the load was given up."""
        with self._lock:
            if self._ready is not ready:
                raise EngineError(CLOSED)
            self._process = process = Process(load, progress, self._hear, self._lose)
            Thread(target=self._watch_over, args=(process,), daemon=True).start()
            return process

    def _watch_over(self, process: Process) -> None:
        while not process.over.wait(TICK):
            # one that is let go, and hangs in the kernel, is nobody's clock any more
            if process is self._process:
                self.tick()

    def _hear(self, process: Process, reply: Answer | Failed) -> None:
        """Pass on what the worker says, on the thread that reads it."""
        with self._lock:
            call = self._calls.get(reply.serial)
            if isinstance(reply, Answer) and computed(reply.message):
                self._deaths = 0
        if call is not None:
            heard = call.hear(reply.message if isinstance(reply, Answer) else reply.error())
            if not heard:
                self._leave(call)

    def _lose(self, process: Process, farewell: str) -> None:
        """Fail what the dead worker was doing; the next request starts another."""
        message = f"{farewell} It starts again with the next proposal."
        with self._lock:
            for call in self._calls.values():
                if call.process is process:
                    call.hear(WorkerDied(message))
            if self._process is not process:
                return
            self._process = None
            # one that has said why its model cannot be loaded has not failed
            self._deaths += not process.refused
            if not self._loading:
                self._ready = None
                self._tell(msgspec.structs.replace(self._status, state="failed", message=message))

    def _tell_of(self, ready: "Future[Status]", status: Status) -> None:
        """Tell how a load goes, unless it was given up."""
        with self._lock:
            if self._ready is ready:
                self._tell(status)

    def _tell(self, status: Status) -> None:
        with self._lock:
            self._status = status
            for listener in tuple(self._listeners):
                listener.hear(status)


def _sound(settings: Settings) -> Settings:
    try:
        return msgspec.convert(msgspec.to_builtins(settings), Settings)
    except msgspec.ValidationError as error:
        raise BadInput(f"These settings of the engine cannot be used: {error}.") from error
