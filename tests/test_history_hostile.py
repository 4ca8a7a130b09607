"""History files that someone else had a hand in: one sentence each, nothing followed out of the
folder, and the rest is read.
"""

import json
import os
import random
import tempfile
import tracemalloc
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_sim import history, summaries
from jupyter_sim.errors import BadLog, HistoryError
from jupyter_sim.events import MAX_SEQ, Edited, Opened, Place, Written
from jupyter_sim.formats.chain import MAX_LINE, digest, dump, link
from jupyter_sim.formats.header import Header
from jupyter_sim.formats.segment import MAX_TOLD
from jupyter_sim.history import History

from .segments import DOCUMENT, reread, written


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
