"""Where a command's events come from: a session log, or a document's history."""

from pathlib import Path

from .. import history, summaries
from ..formats.chain import format_of
from ..formats.simlog import FORMAT, Header, Log, read_log
from .shared import find_document, warn

SOURCE = """\
SOURCE is a session log (NAME.simlog, or a page that was exported with its log), or a document: its
id, the beginning of one, or the path of its notebook or file.
"""


def is_log(path: Path) -> bool:
    """Is a session log meant, by its ending or by how it begins?"""
    return path.suffix == ".simlog" or format_of(path) == FORMAT


def read_source(name: str) -> Log:
    """The log that the user means. Damage is told on standard error. Raises BadInput where there is
    none, BadLog where it cannot be read.
    """
    if is_log(Path(name)):
        return read_log(Path(name))
    document = find_document(name)
    events, damage = history.read(document)
    warn(damage)
    known = next(s for s in summaries.documents() if s.document == document)
    last = max((event.stamp.time for event in events), default=0.0)
    header = Header(document=document, path=known.path, kind=known.kind, exported=last)
    return Log(header, tuple(events))
