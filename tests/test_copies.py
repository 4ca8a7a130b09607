"""Notebooks are renamed, moved, copied and deleted, in JupyterLab and in a shell: a history stays
with its notebook, and a copy goes on with a history of its own.
"""

import os
import resource
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jupyter_sim import history
from jupyter_sim.documents import GRAIN
from jupyter_sim.formats.notebook import write_notebook
from jupyter_sim.protocol import Acknowledged, Refused, Sync

from .desk import SAID, TEXT, Desk
from .line import Line


@pytest.fixture(
    params=["JupyterLab", "a shell, with the server running", "a shell, with the server stopped"]
)
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path, request.param)
    yield made
    await made.documents.close()


@pytest.mark.parametrize("new", ["b.ipynb", "folder/a.ipynb"])
async def test_a_notebook_that_is_renamed_or_moved_keeps_its_history(desk: Desk, new: str) -> None:
    desk.notebook("a.ipynb")
    before = await desk.written("a.ipynb")
    before.close()
    await desk.rename("a.ipynb", new)
    after = await desk.open(new)
    assert (after.document, after.tree.text) == (before.document, SAID)
    assert desk.recorded() == {before.document: new}


async def test_a_new_file_where_a_notebook_was_makes_it_no_copy(desk: Desk) -> None:
    desk.notebook("a.ipynb")
    before = await desk.written("a.ipynb")
    before.close()
    await desk.rename("a.ipynb", "b.ipynb")
    desk.notebook("a.ipynb", "Another text.")
    after = await desk.open("b.ipynb")
    assert (after.document, after.tree.text) == (before.document, SAID)
    assert (await desk.open("a.ipynb")).document != before.document


async def test_a_copy_begins_with_the_history_and_both_go_on_apart(desk: Desk) -> None:
    desk.notebook("a.ipynb")
    first = await desk.written("a.ipynb")
    first.close()
    await desk.copy("a.ipynb", "b.ipynb")
    copy, first = await desk.open("b.ipynb"), await desk.open("a.ipynb")
    assert copy.document != first.document
    assert copy.tree.nodes == first.tree.nodes
    assert copy.tree.verdicts == first.tree.verdicts
    assert copy.authors == "f" * 7 + "m" * 13
    await copy.write(SAID + " Here.")
    await first.write(SAID + " There.")
    assert desk.read(copy.document).text == SAID + " Here."
    assert desk.read(first.document).text == SAID + " There."
    assert desk.recorded() == {copy.document: "b.ipynb", first.document: "a.ipynb"}
    copy.save()
    copy.close()
    await desk.restart()
    again = await desk.open("b.ipynb")
    assert (again.document, again.tree.text) == (copy.document, SAID + " Here.")
    assert again.authors == "f" * 7 + "m" * 13 + "h" * 6


async def test_a_copy_has_nothing_of_what_was_written_after_it(desk: Desk) -> None:
    desk.notebook("a.ipynb")
    first = await desk.written("a.ipynb")
    events = history.read(first.document, desk.histories)[0]
    await desk.copy("a.ipynb", "b.ipynb")
    os.utime(desk.root / "b.ipynb", (events[-1].stamp.time + 0.001 - GRAIN,) * 2)
    first = await desk.open("a.ipynb")
    await first.write(SAID + " And then all was lost.")
    copy = await desk.open("b.ipynb")
    await copy.write(SAID + " The end.")
    own = history.read(copy.document, desk.histories)[0]
    assert [event.stamp.id for event in own[:-1]] == [event.stamp.id for event in events]


async def test_a_copy_of_a_copy_begins_with_the_history_of_both(desk: Desk) -> None:
    desk.notebook("a.ipynb")
    (await desk.written("a.ipynb")).close()
    await desk.copy("a.ipynb", "b.ipynb")
    second = await desk.open("b.ipynb")
    await second.write(SAID + " Here.")
    second.save()
    second.close()
    await desk.copy("b.ipynb", "c.ipynb")
    third = await desk.open("c.ipynb")
    assert third.authors == "f" * 7 + "m" * 13 + "h" * 6
    await third.write(SAID)
    assert len(desk.recorded()) == 3


