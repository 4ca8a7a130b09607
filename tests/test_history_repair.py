"""A history is repaired: whatever was readable stays readable, and nothing is thrown away."""

from pathlib import Path

import pytest

from jupyter_sim import folders, upkeep
from jupyter_sim.errors import BadInput
from jupyter_sim.events import Moved, Opened, Place
from jupyter_sim.history import History

from .judged import Run
from .segments import DOCUMENT, reread, written


async def test_a_repair_sets_the_damaged_segment_aside_and_keeps_all_that_can_be_read(
    sim: Run,
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
    assert reread() == ["one", "three", "four"]
    assert sim("history verify")[0] == 0
    before = sorted(path.parent.iterdir())
    assert sim(f"history repair {DOCUMENT}")[:2] == (0, "Nothing is damaged.\n")
    assert sorted(path.parent.iterdir()) == before


async def test_a_repair_of_a_repair_leaves_a_whole_history(sim: Run) -> None:
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
    assert reread() == ["0", "1", "2"]


async def test_a_repair_tells_what_it_cannot_mend(sim: Run) -> None:
    made = History.open(DOCUMENT)
    await made.append(Opened(made.stamp("cell"), "one"))
    await made.append(Moved(made.stamp("cell"), Place("nowhere", 0)))
    await made.close()
    status, out, _ = sim(f"history repair {DOCUMENT}")
    assert status == 0
    assert "1 problem that no repair can mend" in out
    assert "cannot be folded" in out


async def test_a_repair_of_an_undamaged_history_changes_nothing(sim: Run) -> None:
    path = await written("one")
    data = path.read_bytes()
    assert sim(f"history repair {DOCUMENT}")[:2] == (0, "Nothing is damaged.\n")
    assert [path.read_bytes()] == [found.read_bytes() for found in path.parent.iterdir()]
    assert path.read_bytes() == data


async def test_a_repair_passes_over_what_is_no_plain_file(sim: Run, tmp_path: Path) -> None:
    path = await written("one", "two")
    path.write_bytes(path.read_bytes()[:-9])
    (path.parent / "link.jsonl").symlink_to(tmp_path / "elsewhere")
    (path.parent / "folder.jsonl").mkdir()
    assert sim(f"history repair {DOCUMENT}")[0] == 0
    assert (path.parent / "link.jsonl").is_symlink()
    assert reread() == ["one"]
    assert all("no plain file" in str(problem) for problem in upkeep.verify(DOCUMENT).problems)


async def test_a_segment_that_lost_its_end_is_found_by_the_next_one_and_mended(
    sim: Run, monkeypatch: pytest.MonkeyPatch
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
    assert reread() == ["one", "three"]


async def test_a_segment_that_is_being_written_is_not_repaired_under_the_writer(sim: Run) -> None:
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
    assert reread() == ["one", "two", "three"]
