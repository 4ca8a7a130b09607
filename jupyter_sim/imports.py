"""Histories from elsewhere: session logs come in as they are, other programs' trees as new ones.

A session log's events keep their stamps, so that an export of them is the same again. They go into
segments of their own, one for each writer, which name the log; what the history has already is not
written twice, so an import that was ended anywhere can be done again. Nothing in a log is a path.
"""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import history
from .errors import BadInput, BadLog, HistoryError
from .events import Event
from .formats.chain import dump
from .formats.exoloom import is_exoloom, read_exoloom
from .formats.files import read_json
from .formats.foreign import ForeignTree, grafted, map_of
from .formats.loomsidian import is_loomsidian, read_loomsidian
from .formats.pyloom import is_pyloom, read_pyloom
from .formats.segment import Header
from .formats.simlog import Log, read_log
from .formats.writer import Writer
from .history import History
from .tree import fold

_BATCH = 2000

PROGRAMS = {
    "exoloom": (is_exoloom, read_exoloom),
    "loomsidian": (is_loomsidian, read_loomsidian),
    "pyloom": (is_pyloom, read_pyloom),
}


@dataclass(frozen=True, slots=True)
class Imported:
    """A document with what came in: how many events were new, and the texts of its cells."""

    document: str
    events: int
    cells: Mapping[str, str]


def import_log(path: Path, root: Path | None = None) -> Imported:
    """Take a session log into the histories. Raises BadLog where it is not whole, HistoryError
    where it cannot be written down.
    """
    log = read_log(path)
    _check(path, log)
    document = log.header.document
    known: Sequence[Event] = ()
    if any(summary.document == document for summary in history.documents(root)):
        known, _ = history.read(document, root)
    ids = {event.stamp.id for event in known}
    fresh: dict[str, list[Event]] = defaultdict(list)
    for event in log.events:
        if event.stamp.id not in ids:
            fresh[event.stamp.writer].append(event)
    for events in fresh.values():
        _write(path, log, events, history.folders(document, root))
    return Imported(
        document,
        sum(map(len, fresh.values())),
        {cell: tree.text for cell, tree in fold(log.events)[0].items()},
    )


def import_trees(path: Path, root: Path | None = None) -> tuple[str, Imported]:
    """Take another program's trees in as a new document, a cell for each; the program's name comes
    first. Raises BadInput where the file holds none, HistoryError where it cannot be written down.
    """
    data = map_of(read_json(path), f"What {path} holds")
    for program, (fits, read) in PROGRAMS.items():
        if fits(data):
            trees = read(data)
            if not trees:
                raise BadInput(f"{path} is of {program}, and has no tree in it.")
            return program, asyncio.run(_grow(trees, root))
    raise BadInput(
        f"{path} is of no program whose trees are known here ({', '.join(PROGRAMS)}), and no "
        "session log, which ends in .simlog."
    )


async def _grow(trees: Sequence[ForeignTree], root: Path | None) -> Imported:
    made = History.open(uuid.uuid4().hex, root=root)
    try:
        events = [event for tree in trees for event in grafted(tree, uuid.uuid4().hex, made.stamp)]
        folded, problems = fold(events)
        if problems:
            raise BadInput(f"These trees cannot be taken over: {problems[0]}")
        for start in range(0, len(events), _BATCH):
            await made.append(*events[start : start + _BATCH])
    finally:
        await made.close()
    texts = {cell: tree.text for cell, tree in folded.items()}
    return Imported(made.document, len(events), texts)


def _check(path: Path, log: Log) -> None:
    """A log is about one document."""
    for event in log.events:
        if event.stamp.document != log.header.document:
            raise BadLog(
                f"{path} is of document {log.header.document}, but holds an event of "
                f"{event.stamp.document}; nothing was imported."
            )


def _write(path: Path, log: Log, events: Sequence[Event], places: Sequence[Path]) -> None:
    header = Header(
        document=log.header.document,
        writer=uuid.uuid4().hex,
        path=log.header.path,
        kind=log.header.kind,
        mends=path.name,
    )
    writer = Writer(places, header)
    try:
        for start in range(0, len(events), _BATCH):
            writer.write([dump(event) for event in events[start : start + _BATCH]])
    except OSError as error:
        raise HistoryError(
            f"The import could not be written ({error.strerror}). Make room, or make "
            f"{writer.folder} writable, and import again."
        ) from error
    finally:
        writer.close()
