"""History files that someone else had a hand in, and folders that cannot be written: one sentence
each, nothing followed out of the folder, and the rest is read.
"""

import asyncio
import itertools
import json
import os
import random
import stat
import subprocess
import sys
import tempfile
import time
import tracemalloc
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_sim import history, summaries
from jupyter_sim.errors import BadLog, HistoryError
from jupyter_sim.events import MAX_SEQ, Edited, Opened, Place, Written
from jupyter_sim.folders import of as folders_of
from jupyter_sim.formats.chain import MAX_LINE, digest, dump, link
from jupyter_sim.formats.header import Header
from jupyter_sim.formats.segment import MAX_TOLD
from jupyter_sim.formats.simlog import read_log
from jupyter_sim.formats.writer import Writer
from jupyter_sim.history import History

DOCUMENT = "11111111-2222"

# JSON has one way to write a high surrogate and then a low one: as the character they make.
texts = st.text(st.characters(exclude_categories=())).filter(
    lambda text: text == text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)


async def written(*texts: str, root: Path | None = None) -> Path:
    """A history of one writer, closed again; its segment."""
    made = History.open(DOCUMENT, path="story.ipynb", root=root)
    for text in texts:
        await made.append(Opened(made.stamp("cell"), text))
    await made.close()
    paths = (path for folder in folders_of(DOCUMENT, root) for path in folder.glob("*.jsonl"))
    return max(paths, key=lambda path: path.stat().st_mtime_ns)


def reread(root: Path | None = None) -> list[str]:
    return [event.text for event in history.read(DOCUMENT, root)[0] if isinstance(event, Opened)]


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
    header = Header(document=DOCUMENT, writer="w", path="story.ipynb", kind="notebook")
    writer = Writer([tmp_path / DOCUMENT], header, limit=2000)
    made = History.open(DOCUMENT, root=tmp_path)
    for number in range(30):
        writer.write([dump(Opened(made.stamp("cell"), f"{number}"))])
    writer.close()
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
    header = Header(document=DOCUMENT, writer="w", path="story.ipynb", kind="notebook")
    writer = Writer([tmp_path / DOCUMENT], header, limit=1500)
    made = History.open(DOCUMENT, root=tmp_path)
    for number in range(12):
        writer.write([dump(Opened(made.stamp("cell"), f"{number}"))])
    writer.close()
    path = tmp_path / DOCUMENT / ("w.jsonl", "w-2.jsonl")[which]
    lines = path.read_bytes().splitlines(keepends=True)
    for count in range(len(lines)):
        path.write_bytes(b"".join(lines[:count]))
        assert history.read(DOCUMENT, tmp_path)[1], f"a cut to {count} lines was not seen"


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


def fail(fd: int) -> None:
    raise OSError(5, "Input/output error")


def event(seq: int, text: str = "x") -> bytes:
    stamp = {"id": f"e{seq}", "writer": "w", "seq": seq, "time": 0.0, "user": "", "v": 1}
    stamp |= {"document": DOCUMENT, "cell": "cell"}
    return json.dumps(
        {"type": "opened", "stamp": stamp, "text": text}, separators=(",", ":")
    ).encode()


