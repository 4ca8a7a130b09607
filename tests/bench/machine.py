"""This machine: what it is, and how much of it others use while something is measured."""

import os
import platform
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import llama_cpp
import psutil

PATIENCE = float(os.environ.get("BENCH_PATIENCE", "0"))
"""Seconds to wait for a quiet moment before each round."""

QUIET = 0.1

T = TypeVar("T")


class Rounds(NamedTuple, Generic[T]):
    """The quietest rounds of a measurement, and the largest share of the machine others used."""

    results: list[T]
    foreign: float


def rounds(measure: Callable[[int], T], count: int) -> Rounds[T]:
    """Measure until there are so many quiet rounds, but not more than twice as often."""
    made: list[tuple[float, int, T]] = []
    for number in range(2 * count):
        _wait_for_quiet()
        with foreign_share() as share:
            result = measure(number)
        made.append((share[0], number, result))
        if sum(foreign <= QUIET for foreign, _, _ in made) == count:
            break
    best = sorted(made, key=lambda one: one[:2])[:count]
    return Rounds([result for _, _, result in best], max(foreign for foreign, _, _ in best))


@contextmanager
def foreign_share() -> Iterator[list[float]]:
    """Yield a list that holds, in the end, the part of all cores that other processes used."""
    share = [0.0]
    began, busy, own = time.perf_counter(), _busy(), _own()
    yield share
    used = (_busy() - busy) - (_own() - own)
    share[0] = max(0.0, used / (time.perf_counter() - began) / (os.cpu_count() or 1))


def description() -> dict[str, str]:
    """Return the facts that a figure means nothing without."""
    info = llama_cpp.llama_print_system_info().decode()
    return {
        "cores": f"{os.cpu_count()} ({_processor()})",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "llama.cpp": f"{llama_cpp.llama_version().decode()} in llama-cpp-python "
        f"{llama_cpp.__version__}",
        "instruction sets": " ".join(re.findall(r"(\w+) = 1", info)),
    }


def _wait_for_quiet() -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with foreign_share() as share:
            time.sleep(0.5)
        if share[0] <= QUIET / 2:
            return


def _busy() -> float:
    times = psutil.cpu_times()
    return sum(times) - times.idle - times.iowait - times.guest - times.guest_nice


def _own() -> float:
    me = psutil.Process()
    used = 0.0
    for process in (me, *me.children(recursive=True)):
        with suppress(psutil.Error):
            used += sum(process.cpu_times()[:2])
    return used + sum(os.times()[2:4])


def _processor() -> str:
    with suppress(OSError):
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        if found:
            return found[1]
    return platform.processor()