async def test_a_copy_that_is_only_looked_at_leaves_nothing(desk: Desk) -> None:
    desk.notebook("a.ipynb")
    first = await desk.written("a.ipynb")
    await desk.copy("a.ipynb", "b.ipynb")
    for _ in range(2):
        copy = await desk.open("b.ipynb")
        assert copy.tree.text == SAID
        copy.close()
    assert desk.recorded() == {first.document: "a.ipynb"}


async def test_a_copy_of_a_notebook_from_elsewhere_is_opened_beside_it(desk: Desk) -> None:
    write_notebook(desk.root / "a.ipynb", uuid.uuid4().hex, {"cell": TEXT})
    first = await desk.open("a.ipynb")
    await desk.copy("a.ipynb", "b.ipynb")
    first = first if desk.documents._open else await desk.open("a.ipynb")
    copy, tab = await desk.open("b.ipynb"), await desk.open("b.ipynb")
    assert copy.document == tab.document != first.document
    await copy.propose()
    copy.save()
    assert desk.recorded() == {copy.document: "b.ipynb"}
    assert desk.read(copy.document).text == SAID


async def test_what_is_recorded_of_a_copy_that_was_never_saved_is_found_again(desk: Desk) -> None:
    desk.notebook("a.ipynb")
    (await desk.written("a.ipynb")).close()
    await desk.copy("a.ipynb", "b.ipynb")
    copy = await desk.open("b.ipynb")
    await copy.propose()
    copy.close()
    await desk.restart()
    again = await desk.open("b.ipynb")
    assert again.document == copy.document
    assert SAID + SAID[7:] in {again.tree.branch(head) for head in again.tree.heads}


async def test_what_is_recorded_of_a_notebook_that_was_never_saved_is_found_again(
    desk: Desk,
) -> None:
    desk.notebook("a.ipynb")
    first = await desk.open("a.ipynb")
    await first.propose()
    first.close()
    await desk.restart()
    again = await desk.open("a.ipynb")
    assert again.document == first.document
    assert SAID in {again.tree.branch(head) for head in again.tree.heads}


async def test_a_copy_that_finds_no_room_is_written_when_there_is_some(desk: Desk) -> None:
    desk.notebook("a.ipynb")
    first = await desk.written("a.ipynb")
    await desk.copy("a.ipynb", "b.ipynb")
    copy = await desk.open("b.ipynb")
    room = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, room[1]))
    request = Sync(uuid.uuid4().hex, "cell", SAID + " Here.")
    try:
        assert isinstance(await copy.line.say(request), Refused)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, room)
    assert [path.name for path in desk.histories.iterdir()] == [first.document]
    assert isinstance(await copy.line.say(request), Acknowledged)
    assert desk.read(copy.document).text == SAID + " Here."


async def test_two_tabs_of_a_copy_share_its_history(desk: Desk) -> None:
    desk.notebook("a.ipynb")
    (await desk.written("a.ipynb")).close()
    await desk.copy("a.ipynb", "b.ipynb")
    one, other = await desk.open("b.ipynb"), await desk.open("b.ipynb")
    assert one.document == other.document


async def test_a_page_that_comes_back_to_a_copy_in_which_nothing_happened_finds_its_trees(
    desk: Desk,
) -> None:
    desk.notebook("a.ipynb")
    (await desk.written("a.ipynb")).close()
    await desk.copy("a.ipynb", "b.ipynb")
    copy = await desk.open("b.ipynb")
    copy.close()
    await desk.restart()
    line = Line(desk.documents, desk.files)
    assert (await line.welcome("b.ipynb", copy.document)).cells == ("cell",)
    await desk.rename("b.ipynb", "c.ipynb")
    line = Line(desk.documents, desk.files)
    assert (await line.welcome("c.ipynb", copy.document)).cells == ("cell",)


