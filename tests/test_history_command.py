"""`jupyter sim history list` and `show`, and the names that a document goes by."""

import asyncio
import json
from pathlib import Path

import msgspec
import pytest

from jupyter_sim.events import Opened
from jupyter_sim.history import History

from .command import DOCUMENT, refused, story, write
from .judged import Run

written = pytest.fixture(story)


def test_history_list_names_documents_and_counts_events(sim: Run, written: str) -> None:
    status, out, _ = sim("history list")
    assert status == 0
    assert f"7 events  {DOCUMENT}  notes/story.ipynb\n" in out
    (line,) = sim("history list --format json")[1].splitlines()
    assert json.loads(line).items() >= {"document": DOCUMENT, "events": 7}.items()


def test_history_list_says_when_there_is_none(sim: Run) -> None:
    status, out, _ = sim("history list")
    assert (status, out.count("\n")) == (0, 1)
    assert "No document has a history yet" in out
    assert sim("history list --format json")[1] == ""


def test_history_show_tells_what_happened(sim: Run, written: str) -> None:
    status, out, err = sim(f"history show {DOCUMENT}")
    assert (status, err) == (0, "")
    assert len(out.splitlines()) == 8
    assert "asked scripted for 3 candidates" in out
    assert "of candidate 1, having seen 1" in out


def test_history_show_prints_the_events_themselves(sim: Run, written: str) -> None:
    events = [
        json.loads(line)
        for line in sim(f"history show {DOCUMENT} --format json")[1].split("\n")[:-1]
    ]
    assert [event["type"] for event in events] == [
        "opened",
        "proposed",
        "generated",
        "generated",
        "generated",
        "accepted",
        "edited",
    ]


@pytest.mark.parametrize(
    "name", [DOCUMENT, "3f2a", "notes/story.ipynb", "./notes/story.ipynb", "moved.ipynb"]
)
def test_a_document_is_named_by_id_prefix_path_or_the_notebook_itself(
    sim: Run, written: str, name: str
) -> None:
    metadata = {"jupyter_sim": {"document": DOCUMENT}, "kernelspec": {"name": "python3"}}
    Path("moved.ipynb").write_text(json.dumps({"cells": [], "metadata": metadata}))
    assert sim(f"history show {name}")[0] == 0


def test_a_notebook_that_notes_another_document_is_not_taken_for_its_namesake(
    sim: Run, written: str
) -> None:
    path = Path("elsewhere/notes/story.ipynb")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"metadata": {"jupyter_sim": {"document": "0000-1111"}}}))
    said = refused(sim(f"export {path} -o story.simlog"))
    assert "belongs to the document 0000-1111, which has no history here" in said
    assert not Path("story.simlog").exists()


def test_an_unknown_and_an_ambiguous_document_are_told(sim: Run, written: str) -> None:
    asyncio.run(write("3f2a9999-8888", "other.ipynb"))
    assert "'nothing' has no history" in refused(sim("history show nothing"))
    assert "'' has no history" in refused(sim("history show ''"))
    assert "means 2 documents" in refused(sim("history show 3f2a"))
    assert "../etc" in refused(sim("export ../etc -o out.simlog"))


@pytest.mark.parametrize("time", [1e300, -1e300, 1e17])
def test_a_time_that_no_calendar_has_is_told_as_such(sim: Run, time: float) -> None:
    async def record() -> None:
        made = History.open(DOCUMENT, path="story.ipynb")
        for odd in (time, 0.0):
            await made.append(Opened(msgspec.structs.replace(made.stamp("cell"), time=odd), ""))
        await made.append(Opened(msgspec.structs.replace(made.stamp("cell"), time=time), ""))
        await made.close()

    asyncio.run(record())
    for ask in ("history list", f"history show {DOCUMENT}", f"export {DOCUMENT} -o x.simlog"):
        status, out, err = sim(ask)
        assert (status, err) == (0, "")
        assert max(map(len, out.splitlines())) < 120
    assert "(no known date)" in sim("history list")[1]
    assert max(map(len, sim("replay x.simlog")[1].splitlines())) < 120
