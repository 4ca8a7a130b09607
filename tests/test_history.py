"""What was acknowledged is on disk, and comes back whatever happened to the file since."""

import asyncio
import json
import os
import stat
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pytest

from jupyter_sim import history, summaries
from jupyter_sim.errors import BadInput, BadLog, HistoryError
from jupyter_sim.events import Event, Opened
from jupyter_sim.formats.simlog import read_log
from jupyter_sim.history import History

from .segments import DOCUMENT, opened, reread, segments


async def written(root: Path, *texts: str) -> History:
    """A history of one writer, one append for each text, closed again."""
    made = History.open(DOCUMENT, path="notes/story.ipynb", root=root)
    for text in texts:
        await made.append(opened(made, text))
    await made.close()
    return made


def texts(events: Iterable[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Opened)]


async def test_nothing_is_made_before_the_first_event(tmp_path: Path) -> None:
    root = tmp_path / "history"
    await written(root)
    assert not root.exists()


async def test_files_and_folders_are_for_the_owner_only(tmp_path: Path) -> None:
    root = tmp_path / "data" / "history"
    await written(root, "a")
    for folder in (root.parent, root, root / DOCUMENT):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(segments(root)[0].stat().st_mode) == 0o600


async def test_a_segment_is_a_header_and_a_chain_of_lines(tmp_path: Path) -> None:
    made = await written(tmp_path, "a", "é\ud800")
    (path,) = segments(tmp_path)
    data = path.read_bytes()
    header, *rest = data.splitlines()
    assert data.isascii()
    assert data.endswith(b"\n")
    assert json.loads(header) == {
        "format": "jupyter-sim history",
        "version": 1,
        "document": DOCUMENT,
        "writer": path.stem,
        "path": "notes/story.ipynb",
        "kind": "notebook",
        "prev": "",
        "mends": "",
    }
    for before, line in zip([header, *rest], rest, strict=False):
        assert json.loads(line)["prev"] == sha256(before).hexdigest()
    assert [json.loads(line)["event"]["text"] for line in rest] == texts(made.events)


async def test_what_was_appended_is_there_when_the_history_is_opened_again(tmp_path: Path) -> None:
    made = await written(tmp_path, "a", "b")
    again = History.open(DOCUMENT, root=tmp_path)
    assert list(again.events) == list(made.events)
    assert again.damage == ()
    assert made.events[0].stamp.id in again
    assert "another" not in again
    assert again.stamp("cell").seq == 3


async def test_two_writers_end_with_the_union_in_one_order(tmp_path: Path) -> None:
    one = History.open(DOCUMENT, root=tmp_path)
    two = History.open(DOCUMENT, root=tmp_path)
    for text in "abc":
        await one.append(opened(one, text))
        await two.append(opened(two, text.upper()))
    await one.close()
    await two.close()
    events, damage = history.read(DOCUMENT, tmp_path)
    assert sorted(texts(events)) == sorted("abcABC")
    orders = [(event.stamp.seq, event.stamp.writer) for event in events]
    assert orders == sorted(orders)
    assert damage == ()


async def test_an_event_that_two_writers_recorded_counts_once(tmp_path: Path) -> None:
    for text in ("first", "again"):
        writer = History.open(DOCUMENT, root=tmp_path)
        await writer.append(Opened(writer.stamp("cell", id="request-1"), text))
        await writer.close()
    assert reread(tmp_path) == ["first"]


async def test_an_event_that_two_writers_recorded_stands_where_the_first_did(
    tmp_path: Path,
) -> None:
    one = History.open(DOCUMENT, root=tmp_path)
    two = History.open(DOCUMENT, root=tmp_path)
    await one.append(Opened(one.stamp("cell", id="request-1"), "root"))
    for text in "abc":
        await one.append(opened(one, text))
        two.stamp("cell")
    await two.append(Opened(two.stamp("cell", id="request-1"), "root"))
    await one.close()
    await two.close()
    assert reread(tmp_path) == ["root", "a", "b", "c"]
    history.export(DOCUMENT, tmp_path / "out.simlog", tmp_path)
    assert texts(read_log(tmp_path / "out.simlog").events) == ["root", "a", "b", "c"]
    again = History.open(DOCUMENT, root=tmp_path)
    assert again.stamp("cell").seq == 5


