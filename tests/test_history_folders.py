"""The folder of histories: its owner's only, and another where the usual one cannot be written."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from jupyter_sim import summaries
from jupyter_sim.errors import HistoryError
from jupyter_sim.events import Opened
from jupyter_sim.history import History

from .segments import DOCUMENT, reread, written


async def test_copies_and_new_folders_are_for_the_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = await written("one", "two", root=tmp_path / "data" / "history")
        path.write_bytes(path.read_bytes()[:-7])
        await written("three", root=tmp_path / "data" / "history")
    finally:
        os.umask(before)
    for found in (tmp_path / "data").rglob("*"):
        mode = stat.S_IMODE(found.stat().st_mode)
        assert mode == (0o700 if found.is_dir() else 0o600), found
    assert list(path.parent.glob("*.torn-*"))


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The usual folder's place, and the two that stand in for it."""
    found = {name: tmp_path / name for name in ("data", "home", "shared")}
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(found["data"]))
    monkeypatch.setenv("HOME", str(found["home"]))
    monkeypatch.setattr(tempfile, "tempdir", str(found["shared"]))
    found["home"].mkdir()
    found["shared"].mkdir()
    return found


async def test_where_the_usual_folder_cannot_be_made_another_is_used_and_named(
    folders: dict[str, Path],
) -> None:
    folders["data"].write_text("in the way")
    made = History.open(DOCUMENT, path="story.ipynb")
    await made.append(Opened(made.stamp("cell"), "one"))
    await made.close()
    there = folders["home"] / ".jupyter_sim" / "history" / DOCUMENT
    (sentence,) = made.damage
    assert f"goes on in {there}" in sentence
    assert stat.S_IMODE(there.stat().st_mode) == 0o700
    assert [summary.path for summary in summaries.documents()] == ["story.ipynb"]

    folders["data"].unlink()
    again = History.open(DOCUMENT)
    assert again.damage == ()
    await again.append(Opened(again.stamp("cell"), "two"))
    await again.close()
    assert reread() == ["one", "two"]
    assert list((folders["data"] / "jupyter_sim/history" / DOCUMENT).glob("*.jsonl"))


async def test_where_the_home_folder_cannot_be_written_either_there_is_a_third(
    folders: dict[str, Path],
) -> None:
    folders["data"].write_text("in the way")
    (folders["home"] / ".jupyter_sim").write_text("in the way")
    path = await written("one")
    assert path.is_relative_to(folders["shared"])
    assert reread() == ["one"]


async def test_a_folder_that_another_user_laid_out_is_not_used(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folders["data"].write_text("in the way")
    (folders["home"] / ".jupyter_sim").write_text("in the way")
    user = os.getuid()
    (folders["shared"] / f"jupyter_sim-{user + 1}").mkdir()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    made = History.open(DOCUMENT)
    with pytest.raises(HistoryError, match="Make the folder writable"):
        await made.append(Opened(made.stamp("cell"), "one"))
