"""An object that lives in a process of its own, and is asked by calling its methods from here.

Measurements need it: a crash of native code must not end the one who measures, and two engines in
one process would share locks, threads and memory. What the object computes is not known here.
"""

import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from ..errors import EngineError, SimError

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")


class Apart(Generic[T]):
    """`make(*args)`, made in a child process; both travel there by pickle.

    Leaving the `with` block kills the process, whatever it is doing.
    """

    def __init__(self, make: Callable[..., T], *args: object) -> None:
        context = get_context("spawn")
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, make, args), daemon=True)
        self._process.start()
        there.close()

    def ask(self, method: Callable[Concatenate[T, P], R], *args: P.args, **named: P.kwargs) -> R:
        """Call a method of the object there; raises what it raises, and EngineError at its death.

        Only a SimError travels as itself; anything else comes as the text of an EngineError.
        """
        try:
            self._pipe.send((method, args, named))
            answer = self._pipe.recv()
        except (EOFError, OSError) as error:
            self._process.join()
            raise EngineError(
                f"The process that measures ended unexpectedly ({_how(self._process.exitcode)})."
            ) from error
        if isinstance(answer, SimError):
            raise answer
        result: R = answer
        return result

    def __enter__(self) -> "Apart[T]":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection, make: Callable[..., Any], args: tuple[object, ...]) -> None:
    # Ctrl-C goes to everybody at the terminal, and the one who asks ends this process
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    made: Any = None
    while True:
        try:
            method, given, named = pipe.recv()
        except EOFError:
            return
        try:
            made = make(*args) if made is None else made
            pipe.send(method(made, *given, **named))
        except SimError as error:
            pipe.send(error)
        except Exception as error:  # noqa: BLE001 - the edge: whoever asks must hear of any failure
            pipe.send(EngineError(f"The measurement failed ({type(error).__name__}: {error})."))


def _how(code: int | None) -> str:
    if code is not None and code < 0 and sys.platform != "win32":
        return f"by {signal.Signals(-code).name}"
    return f"with status {code}"