def forged(root: Path, *lines: bytes) -> Path:
    """A segment of such lines, each linked to the one before."""
    header = Header(document=DOCUMENT, writer="w", path="", kind="notebook")
    out = [dump(header)]
    for line in lines:
        out.append(link(digest(out[-1]), line))
    path = root / DOCUMENT / "w.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(line + b"\n" for line in out))
    return path


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"text":"x"', b'"text":' + b"[" * 200_000, "is not JSON|does not fit"),
        (b'"text":"x"', b'"text":"\\ud800","more":' + b"[" * 200_000, "is not JSON"),
        (b'"time":0.0', b'"time":NaN', "is not JSON"),
        (b'"time":0.0', b'"time":1e999', "is not JSON|does not fit"),
        (b'"seq":2', b'"seq":' + b"9" * 5000, "is not JSON|does not fit"),
        (b'"seq":2', b'"seq":9007199254740992', "does not fit"),
        (b'"seq":2', b'"seq":2,"seq":2', "a member comes twice"),
        (b'"text":"x"', b'"text":"x","text":"\\ud800"', "a member comes twice"),
        (b'"text":"x"', b'"text":"x","html":"<script>"', "does not fit"),
        (b'"text":"x"', b'"text":"x\xff"', "is not JSON"),
        (b'"opened"', b'"../../etc"', "does not fit"),
    ],
    ids=range(11),
)
def test_a_hostile_line_is_named_and_the_others_are_read(
    tmp_path: Path, old: bytes, new: bytes, said: str
) -> None:
    bad = event(2).replace(old, new)
    assert bad != event(2)
    forged(tmp_path, event(1, "one"), bad, event(3, "three"))
    assert reread(tmp_path) == ["one", "three"]
    (sentence,) = history.read(DOCUMENT, tmp_path)[1]
    assert "line 3 " in sentence
    assert any(words in sentence for words in said.split("|"))
    assert len(sentence) < 600


def test_a_line_of_200_megabytes_is_not_read_into_memory(tmp_path: Path) -> None:
    path = forged(tmp_path, event(1, "one"))
    with path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(b'{"prev":"')
        file.seek(200_000_000, os.SEEK_CUR)
        file.write(b"\n" + link("", event(2, "two")) + b"\n")
    tracemalloc.start()
    try:
        found, damage = history.read(DOCUMENT, tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [event.stamp.seq for event in found] == [1, 2]
    assert f"line 3 is longer than {MAX_LINE:,} bytes" in damage[0]
    assert peak < 3.5 * MAX_LINE


def test_of_very_many_bad_lines_some_are_told_and_the_rest_are_counted(tmp_path: Path) -> None:
    path = forged(tmp_path, event(1, "one"))
    path.write_bytes(path.read_bytes() + b"{}\n" * 5000)
    damage = history.read(DOCUMENT, tmp_path)[1]
    assert len(damage) == MAX_TOLD
    assert damage[-1].endswith("is damaged at 4,901 more lines.")


async def test_a_forged_number_that_nothing_can_follow_is_told(tmp_path: Path) -> None:
    forged(tmp_path, event(MAX_SEQ, "last"))
    made = History.open(DOCUMENT, root=tmp_path)
    with pytest.raises(HistoryError, match="nothing can follow it"):
        made.stamp("cell")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 2**32))
def test_whatever_stands_in_a_segment_it_opens_with_sentences(noise: bytes, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root, dice = Path(folder), random.Random(seed)
        path = forged(root, *(event(seq, str(seq)) for seq in range(1, 4)))
        data = bytearray(path.read_bytes())
        start = dice.randrange(len(data))
        data[start : start + dice.randrange(40)] = noise
        path.write_bytes(data)
        try:
            _, damage = history.read(DOCUMENT, root)
        except BadLog as error:
            damage = (str(error),)
        assert all(len(sentence) < 1000 for sentence in damage)


async def test_a_link_a_pipe_and_a_folder_among_the_segments_are_not_followed(
    tmp_path: Path,
) -> None:
    root = tmp_path / "history"
    path = await written("one", root=root)
    secret = tmp_path / "secret.jsonl"
    secret.write_bytes(path.read_bytes().replace(b'"id":"', b'"id":"x'))
    (path.parent / "link.jsonl").symlink_to(secret)
    os.mkfifo(path.parent / "pipe.jsonl")
    (path.parent / "folder.jsonl").mkdir()
    found, damage = history.read(DOCUMENT, root)
    assert len(found) == 1
    assert len(damage) == 3
    assert all("is no plain file; it was left out" in sentence for sentence in damage)
    made = History.open(DOCUMENT, root=root)
    await made.append(Opened(made.stamp("cell"), "two"))
    await made.close()
    assert reread(root) == ["one", "two"]
    assert summaries.count(DOCUMENT, root) == 2
    assert [summary.document for summary in summaries.documents(root)] == [DOCUMENT]


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


async def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere, root = tmp_path / "elsewhere", tmp_path / "history"
    elsewhere.mkdir()
    root.mkdir()
    made = History.open(DOCUMENT, root=root)
    (root / DOCUMENT).symlink_to(elsewhere)
    with pytest.raises(HistoryError):
        await made.append(Opened(made.stamp("cell"), "one"))
    assert list(elsewhere.iterdir()) == []
    with pytest.raises(BadLog, match="is a link"):
        History.open(DOCUMENT, root=root)


async def test_what_is_recorded_names_no_path_that_is_opened(tmp_path: Path) -> None:
    made = History.open(DOCUMENT, path="../../../etc/passwd\0", root=tmp_path / "history")
    for id in ("../escape", "/absolute", "nul\0", "..", "a/b"):
        stamp = msgspec.structs.replace(made.stamp(f"../{id}", id=id), writer=id)
        await made.append(Edited(stamp, Place(id, 0), 0, (Written(id, "human"),)))
    await made.close()
    History.open(DOCUMENT, root=tmp_path / "history")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.parent for path in files] == [tmp_path / "history" / DOCUMENT]


