"""A folder that may not be searched is told, and never taken for one without a history."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_sim import folders, history, summaries
from jupyter_sim.cli import main
from jupyter_sim.errors import BadLog
from jupyter_sim.events import Opened
from jupyter_sim.history import History

NOBODY = 65534


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of a user whom modes bind, as they do not bind root."""
    folder = Path(tempfile.mkdtemp())
    (folder / "work").mkdir()
    for name in ("JUPYTER_DATA_DIR", "HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(folder / name))
        (folder / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(folder / "work")
    user = os.geteuid()
    if user == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, -1)
        os.seteuid(NOBODY)
    yield folder
    os.seteuid(user)
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o700)
    shutil.rmtree(folder)


async def written(text: str) -> Path:
    made = History.open("aaaa-1111", path="gone.ipynb")
    await made.append(Opened(made.stamp("cell"), text))
    await made.close()
    return folders.default_root()


@pytest.mark.parametrize("which", ["", "aaaa-1111"])
async def test_a_folder_of_histories_that_may_not_be_searched_is_named(
    home: Path, capsys: pytest.CaptureFixture[str], which: str
) -> None:
    folder = await written("one") / which
    folder.chmod(0)
    with pytest.raises(BadLog, match="cannot be searched"):
        history.read("aaaa-1111")
    with pytest.raises(BadLog, match="cannot be searched"):
        History.open("aaaa-1111")
    for command in ("list", "verify", "show aaaa-1111"):
        main(["history", *command.split()])
        said = "".join(capsys.readouterr())
        assert f"{folder} cannot be searched" in said or (which and command == "list")
    main(["history", "gc", "--root", ".", "--yes"])
    folder.chmod(0o700)
    assert len(history.read("aaaa-1111")[0]) == 1


async def test_gc_archives_nothing_while_a_folder_of_notebooks_may_not_be_searched(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await written("one")
    Path("closed").mkdir()
    Path("closed").chmod(0)
    assert main(["history", "gc", "--root", ".", "--yes"]) == 2
    assert "closed cannot be searched (Permission denied)" in capsys.readouterr().err
    assert len(history.read("aaaa-1111")[0]) == 1


async def test_where_the_data_folder_is_closed_one_writes_elsewhere_and_is_told(
    home: Path,
) -> None:
    (home / "JUPYTER_DATA_DIR").chmod(0)
    made = History.open("aaaa-1111", path="story.ipynb")
    await made.append(Opened(made.stamp("cell"), "one"))
    assert "cannot be written, so this history goes on in" in made.damage[0]
    await made.close()
    assert len(history.read("aaaa-1111")[0]) == 1


async def test_a_file_where_the_folder_of_histories_should_be_is_no_history(home: Path) -> None:
    root = folders.default_root()
    root.parent.mkdir()
    root.write_text("a file")
    assert summaries.documents() == []
    made = History.open("aaaa-1111", path="story.ipynb")
    await made.append(Opened(made.stamp("cell"), "one"))
    await made.close()
    assert len(history.read("aaaa-1111")[0]) == 1
