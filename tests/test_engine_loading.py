"""A model is loaded, and what keeps one from being loaded is named."""

import asyncio
import sys
import threading
from pathlib import Path

import pytest

from jupyter_sim import models
from jupyter_sim.engine import process
from jupyter_sim.engine.client import LlamaEngine, Settings
from jupyter_sim.engine.messages import Status
from jupyter_sim.errors import EngineError, ModelError
from jupyter_sim.models import resolve

from .fan import ask, hear
from .worker import fresh, needs_proc, run_instead, until

engine = pytest.fixture(fresh)


async def test_a_status_tells_of_loading_and_then_names_model_and_device() -> None:
    engine = LlamaEngine()
    seen: list[Status] = []
    end = engine.watch(seen.append)
    assert engine.status.state == "idle"
    ready = await engine.start()
    assert ready == await engine.start() == engine.status
    await asyncio.sleep(0)
    assert [status.state for status in seen][:: len(seen) - 1] == ["loading", "ready"]
    progress = [status.progress for status in seen]
    assert progress == sorted(progress) and progress[-1] == 1
    assert ready.model and len(ready.sha256) == 64 and ready.device and "llama" in ready.engine
    assert ready.context >= 256 and ready.parameters > 1_000_000
    end()
    await engine.close()
    assert engine.status.state == "idle"
    assert seen[-1].state == "ready"


@pytest.mark.parametrize("damage", ["missing", "folder", "empty", "text", "cut", "scrambled"])
async def test_a_bad_model_file_is_named_with_what_to_do(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "model.gguf"
    good = resolve().read_bytes()
    contents = {"empty": b"", "text": b"hello " * 100, "cut": good[: len(good) // 2]}
    contents["scrambled"] = good[:30] + bytes(range(256)) * 8 + good[2078:]
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes(contents[damage])
    engine = LlamaEngine(path)
    with pytest.raises(ModelError, match="model.gguf"):
        await hear(engine, ask())
    assert engine.status.state == "failed" and "model.gguf" in engine.status.message
    assert engine.pid is None


async def test_a_model_that_llama_cpp_does_not_know_is_told_in_one_sentence(
    tmp_path: Path,
) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(resolve().read_bytes().replace(b"llama", b"lzama"))
    with pytest.raises(ModelError) as caught:
        await LlamaEngine(path).start()
    assert str(caught.value) == (
        f"llama.cpp cannot load the model {path}: unknown model architecture: 'lzama'. Choose "
        "another GGUF file, or update llama-cpp-python."
    )


async def test_nobody_waits_for_a_digest_in_vain(
    engine: LlamaEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = threading.Event()
    monkeypatch.setattr(models, "digest", lambda path: str(slow.wait()))
    path = tmp_path / "odd.gguf"
    path.write_bytes(resolve().read_bytes().replace(b"llama", b"lzama"))
    with pytest.raises(ModelError, match="unknown model architecture"):
        await LlamaEngine(path).start()
    starting = asyncio.create_task(engine.start())
    await until(lambda: engine.status.progress == 1)
    await engine.close()
    with pytest.raises(EngineError, match="closed while the model was loading"):
        await starting
    slow.set()


async def test_a_context_that_the_model_was_not_made_for_is_named() -> None:
    with pytest.raises(ModelError, match=r"context of 16,777,215 tokens.*at most that, or 0"):
        await LlamaEngine(settings=Settings(context=2**24 - 1)).start()


SHORT_OF_MEMORY = """
import resource, sys
from jupyter_sim.engine import worker
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]) << 20,) * 2)
worker.main()
"""


def with_context(path: Path, context: int) -> Path:
    """Write a starter model that says it was made for another context."""
    whole = bytearray(resolve().read_bytes())
    at = whole.index(b"llama.context_length") + len("llama.context_length") + 4
    whole[at : at + 4] = context.to_bytes(4, "little")
    path.write_bytes(whole)
    return path


@needs_proc
async def test_a_window_that_memory_does_not_hold_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = (sys.executable, "-c", SHORT_OF_MEMORY, "4000")
    monkeypatch.setattr(process, "COMMAND", command)
    path = with_context(tmp_path / "large.gguf", 2**24)
    with pytest.raises(ModelError, match=r"no memory for a window of \d+ tokens.*smaller context"):
        await LlamaEngine(path, Settings(context=2**24 - 1)).start()


async def test_a_load_that_is_killed_from_outside_speaks_of_memory(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    run_instead(monkeypatch, killed)
    with pytest.raises(ModelError, match=r"by SIGKILL.*Perhaps memory ran out: set a smaller"):
        await engine.start()


async def test_a_worker_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    run_instead(monkeypatch, "import no_such_module")
    with pytest.raises(ModelError, match=r"status 1.*no_such_module"):
        await LlamaEngine().start()


async def test_a_process_that_cannot_be_made_fails_every_proposal_and_none_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "COMMAND", ("/no/such/program",))
    engine = LlamaEngine()
    for _ in range(2):
        with pytest.raises(EngineError, match=r"cannot be started .*No such file.*propose again"):
            await hear(engine, ask(n=2))
        assert engine.status.state == "failed"
