"""The session log, `NAME.simlog`: a history merged into one portable file of JSON lines.

    {"format":"simlog","version":1,"document":…,"path":…,"kind":…,"exported":…,"prev":""}
    {"prev":"<SHA-256 of the line before>","event":{…}}        one for each event
    {"prev":"<SHA-256 of the line before>","end":<number of events>}

Events stand in the order (seq, writer). The last line shows a cut at the border of two lines, and
the chain of digests any other change; a reader refuses the whole file then. `path` and `kind` only
tell a person where the text came from: nothing opens that path.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import BadLog
from ..events import Event, Value
from .chain import MAX_LINE, Preamble, digest, dump, lines, link, load
from .embedded import enter, parsed
from .files import drafts

FORMAT = "simlog"
VERSION = 1

MAX_EVENTS = 1_000_000
"""The most events that are read from one file."""


class Header(Value, frozen=True, kw_only=True):
    """The first line: what was exported, and when (seconds since 1970, UTC)."""

    format: str = FORMAT
    version: int = VERSION
    document: str
    path: str
    kind: str
    exported: float
    prev: str = ""


class Entry(Value, frozen=True):
    """Any later line: an event, or the end."""

    prev: str
    event: Event | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """A session log that was read wholly and found intact. `last` proves the line of its last
    event, where it was read from a file.
    """

    header: Header
    events: tuple[Event, ...]
    last: str = ""


def write_log(out: Path, header: Header, events: Sequence[Event]) -> None:
    """Write a session log, whole or not at all. Raises HistoryError."""
    with drafts(out) as (draft,), draft.open("xb") as file:
        file.writelines(log_lines(header, events))


def log_lines(
    header: Header, events: Sequence[Event], written: Callable[[bytes], bytes] = bytes
) -> Iterator[bytes]:
    """The lines of a session log, each as it is `written` in its place."""
    line = written(dump(header))
    yield line + b"\n"
    for event in events:
        line = link(digest(line), written(dump(event)))
        yield line + b"\n"
    yield b'{"prev":"%s","end":%d}\n' % (digest(line).encode("ascii"), len(events))


def read_log(path: Path) -> Log:
    """Read a session log, or the one in a page. Raises BadLog, naming the file and the log's line,
    if it is not intact.
    """
    try:
        with path.open("rb") as file:
            after = enter(file)
            raws = map(parsed, lines(file)) if after else lines(file)
            header, first = _read_header(path, raws)
            events, last = _read_events(path, raws, digest(first))
            _check_end(path, file, len(events) + 2, after)
            return Log(header, tuple(events), last)
    except OSError as error:
        raise BadLog(f"{path} cannot be read: {error.strerror}.") from error


def _read_header(path: Path, raws: Iterator[bytes]) -> tuple[Header, bytes]:
    line = next(raws, b"").removesuffix(b"\n")
    try:
        preamble = load(line, Preamble)
    except BadLog:
        preamble = Preamble("", 0)
    if preamble.format != FORMAT:
        raise BadLog(f"{path} is no session log: its first line is not the header of one.")
    if preamble.version != VERSION:
        raise BadLog(
            f"{path} is of version {preamble.version} of the session log; this jupyter-sim reads "
            f"version {VERSION}. Update jupyter-sim."
        )
    try:
        return load(line, Header), line
    except BadLog as error:
        raise _bad(path, 1, str(error)) from error


def _read_events(path: Path, raws: Iterator[bytes], prev: str) -> tuple[list[Event], str]:
    """The events, and what proves the last line before the end."""
    events: list[Event] = []
    last = (0, "")
    for number, raw in enumerate(raws, 2):
        entry = _read_entry(path, number, raw, prev)
        if entry.event is None:
            _check_count(path, number, len(events), entry)
            return events, prev
        order = (entry.event.stamp.seq, entry.event.stamp.writer)
        if order <= last:
            raise _bad(path, number, "is out of order")
        if len(events) == MAX_EVENTS:
            raise BadLog(f"{path} has more than {MAX_EVENTS:,} events, the most that are read.")
        last, prev = order, digest(raw.removesuffix(b"\n"))
        events.append(entry.event)
    raise _cut(path, len(events) + 1)


def _read_entry(path: Path, number: int, raw: bytes, prev: str) -> Entry:
    if not raw.endswith(b"\n"):
        if len(raw) > MAX_LINE:
            raise _bad(path, number, f"is longer than {MAX_LINE:,} bytes")
        raise _cut(path, number - 1)
    try:
        entry = load(raw[:-1], Entry)
    except BadLog as error:
        raise _bad(path, number, str(error)) from error
    if (entry.event is None) == (entry.end is None):
        raise _bad(path, number, "is neither an event nor the end")
    if entry.prev != prev:
        raise _bad(path, number - 1, f"is not what line {number} proves")
    return entry


def _check_count(path: Path, number: int, count: int, entry: Entry) -> None:
    if entry.end != count:
        raise _bad(path, number, f"counts {entry.end} events, not {count}")


def _check_end(path: Path, file: BinaryIO, number: int, after: bytes) -> None:
    if file.read(len(after) or 1) != after:
        raise BadLog(f"{path} is damaged: something follows its end at line {number}.", number)


def _bad(path: Path, number: int, what: str) -> BadLog:
    return BadLog(f"{path} is damaged: line {number} {what}.", number)


def _cut(path: Path, number: int) -> BadLog:
    return BadLog(
        f"{path} is cut short after line {number}. Export it again, or copy the whole file.", number
    )