async def test_copies_and_new_folders_are_for_the_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = await written("one", "two", root=tmp_path / "data" / "history")
        path.write_bytes(path.read_bytes()[:-7])
        await written("three", root=tmp_path / "data" / "history")
    finally:
        os.umask(before)
    for found in (tmp_path / "data").rglob("*"):
        mode = stat.S_IMODE(found.stat().st_mode)
        assert mode == (0o700 if found.is_dir() else 0o600), found
    assert list(path.parent.glob("*.torn-*"))


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The usual folder's place, and the two that stand in for it."""
    found = {name: tmp_path / name for name in ("data", "home", "shared")}
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(found["data"]))
    monkeypatch.setenv("HOME", str(found["home"]))
    monkeypatch.setattr(tempfile, "tempdir", str(found["shared"]))
    found["home"].mkdir()
    found["shared"].mkdir()
    return found


async def test_where_the_usual_folder_cannot_be_made_another_is_used_and_named(
    folders: dict[str, Path],
) -> None:
    folders["data"].write_text("in the way")
    made = History.open(DOCUMENT, path="story.ipynb")
    await made.append(Opened(made.stamp("cell"), "one"))
    await made.close()
    there = folders["home"] / ".jupyter_sim" / "history" / DOCUMENT
    (sentence,) = made.damage
    assert f"goes on in {there}" in sentence
    assert stat.S_IMODE(there.stat().st_mode) == 0o700
    assert [summary.path for summary in summaries.documents()] == ["story.ipynb"]

    folders["data"].unlink()
    again = History.open(DOCUMENT)
    assert again.damage == ()
    await again.append(Opened(again.stamp("cell"), "two"))
    await again.close()
    assert reread() == ["one", "two"]
    assert list((folders["data"] / "jupyter_sim/history" / DOCUMENT).glob("*.jsonl"))


async def test_where_the_home_folder_cannot_be_written_either_there_is_a_third(
    folders: dict[str, Path],
) -> None:
    folders["data"].write_text("in the way")
    (folders["home"] / ".jupyter_sim").write_text("in the way")
    path = await written("one")
    assert path.is_relative_to(folders["shared"])
    assert reread() == ["one"]


async def test_a_folder_that_another_user_laid_out_is_not_used(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folders["data"].write_text("in the way")
    (folders["home"] / ".jupyter_sim").write_text("in the way")
    user = os.getuid()
    (folders["shared"] / f"jupyter_sim-{user + 1}").mkdir()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    made = History.open(DOCUMENT)
    with pytest.raises(HistoryError, match="Make the folder writable"):
        await made.append(Opened(made.stamp("cell"), "one"))


async def test_a_full_disk_asks_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    made = History.open(DOCUMENT, root=tmp_path)
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(HistoryError, match=r"No space left on device.*Make room on the disk"):
        await made.append(Opened(made.stamp("cell"), "one"))
