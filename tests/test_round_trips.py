"""A history that two servers wrote, with all that one can do, comes through every door the same."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from jupyter_sim import history, upkeep
from jupyter_sim.document import Document
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.events import Event, Place
from jupyter_sim.formats.outline import outline
from jupyter_sim.formats.redact import redact
from jupyter_sim.formats.simlog import Log, read_log, write_log
from jupyter_sim.history import History
from jupyter_sim.protocol import Branch, Dismiss, Mark, Move, Put, Reject, See, Withdraw
from jupyter_sim.tree import Tree, fold

from .judged import Run
from .writer import PROMPT, Writer, told

DOCUMENT = "11111111-2222"
ODD = "雨が 👩‍👩‍👧 e\u0301 \u202e\0\ud83d \r\n\u2028"
SAYS = ("a dark night.", "a day of 雨.", "nobody 👩‍🚀.")


async def write(name: str, others: str) -> Writer:
    """All that one can do, by one server. `others` is a text that another cell has."""
    opened = History.open(DOCUMENT, path=f"notes/{name}.ipynb")
    writer = Writer(Document(opened, ScriptedEngine(told(SAYS * 3))))
    await writer.write(PROMPT)
    dark, day, nobody = await writer.propose(len(PROMPT))
    seen = (dark, day, nobody)
    await writer.say(See(writer.id(), "cell", "fan-00001", seen))
    await writer.say(Reject(writer.id(), "cell", "fan-00001", nobody, seen))
    await writer.say(Branch(writer.id(), "cell", "fan-00001", day, seen))
    await writer.accept(dark, 0, 6, len(PROMPT))
    await writer.write(f"{PROMPT}a dark {ODD}")
    await writer.write(f"{PROMPT}a dark ", undo=True)
    await writer.say(Move(writer.id(), "cell", Place(day, len("a day"))))
    await writer.say(Mark(writer.id(), "cell", day, True, ("tag 雨",), ODD))
    await writer.say(Withdraw(writer.id(), "cell", "fan-00001", day))
    await writer.say(Dismiss(writer.id(), "cell", "fan-00001", seen))
    await writer.write(f"{others} {name}", cell="other")
    await writer.say(Put(writer.id(), f"made-{name}", "made", writer.text, ("cell",)))
    await writer.say(Put(writer.id(), "other", "removed"))
    return writer


@pytest.fixture
def union(sim: Run) -> Log:
    """What two servers recorded that did not know of each other, one log in the end."""

    async def both() -> None:
        for writer in [await write(name, ODD) for name in ("first", "second")]:
            await writer.document.close()

    asyncio.run(both())
    assert len({e.stamp.writer for e in history.read(DOCUMENT)[0]}) == 2
    assert sim(f"export {DOCUMENT} -o union.simlog")[0] == 0
    return read_log(Path("union.simlog"))


def as_it_is(events: tuple[Event, ...]) -> tuple[Event, ...]:
    return events


@pytest.mark.parametrize("form", [as_it_is, lambda events: tuple(redact(events))])
def test_a_log_goes_into_an_empty_folder_and_comes_out_the_same(
    sim: Run,
    union: Log,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: Callable[[tuple[Event, ...]], tuple[Event, ...]],
) -> None:
    log = Log(union.header, form(union.events))
    write_log(Path("told.simlog"), log.header, log.events)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "elsewhere"))
    assert sim("import told.simlog -o told.ipynb")[0] == 0
    assert upkeep.verify(DOCUMENT).problems == ()
    assert fold(history.read(DOCUMENT)[0]) == fold(log.events)
    for source in (DOCUMENT, "told.ipynb"):
        assert sim(f"export {source} -o again.simlog")[0] == 0
        again = read_log(Path("again.simlog"))
        same = replace(again.header, exported=log.header.exported)
        write_log(Path("again.simlog"), same, again.events)
        assert Path("again.simlog").read_bytes() == Path("told.simlog").read_bytes()


def test_what_one_server_has_and_another_has_make_the_union_in_any_order(
    sim: Run, union: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sorted({event.stamp.writer for event in union.events})
    for number, parts in enumerate([(first, second), (second, first), (second, second, first)]):
        monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / f"elsewhere{number}"))
        for part in parts:
            own = [event for event in union.events if event.stamp.writer == part]
            write_log(Path("part.simlog"), union.header, own)
            assert sim("import part.simlog")[0] == 0
        assert tuple(history.read(DOCUMENT)[0]) == union.events


def branches(trees: dict[str, Tree]) -> list[tuple[str, bool]]:
    """Every text that a cell has or had at the end of a branch, and whether it is shown."""
    found = []
    for tree in trees.values():
        texts: dict[str | None, str] = {None: ""}
        parts = outline(tree)
        for part in parts:
            texts[part.id] = texts[part.parent] + part.text
        ends = {part.id for part in parts} - {part.parent for part in parts}
        found += [(texts[part.id], part.selected) for part in parts if part.id in ends]
    return sorted(found)


def test_the_trees_go_to_another_loom_and_come_back_with_the_same_texts(
    sim: Run, union: Log
) -> None:
    before = branches(fold(union.events)[0])
    assert sim("export union.simlog -o loom.json --to loomsidian")[0] == 0
    assert sim("import loom.json -o loom.ipynb")[0] == 0
    assert sim("export loom.ipynb -o back.simlog")[0] == 0
    after = branches(fold(read_log(Path("back.simlog")).events)[0])
    assert [text for text, _ in after] == [text for text, _ in before]
