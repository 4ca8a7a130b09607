"""A history is verified, repaired and put away; whatever was readable stays readable throughout."""

import io
import json
import os
import pty
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from jupyter_sim import folders, history, summaries, upkeep
from jupyter_sim.cli import main
from jupyter_sim.errors import BadInput
from jupyter_sim.events import Accepted, Event, Moved, Opened, Place, Shown, Stamp
from jupyter_sim.formats.chain import digest, dump, link
from jupyter_sim.history import History

DOCUMENT = "11111111-2222"
Sim = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sim:
    """Run a command in a folder and a data folder of its own: status, output, errors."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(command: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        status = main(shlex.split(command))
        return status, *capsys.readouterr()

    return run


async def written(*texts: str, document: str = DOCUMENT, path: str = "story.ipynb") -> Path:
    """A history of one writer in the default folder; its segment."""
    made = History.open(document, path=path)
    for text in texts:
        await made.append(Opened(made.stamp(f"cell-{text}"), text))
    await made.close()
    return next((folders.default_root() / document).glob(f"{made.stamp('c').writer}.jsonl"))


def texts(document: str = DOCUMENT) -> list[str]:
    return [e.text for e in history.read(document)[0] if isinstance(e, Opened)]


def forged(path: Path, change: Callable[[list[Event]], list[Event]]) -> None:
    """Let a segment hold other events, in a chain without a flaw."""
    header = path.read_bytes().splitlines()[0]
    out = [header]
    for event in change(history.read(path.parent.name)[0]):
        out.append(link(digest(out[-1]), dump(event)))
    path.write_bytes(b"\n".join(out) + b"\n")


async def test_a_whole_history_is_said_to_be_whole(sim: Sim) -> None:
    await written("one", "two")
    await written("three")
    assert sim("history verify") == (0, f"{DOCUMENT}  3 events in 2 files: whole\n", "")
    status, out, _ = sim(f"history verify {DOCUMENT} --format json")
    assert (status, json.loads(out)) == (
        0,
        {"name": DOCUMENT, "events": 3, "files": 2, "problems": []},
    )


def test_where_there_is_no_history_there_is_nothing_wrong(sim: Sim) -> None:
    assert sim("history verify") == (0, "", "")
    assert sim("history verify nothing")[0] == 2
    assert "is no file" in sim("history verify none.simlog")[2]


@pytest.mark.parametrize(
    ("damage", "line", "said"),
    [
        (lambda data: data.replace(b"two", b"TWO"), 4, "the chain breaks here"),
        (lambda data: data[:-5], 4, "ends without a newline"),
        (lambda data: data.replace(b'"seq":2', b'"seq":x'), 3, "is not JSON"),
        (lambda data: data.replace(b'"seq":2', b'"seq":2,"seq":2'), 3, "a member comes twice"),
        (lambda data: data.replace(b'"seq":2', b'"seq":' + b"9" * 30), 3, "does not fit"),
        (lambda data: data.replace(b'"time":', b'"time":NaN,"v":'), 2, "is not JSON"),
    ],
)
async def test_the_first_bad_line_is_named(
    sim: Sim, damage: Callable[[bytes], bytes], line: int, said: str
) -> None:
    path = await written("one", "two", "three")
    path.write_bytes(damage(path.read_bytes()))
    status, out, _ = sim("history verify --format json")
    first, *_ = json.loads(out)["problems"]
    assert status == 1
    assert (first["file"], first["line"]) == (str(path), line)
    assert said in first["message"]
    assert f"{path}: line {line} " in sim("history verify")[1]


def numbered(event: Event, **changes: object) -> Event:
    return msgspec.structs.replace(event, stamp=msgspec.structs.replace(event.stamp, **changes))


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (lambda e: [e[1], e[0]], 3, "has seq 1; more than 2 is expected"),
        (lambda e: [e[0], numbered(e[1], seq=1)], 3, "has seq 1; more than 1 is expected"),
        (lambda e: [e[0], numbered(e[1], writer="x")], 3, "is of writer x, not "),
        (lambda e: [e[0], numbered(e[1], document="y")], 3, "is of document y, not of 1111"),
        (lambda e: [e[0], numbered(e[1], id=e[0].stamp.id)], 3, "of an earlier line"),
        (lambda e: [e[0], Moved(e[1].stamp, Place("no.0", 0))], 3, "has no place no.0 + 0"),
        (lambda e: [e[0], Shown(e[1].stamp, "f", ("c",))], 3, "candidate c that fan f does not"),
    ],
)
async def test_order_ids_and_references_are_checked_behind_a_chain_without_a_flaw(
    sim: Sim, change: Callable[[list[Event]], list[Event]], line: int, said: str
) -> None:
    path = await written("one", "two")
    forged(path, change)
    first, *_ = upkeep.verify(DOCUMENT).problems
    assert (first.path, first.line) == (path, line)
    assert said in str(first)


async def test_a_session_log_and_a_segment_are_verified_by_themselves(sim: Sim) -> None:
    path = await written("one", "two")
    assert sim(f"export {DOCUMENT} -o story.simlog")[0] == 0
    assert sim("history verify story.simlog")[1] == "story.simlog  2 events in 1 file: whole\n"
    assert sim(f"history verify {path}")[0] == 0
    log = Path("story.simlog")
    log.write_bytes(log.read_bytes().replace(b"two", b"TWO"))
    status, out, _ = sim("history verify story.simlog --format json")
    assert status == 1
    assert json.loads(out)["problems"] == [
        {"file": "story.simlog", "line": 3, "message": "is not what line 4 proves"}
    ]


async def test_what_a_file_is_is_told_by_how_it_begins_and_an_empty_one_is_not_whole(
    sim: Sim,
) -> None:
    path = await written("one", "two")
    sim(f"export {DOCUMENT} -o story.simlog")
    Path("story.simlog").rename("a log")
    Path("a segment.simlog").write_bytes(path.read_bytes())
    Path("changed").write_bytes(Path("a log").read_bytes().replace(b"two", b"TWO"))
    for name in ("empty.jsonl", "empty.simlog"):
        Path(name).touch()
    assert sim("history verify 'a log'")[1] == "a log  2 events in 1 file: whole\n"
    assert "names the writer" in sim("history verify 'a segment.simlog'")[1]
    for name in ("changed", "empty.jsonl", "empty.simlog"):
        status, out, err = sim(f"history verify {name}")
        assert (status, err) == (1, "")
        assert "1 problem, first:" in out


async def test_a_document_that_cannot_be_read_does_not_hide_the_others(sim: Sim) -> None:
    await written("one")
    path = await written("two", document="aaaa-newer")
    path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":2').splitlines()[0])
    status, out, _ = sim("history verify")
    assert status == 1
    assert f"{DOCUMENT}  1 event in 1 file: whole\n" in out
    assert "Update jupyter-sim" in out
    assert sim("history verify aaaa-newer")[0] == 2


def stamp(writer: str, seq: int, id: str) -> Stamp:
    return Stamp(id, writer, seq, 0.0, "", DOCUMENT, "cell")


def test_what_names_a_candidate_of_another_fan_is_found(tmp_path: Path) -> None:
    root = tmp_path / "history"
    (root / DOCUMENT).mkdir(parents=True)
    header = {"document": DOCUMENT, "writer": "w", "path": "", "kind": "notebook", "prev": ""}
    first = json.dumps({"format": "jupyter-sim history", "version": 1, **header}).encode()
    out = [first, link(digest(first), dump(Opened(stamp("w", 1, "e1"), "It was ")))]
    verdict = Accepted(stamp("w", 2, "e2"), "fan", "g.0", ("g.0",), Place("e1.0", 7), 0, 1)
    out.append(link(digest(out[-1]), dump(verdict)))
    (root / DOCUMENT / "w.jsonl").write_bytes(b"\n".join(out) + b"\n")
    found = [problem.message for problem in upkeep.verify(DOCUMENT, root).problems]
    assert "names a candidate g.0 that fan fan does not have" in found
    assert any("cannot be folded" in message for message in found)


async def test_a_repair_sets_the_damaged_segment_aside_and_keeps_all_that_can_be_read(
    sim: Sim,
) -> None:
    path = await written("one", "two", "three")
    other = await written("four")
    bad = path.read_bytes().replace(b'"text":"two"', b'"text":two')
    path.write_bytes(bad)
    status, out, _ = sim(f"history repair {DOCUMENT}")
    assert status == 0
    assert "line 3 is not JSON" in out
    assert "2 events could be read" in out
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.name.startswith(path.name)
    assert aside.read_bytes() == bad
    assert not path.exists()
    assert other.exists()
    assert texts() == ["one", "three", "four"]
    assert sim("history verify")[0] == 0
    before = sorted(path.parent.iterdir())
    assert sim(f"history repair {DOCUMENT}")[:2] == (0, "Nothing is damaged.\n")
    assert sorted(path.parent.iterdir()) == before


async def test_a_repair_of_a_repair_leaves_a_whole_history(sim: Sim) -> None:
    made = History.open(DOCUMENT, path="a.ipynb")
    for number in range(3):
        await made.append(Opened(made.stamp(f"{number}"), f"{number}"))
        await made.rename(f"{number}.ipynb")
    await made.close()
    path = next((folders.default_root() / DOCUMENT).glob("*-2.jsonl"))
    path.write_bytes(path.read_bytes() + b"junk\n")
    (mended,) = upkeep.repair(DOCUMENT)
    mended.fresh.write_bytes(mended.fresh.read_bytes() + b"junk\n")
    assert upkeep.repair(DOCUMENT)
    assert upkeep.verify(DOCUMENT).problems == ()
    assert texts() == ["0", "1", "2"]


async def test_a_repair_tells_what_it_cannot_mend(sim: Sim) -> None:
    made = History.open(DOCUMENT)
    await made.append(Opened(made.stamp("cell"), "one"))
    await made.append(Moved(made.stamp("cell"), Place("nowhere", 0)))
    await made.close()
    status, out, _ = sim(f"history repair {DOCUMENT}")
    assert status == 0
    assert "1 problem that no repair can mend" in out
    assert "cannot be folded" in out


async def test_a_repair_of_an_undamaged_history_changes_nothing(sim: Sim) -> None:
    path = await written("one")
    data = path.read_bytes()
    assert sim(f"history repair {DOCUMENT}")[:2] == (0, "Nothing is damaged.\n")
    assert [path.read_bytes()] == [found.read_bytes() for found in path.parent.iterdir()]
    assert path.read_bytes() == data


async def test_a_repair_passes_over_what_is_no_plain_file(sim: Sim, tmp_path: Path) -> None:
    path = await written("one", "two")
    path.write_bytes(path.read_bytes()[:-9])
    (path.parent / "link.jsonl").symlink_to(tmp_path / "elsewhere")
    (path.parent / "folder.jsonl").mkdir()
    assert sim(f"history repair {DOCUMENT}")[0] == 0
    assert (path.parent / "link.jsonl").is_symlink()
    assert texts() == ["one"]
    assert all("no plain file" in str(problem) for problem in upkeep.verify(DOCUMENT).problems)


async def test_a_segment_that_lost_its_end_is_found_by_the_next_one_and_mended(
    sim: Sim, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = History.open(DOCUMENT, path="a.ipynb")
    await made.append(Opened(made.stamp("one"), "one"))
    await made.append(Opened(made.stamp("two"), "two"))
    await made.rename("b.ipynb")
    await made.append(Opened(made.stamp("three"), "three"))
    await made.close()
    first = min((folders.default_root() / DOCUMENT).glob("*.jsonl"), key=lambda p: len(p.name))
    assert sim("history verify")[0] == 0
    first.write_bytes(b"".join(first.read_bytes().splitlines(keepends=True)[:-1]))
    status, out, _ = sim("history verify")
    assert (status, "has lost its end" in out) == (1, True)
    sim(f"history repair {DOCUMENT}")
    assert sim("history verify")[0] == 0
    assert texts() == ["one", "three"]


async def test_a_segment_that_is_missing_is_found_by_the_next_one(sim: Sim) -> None:
    made = History.open(DOCUMENT, path="a.ipynb")
    await made.append(Opened(made.stamp("one"), "one"))
    await made.rename("b.ipynb")
    await made.close()
    first = min((folders.default_root() / DOCUMENT).glob("*.jsonl"), key=lambda p: len(p.name))
    first.unlink()
    assert "a segment of this writer that is missing" in sim("history verify")[1]


async def test_a_segment_that_is_being_written_is_not_repaired_under_the_writer(sim: Sim) -> None:
    made = History.open(DOCUMENT)
    await made.append(Opened(made.stamp("one"), "one"))
    await made.append(Opened(made.stamp("two"), "two"))
    (path,) = (folders.default_root() / DOCUMENT).glob("*.jsonl")
    with path.open("r+b") as file:
        file.write(b"[")
    with pytest.raises(BadInput, match="a running program still writes to it"):
        upkeep.repair(DOCUMENT)
    await made.append(Opened(made.stamp("three"), "three"))
    await made.close()
    upkeep.repair(DOCUMENT)
    assert texts() == ["one", "two", "three"]


async def test_gc_moves_to_the_archive_what_nobody_needs_and_deletes_nothing(sim: Sim) -> None:
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


async def test_gc_leaves_an_open_document_alone(sim: Sim) -> None:
    made = History.open(DOCUMENT, path="gone.ipynb")
    await made.append(Opened(made.stamp("one"), "one"))
    assert "nothing for the archive" in sim("history gc --root .")[1]
    await made.close()
    looked_at = History.open(DOCUMENT)
    assert "nothing for the archive" in sim("history gc --root .")[1]
    await looked_at.close()
    assert "gone.ipynb is gone" in sim("history gc --root .")[1]


async def test_gc_leaves_a_document_alone_that_is_opened_while_it_asks(
    sim: Sim, monkeypatch: pytest.MonkeyPatch
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


async def test_gc_refuses_a_folder_that_is_hardly_the_servers(sim: Sim, tmp_path: Path) -> None:
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


async def test_gc_does_not_take_what_it_cannot_see_for_gone(sim: Sim) -> None:
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
    sim: Sim, tmp_path: Path
) -> None:
    await written("one", path="gone.ipynb")
    (tmp_path / "far").mkdir()
    metadata = {"metadata": {"jupyter_sim": {"document": DOCUMENT}}}
    (tmp_path / "far" / "moved.ipynb").write_text(json.dumps(metadata))
    Path("near").symlink_to(tmp_path / "far")
    Path("circle").symlink_to(tmp_path / "work")
    assert "nothing for the archive" in sim("history gc")[1]


async def test_gc_does_not_wait_for_a_pipe_that_is_named_like_a_notebook(sim: Sim) -> None:
    await written("one", path="gone.ipynb")
    os.mkfifo("pipe.ipynb")
    writer = os.open("pipe.ipynb", os.O_RDWR | os.O_NONBLOCK)
    os.write(writer, b"left alone")
    assert "is gone" in sim("history gc --root .")[1]
    assert os.read(writer, 20) == b"left alone"
    os.close(writer)


async def test_gc_takes_a_path_that_no_file_can_have_for_one_that_is_gone(sim: Sim) -> None:
    await written("one", path="odd\0" + "x" * 5000)
    status, out, _ = sim("history gc --root .")
    assert (status, "is gone" in out) == (0, True)


@pytest.mark.parametrize(("answer", "left"), [(b"y\n", False), (b"n\n", True), (b"\n", True)])
async def test_gc_asks_on_a_terminal(
    sim: Sim, monkeypatch: pytest.MonkeyPatch, answer: bytes, left: bool
) -> None:
    path = await written("one", path="gone.ipynb")
    screen, terminal = pty.openpty()
    os.write(screen, answer)
    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main(["history", "gc", "--root", "."]) == 0
    os.close(screen)
    assert path.exists() == left
