"""The worker as a process: what it sees, may and shares, and whom it does not outlive."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_sim.engine.client import LlamaEngine
from jupyter_sim.models import resolve

from .worker import ask, finishes, fresh, needs_proc

needs_pidfd = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="waits on a process by its descriptor"
)
engine = pytest.fixture(fresh)


@needs_proc
async def test_the_worker_reaches_no_secret_of_its_parent(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CANARY", "canary")
    canary = os.open(tmp_path / "canary", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(canary, True)
    await engine.start()
    there = Path(f"/proc/{engine.pid}")
    assert b"canary" not in (there / "environ").read_bytes()
    opened = {str(link.readlink()) for link in (there / "fd").iterdir()}
    assert not any("canary" in name for name in opened)
    mine = {str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    # two pipes and the file for its last words
    assert len(opened & mine - {"/dev/null"}) <= 3
    os.close(canary)


@needs_proc
async def test_the_worker_sees_only_the_environment_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    engine = LlamaEngine()
    await engine.start()
    seen = Path(f"/proc/{engine.pid}/environ").read_bytes().split(b"\0")
    assert not any(line.startswith(b"SECRET_TOKEN") for line in seen)
    assert b"CUDA_VISIBLE_DEVICES=" in seen
    await engine.close()


LIMITS = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": 1 << 28, "RLIMIT_NOFILE": 1024}


@needs_proc
async def test_the_worker_has_limits(engine: LlamaEngine) -> None:
    import resource

    await engine.start()
    assert engine.pid is not None
    for name, most in LIMITS.items():
        soft, hard = resource.prlimit(engine.pid, getattr(resource, name))
        assert soft == hard <= most
    assert Path(f"/proc/{engine.pid}/oom_score_adj").read_text() == "500\n"


PARENT = """
import asyncio, sys
from jupyter_sim.engine.client import LlamaEngine
async def main():
    engine = LlamaEngine()
    await engine.start()
    print(engine.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@needs_pidfd
def test_the_worker_ends_with_its_parent_however_that_dies() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as p:
        assert p.stdout is not None
        worker = os.pidfd_open(int(p.stdout.readline()))
        p.kill()
        ended, _, _ = select.select([worker], [], [], 20)
        os.close(worker)
    assert ended


FORKING_PARENT = """
import asyncio, os, sys
from jupyter_sim.engine.client import LlamaEngine
from jupyter_sim.errors import EngineError
async def main():
    engine = LlamaEngine()
    await engine.start()
    if not os.fork():
        try:
            asyncio.new_event_loop().run_until_complete(engine.start())
        except EngineError as error:
            os.write(1, f"{error}\\n".encode())
        os.read(0, 1)
        os._exit(0)
    os.write(1, f"{engine.pid}\\n".encode())
    await asyncio.Event().wait()
asyncio.run(main())
"""


@needs_pidfd
def test_a_fork_can_neither_use_the_worker_nor_keep_it_alive() -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKING_PARENT]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as parent:
        assert parent.stdout is not None
        lines = sorted(parent.stdout.readline() for _ in range(2))
        worker = os.pidfd_open(int(lines[0]))
        parent.kill()
        ended, _, _ = select.select([worker], [], [], 20)
        os.close(worker)
    assert ended
    assert "of which this one is a fork; make an engine of its own here" in lines[1]


@needs_proc
async def test_two_workers_on_one_file_share_its_memory(engine: LlamaEngine) -> None:
    twin = LlamaEngine()
    for one in (engine, twin):
        await finishes(one, ask())
    for one in (engine, twin):
        resident, share = mapped(f"/proc/{one.pid}/smaps", resolve().name)
        assert resident > 1000
        assert share <= 0.6 * resident
    await twin.close()


def mapped(smaps: str, name: str) -> tuple[int, int]:
    """How many KiB of a file are in a process, and its share where others have it too."""
    sums, ours = {"Rss:": 0, "Pss:": 0}, False
    for line in Path(smaps).read_text().splitlines():
        first, *rest = line.split()
        if not first.endswith(":"):
            ours = line.endswith(name)
        elif ours and first in sums:
            sums[first] += int(rest[0])
    return sums["Rss:"], sums["Pss:"]
