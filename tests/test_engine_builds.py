"""A build of llama.cpp that crashes is run another way, or named, but never by its own paths."""

import pytest

from jupyter_sim.engine import builds
from jupyter_sim.engine.client import LlamaEngine
from jupyter_sim.errors import EngineError, ModelError
from jupyter_sim.models import resolve

from .fan import ask, hear
from .worker import run_instead

MISCOMPILED = """
import os, signal, sys
from jupyter_sim.engine import worker
from jupyter_sim.engine.wire import Loading, send
load = worker.Worker._load
def crash(self, command):
    if command.repack or "always" in sys.argv:
        send(self._replies, Loading(2.0))
        os.kill(os.getpid(), signal.SIGSEGV)
    return load(self, command)
worker.Worker._load = crash
worker.main()
"""


async def test_a_build_that_crashes_runs_without_its_extra_buffers_and_that_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_instead(monkeypatch, MISCOMPILED)
    build = builds.key(resolve())
    assert builds.repacks(build)
    engine = LlamaEngine()
    assert (await hear(engine, ask(n=2))).finishes <= {"length", "end"}
    assert not builds.repacks(build)
    await engine.close()
    await engine.start()
    await engine.close()


async def test_a_build_that_always_crashes_says_how_to_build_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_instead(monkeypatch, MISCOMPILED, "always")
    engine = LlamaEngine()
    with pytest.raises(EngineError, match=r"CMAKE_ARGS=.*pip install --no-cache-dir"):
        await engine.start()
    assert engine.status.state == "failed"
    assert not builds.repacks(builds.key(resolve()))


ASSERTING = """
import os, sys
print("/tmp/pip-install-x/llama-model.cpp:1328: GGML_ASSERT(n < max) failed", file=sys.stderr)
sys.stderr.flush()
os.abort()
"""


async def test_where_in_a_build_a_model_failed_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    run_instead(monkeypatch, ASSERTING)
    with pytest.raises(ModelError, match=r"SIGABRT\)\. Perhaps memory ran out.* Choose"):
        await LlamaEngine().start()
