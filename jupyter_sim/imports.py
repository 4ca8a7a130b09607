"""Histories from elsewhere: session logs come in as they are, other programs' trees as new ones.

A session log's events keep their stamps, so that an export of them is the same again. They go into
segments of their own, one for each writer, which name the log; what the history has already is not
written twice, so an import that was ended anywhere can be done again. Nothing in a log is a path.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import folders, history, summaries
from .errors import BadInput, BadLog, HistoryError
from .events import Event
from .formats.arrival import settle, take_in
from .formats.exoloom import is_exoloom, read_exoloom
from .formats.files import drafts, read_json, write_text
from .formats.foreign import ForeignTree, grafted, map_of
from .formats.header import Header
from .formats.loomsidian import is_loomsidian, read_loomsidian
from .formats.notebook import notebook
from .formats.pyloom import is_pyloom, read_pyloom
from .formats.simlog import Log, read_log
from .history import History
from .tree import fold

PROGRAMS = {
    "exoloom": (is_exoloom, read_exoloom),
    "loomsidian": (is_loomsidian, read_loomsidian),
    "pyloom": (is_pyloom, read_pyloom),
}


@dataclass(frozen=True, slots=True)
class Imported:
    """A document with what came in: how many events were new, the texts of its cells, and how many
    events were there already and said something else; those stay as they are.
    """

    document: str
    events: int
    cells: Mapping[str, str]
    other: int = 0


def import_log(path: Path, root: Path | None = None) -> Imported:
    """Take a session log into the histories. Raises BadLog where it is not whole, HistoryError
    where it cannot be written down.
    """
    log = read_log(path)
    _check(path, log)
    document = log.header.document
    known: Sequence[Event] = ()
    if any(summary.document == document for summary in summaries.documents(root)):
        known, _ = history.read(document, root)
    ours = {event.stamp.id: event for event in known}
    fresh = [event for event in log.events if event.stamp.id not in ours]
    places = folders.of(document, root)
    header = Header(
        document=document, writer="", path=log.header.path, kind=log.header.kind, mends=path.name
    )
    write = take_in if any(folder.exists() for folder in places) else settle
    with _writing():
        write(places, header, fresh)
    return Imported(
        document,
        len(fresh),
        {cell: tree.text for cell, tree in fold(log.events)[0].items()},
        sum(ours.get(event.stamp.id, event) != event for event in log.events),
    )


def import_trees(path: Path, out: Path, root: Path | None = None) -> tuple[str, Imported]:
    """Take another program's trees in as a new document, a cell for each, with a notebook `out`;
    the program's name comes first. All of it is there in the end, or nothing. Raises BadInput where
    the file holds no trees, HistoryError where it cannot be written down.
    """
    program, trees = _trees_in(path)
    made = History.open(uuid.uuid4().hex, root=root)
    events = [event for tree in trees for event in grafted(tree, uuid.uuid4().hex, made.stamp)]
    folded, problems = fold(events)
    if problems:
        raise BadInput(f"These trees cannot be taken over: {problems[0]}")
    texts = {cell: tree.text for cell, tree in folded.items()}
    header = Header(document=made.document, writer="", path="", kind="notebook", mends=path.name)
    with drafts(out) as (draft,), _writing():
        write_text(draft, [notebook(made.document, texts)])
        settle(folders.of(made.document, root), header, events)
    return program, Imported(made.document, len(events), texts)


def _trees_in(path: Path) -> tuple[str, tuple[ForeignTree, ...]]:
    data = map_of(read_json(path), f"What {path} holds")
    for program, (fits, read) in PROGRAMS.items():
        if fits(data):
            trees = read(data)
            if not trees:
                raise BadInput(f"{path} is of {program}, and has no tree in it.")
            return program, trees
    raise BadInput(
        f"{path} is of no program whose trees are known here ({', '.join(PROGRAMS)}), and no "
        "session log, which ends in .simlog."
    )


def _check(path: Path, log: Log) -> None:
    """A log is about one document."""
    for event in log.events:
        if event.stamp.document != log.header.document:
            raise BadLog(
                f"{path} is of document {log.header.document}, but holds an event of "
                f"{event.stamp.document}; nothing was imported."
            )


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HistoryError(
            f"The import could not be written ({error.strerror}: {error.filename or 'a segment'}). "
            "Make room, or make the folder writable, and import again."
        ) from error
