"""A history is verified: damage is named by file and line, and what is whole is said to be."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from jupyter_sim import folders, history, upkeep
from jupyter_sim.events import Accepted, Event, Moved, Opened, Place, Shown, Stamp
from jupyter_sim.formats.chain import digest, dump, link
from jupyter_sim.history import History

from .judged import Run
from .segments import DOCUMENT, written


def forged(path: Path, change: Callable[[list[Event]], list[Event]]) -> None:
    """Let a segment hold other events, in a chain without a flaw."""
    header = path.read_bytes().splitlines()[0]
    out = [header]
    for event in change(history.read(path.parent.name)[0]):
        out.append(link(digest(out[-1]), dump(event)))
    path.write_bytes(b"\n".join(out) + b"\n")


async def test_a_whole_history_is_said_to_be_whole(sim: Run) -> None:
    await written("one", "two")
    await written("three")
    assert sim("history verify") == (0, f"{DOCUMENT}  3 events in 2 files: whole\n", "")
    status, out, _ = sim(f"history verify {DOCUMENT} --format json")
    told = json.loads(out)
    assert len(told.pop("links")) == 2
    assert (status, told) == (
        0,
        {"name": DOCUMENT, "events": 3, "files": 2, "problems": []},
    )


def test_where_there_is_no_history_there_is_nothing_wrong(sim: Run) -> None:
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
    sim: Run, damage: Callable[[bytes], bytes], line: int, said: str
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
    sim: Run, change: Callable[[list[Event]], list[Event]], line: int, said: str
) -> None:
    path = await written("one", "two")
    forged(path, change)
    first, *_ = upkeep.verify(DOCUMENT).problems
    assert (first.path, first.line) == (path, line)
    assert said in str(first)


async def test_a_session_log_and_a_segment_are_verified_by_themselves(sim: Run) -> None:
    path = await written("one", "two")
    assert sim(f"export {DOCUMENT} -o story.simlog")[0] == 0
    _, out, _ = sim("history verify story.simlog")
    assert out.startswith("story.simlog  2 events in 1 file: whole\n")
    assert sim(f"history verify {path}")[0] == 0
    log = Path("story.simlog")
    log.write_bytes(log.read_bytes().replace(b"two", b"TWO"))
    status, out, _ = sim("history verify story.simlog --format json")
    assert status == 1
    assert json.loads(out)["problems"] == [
        {"file": "story.simlog", "line": 3, "message": "is not what line 4 proves"}
    ]


async def test_what_a_file_is_is_told_by_how_it_begins_and_an_empty_one_is_not_whole(
    sim: Run,
) -> None:
    path = await written("one", "two")
    sim(f"export {DOCUMENT} -o story.simlog")
    Path("story.simlog").rename("a log")
    Path("a segment.simlog").write_bytes(path.read_bytes())
    Path("changed").write_bytes(Path("a log").read_bytes().replace(b"two", b"TWO"))
    for name in ("empty.jsonl", "empty.simlog"):
        Path(name).touch()
    assert sim("history verify 'a log'")[1].startswith("a log  2 events in 1 file: whole\n")
    assert "names the writer" in sim("history verify 'a segment.simlog'")[1]
    for name in ("changed", "empty.jsonl", "empty.simlog"):
        status, out, err = sim(f"history verify {name}")
        assert (status, err) == (1, "")
        assert "1 problem, first:" in out


async def test_a_document_that_cannot_be_read_does_not_hide_the_others(sim: Run) -> None:
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


async def test_a_segment_that_is_missing_is_found_by_the_next_one(sim: Run) -> None:
    made = History.open(DOCUMENT, path="a.ipynb")
    await made.append(Opened(made.stamp("one"), "one"))
    await made.rename("b.ipynb")
    await made.close()
    first = min((folders.default_root() / DOCUMENT).glob("*.jsonl"), key=lambda p: len(p.name))
    first.unlink()
    assert "a segment of this writer that is missing" in sim("history verify")[1]
