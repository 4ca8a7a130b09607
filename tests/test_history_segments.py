"""Any text, any clock, any number of writers and segments: what was written comes back in order."""

import asyncio
import itertools
import json
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_sim import history
from jupyter_sim.events import Opened
from jupyter_sim.formats.simlog import read_log
from jupyter_sim.history import History

from .segments import DOCUMENT, reread, sealed, written

# JSON has one way to write a high surrogate and then a low one: as the character they make.
texts = st.text(st.characters(exclude_categories=())).filter(
    lambda text: text == text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)


HARD = [
    "",
    "\0",
    "\ud800",
    "\udfff\ud800",
    "\u202eevil\u2066",
    "\U0001f469\u200d\U0001f680",
    "\r\n",
]


@settings(max_examples=30, deadline=None)
@given(st.lists(texts, min_size=1, max_size=8))
def test_any_text_comes_back_from_disk_and_from_a_session_log(found: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root, log = Path(folder) / "history", Path(folder) / "out.simlog"
        asyncio.run(written(*found, *HARD, root=root))
        history.export(DOCUMENT, log, root)
        assert reread(root) == [*found, *HARD]
        assert list(read_log(log).events) == history.read(DOCUMENT, root)[0]


async def test_a_clock_that_jumps_by_ten_years_does_not_change_the_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jumps = itertools.cycle([3.2e8, -3.2e8, 0.0])
    now = time.time
    monkeypatch.setattr(history.time, "time", lambda: now() + next(jumps))
    one, two = (History.open(DOCUMENT, root=tmp_path) for _ in range(2))
    for number in range(9):
        for made in (one, two):
            await made.append(Opened(made.stamp("cell"), f"{made is two:d} {number}"))
    await one.close()
    await two.close()
    found = reread(tmp_path)
    for name in "01":
        assert [text for text in found if text[0] == name] == [f"{name} {n}" for n in range(9)]
    again = History.open(DOCUMENT, root=tmp_path)
    assert again.stamp("cell").seq == 10


WRITER = """
import asyncio, sys
from pathlib import Path
from jupyter_sim.events import Opened
from jupyter_sim.history import History

async def main():
    history = History.open("11111111-2222", root=Path(sys.argv[1]))
    print("open", flush=True)
    sys.stdin.readline()
    await asyncio.gather(*(
        history.append(Opened(history.stamp("cell"), f"{sys.argv[2]} {number}"))
        for number in range(200)
    ))
    await history.close()

asyncio.run(main())
"""


def test_two_processes_that_write_at_once_end_with_the_union(tmp_path: Path) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "ab"
    ]
    for child in children:
        assert child.stdout
        assert child.stdout.readline() == "open\n"
    for child in children:
        child.communicate("go\n")
    found = reread(tmp_path)
    for name in "ab":
        assert [text for text in found if text[0] == name] == [f"{name} {n}" for n in range(200)]
    assert history.read(DOCUMENT, tmp_path)[1] == ()


def test_a_full_segment_is_sealed_and_proved_by_the_next(tmp_path: Path) -> None:
    sealed(tmp_path, 30, limit=2000)
    paths = sorted((tmp_path / DOCUMENT).iterdir(), key=lambda path: (len(path.name), path.name))
    assert [path.name for path in paths[:3]] == ["w.jsonl", "w-2.jsonl", "w-3.jsonl"]
    for before, after in itertools.pairwise(paths):
        last, first = before.read_bytes().splitlines()[-1], after.read_bytes().splitlines()[0]
        assert json.loads(first)["prev"] == sha256(last).hexdigest()
        assert 2000 <= before.stat().st_size < 2600
    assert reread(tmp_path) == [str(number) for number in range(30)]
    assert history.read(DOCUMENT, tmp_path)[1] == ()


@pytest.mark.parametrize("which", [0, 1])
def test_a_cut_of_a_sealed_segment_at_any_line_is_found(tmp_path: Path, which: int) -> None:
    sealed(tmp_path, 12, limit=1500)
    path = tmp_path / DOCUMENT / ("w.jsonl", "w-2.jsonl")[which]
    lines = path.read_bytes().splitlines(keepends=True)
    for count in range(len(lines)):
        path.write_bytes(b"".join(lines[:count]))
        assert history.read(DOCUMENT, tmp_path)[1], f"a cut to {count} lines was not seen"


async def test_a_line_that_is_being_written_is_no_damage_until_its_writer_is_gone(
    tmp_path: Path,
) -> None:
    made = History.open(DOCUMENT, root=tmp_path)
    await made.append(Opened(made.stamp("cell"), "one"))
    (path,) = (tmp_path / DOCUMENT).glob("*.jsonl")
    with path.open("ab") as file:
        file.write(b'{"prev":"')
    assert History.open(DOCUMENT, root=tmp_path).damage == ()
    assert list(path.parent.iterdir()) == [path]
    await made.close()
    assert len(History.open(DOCUMENT, root=tmp_path).damage) == 1
    assert len(list(path.parent.glob("*.torn-*"))) == 1
