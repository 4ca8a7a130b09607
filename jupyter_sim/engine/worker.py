"""The child process around a model: commands in by one pipe, replies out by another.

    python -m jupyter_sim.engine.worker

One thread owns the model. A second one reads commands and answers pings, whatever the first is
computing. A third splits long texts into tokens, one after another, so that nobody else waits for
that. A fourth ends the process when its parent is gone, however that died, and when the model's
file has changed. What is said by the model is never said after that.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import perf_counter, sleep
from typing import BinaryIO, NamedTuple, NoReturn

import msgspec

from ..errors import ModelError, SimError
from .llama import Llama
from .mapped import changed
from .outbox import Outbox
from .requests import Made, is_long
from .rollout import Scheduler, told
from .wire import (
    Answer,
    Begin,
    Cancel,
    Command,
    Failed,
    Load,
    Loaded,
    Loading,
    Ping,
    Pong,
    Reply,
    Said,
    receive,
    send,
)

WATCH_SECONDS = 1.0
PAUSE_SECONDS = 0.5
# the largest file is the index of a vocabulary; the rest is what a model may make native code do
LIMITS = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": 1 << 28, "RLIMIT_NOFILE": 1024}


class Ready(NamedTuple):
    """What a request with a long text comes to."""

    serial: int
    made: Made | SimError | None


def main() -> None:
    """Serve one model until the parent goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit()
    commands, replies = os.fdopen(0, "rb"), os.fdopen(os.dup(1), "wb")
    # whatever prints to standard output must not end up among the replies
    os.dup2(2, 1)
    Worker(commands, replies).run()


class Worker:
    """The threads and what they share."""

    def __init__(self, commands: BinaryIO, replies: BinaryIO) -> None:
        self._commands = commands
        self._replies = replies
        self._queue: SimpleQueue[Command | Ready] = SimpleQueue()
        self._long: SimpleQueue[Begin] = SimpleQueue()
        self._scheduler: Scheduler | None = None
        self._steps = 0
        self._restless = True
        self._sending = Lock()
        self._outbox: Outbox[Said | SimError] = Outbox(self._tell, perf_counter)

    def run(self) -> None:
        """Load the model that the first command names, then compute until the end."""
        load = _decode(receive(self._commands) or b"")
        if not isinstance(load, Load):
            return
        self._path, self._marks = Path(load.path), load.marks
        Thread(target=self._listen, daemon=True).start()
        Thread(target=self._watch, daemon=True).start()
        try:
            self._scheduler = scheduler = self._load(load)
        except SimError as error:
            self._tell(0, error)
            return
        Thread(target=self._read, args=(scheduler,), daemon=True).start()
        while True:
            self._work(scheduler)

    def _load(self, load: Load) -> Scheduler:
        told = -1

        def progress(fraction: float) -> None:
            nonlocal told
            self._steps += 1
            if int(fraction * 50) > told:
                told = int(fraction * 50)
                self._send(Loading(min(1.0, fraction)))

        model = Llama(Path(load.path), load.settings, repack=load.repack, progress=progress)
        self._send(Loading(2.0))
        model.try_out()
        ready = Loaded(model.device, model.engine, model.window, model.parameters)
        self._send(ready)
        memory = Path(load.memory) if load.memory else None
        scheduler = Scheduler(model, self._outbox.tell, memory=memory)
        # what stays is not to be looked through again and again
        gc.freeze()
        return scheduler

    def _work(self, scheduler: Scheduler) -> None:
        """Obey what has come, waiting for it where there is nothing else to do; then one step.

        A pause is used at once for what gives way to whoever comes, and after a while for what does
        not.
        """
        wait = not scheduler.busy
        while wait and self._queue.empty():
            if not self._compute(scheduler, scheduler.get_ready):
                # Python would look for unreachable objects in the middle of a fan
                gc.collect(1)
                break
        try:
            while True:
                command = self._queue.get(wait, PAUSE_SECONDS if self._restless else None)
                wait, self._restless = False, True
                self._steps += 1
                match command:
                    case Begin(serial, request):
                        scheduler.expect(serial, request)
                        if is_long(request):
                            self._long.put(command)
                        else:
                            scheduler.enter(serial, scheduler.make(serial, request))
                    case Ready(serial, made):
                        scheduler.enter(serial, made)
                    case Cancel(serial):
                        # once more: what is cancelled may have begun only now
                        scheduler.interrupt(serial)
        except Empty:
            pass
        if wait:
            self._restless = self._compute(scheduler, scheduler.rest)
        else:
            self._compute(scheduler, scheduler.step)
        self._outbox.end_step(last=not scheduler.busy)

    def _compute(self, scheduler: Scheduler, work: Callable[[], bool | None]) -> bool:
        try:
            return bool(work())
        except Exception as error:  # noqa: BLE001 - the edge: one bad step must not end the process
            scheduler.fail(told(error, "The model's loop failed"))
            return False
        finally:
            self._steps += 1

    def _read(self, scheduler: Scheduler) -> None:
        """Split long texts into tokens."""
        while True:
            serial, request = msgspec.structs.astuple(self._long.get())
            self._queue.put(Ready(serial, scheduler.make(serial, request)))
            scheduler.hurry(request)

    def _listen(self) -> None:
        """Pass commands on, and let what is urgent overtake what is being computed."""
        try:
            while body := receive(self._commands):
                command = _decode(body)
                if isinstance(command, Ping):
                    self._send(Pong(self._steps))
                    continue
                if isinstance(command, Cancel) and self._scheduler is not None:
                    self._scheduler.interrupt(command.serial)
                self._queue.put(command)
                # what gives way finds in the queue what it gives way to
                if isinstance(command, Begin) and self._scheduler is not None:
                    self._scheduler.hurry(command.request)
        finally:
            # whom nobody can command any more has nothing left to do
            os._exit(0)

    def _watch(self) -> None:
        """End the process when another one has become its parent, or its model's file changes.

        The closed pipe alone does not tell: a fork of the parent may hold its other end. And what
        Linux offers (PR_SET_PDEATHSIG) tells of the end of the thread that started the process.
        """
        parent = os.getppid()
        while os.getppid() == parent:
            sleep(WATCH_SECONDS)
            if changed(self._path, self._marks):
                with self._sending:
                    self._leave_model()
        os._exit(0)

    def _tell(self, serial: int, message: Said | SimError) -> None:
        if isinstance(message, SimError):
            self._send(Failed(serial, message.code, str(message)))
        else:
            self._send(Answer(serial, message))

    def _send(self, reply: Reply) -> None:
        with self._sending:
            if not isinstance(reply, Pong) and changed(self._path, self._marks):
                self._leave_model()
            send(self._replies, reply)

    def _leave_model(self) -> NoReturn:
        """Tell that the model's file has changed, as the last thing that is said."""
        text = (
            f"The model {self._path} was changed on disk while it was in use, so it was let go "
            "before anything more was drawn from it. See that nobody writes to it."
        )
        send(self._replies, Failed(0, ModelError.code, text))
        os._exit(0)


def _decode(body: bytes) -> Command:
    command: Command = msgspec.msgpack.decode(body, type=Command)
    return command


def _limit() -> None:
    """Bound what a hostile model could make native code do to the machine."""
    if sys.platform != "win32":
        import resource

        for name, limit in LIMITS.items():
            kind = getattr(resource, name)
            _, hard = resource.getrlimit(kind)
            most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(kind, (most, most))
    with suppress(OSError):
        # where memory ends, this is what can be started again
        Path("/proc/self/oom_score_adj").write_text("500")


if __name__ == "__main__":
    main()