async def test_appends_that_come_together_share_a_sync_and_keep_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = traced(monkeypatch)
    made = History.open(DOCUMENT, root=tmp_path)
    await asyncio.gather(*(made.append(opened(made, str(i))) for i in range(64)))
    await made.close()
    assert reread(tmp_path) == [str(i) for i in range(64)]
    assert calls.count("fdatasync") < 8


async def test_an_append_returns_after_one_write_and_the_sync_that_covers_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = History.open(DOCUMENT, root=tmp_path)
    calls = traced(monkeypatch)
    await made.append(opened(made))
    calls.append("acknowledged")
    await made.append(opened(made), opened(made))
    calls.append("acknowledged")
    await made.close()
    assert calls == ["write", "fdatasync", "acknowledged"] * 2


async def test_the_folders_of_a_new_segment_are_synced_before_its_first_event_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda fd: synced.add(os.fstat(fd).st_ino))
    root = tmp_path / "history"
    made = History.open(DOCUMENT, root=root)
    await made.append(opened(made))
    assert synced >= {folder.stat().st_ino for folder in (tmp_path, root, root / DOCUMENT)}
    await made.close()


def traced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls that matter, in the order in which they returned."""
    calls: list[str] = []
    for name in ("write", "fdatasync"):
        real = getattr(os, name)

        def call(*args: object, name: str = name, real: object = real) -> object:
            result = real(*args)  # type: ignore[operator]
            calls.append(name)
            return result

        monkeypatch.setattr(os, name, call)
    return calls


async def test_a_cancelled_append_is_recorded_all_the_same(tmp_path: Path) -> None:
    made = History.open(DOCUMENT, root=tmp_path)
    task = asyncio.create_task(made.append(opened(made, "a")))
    await asyncio.sleep(0)
    task.cancel()
    await made.close()
    assert texts(made.events) == reread(tmp_path) == ["a"]


async def test_a_closed_history_takes_nothing_more(tmp_path: Path) -> None:
    made = await written(tmp_path, "a")
    with pytest.raises(HistoryError, match="Open the document again"):
        await made.append(opened(made))


@pytest.mark.parametrize("document", ["", "..", "../x", "a/b", "a\n", "a\0", "ä", "x" * 65])
def test_an_impossible_document_id_touches_no_path(document: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="letters, digits and dashes"):
        History.open(document, root=tmp_path)


async def test_a_cut_at_any_byte_loses_only_the_line_it_cuts(tmp_path: Path) -> None:
    made = await written(tmp_path, "one", "two", "three")
    (path,) = segments(tmp_path)
    data = path.read_bytes()
    for size in range(len(data) + 1):
        folder = tmp_path / f"cut-{size}"
        folder.mkdir()
        (folder / path.name).write_bytes(data[:size])
        found = History.open(folder.name, root=tmp_path)
        whole = data[:size].count(b"\n") + data[size:].startswith(b"\n")
        assert list(found.events) == list(made.events)[: max(0, whole - 1)]
        torn = b"" if data[size:].startswith(b"\n") else data[:size].rpartition(b"\n")[2]
        copies = [copy.read_bytes() for copy in folder.glob("*.torn-*")]
        assert copies == ([torn] if torn else [])
        assert len(found.damage) == len(copies)
        assert (folder / path.name).read_bytes() == data[:size]


async def test_a_torn_tail_is_set_aside_once_and_writing_goes_on(tmp_path: Path) -> None:
    await written(tmp_path, "one", "two")
    (path,) = segments(tmp_path)
    path.write_bytes(path.read_bytes()[:-9])
    for _ in range(2):
        again = History.open(DOCUMENT, root=tmp_path)
        assert "never acknowledged" in again.damage[0]
        await again.append(opened(again, "more"))
        await again.close()
    assert reread(tmp_path) == ["one", "more", "more"]
    assert len(list(path.parent.glob("*.torn-*"))) == 1


@pytest.mark.parametrize("mask", [0x01, 0x08, 0xFF])
async def test_a_flip_of_any_byte_loses_at_most_its_own_line(tmp_path: Path, mask: int) -> None:
    made = await written(tmp_path, "one", "two", "three")
    (path,) = segments(tmp_path)
    data = path.read_bytes()
    last = data.rindex(b'{"prev"')
    for place, byte in enumerate(data):
        with path.open("r+b") as file:
            os.pwrite(file.fileno(), bytes([byte ^ mask]), place)
            events, damage = history.read(DOCUMENT, tmp_path)
            os.pwrite(file.fileno(), bytes([byte]), place)
        touched = data[:place].count(b"\n") - 1
        intact = [event for index, event in enumerate(made.events) if index != touched]
        assert [event for event in events if event in intact] == intact
        assert len(events) <= len(made.events)
        assert damage or place >= last


async def test_a_missing_line_is_reported_and_the_rest_is_kept(tmp_path: Path) -> None:
    await written(tmp_path, "one", "two", "three")
    (path,) = segments(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    events, damage = history.read(DOCUMENT, tmp_path)
    assert texts(events) == ["one", "three"]
    assert [
        sentence for sentence in damage if "line 3 says" in sentence and "chain breaks" in sentence
    ]


async def test_a_strange_file_among_the_segments_is_reported_and_left_alone(tmp_path: Path) -> None:
    await written(tmp_path, "one")
    strange = tmp_path / DOCUMENT / "strange.jsonl"
    strange.write_bytes(b"\x89PNG\r\n\n\xff[[[{")
    found = History.open(DOCUMENT, root=tmp_path)
    assert texts(found.events) == ["one"]
    assert all(str(strange) in sentence for sentence in found.damage)
    assert strange.read_bytes() == b"\x89PNG\r\n\n\xff[[[{"


async def test_a_segment_of_a_newer_version_is_refused_and_listed(tmp_path: Path) -> None:
    await written(tmp_path, "one")
    newer = {"format": "jupyter-sim history", "version": 2, "shape": "unheard of"}
    path = tmp_path / DOCUMENT / "newer.jsonl"
    path.write_text(json.dumps(newer) + "\n")
    with pytest.raises(BadLog, match=r"version 2 .* Update jupyter-sim"):
        History.open(DOCUMENT, root=tmp_path)
    assert [summary.document for summary in summaries.documents(tmp_path)] == [DOCUMENT]


async def test_a_folder_that_cannot_be_made_is_told_and_the_next_try_works(tmp_path: Path) -> None:
    root = tmp_path / "history"
    root.write_text("in the way")
    made = History.open(DOCUMENT, root=root)
    event = opened(made, "a")
    with pytest.raises(HistoryError, match="nothing was recorded"):
        await made.append(event)
    assert event.stamp.id not in made
    root.unlink()
    await made.append(event)
    await made.close()
    assert reread(root) == ["a"]


async def test_documents_are_listed_by_their_latest_path_the_latest_first(tmp_path: Path) -> None:
    for document, path in (("aaaa", "old.ipynb"), ("bbbb", "b.md"), ("aaaa", "new.ipynb")):
        made = History.open(document, path=path, kind="notebook", root=tmp_path)
        await made.append(opened(made, "x" * 100_000))
        await made.append(opened(made))
        await made.close()
    (tmp_path / "not a document").mkdir()
    found = summaries.documents(tmp_path)
    assert [(s.document, s.path) for s in found] == [("aaaa", "new.ipynb"), ("bbbb", "b.md")]
    assert found[0].first < found[1].first < found[1].last < found[0].last
    assert [summaries.count(s.document, tmp_path) for s in found] == [4, 2]


def test_a_document_without_a_history_is_named(tmp_path: Path) -> None:
    assert summaries.documents(tmp_path / "none") == []
    with pytest.raises(BadInput, match="cccc has no history"):
        history.read("cccc", tmp_path)
