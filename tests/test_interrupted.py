"""Stopped by Ctrl-C or by a full disk in the middle, a command leaves nothing half-made."""

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_sim import summaries
from jupyter_sim.events import Edited, Event, Opened, Place, Written
from jupyter_sim.formats.simlog import write_log

from .judged import header, stamp

SIM = str(Path(sys.executable).with_name("jupyter-sim"))
MANY = 30_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session log and a tree that are not written in a moment."""
    folder = tmp_path_factory.mktemp("large")
    events: list[Event] = [Opened(stamp(1), "")]
    for seq in range(2, MANY):
        at = Place("e1.0", 0)
        events.append(Edited(stamp(seq), at, 0, (Written(f"text {seq}", "human"),)))
    write_log(folder / "large.simlog", header(), events)
    children = [{"text": f"text {n}", "children": []} for n in range(MANY)]
    (folder / "large.json").write_text(json.dumps({"text": "", "children": children}))
    return folder


def started(
    large: Path, command: str, preexec_fn: Callable[[], object] | None = None
) -> subprocess.Popen[str]:
    """A command that is running, with its work in the folder here."""
    words = [str(large / word) if word.startswith("large") else word for word in command.split()]
    return subprocess.Popen(
        [SIM, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=preexec_fn,
    )


COMMANDS = [
    "export large.simlog -o out.simlog",
    "export large.simlog -o out.jsonl",
    "export large.simlog -o out.parquet",
    "export large.simlog -o out.json",
    "import large.simlog",
    "import large.json -o out.ipynb",
]


@pytest.mark.parametrize("command", [c for c in COMMANDS if not c.endswith("out.json")])
def test_ctrl_c_leaves_nothing_half_made_and_says_so_in_a_line(
    command: str, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    child = started(
        large, command, lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
    )
    while not [*tmp_path.rglob(".*.part")]:
        assert child.poll() is None
    child.send_signal(signal.SIGINT)
    out, err = child.communicate()
    assert (child.returncode, out, err) == (130, "", "jupyter sim: Stopped.\n")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert summaries.documents() == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_leaves_nothing_half_made_and_is_told_in_a_line(
    command: str, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    room = (200_000, 200_000)
    child = started(large, command, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, room))
    out, err = child.communicate()
    assert (child.returncode, out, err.count("\n")) == (2, "", 1)
    assert "File too large" in err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert summaries.documents() == []
