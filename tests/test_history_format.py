"""The format is told well enough for a stranger, and what was once written is read for ever."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_sim import history, upkeep
from jupyter_sim.events import Event
from jupyter_sim.formats import page
from jupyter_sim.formats.header import VERSION
from jupyter_sim.formats.simlog import read_log
from jupyter_sim.replay import steps

ROOT = Path(__file__).parent.parent
LOGS = ROOT / "tests/logs"
GOLDEN = sorted(LOGS.glob("*.simlog"))
STALE = "The format's description has changed: run `make format` and commit the result."


def test_the_page_is_that_of_the_docstrings() -> None:
    assert (ROOT / "docs/format.md").read_text(encoding="utf-8") == page.page(), STALE


def test_the_schema_is_that_of_the_lines() -> None:
    committed = json.loads((ROOT / "docs/history.schema.json").read_text(encoding="utf-8"))
    assert committed == page.schema(), STALE


def test_the_page_and_the_schema_have_every_type_of_event() -> None:
    types = {type.__name__ for type in Event.__args__}
    assert types <= set(page.schema()["$defs"])
    assert all(f"### `{name.lower()}`" in page.page() for name in types)


def test_the_golden_log_of_this_version_has_every_type_of_event() -> None:
    events = read_log(LOGS / f"v{VERSION}.simlog").events
    assert {type(event) for event in events} == set(Event.__args__)


def test_the_golden_log_of_this_version_is_what_the_script_writes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(LOGS / "make.py"), str(tmp_path)], check=True)
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        committed = LOGS / path.relative_to(tmp_path)
        assert committed.read_bytes() == path.read_bytes(), (
            f"{committed.name}: the golden log is not what is written now. If this version was "
            "released, raise it and keep both; else run `python tests/logs/make.py tests/logs`."
        )


def found(events: list[dict[str, Any]], texts: dict[str, str]) -> dict[str, Any]:
    """The part of a summary that a stranger's reader can tell."""
    counts: dict[str, int] = {}
    for event in events:
        counts[event["type"]] = counts.get(event["type"], 0) + 1
    return {"events": dict(sorted(counts.items())), "texts": texts}


def expected(log: Path) -> dict[str, Any]:
    told = json.loads(log.with_suffix(".json").read_text())
    assert told["problems"] == []
    texts = {cell: tree["text"] for cell, tree in told["cells"].items()}
    return {"events": told["events"], "texts": texts}


@pytest.mark.parametrize("log", GOLDEN, ids=lambda log: log.stem)
def test_every_golden_log_is_whole_and_folds_to_its_summary(log: Path) -> None:
    (document,) = (path.name for path in log.with_suffix("").iterdir())
    events, damage = history.read(document, log.with_suffix(""))
    assert damage == ()
    assert list(read_log(log).events) == events
    assert upkeep.verify(document, log.with_suffix("")).problems == ()
    assert upkeep.verify_file(log).problems == ()
    played = {step.cell: step.text for step in steps(events)}
    told = [msgspec.to_builtins(event) for event in events]
    assert found(told, played) == expected(log)


@pytest.mark.parametrize("log", GOLDEN, ids=lambda log: log.stem)
def test_a_stranger_reads_every_golden_log_by_the_page(log: Path) -> None:
    (folder,) = log.with_suffix("").iterdir()
    for events in (read_segments(folder), read_simlog(log)):
        assert found(events, texts_of(events)) == expected(log)


# What follows knows of jupyter-sim only what docs/format.md tells.


def chained(path: Path) -> list[dict[str, Any]]:
    """The lines of a file, each proved by the next."""
    *lines, rest = path.read_bytes().split(b"\n")
    assert rest == b""
    found = [json.loads(line) for line in lines]
    for before, line in zip(lines, found[1:], strict=False):
        assert line["prev"] == sha256(before).hexdigest()
    return found


def read_segments(folder: Path) -> list[dict[str, Any]]:
    proofs: dict[str, str] = {}
    events: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.jsonl"), key=lambda path: (len(path.name), path.name)):
        header, *lines = chained(path)
        assert header["format"] == "jupyter-sim history"
        assert header["version"] <= 1
        assert header["prev"] == proofs.get(header["writer"], "")
        proofs[header["writer"]] = sha256(path.read_bytes().split(b"\n")[-2]).hexdigest()
        for line in lines:
            events.setdefault(line["event"]["stamp"]["id"], line["event"])
    stamps = {id: event["stamp"] for id, event in events.items()}
    return [events[id] for id in sorted(stamps, key=lambda id: place(stamps[id]))]


def place(stamp: dict[str, Any]) -> tuple[int, str]:
    return stamp["seq"], stamp["writer"]


def read_simlog(path: Path) -> list[dict[str, Any]]:
    header, *lines, end = chained(path)
    assert (header["format"], header["version"] <= 1) == ("simlog", True)
    assert end["end"] == len(lines)
    assert sorted(lines, key=lambda line: place(line["event"]["stamp"])) == lines
    return [line["event"] for line in lines]


def texts_of(events: list[dict[str, Any]]) -> dict[str, str]:
    """Each cell's text."""
    cells: dict[str, Cell] = {}
    for event in events:
        cells.setdefault(event["stamp"]["cell"], Cell()).take(event)
    return {name: cell.branch(cell.head) for name, cell in cells.items()}


class Cell:
    """A cell's nodes: id -> (where it hangs, text). Places are pairs of id and offset."""

    def __init__(self) -> None:
        self.nodes: dict[str, tuple[Any, str]] = {}
        self.offers: dict[str, Any] = {}
        self.head: Any = None

    def branch(self, at: Any) -> str:
        if at is None:
            return ""
        hangs, text = self.nodes[at[0]]
        return self.branch(hangs) + text[: at[1]]

    def spans(self, spans: list[dict[str, Any]]) -> str:
        return "".join(
            span["text"] if "text" in span
            else self.nodes[span["node"]][1][span["start"] : span["stop"]]
            for span in spans
        )  # fmt: skip

    def hang(self, event: dict[str, Any], at: Any, text: str) -> None:
        id = event["stamp"]["id"] + ".0"
        self.nodes[id] = at, text
        self.head = id, len(text)

    def take(self, event: dict[str, Any]) -> None:
        at = (event["at"]["node"], event["at"]["offset"]) if "at" in event else None
        match event["type"]:
            case "opened":
                self.hang(event, None, event["text"])
            case "edited" if event["spans"]:
                self.hang(event, at, self.spans(event["spans"]))
            case "edited":
                self.head = at
            case "moved":
                self.head = event["to"]["node"], event["to"]["offset"]
            case "proposed":
                self.offers.update(dict.fromkeys(event["candidates"], at))
            case "generated":
                self.nodes[event["candidate"]] = self.offers[event["candidate"]], event["text"]
            case "accepted":
                self.accept(event, at)

    def accept(self, event: dict[str, Any], at: Any) -> None:
        candidate, start, stop = event["candidate"], event["start"], event["stop"]
        tail = self.spans(event.get("tail", []))
        if at == (candidate, start) or (start == 0 and at == self.offers[candidate]):
            self.head = candidate, stop
            if tail:
                self.hang(event, self.head, tail)
        else:
            self.hang(event, at, self.nodes[candidate][1][start:stop] + tail)