async def test_the_history_outlives_the_notebook(desk: Desk) -> None:
    desk.notebook("a.ipynb")
    first = await desk.written("a.ipynb")
    first.close()
    kept = (desk.root / "a.ipynb").read_bytes()
    await desk.delete("a.ipynb")
    assert desk.read(first.document).text == SAID
    desk.notebook("a.ipynb")
    os.utime(desk.root / "a.ipynb", (2e9, 2e9))
    other = await desk.open("a.ipynb")
    assert other.document != first.document
    other.close()
    (desk.root / "a.ipynb").write_bytes(kept)
    back = await desk.open("a.ipynb")
    assert (back.document, back.tree.text) == (first.document, SAID)


async def test_where_the_first_is_deleted_the_copy_goes_on_with_its_history(desk: Desk) -> None:
    desk.notebook("a.ipynb")
    first = await desk.written("a.ipynb")
    first.close()
    await desk.copy("a.ipynb", "b.ipynb")
    await desk.delete("a.ipynb")
    copy = await desk.open("b.ipynb")
    assert (copy.document, copy.tree.text) == (first.document, SAID)


async def test_a_text_file_saved_under_another_name_is_a_copy_and_a_renamed_one_is_not(
    desk: Desk,
) -> None:
    (desk.root / "a.txt").write_text(TEXT)
    first = await desk.written("a.txt", "file")
    await desk.copy("a.txt", "b.txt")
    line = Line(desk.documents, desk.files)
    copy = await line.welcome("b.txt", first.document, "file")
    assert (copy.document != first.document, copy.cells) == (True, ("text",))
    line.connection.close()
    await desk.rename("a.txt", "c.txt")
    line = Line(desk.documents, desk.files)
    assert (await line.welcome("c.txt", first.document, "file")).document == first.document


async def test_a_text_file_that_is_moved_keeps_its_history_and_a_copied_one_begins_its_own(
    desk: Desk,
) -> None:
    (desk.root / "a.txt").write_text(TEXT)
    first = await desk.written("a.txt", "file")
    first.close()
    await desk.copy("a.txt", "b.txt")
    copy = await desk.open("b.txt", "file")
    assert (copy.document != first.document, copy.welcome.cells) == (True, ())
    copy.close()
    await desk.delete("b.txt")
    await desk.rename("a.txt", "c.txt")
    (desk.root / "d.txt").write_text("Another text.")
    (desk.root / "e.txt").write_bytes(b"\xff\xfe\0")
    for other in ("d.txt", "e.txt"):
        assert await Line(desk.documents, desk.files).hello(other, kind="file") != first.document
    moved = await desk.open("c.txt", "file")
    assert (moved.document, moved.authors) == (first.document, "f" * 7 + "m" * 13)
    assert desk.recorded()[first.document] == "c.txt"


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a\0b", "x" * 5000, "folder"])
async def test_a_path_that_a_log_tells_is_never_opened_outside_the_servers_folder(
    desk: Desk, path: str
) -> None:
    (desk.root / "folder").mkdir()
    assert await desk.files(path) is None


@pytest.mark.parametrize("was", ["a link in circles", "half of a surrogate pair"])
async def test_a_notebook_is_opened_though_what_stands_where_it_was_cannot_be_read(
    desk: Desk, was: str
) -> None:
    desk.notebook("a.ipynb")
    before = await desk.written("a.ipynb")
    before.close()
    await desk.rename("a.ipynb", "b.ipynb")
    if was == "a link in circles":
        (desk.root / "a.ipynb").symlink_to("a.ipynb")
    else:
        write_notebook(desk.root / "a.ipynb", before.document, {"cell": "\udc80"})
    after = await desk.open("b.ipynb")
    assert after.document == before.document
