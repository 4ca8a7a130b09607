"""Histories that nobody needs are put away, and none that anybody may need."""

import io
import json
import os
import pty
import sys
import time
from pathlib import Path

import pytest

from jupyter_sim import folders, summaries
from jupyter_sim.cli import main
from jupyter_sim.events import Opened
from jupyter_sim.history import History

from .judged import Run
from .segments import DOCUMENT, written


@pytest.fixture
def sim(sim: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in an empty folder that has others beside it: status, output, errors."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return sim


async def test_gc_moves_to_the_archive_what_nobody_needs_and_deletes_nothing(sim: Run) -> None:
    await written("kept", document="aaaa-kept", path="here.ipynb")
    await written("moved", document="aaaa-moved", path="elsewhere.ipynb")
    await written("gone", document="aaaa-gone", path="gone.ipynb")
    await written("widget", document="aaaa-widget", path="gone too")
    Path("here.ipynb").write_text("{}")
    Path("new").mkdir()
    metadata = {"metadata": {"jupyter_sim": {"document": "aaaa-moved"}}}
    Path("new/place.ipynb").write_text(json.dumps(metadata))
    root = folders.default_root()
    for number, path in enumerate(sorted(root.glob("aaaa-widget/*.jsonl"))):
        path.write_bytes(path.read_bytes().replace(b'"kind":"notebook"', b'"kind":"widget"'))
        assert number == 0
    old = root / "aaaa-kept" / "w.jsonl.torn-77"
    old.write_text("{")
    os.utime(old, (time.time() - 40 * 24 * 3600,) * 2)
    (root / "aaaa-kept" / "w.jsonl.torn-78").write_text("{")
    before = sorted(root.rglob("*"))

    status, out, _ = sim("history gc")
    assert status == 0
    assert sorted(root.rglob("*")) == before
    assert out.splitlines()[0] == f"ROOT is {Path.cwd()}"
    assert [line.split("  ")[1] for line in out.splitlines()[1:-1]] in (
        ["gone.ipynb is gone", "an old copy of damaged lines"],
        ["an old copy of damaged lines", "gone.ipynb is gone"],
    )
    assert "Say --yes" in out

    assert sim("history gc --yes")[0] == 0
    archive = root.with_name("archive")
    assert [p.name for p in archive.glob("aaaa-gone/*.jsonl")] != []
    assert (archive / "aaaa-kept" / "w.jsonl.torn-77").read_text() == "{"
    names = {summary.document for summary in summaries.documents()}
    assert names == {"aaaa-kept", "aaaa-moved", "aaaa-widget"}
    assert "There is nothing for the archive." in sim("history gc")[1]

    await written("gone", document="aaaa-gone", path="gone.ipynb")
    sim("history gc --yes")
    assert {path.name for path in archive.iterdir()} == {"aaaa-gone", "aaaa-gone~2", "aaaa-kept"}


async def test_gc_leaves_an_open_document_alone(sim: Run) -> None:
    made = History.open(DOCUMENT, path="gone.ipynb")
    await made.append(Opened(made.stamp("one"), "one"))
    assert "nothing for the archive" in sim("history gc --root .")[1]
    await made.close()
    looked_at = History.open(DOCUMENT)
    assert "nothing for the archive" in sim("history gc --root .")[1]
    await looked_at.close()
    assert "gone.ipynb is gone" in sim("history gc --root .")[1]


async def test_gc_leaves_a_document_alone_that_is_opened_while_it_asks(
    sim: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await written("one", path="gone.ipynb")
    opened: list[History] = []

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

        def readline(self, size: int = -1) -> str:
            opened.append(History.open(DOCUMENT))
            return "y"

    monkeypatch.setattr(sys, "stdin", Terminal())
    assert main(["history", "gc", "--root", "."]) == 2
    assert path.exists()
    await opened[0].close()


async def test_gc_refuses_a_folder_that_is_hardly_the_servers(sim: Run, tmp_path: Path) -> None:
    path = await written("one", path="story.ipynb")
    Path("story.ipynb").write_text("{}")
    (tmp_path / "elsewhere").mkdir()
    os.chdir(tmp_path / "elsewhere")
    status, _, err = sim("history gc --yes")
    assert (status, err.count("\n")) == (2, 1)
    assert f"is in {tmp_path / 'elsewhere'}, so it is hardly the folder" in err
    for root in ("nowhere", "../work/story.ipynb"):
        status, _, err = sim(f"history gc --yes --root {root}")
        assert (status, err.count("\n")) == (2, 1)
        assert "cannot be searched" in err
    assert path.exists()


async def test_gc_does_not_take_what_it_cannot_see_for_gone(sim: Run) -> None:
    path = await written("one", path="gone.ipynb")
    here = os.open(".", os.O_RDONLY)
    for _ in range(20):  # deeper than any path can tell
        Path("x" * 250).mkdir()
        os.chdir("x" * 250)
    os.fchdir(here)
    os.close(here)
    status, _, err = sim("history gc --yes --root .")
    assert (status, err.count("\n")) == (2, 1)
    assert "cannot be searched (File name too long)" in err
    assert path.exists()


async def test_gc_finds_notebooks_behind_links_and_is_not_led_in_circles(
    sim: Run, tmp_path: Path
) -> None:
    await written("one", path="gone.ipynb")
    (tmp_path / "far").mkdir()
    metadata = {"metadata": {"jupyter_sim": {"document": DOCUMENT}}}
    (tmp_path / "far" / "moved.ipynb").write_text(json.dumps(metadata))
    Path("near").symlink_to(tmp_path / "far")
    Path("circle").symlink_to(tmp_path / "work")
    assert "nothing for the archive" in sim("history gc")[1]


async def test_gc_does_not_wait_for_a_pipe_that_is_named_like_a_notebook(sim: Run) -> None:
    await written("one", path="gone.ipynb")
    os.mkfifo("pipe.ipynb")
    writer = os.open("pipe.ipynb", os.O_RDWR | os.O_NONBLOCK)
    os.write(writer, b"left alone")
    assert "is gone" in sim("history gc --root .")[1]
    assert os.read(writer, 20) == b"left alone"
    os.close(writer)


async def test_gc_takes_a_path_that_no_file_can_have_for_one_that_is_gone(sim: Run) -> None:
    await written("one", path="odd\0" + "x" * 5000)
    status, out, _ = sim("history gc --root .")
    assert (status, "is gone" in out) == (0, True)


@pytest.mark.parametrize(("answer", "left"), [(b"y\n", False), (b"n\n", True), (b"\n", True)])
async def test_gc_asks_on_a_terminal(
    sim: Run, monkeypatch: pytest.MonkeyPatch, answer: bytes, left: bool
) -> None:
    path = await written("one", path="gone.ipynb")
    screen, terminal = pty.openpty()
    os.write(screen, answer)
    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main(["history", "gc", "--root", "."]) == 0
    os.close(screen)
    assert path.exists() == left
