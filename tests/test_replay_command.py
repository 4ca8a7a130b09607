"""`jupyter sim export` and `replay`: what was written comes back, and what cannot is told."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_sim import folders

from .command import DOCUMENT, exported, refused, story
from .judged import Run

written = pytest.fixture(story)


def test_what_is_exported_and_replayed_ends_with_the_text_that_was_written(
    sim: Run, written: str
) -> None:
    status, out, _ = sim(f"export {DOCUMENT} -o story.simlog")
    assert (status, out) == (0, "Wrote 7 events to story.simlog.\n")
    status, out, err = sim("replay story.simlog --format json")
    steps = [json.loads(line) for line in out.splitlines()]
    assert (status, err) == (0, "")
    assert [list(step) for step in steps] == [["index", "event", "cell", "text"]] * 7
    assert [step["index"] for step in steps] == list(range(7))
    assert steps[-1]["text"] == written
    _, out, _ = sim("replay story.simlog")
    last = "".join(f"          │ {line}\n" for line in written.split("\n"))
    assert out.endswith(f"── cell cell, in the end\n{last}")


def test_damage_is_told_beside_what_is_left(sim: Run, written: str) -> None:
    (segment,) = folders.default_root().glob("*/*.jsonl")
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([*lines[:4], b"garbage\n", *lines[5:]]))
    status, out, err = sim(f"export {DOCUMENT} -o story.simlog")
    assert (status, out) == (0, "Wrote 6 events to story.simlog.\n")
    assert "line 5 is not JSON" in err


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (lambda data: data[:-20], "is cut short after line 8"),
        (lambda data: data.replace(b"dark", b"DARK", 1), "is damaged: line 2 is not what line 3"),
        (lambda data: data.replace(b'"version":1', b'"version":7'), "Update jupyter-sim."),
        (lambda data: b"\x1b[31mgarbage", "is no session log"),
        (lambda data: b"", "is no session log"),
    ],
)
def test_replay_refuses_a_log_that_is_not_whole(
    sim: Run, written: str, data: Callable[[bytes], bytes], said: str
) -> None:
    sim(f"export {DOCUMENT} -o story.simlog")
    log = Path("story.simlog")
    log.write_bytes(data(log.read_bytes()))
    assert said in refused(sim("replay story.simlog"))


def test_replay_refuses_a_speed_that_is_none(sim: Run) -> None:
    assert "above 0" in refused(sim("replay story.simlog --speed 0"))
    assert "above 0" in refused(sim("replay story.simlog --speed nan"))


def test_an_export_that_cannot_be_written_is_told(sim: Run, written: str) -> None:
    assert "cannot be written" in refused(sim(f"export {DOCUMENT} -o none/story.simlog"))


@pytest.mark.parametrize("out", ["''", ".", "/", ".."])
def test_an_export_to_a_folder_is_told(sim: Run, written: str, out: str) -> None:
    assert refused(sim(f"export {DOCUMENT} -o {out}"))


@pytest.mark.parametrize(
    "ask", ["import {}", "history verify {}.simlog", "export x.simlog -o {}.html"]
)
def test_a_name_that_no_file_can_have_is_one_sentence(sim: Run, tmp_path: Path, ask: str) -> None:
    exported(tmp_path, "It was").rename("x.simlog")
    assert "too long" in refused(sim(ask.format("x" * 300)))
