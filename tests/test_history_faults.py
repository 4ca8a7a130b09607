"""A history under faults: a disk that fails or is full, a process that is killed."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_sim import history
from jupyter_sim.errors import HistoryError
from jupyter_sim.events import Opened
from jupyter_sim.history import History

from .segments import DOCUMENT, opened, reread, segments


def run(code: str, root: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, str(root)], stdout=subprocess.PIPE, text=True
    )


async def test_after_a_failed_sync_the_segment_is_cut_back_and_a_new_one_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = History.open(DOCUMENT, root=tmp_path)
    await made.append(opened(made, "a"))
    before = segments(tmp_path)[0].read_bytes()
    with monkeypatch.context() as failing:
        failing.setattr(os, "fdatasync", fail)
        with pytest.raises(HistoryError, match="Input/output error"):
            await made.append(opened(made, "lost"))
    await made.append(opened(made, "b"))
    await made.close()
    assert reread(tmp_path) == ["a", "b"]
    assert len(made.events) == 2
    first, second = segments(tmp_path)
    assert first.read_bytes() == before
    assert second.name == f"{first.stem}-2.jsonl"


def fail(fd: int) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


async def test_after_a_failed_sync_the_new_segment_goes_on_from_what_was_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = History.open(DOCUMENT, root=tmp_path)
    await made.append(Opened(made.stamp("cell"), "a"))
    with monkeypatch.context() as failing:
        failing.setattr(os, "fdatasync", fail)
        for _ in range(2):
            with pytest.raises(HistoryError):
                await made.append(Opened(made.stamp("cell"), "lost"))
    await made.append(Opened(made.stamp("cell"), "b"))
    await made.close()
    assert reread(tmp_path) == ["a", "b"]
    assert history.read(DOCUMENT, tmp_path)[1] == ()


async def test_a_full_disk_asks_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    made = History.open(DOCUMENT, root=tmp_path)
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(HistoryError, match=r"No space left on device.*Make room on the disk"):
        await made.append(Opened(made.stamp("cell"), "one"))


async def test_after_any_other_failure_the_segment_is_cut_back_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(fd: int) -> None:
        raise MemoryError

    made = History.open(DOCUMENT, root=tmp_path)
    await made.append(opened(made, "a"))
    with monkeypatch.context() as failing:
        failing.setattr(os, "fdatasync", exhausted)
        with pytest.raises(MemoryError):
            await made.append(opened(made, "lost"))
    await made.append(opened(made, "b"))
    await made.close()
    assert reread(tmp_path) == ["a", "b"]
    assert history.read(DOCUMENT, tmp_path)[1] == ()


HARM: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "replaced": lambda path: Path(shutil.copy(path, path.with_suffix(".new"))).replace(path),
    "moved away": lambda path: path.rename(path.with_suffix(".bak")),
    "cut": lambda path: os.truncate(path, path.stat().st_size - 5),
    "emptied": lambda path: os.truncate(path, 0),
    "added to": lambda path: path.write_bytes(path.read_bytes() + b"half a line"),
    "gone with its folder": lambda path: shutil.rmtree(path.parent),
}


@pytest.mark.parametrize("harm", HARM)
async def test_what_is_acknowledged_after_another_program_harmed_the_segment_is_there(
    tmp_path: Path, harm: str
) -> None:
    made = History.open(DOCUMENT, root=tmp_path)
    await made.append(opened(made, "before"))
    HARM[harm](segments(tmp_path)[0])
    await made.append(opened(made, "after"))
    await made.append(opened(made, "and after"))
    await made.close()
    assert reread(tmp_path)[-2:] == ["after", "and after"]
    assert history.read(DOCUMENT, tmp_path)[1] or reread(tmp_path)[0] == "before"


FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from jupyter_sim.errors import HistoryError
from jupyter_sim.events import Opened
from jupyter_sim.history import History

async def main():
    history = History.open("11111111-2222", root=Path(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))
    for number in range(100):
        try:
            await history.append(Opened(history.stamp("cell"), str(number) * 100))
        except HistoryError:
            break
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    await history.append(Opened(history.stamp("cell"), "there is room again"))
    await history.close()
    print(*(event.text for event in history.events), sep="\\n")

asyncio.run(main())
"""


def test_a_full_disk_costs_only_what_was_not_acknowledged(tmp_path: Path) -> None:
    child = run(FULL_DISK, tmp_path)
    acknowledged = child.communicate()[0].splitlines()
    assert 5 < len(acknowledged) < 100
    assert reread(tmp_path) == acknowledged
    assert history.read(DOCUMENT, tmp_path)[1] == ()
    assert [path.read_bytes()[-1:] for path in segments(tmp_path)] == [b"\n", b"\n"]


ENDLESS = """
import asyncio, sys
from pathlib import Path
from jupyter_sim.events import Opened
from jupyter_sim.history import History

async def main():
    history = History.open("11111111-2222", root=Path(sys.argv[1]))
    while True:
        event = Opened(history.stamp("cell"), "x" * 1000)
        await history.append(event)
        print(event.stamp.id, flush=True)

asyncio.run(main())
"""


def test_a_kill_right_after_an_acknowledgement_loses_nothing(tmp_path: Path) -> None:
    acknowledged = []
    for count in (1, 2, 7, 40):
        child = run(ENDLESS, tmp_path)
        assert child.stdout
        acknowledged += [child.stdout.readline().strip() for _ in range(count)]
        child.kill()
        acknowledged += child.communicate()[0].split()
    events, _ = history.read(DOCUMENT, tmp_path)
    assert {event.stamp.id for event in events} >= set(acknowledged)
    assert len(acknowledged) >= 50
