"""A worker dies: its fans fail, the next proposal starts another, and the deaths are counted."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from jupyter_sim.engine import client
from jupyter_sim.engine.client import LlamaEngine
from jupyter_sim.errors import EngineError, ModelError, WorkerDied
from jupyter_sim.models import resolve

from .fan import hear, until_column
from .worker import ask, finishes, fresh, run_instead

engine = pytest.fixture(fresh)


async def kill(engine: LlamaEngine) -> None:
    """Kill a worker that stands ready, and wait until that is known."""
    gone = asyncio.Event()
    end = engine.watch(lambda status: gone.set() if status.state == "failed" else None)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    await gone.wait()
    end()


async def test_a_killed_worker_fails_its_fans_and_the_next_proposal_works(
    engine: LlamaEngine,
) -> None:
    rollouts = [engine.rollout(ask(name=name, max_tokens=400)) for name in "ab"]
    for answers in rollouts:
        await until_column(answers)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    for answers in rollouts:
        with pytest.raises(WorkerDied, match=r"SIGKILL.*starts again with the next proposal"):
            async for _ in answers:
                pass
    assert engine.status.state == "failed" and "SIGKILL" in engine.status.message
    assert (await hear(engine, ask())).finishes <= {"length", "end"}
    assert engine.status.state == "ready"


async def test_a_worker_that_keeps_dying_is_given_up_until_the_engine_is_closed(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "BACK_OFF", (0.0,) * 5)
    for _ in range(5):
        await engine.start()
        gone = asyncio.Event()
        end = engine.watch(lambda status, gone=gone: status.state == "failed" and gone.set())
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        await gone.wait()
        end()
    with pytest.raises(EngineError, match="ended 5 times without a token"):
        await hear(engine, ask())
    await engine.close()
    await hear(engine, ask())


async def test_deaths_while_loading_count(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_instead(monkeypatch, "raise SystemExit(3)")
    for _ in range(5):
        with pytest.raises(ModelError, match="with status 3"):
            await finishes(engine, ask())
    with pytest.raises(EngineError, match="ended 5 times without a token between"):
        await finishes(engine, ask())


async def test_a_model_that_is_refused_by_name_is_no_death(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_DEATHS", 1)
    path = tmp_path / "odd.gguf"
    path.write_bytes(resolve().read_bytes().replace(b"llama", b"lzama"))
    engine = LlamaEngine(path)
    for _ in range(3):
        with pytest.raises(ModelError, match="unknown model architecture"):
            await engine.start()
        assert engine.pid is None


async def test_a_token_between_two_deaths_starts_the_count_anew(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_DEATHS", 2)
    for _ in range(3):
        await finishes(engine, ask())
        await kill(engine)
    await engine.start()
    await kill(engine)
    with pytest.raises(EngineError, match="ended 2 times"):
        await engine.start()


async def test_a_cancelled_candidate_is_no_token(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_DEATHS", 2)
    for _ in range(2):
        await engine.start()
        running = asyncio.create_task(finishes(engine, ask(prompt="word " * 1500)))
        while not running.done():
            engine.cancel("r")
            await asyncio.sleep(0)
        assert await running == {"cancelled"}
        await kill(engine)
    with pytest.raises(EngineError, match="ended 2 times"):
        await engine.start()
