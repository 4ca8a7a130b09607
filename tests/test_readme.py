"""What the README tells people to type works as it stands there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_sim.events import Edited, Opened, Place, Written, node_id
from jupyter_sim.history import History

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The code blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def lines(beginning: str) -> list[str]:
    """The shell lines that begin so, or pipe into something that does."""
    shell = [line for block in blocks("sh") for line in block.splitlines()]
    return [line for line in shell if re.search(rf"(^|\| ){beginning}", line)]


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with the history of a notebook welcome.ipynb."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    history = History.open("readme-document", path="welcome.ipynb")
    opened = Opened(history.stamp("cell"), "It was ")
    root = node_id(opened.stamp.id)
    typed = Edited(history.stamp("cell"), Place(root, 7), 0, (Written("late.", "human"),))
    await history.append(opened, typed)
    await history.close()
    return tmp_path


async def test_the_sim_commands_run_one_after_another(desk: Path) -> None:
    commands = lines("jupyter sim")
    assert len(commands) >= 6
    for command in commands:
        done = subprocess.run(command, shell=True, cwd=desk, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), command
        assert done.stdout, command


def test_the_make_targets_exist() -> None:
    targets = re.findall(
        r"\bmake (\w+)\b", " ".join(re.findall(r"```sh.*?```|`.*?`", README, re.S))
    )
    assert {"lab", "test", "check", "bench", "build"} <= set(targets)
    assert shutil.which("make")
    for target in set(targets):
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_settings_of_the_server_exist() -> None:
    from jupyter_sim.server import SimApp

    named = set(re.findall(r"SimApp\.(\w+)", README))
    assert named >= {"model"}
    assert named <= set(SimApp.class_own_traits(config=True))


def test_the_python_snippets_run() -> None:
    for block in blocks("python"):
        exec(block, {})


def test_the_files_it_points_to_are_there() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", README):
        assert (ROOT / target).is_file(), target


def test_no_blank_was_left_to_fill_in() -> None:
    assert not re.findall(r"@[A-Z]+@|TODO|TBD", README)
