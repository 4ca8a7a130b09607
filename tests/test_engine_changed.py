"""A model's file that is written, replaced or cut while the model is in use."""

import asyncio
import hashlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from jupyter_sim import models
from jupyter_sim.engine.client import LlamaEngine
from jupyter_sim.engine.messages import Column, Rollout, Status
from jupyter_sim.errors import ModelError, WorkerDied
from jupyter_sim.models import resolve

from .worker import ask, finishes, run_instead

SOON = 30.0
WHY = r"model\.gguf was changed on disk while it was in use, so it was let go"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(resolve().read_bytes())
    return path


@pytest.fixture
async def engine(path: Path) -> AsyncIterator[LlamaEngine]:
    engine = LlamaEngine(path)
    yield engine
    await engine.close()


def overwrite(path: Path) -> None:
    """Change weights in place, as a copy over the file does."""
    with path.open("r+b") as file:
        file.seek(-4096, os.SEEK_END)
        file.write(bytes(4096))


def replace(path: Path) -> None:
    """Put another file of the same size and time in its place, as an unpacked archive may."""
    before = path.stat()
    fresh = path.with_suffix(".fresh")
    fresh.write_bytes(path.read_bytes()[:-4096] + bytes(4096))
    os.utime(fresh, ns=(before.st_atime_ns, before.st_mtime_ns))
    fresh.replace(path)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def draw(engine: LlamaEngine, max_tokens: int = 4) -> list[str]:
    """How the candidates of a rollout end."""
    answers = engine.rollout(Rollout("r", "It was a ", (1, 2), max_tokens))
    columns = [said async for said in answers if isinstance(said, Column)]
    return [piece.finish for column in columns for piece in column.pieces if piece.finish]


async def failed(engine: LlamaEngine) -> Status:
    """Wait until the engine says that something is wrong."""
    async with asyncio.timeout(SOON):
        while engine.status.state != "failed":
            await asyncio.sleep(0.001)
    return engine.status


@pytest.mark.parametrize("change", [overwrite, replace, os.utime])
async def test_a_file_that_changes_is_noticed_by_itself_and_loaded_as_it_is_now(
    engine: LlamaEngine, path: Path, change: Callable[[Path], None]
) -> None:
    assert (await engine.start()).sha256 == digest(path)
    change(path)
    assert (await failed(engine)).message.startswith(f"The model {path} was changed on disk")
    assert engine.status.message.endswith("It starts again with the next proposal.")
    assert set(await draw(engine)) <= {"length", "end"}
    assert engine.status.sha256 == digest(path)


@pytest.mark.parametrize("change", [overwrite, replace])
async def test_nothing_is_told_of_what_was_drawn_after_the_change(
    engine: LlamaEngine, path: Path, change: Callable[[Path], None]
) -> None:
    await engine.start()
    change(path)
    with pytest.raises(WorkerDied, match=WHY):
        await draw(engine)
    assert set(await draw(engine)) <= {"length", "end"}
    assert engine.status.sha256 == digest(path)


async def test_a_fan_under_way_ends_with_the_reason(engine: LlamaEngine, path: Path) -> None:
    answers = engine.rollout(Rollout("r", "It was a ", tuple(range(8)), 2000))
    assert await anext(answers)
    overwrite(path)
    with pytest.raises(WorkerDied, match=WHY):
        async for _ in answers:
            pass


async def test_a_file_that_is_cut_is_named(engine: LlamaEngine, path: Path) -> None:
    running = asyncio.create_task(draw(engine, 2000))
    async with asyncio.timeout(SOON):
        while engine.status.state != "ready":
            await asyncio.sleep(0)
    os.truncate(path, 100_000)
    with pytest.raises(WorkerDied, match=rf"{WHY}|model\.gguf cannot be read any more: it was cut"):
        await running
    with pytest.raises(ModelError, match=r"model\.gguf cannot be used: it is cut short"):
        await engine.start()


async def test_a_model_file_that_is_cut_while_it_is_used_is_named_at_the_next_load(
    tmp_path: Path,
) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(resolve().read_bytes())
    engine = LlamaEngine(path)
    await finishes(engine, ask())
    os.truncate(path, 100_000)
    with suppress(WorkerDied):
        # what is copied into memory goes on, what is mapped ends by SIGBUS
        assert await finishes(engine, ask(prompt="She ")) == {"length"}
    await engine.close()
    with pytest.raises(ModelError, match=r"cut\.gguf cannot be used: it is cut short"):
        await engine.start()


async def test_a_file_that_is_gone_stays_in_use(engine: LlamaEngine, path: Path) -> None:
    await engine.start()
    path.unlink()
    assert set(await draw(engine)) <= {"length", "end"}
    assert engine.status.state == "ready"


CHANGING = """
import os, sys
from jupyter_sim.engine import worker
load = worker.Worker._load
def change(self, command):
    os.utime(command.path)
    return load(self, command)
worker.Worker._load = change
worker.main()
"""


async def test_a_file_that_changes_while_it_is_loaded_is_not_used(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_instead(monkeypatch, CHANGING)
    with pytest.raises(ModelError, match=WHY):
        await engine.start()
    monkeypatch.undo()
    assert (await engine.start()).state == "ready"


async def test_a_page_of_the_file_that_cannot_be_read_is_named_and_no_fault_of_the_build(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform == "win32":
        return
    dying = f"import os; os.kill(os.getpid(), {int(signal.SIGBUS)})"
    run_instead(monkeypatch, dying)
    with pytest.raises(ModelError, match=r"cannot be read any more: it was cut short.*SIGBUS"):
        await engine.start()


def test_another_file_of_the_same_size_and_time_has_its_own_digest(path: Path) -> None:
    before = models.digest(path)
    replace(path)
    assert models.digest(path) == digest(path) != before
