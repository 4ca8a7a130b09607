"""Hello finds the right document; what is no request gets one clear sentence."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from jupyter_sim.documents import Documents
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.protocol import (
    MAX_MESSAGE,
    Acknowledged,
    Hello,
    Model,
    Propose,
    Refused,
    Sync,
    Welcome,
)
from jupyter_sim.summaries import documents as saved

from .line import Line, begin


@pytest.fixture
async def documents(tmp_path: Path) -> AsyncIterator[Documents]:
    opened = Documents(ScriptedEngine(), tmp_path)
    yield opened
    await opened.close()


async def test_a_notebook_without_an_id_begins_a_document(documents: Documents) -> None:
    one, other = Line(documents), Line(documents)
    assert await one.hello("a.ipynb") != await other.hello("b.ipynb")


async def test_two_front_ends_of_one_notebook_share_a_document(documents: Documents) -> None:
    one, other = Line(documents), Line(documents)
    id = await one.hello("a.ipynb")
    assert await other.hello("a.ipynb", id) == id


async def test_a_renamed_notebook_keeps_its_document(documents: Documents) -> None:
    line = Line(documents)
    id = await line.hello("a.ipynb")
    await begin(line)
    assert await Line(documents).hello("b.ipynb", id) == id


async def test_a_rename_is_on_disk_before_anything_else_happens(
    documents: Documents, tmp_path: Path
) -> None:
    line = Line(documents)
    id = await line.hello("Untitled.ipynb")
    await begin(line)
    await line.hello("story.ipynb", id)
    assert [summary.path for summary in saved(tmp_path)] == ["story.ipynb"]


async def test_a_rename_counts_however_late_the_clock_of_the_disk_is(
    documents: Documents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: ahead)
    line = Line(documents)
    id = await line.hello("Untitled.ipynb")
    await begin(line)
    ahead += 1
    await line.hello("story.ipynb", id)
    assert [summary.path for summary in saved(tmp_path)] == ["story.ipynb"]


async def test_a_text_file_in_two_tabs_is_one_document(documents: Documents) -> None:
    first, second = Line(documents), Line(documents)
    id = await first.hello("a.txt", kind="file")
    assert await second.hello("a.txt", kind="file") == id


async def test_an_odd_entry_among_the_histories_harms_no_other_document(
    documents: Documents, tmp_path: Path
) -> None:
    (tmp_path / "abc" / "x.jsonl").mkdir(parents=True)
    assert await Line(documents).hello("a.txt", kind="file")


async def test_lone_surrogates_make_the_trip_into_the_history(documents: Documents) -> None:
    line = Line(documents)
    await line.hello("a.ipynb")
    odd = b'{"type":"sync","id":"request-1","cell":"c","text":"a\\ud83d b"}'
    assert isinstance(await line.say(odd), Acknowledged)


async def test_a_text_file_finds_its_document_by_path(documents: Documents) -> None:
    line = Line(documents)
    id = await line.hello("a.txt", kind="file")
    await begin(line)
    assert await Line(documents).hello("a.txt", kind="file") == id
    assert await Line(documents).hello("b.txt", kind="file") != id


async def test_a_front_end_that_comes_back_hears_which_cells_are_recorded(
    documents: Documents,
) -> None:
    line = Line(documents)
    id = await line.hello("a.ipynb")
    await begin(line)
    answer = await Line(documents).say(Hello("hello-0001", "notebook", "a.ipynb", id))
    assert isinstance(answer, Welcome)
    assert (answer.cells, answer.notes) == (("cell",), ())


async def test_a_front_end_hears_what_is_damaged(tmp_path: Path) -> None:
    first = Documents(ScriptedEngine(), tmp_path)
    line = Line(first)
    id = await line.hello("a.ipynb")
    await begin(line)
    await first.close()
    (segment,) = tmp_path.glob("*/*.jsonl")
    with segment.open("ab") as file:
        file.write(b'{"prev":"cut in the mid')
    second = Documents(ScriptedEngine(), tmp_path)
    answer = await Line(second).say(Hello("hello-0001", "notebook", "a.ipynb", id))
    assert isinstance(answer, Welcome)
    assert len(answer.notes) == 1
    await second.close()


async def test_a_request_before_hello_is_refused(documents: Documents) -> None:
    answer = await Line(documents).say(Sync("request-0001", "cell", "text"))
    assert answer == Refused(
        "request-0001", "bad_input", "A request came before hello; say hello first."
    )


def proposal(**changes: object) -> bytes:
    fields: dict[str, object] = {
        "type": "propose",
        "id": "request-0002",
        "cell": "cell",
        "fan": "fan-00001",
        "at": 0,
        "n": 3,
        "stop": "sentence",
        "max_tokens": 8,
    }
    return msgspec.json.encode(fields | changes)


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (b"", "not one of this protocol"),
        (b"{", "not one of this protocol"),
        (b"\xff\xfe", "not one of this protocol"),
        (b"[" * 100_000, "not one of this protocol"),
        (b'{"type":"launch","id":"request-1"}', "launch"),
        (b'{"type":"sync","id":"request-1","cell":"c"}', "text"),
        (b'{"type":"sync","id":"../../etc","cell":"c","text":""}', "id"),
        (proposal(n=0), "n"),
        (proposal(n=1000), "n"),
        (proposal(at=-1), "at"),
        (proposal(max_tokens=0), "max_tokens"),
        (proposal(sampling={"temperature": -1}), "temperature"),
        (proposal(surprise=1), "surprise"),
        (b" " * (MAX_MESSAGE + 1), "Split the text"),
    ],
)
async def test_what_is_no_request_is_refused_with_a_sentence_that_names_it(
    documents: Documents, message: bytes, sentence: str
) -> None:
    line = Line(documents)
    await line.hello("a.ipynb")
    answer = await line.say(message)
    assert isinstance(answer, Refused)
    assert sentence in answer.message
    assert await line.hello("a.ipynb")


async def test_a_new_status_of_the_engine_reaches_every_front_end(documents: Documents) -> None:
    lines = Line(documents), Line(documents)
    for line in lines:
        await line.hello("a.ipynb")
    await lines[0].say(Sync("request-0001", "cell", "It was "))
    await lines[0].say(Propose("request-0003", "cell", "fan-00001", 7, 1, "sentence", 8))
    for line in lines:
        states = [a.engine.state for a in line.heard if isinstance(a, Model)]
        assert states == ["loading", "ready"]


async def test_a_front_end_that_left_hears_no_more(documents: Documents) -> None:
    line, other = Line(documents), Line(documents)
    await other.hello("a.ipynb")
    line.connection.close()
    await other.say(Sync("request-0001", "cell", "It was "))
    await documents.engine.start()
    assert line.heard == []
