"""An engine is closed, or lets a model go that nobody uses, and comes back."""

import asyncio
import os
import sys

import pytest

from jupyter_sim.engine import builds, client, process
from jupyter_sim.engine.client import LlamaEngine, Settings
from jupyter_sim.engine.messages import Column, Status
from jupyter_sim.errors import EngineError
from jupyter_sim.models import resolve

from .fan import hear, until_column
from .worker import ask, begun, finishes, fresh, ours, until

engine = pytest.fixture(fresh)
SILENT_WORKER = (sys.executable, "-c", "import signal; signal.pause()")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_closing_ends_a_load_at_once_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "COMMAND", SILENT_WORKER)
    threads = ours()
    engine = LlamaEngine()
    starting = asyncio.create_task(engine.start())
    await until(lambda: engine.pid is not None)
    pid = engine.pid
    assert pid is not None
    await engine.close()
    with pytest.raises(EngineError, match="closed while the model was loading"):
        await starting
    assert engine.status == Status("idle", "jupyter-sim starter")
    assert not is_alive(pid)
    await until(lambda: ours() <= threads)


async def test_a_load_that_was_closed_does_not_disturb_the_next(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "COMMAND", SILENT_WORKER)
    old = asyncio.create_task(engine.start())
    await until(lambda: engine.pid is not None)
    await engine.close()
    monkeypatch.undo()
    seen: list[Status] = []
    engine.watch(seen.append)
    assert await finishes(engine, ask()) == {"length"}
    with pytest.raises(EngineError):
        await old
    assert [status.state for status in seen if status.state != "loading"] == ["ready"]


async def test_closing_while_the_model_loads_ends_who_waits() -> None:
    engine = LlamaEngine()
    fan = asyncio.create_task(hear(engine, ask(n=2)))
    while engine.pid is None:
        await asyncio.sleep(0)
    await engine.close()
    assert (await fan).finishes == {"cancelled"}
    assert engine.status.state == "idle"
    assert builds.repacks(builds.key(resolve()))


async def test_closing_ends_everything_and_a_closed_engine_starts_again(
    engine: LlamaEngine,
) -> None:
    answers = engine.rollout(ask(max_tokens=2000))
    await until_column(answers)
    pid = engine.pid
    await engine.close()
    rest = [answer async for answer in answers]
    assert isinstance(rest[-1], Column) and rest[-1].pieces[0].finish == "cancelled"
    assert engine.pid is None
    await hear(engine, ask())
    assert engine.pid != pid


async def test_a_model_that_is_not_used_is_let_go_and_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "TICK", 3600.0)
    engine = LlamaEngine(settings=Settings(idle=7200))
    running = await begun(engine, ask(max_tokens=1000))
    pid = engine.pid
    for _ in range(3):
        engine.tick()
    assert engine.pid == pid
    engine.cancel("r")
    await running
    engine.tick()
    assert engine.pid == pid
    engine.tick()
    assert engine.pid is None and engine.status.state == "idle"
    assert engine.status.message == (
        "The model was let go after 7200 seconds without work; the next proposal loads it again."
    )
    assert await finishes(engine, ask()) == {"length"}
    assert engine.pid not in (None, pid)
    await engine.close()


async def test_without_a_setting_a_model_stays(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TICK", 3600.0)
    await engine.start()
    for _ in range(100):
        engine.tick()
    assert engine.status.state == "ready"
