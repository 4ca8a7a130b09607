"""A session log is whole and untouched, or it is refused with one sentence."""

import asyncio
import json
import os
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from jupyter_sim import history
from jupyter_sim.errors import BadLog, HistoryError
from jupyter_sim.events import Opened
from jupyter_sim.formats import chain, simlog
from jupyter_sim.formats.simlog import read_log
from jupyter_sim.history import History

DOCUMENT = "11111111-2222"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The histories of one document that two writers wrote at the same time."""
    asyncio.run(record(tmp_path / "history"))
    return tmp_path / "history"


async def record(root: Path) -> None:
    writers = [History.open(DOCUMENT, path="notes/story.ipynb", root=root) for _ in range(2)]
    for text in ("It was", " dark\ud800"):
        for writer in writers:
            await writer.append(Opened(writer.stamp("cell"), text))
    for writer in writers:
        await writer.close()


@pytest.fixture
def log(root: Path) -> Path:
    """That history, exported."""
    out = root.parent / "story.simlog"
    history.export(DOCUMENT, out, root)
    return out


def refusal(path: Path) -> str:
    """The sentence with which a log is refused."""
    with pytest.raises(BadLog) as caught:
        read_log(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    return sentence


def test_an_export_holds_the_merged_history_and_where_it_came_from(log: Path, root: Path) -> None:
    read = read_log(log)
    assert list(read.events) == history.read(DOCUMENT, root)[0]
    assert len(read.events) == 4
    assert (read.header.document, read.header.path) == (DOCUMENT, "notes/story.ipynb")


def test_a_log_is_a_header_a_chain_and_an_end_that_counts(log: Path) -> None:
    lines = log.read_bytes().splitlines()
    assert json.loads(lines[0])["format"] == "simlog"
    assert json.loads(lines[0])["version"] == 1
    for before, line in pairwise(lines):
        assert json.loads(line)["prev"] == sha256(before).hexdigest()
    assert json.loads(lines[-1])["end"] == len(lines) - 2


def test_a_cut_at_any_byte_is_seen(log: Path) -> None:
    for size in reversed(range(log.stat().st_size)):
        os.truncate(log, size)
        sentence = refusal(log)
        assert "is cut short after line" in sentence or "is no session log" in sentence


@pytest.mark.parametrize("mask", [0x01, 0xFF])
def test_a_flip_of_any_byte_is_seen(log: Path, mask: int) -> None:
    data = log.read_bytes()
    with log.open("r+b", buffering=0) as file:
        for place, byte in enumerate(data):
            os.pwrite(file.fileno(), bytes([byte ^ mask]), place)
            refusal(log)
            os.pwrite(file.fileno(), bytes([byte]), place)
    assert log.read_bytes() == data


def test_a_newer_version_asks_for_a_newer_program(log: Path) -> None:
    log.write_bytes(log.read_bytes().replace(b'"version":1', b'"version":2,"more":[]', 1))
    assert "is of version 2" in refusal(log)
    assert refusal(log).endswith("Update jupyter-sim.")


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\x89PNG\r\n\x1a\n", b'{"cells":[]}\n', b"[" * 10**6]
)
def test_a_foreign_file_is_no_session_log(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "foreign.simlog"
    path.write_bytes(data)
    assert "is no session log" in refusal(path)


def test_a_segment_is_no_session_log(root: Path) -> None:
    assert "is no session log" in refusal(next((root / DOCUMENT).glob("*.jsonl")))


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.simlog")
    assert "Is a directory" in refusal(tmp_path)


def test_an_endless_line_is_not_read_to_its_end(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "MAX_LINE", 10_000)
    monkeypatch.setattr(simlog, "MAX_LINE", 10_000)
    header = log.read_bytes().splitlines(keepends=True)[0]
    log.write_bytes(header + b" " * 100_000)
    assert "line 2 is longer than 10,000 bytes" in refusal(log)


def test_more_events_than_a_log_may_have_are_not_read(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simlog, "MAX_EVENTS", 3)
    assert "more than 3 events" in refusal(log)


def forged(log: Path, order: list[int], end: int, tail: bytes = b"") -> Path:
    """A log with the same events in another order, its chain sound, and an end as told."""
    header, *lines, _ = log.read_bytes().splitlines()
    out = [header]
    for index in order:
        event = json.dumps(json.loads(lines[index])["event"]).encode()
        out.append(chain.link(chain.digest(out[-1]), event))
    out.append(json.dumps({"prev": chain.digest(out[-1]), "end": end}).encode())
    path = log.with_name("forged.simlog")
    path.write_bytes(b"\n".join(out) + b"\n" + tail)
    return path


def test_a_forger_with_sound_digests_still_needs_order_count_and_end(log: Path) -> None:
    assert read_log(forged(log, [0, 1, 2, 3], 4)).events == read_log(log).events
    assert "line 3 is out of order" in refusal(forged(log, [1, 0, 2, 3], 4))
    assert "line 3 is out of order" in refusal(forged(log, [0, 0, 2, 3], 4))
    assert "line 4 counts 4 events, not 2" in refusal(forged(log, [0, 1], 4))
    assert "something follows its end" in refusal(forged(log, [0, 1, 2, 3], 4, b"more"))


def test_an_export_that_fails_leaves_what_was_there(log: Path, root: Path) -> None:
    before = log.read_bytes()
    with pytest.raises(HistoryError, match=r"none/story.simlog cannot be written: No such file"):
        history.export(DOCUMENT, log.parent / "none" / log.name, root)
    folder = log.parent / "folder.simlog"
    folder.mkdir()
    with pytest.raises(HistoryError, match="is no file"):
        history.export(DOCUMENT, folder, root)
    assert log.read_bytes() == before
    assert sorted(path.name for path in log.parent.iterdir()) == [
        "folder.simlog",
        "history",
        "story.simlog",
    ]
