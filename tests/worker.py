"""Short requests to an engine of one's own, for the tests of what may happen to its worker."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_sim.engine import client, process
from jupyter_sim.engine.client import LlamaEngine
from jupyter_sim.engine.messages import Rollout
from jupyter_sim.events import Finish

from .fan import Fan, hear

needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads what Linux tells")


def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[LlamaEngine]:
    """An engine for one test, which starts a worker that died again at once."""
    monkeypatch.setattr(client, "BACK_OFF", (0.0,) * 5)
    engine = LlamaEngine()
    yield engine
    asyncio.run(engine.close())


def run_instead(monkeypatch: pytest.MonkeyPatch, script: str, *arguments: str) -> None:
    """Let a script be what the next worker runs."""
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", script, *arguments))


def ask(name: str = "r", n: int = 2, max_tokens: int = 4, prompt: str = "It was a ") -> Rollout:
    return Rollout(name, prompt, tuple(range(n)), max_tokens)


async def finishes(engine: LlamaEngine, request: Rollout) -> set[Finish | None]:
    """Run a rollout to its end."""
    return (await hear(engine, request)).finishes - {None}


async def begun(engine: LlamaEngine, request: Rollout) -> asyncio.Task[set[Finish | None]]:
    """Run a rollout beside; it has said something already."""
    heard = asyncio.Event()

    async def run() -> set[Finish | None]:
        fan = Fan()
        async for said in engine.rollout(request):
            heard.set()
            fan.take(said)
        return fan.finishes - {None}

    task = asyncio.create_task(run())
    await heard.wait()
    return task


def ours() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("jupyter-sim")}


async def until(done: Callable[[], bool]) -> None:
    while not done():
        await asyncio.sleep(0)
