"""A worker that stands still is noticed and ended; one that works is waited for."""

import io
import os
import signal

import pytest

from jupyter_sim.engine import client, patience, worker
from jupyter_sim.engine.client import LlamaEngine, Settings
from jupyter_sim.engine.llama import Llama
from jupyter_sim.engine.rollout import Scheduler
from jupyter_sim.errors import WorkerDied
from jupyter_sim.models import resolve

from .worker import ask, begun, finishes, fresh, run_instead

engine = pytest.fixture(fresh)


async def test_a_stopped_worker_is_noticed_ended_and_started_again(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TICK", 0.02)
    running = await begun(engine, ask(max_tokens=1000))
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSTOP)
    with pytest.raises(WorkerDied, match=r"gave no sign of life.* starts again with the next"):
        await running
    assert engine.status.state == "failed" and "no sign of life" in engine.status.message
    monkeypatch.setattr(client, "TICK", 1.0)
    assert await finishes(engine, ask()) == {"length"}


LOOPING = """
import ctypes
from jupyter_sim.engine import worker
worker.Scheduler.step = lambda self: ctypes.CDLL(None).pause()
worker.main()
"""


async def test_a_model_that_hangs_in_native_code_is_noticed(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_instead(monkeypatch, LOOPING)
    monkeypatch.setattr(client, "TICK", 0.02)
    monkeypatch.setattr(patience, "STEP", 5)
    monkeypatch.setattr(patience, "TRIAL", 0)
    monkeypatch.setattr(patience, "SILENT", 1000)
    with pytest.raises(WorkerDied, match="computed at one step for"):
        await finishes(engine, ask())


async def test_a_healthy_worker_is_waited_for(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TICK", 0.05)
    monkeypatch.setattr(patience, "STEP", 100)
    monkeypatch.setattr(patience, "SILENT", 200)
    long = "The harbour was quiet that evening, and the boats lay still. " * 50
    assert await finishes(engine, ask(prompt=long, max_tokens=100)) <= {"length", "end"}


def test_a_long_prompt_is_waited_for_as_long_as_the_model_makes_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many it takes: nothing is said until the prompt stands."""
    for name, ticks in (("STEP", 2), ("TRIAL", 0), ("SLOWER", 0)):
        monkeypatch.setattr(patience, name, ticks)
    waiting = patience.Patience()
    waiting.hear()
    waiting.stand()
    said: list[object] = []
    scheduler = Scheduler(Llama(resolve(), Settings()), lambda _, message: said.append(message))
    scheduler.begin(1, ask(prompt="The harbour was quiet that evening. " * 200, max_tokens=1))
    working = worker.Worker(io.BytesIO(), io.BytesIO())
    steps = 0
    while not said:
        working._work(scheduler)
        waiting.hear(working._steps)
        assert waiting.tick() is None
        steps += 1
    assert steps > 4


class Kept:
    """A worker that was let go and does not end for a while, like one that hangs in the kernel."""

    def __init__(self, ticks: int) -> None:
        self.over = self
        self.left = ticks

    def wait(self, seconds: float) -> bool:
        self.left -= 1
        return self.left < 0


async def test_a_worker_that_was_let_go_is_no_clock_for_the_next_one(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TICK", 3600.0)
    await engine.start()
    ticks: list[None] = []
    monkeypatch.setattr(engine, "tick", lambda: ticks.append(None))
    kept = Kept(5)
    engine._watch_over(kept)  # type: ignore[arg-type]
    assert kept.left < 0 and ticks == []
    monkeypatch.setattr(engine, "_process", kept := Kept(5))
    engine._watch_over(kept)
    assert len(ticks) == 5
    monkeypatch.undo()
