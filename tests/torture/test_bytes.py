"""A cut at and a flip of every byte of the golden log: at most the line that is touched is lost.

The short form tries every so many bytes, and other ones in each file.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_sim import history, upkeep
from jupyter_sim.errors import BadLog
from jupyter_sim.formats.header import VERSION
from jupyter_sim.formats.simlog import read_log

from .scale import scale

LOGS = Path(__file__).parent.parent / "logs"
STRIDE = scale(53, 1)
MASKS = (0x01, 0x20, 0x80, 0xFF)[: scale(2, 4)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the golden segments."""
    shutil.copytree(LOGS / f"v{VERSION}", tmp_path / "history")
    return tmp_path / "history"


def document(root: Path) -> str:
    (folder,) = root.iterdir()
    return folder.name


def ids(root: Path) -> set[str]:
    return {event.stamp.id for event in history.read(document(root), root)[0]}


def by_line(path: Path) -> list[str]:
    """The event ids of a segment's lines; the header has none."""
    return [
        json.loads(line).get("event", {}).get("stamp", {}).get("id", "")
        for line in path.read_bytes().splitlines()
    ]


def changes(path: Path) -> Iterator[tuple[int, str]]:
    """Flip bytes one after another; the place, and the id of the event of its line."""
    data, owners = path.read_bytes(), by_line(path)
    with path.open("r+b", buffering=0) as file:
        for mask in MASKS:
            for place in range(mask % STRIDE, len(data), STRIDE):
                os.pwrite(file.fileno(), bytes([data[place] ^ mask]), place)
                yield place, owners[data[:place].count(b"\n")]
                os.pwrite(file.fileno(), data[place : place + 1], place)


def test_a_flip_of_a_byte_costs_at_most_its_line_and_is_told(root: Path) -> None:
    whole, tried = ids(root), 0
    for path in sorted(root.glob("*/*.jsonl")):
        last = path.read_bytes().rindex(b'{"prev"')
        sealed = path.with_name(f"{path.stem}-2.jsonl").exists()
        for place, owner in changes(path):
            events, damage = history.read(document(root), root)
            assert whole - {event.stamp.id for event in events} <= {owner}, (path.name, place)
            assert damage or (place >= last and not sealed), (path.name, place)
            tried += 1
    print(f"{tried:,} flips")
    assert ids(root) == whole


def test_a_cut_costs_only_what_stood_behind_it_and_what_is_sealed_misses_it(root: Path) -> None:
    whole, tried = ids(root), 0
    for path in sorted(root.glob("*/*.jsonl")):
        data, owners = path.read_bytes(), by_line(path)
        sealed = path.with_name(f"{path.stem}-2.jsonl").exists()
        for size in range(len(data) - 1, -1, -STRIDE):
            os.truncate(path, size)
            events, damage = history.read(document(root), root)
            behind = set(owners[data[:size].count(b"\n") :])
            lost = whole - {event.stamp.id for event in events}
            assert lost <= behind
            assert damage or not (lost and sealed), (path.name, size)
            tried += 1
        path.write_bytes(data)
    print(f"{tried:,} cuts")


def test_a_repair_after_a_flip_keeps_what_could_be_read(root: Path, tmp_path: Path) -> None:
    path = min(root.glob("*/*.jsonl"), key=lambda path: len(path.name))
    tried = 0
    for place, _ in changes(path):
        if place % 7 == 0:
            copy = tmp_path / "copy"
            shutil.copytree(root, copy)
            before = ids(copy)
            upkeep.repair(document(copy), copy)
            assert ids(copy) == before
            assert history.read(document(copy), copy)[1] == ()
            shutil.rmtree(copy)
            tried += 1
    print(f"{tried:,} repairs")


def test_a_flip_or_a_cut_of_a_session_log_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "golden.simlog"
    shutil.copy(LOGS / f"v{VERSION}.simlog", log)
    data, tried = log.read_bytes(), 0
    with log.open("r+b", buffering=0) as file:
        for mask in MASKS:
            for place in range(mask % STRIDE, len(data), STRIDE):
                os.pwrite(file.fileno(), bytes([data[place] ^ mask]), place)
                with pytest.raises(BadLog):
                    read_log(log)
                os.pwrite(file.fileno(), data[place : place + 1], place)
                tried += 1
    for size in range(len(data) - 1, -1, -STRIDE):
        os.truncate(log, size)
        with pytest.raises(BadLog):
            read_log(log)
        tried += 1
    print(f"{tried:,} flips and cuts of a session log")
