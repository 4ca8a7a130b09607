"""One worker process from its start to its death, spoken to through pipes. No event loop here."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from threading import Event, Thread

import msgspec

from ..errors import SimError, WorkerDied
from .patience import Patience
from .wire import (
    Answer,
    Command,
    Failed,
    Load,
    Loaded,
    Loading,
    Ping,
    Pong,
    Reply,
    receive,
    send,
)

COMMAND = (sys.executable, "-P", "-m", "jupyter_sim.engine.worker")
END_SECONDS = 2.0
CRASHES = {signal.SIGSEGV, signal.SIGILL, signal.SIGABRT, signal.SIGFPE}
# Windows ends a process with an NTSTATUS from here upward
ACCESS_VIOLATION = 0xC0000000

PASSED = {"PATH", "HOME", "LANG", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USERPROFILE", "COMSPEC"}
PASSED |= {"PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "VIRTUAL_ENV", "CONDA_PREFIX"}
FAMILIES = ("LC_", "LD_LIBRARY_", "DYLD_", "LLAMA_", "GGML_")
NOISE = re.compile(r"GGML_ASSERT|\.(?:c|cpp|cu|h|hpp|m|mm):\d+:")
GPU_FAMILIES = ("CUDA_", "NVIDIA_", "HIP_", "ROCR_", "HSA_", "VK_", "SYCL_", "ZE_")


class Process:
    """A worker that was told to load a model.

    `hear` gets what its rollouts say and `gone` the sentence about its end, both on a thread of
    their own. `loaded` resolves when the model stands ready; it raises ModelError or EngineError
    as the worker says, and, after `gone`, WorkerDied where the process ends before. `over` is set
    last.
    """

    def __init__(
        self,
        load: Load,
        progress: Callable[[float], None],
        hear: Callable[["Process", Answer | Failed], None],
        gone: Callable[["Process", str], None],
    ) -> None:
        self.loaded: Future[Loaded] = Future()
        self._path = load.path
        self.over = Event()
        self._tried = False
        self._patience = Patience()
        self._given_up: str | None = None
        self._progress, self._hear, self._gone = progress, hear, gone
        self._ending = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        try:
            self._child = subprocess.Popen(
                COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=_environment(),
                process_group=0 if sys.platform != "win32" else None,
            )
        except OSError:
            self._errors.close()
            raise
        self._commands: SimpleQueue[Command | None] = SimpleQueue()
        self.say(load)
        for target in (self._write, self._read):
            Thread(target=target, name=f"jupyter-sim {target.__name__}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._child.pid

    @property
    def crashed_at_first_batch(self) -> bool:
        """Whether native code ended the process when it was to compute for the first time."""
        code = self._child.returncode
        return self._tried and code is not None and (-code in CRASHES or code > ACCESS_VIOLATION)

    @property
    def killed(self) -> bool:
        """Whether the process ended as it does where memory ends: killed, or giving up itself."""
        ends = {-signal.SIGABRT, -signal.SIGKILL} if sys.platform != "win32" else set()
        return self._child.returncode in ends and not self._given_up

    @property
    def refused(self) -> bool:
        """Whether the process has said why its model cannot be loaded."""
        return self.loaded.done() and self.loaded.exception() is not None

    def say(self, command: Command) -> None:
        """Give a command, never waiting; a process that has ended ignores it."""
        self._commands.put(command)

    def pulse(self) -> None:
        """Ask for a sign of life, once a second while there is work; end what gave none."""
        self._given_up = self._given_up or self._patience.tick()
        if self._given_up:
            self._child.kill()
        else:
            self.say(Ping())

    def rest(self) -> None:
        """Take note that there is nothing to do in this second."""
        self._patience.rest()

    def end(self) -> None:
        """Let the process go, whatever it does, and wait until it is gone."""
        self._ending = True
        self._commands.put(None)
        self._child.kill()
        # one that hangs in the kernel, on a disk that does not answer, is gone when that answers
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(END_SECONDS)

    def _write(self) -> None:
        assert self._child.stdin is not None
        with suppress(OSError), self._child.stdin as pipe:
            while command := self._commands.get():
                send(pipe, command)

    def _read(self) -> None:
        assert self._child.stdout is not None
        try:
            with self._child.stdout as pipe:
                while body := receive(pipe):
                    self._take(msgspec.msgpack.decode(body, type=Reply))
        except (SimError, msgspec.MsgspecError):
            self._given_up = "The model's process spoke nonsense and was ended."
        finally:
            self._bury()

    def _bury(self) -> None:
        """See the process off, and tell those who wait for it."""
        try:
            self._child.wait(0 if self._given_up else END_SECONDS)
        except subprocess.TimeoutExpired:
            # what has closed its pipe, or cannot be listened to, is not to be waited for
            self._child.kill()
            self._child.wait()
        self._commands.put(None)
        text = self._farewell()
        self._errors.close()
        try:
            self._gone(self, text)
        finally:
            if not self.loaded.done():
                self.loaded.set_exception(WorkerDied(text))
            self.over.set()

    def _take(self, reply: Reply) -> None:
        self._patience.hear(reply.steps if isinstance(reply, Pong) else None)
        match reply:
            case Loading(progress):
                self._tried = progress > 1
                self._patience.load(trying=self._tried)
                self._progress(min(1.0, progress))
            case Loaded():
                self._patience.stand()
                self.loaded.set_result(reply)
            case Failed(serial=0) if self.loaded.done():
                self._given_up = reply.text
            case Failed(serial=0):
                self.loaded.set_exception(reply.error())
            case Answer() | Failed():
                self._hear(self, reply)

    def _farewell(self) -> str:
        """Return a sentence about how the process ended."""
        if self._ending:
            return "The model was closed."
        if self._given_up:
            return self._given_up
        code = self._child.returncode
        how = f"with status {code}"
        if code < 0:
            with suppress(ValueError):
                how = f"by {signal.Signals(-code).name}"
        if how == "by SIGBUS":
            return (
                f"The model {self._path} cannot be read any more: it was cut short while it was "
                "in use, or its disk failed (SIGBUS)."
            )
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - 2000))
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        # where in a build something failed tells a person nothing
        lines = [line for line in lines if not NOISE.search(line)]
        said = f" It said: {lines[-1][:200]}" if lines else ""
        return f"The model's process ended unexpectedly ({how}).{said}"


def _environment() -> dict[str, str]:
    """Return what the worker may know of the environment: how to find Python, libraries, GPUs."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.upper() in PASSED or name.upper().startswith(FAMILIES + GPU_FAMILIES)
    } | {"GGML_NO_BACKTRACE": "1", "OPENBLAS_NUM_THREADS": "1"}
