"""One segment of a history: how it is read, whatever happened to it, and how it is written.

The format and its promises stand in `jupyter_sim.history`. Here is the file work for one writer in
one document's folder; it knows no merging, no event's id and no thread.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from ..errors import BadLog
from ..events import Event, Value
from .chain import MAX_LINE, Line, Preamble, digest, dump, lines, link, load

FORMAT: Literal["jupyter-sim history"] = "jupyter-sim history"
VERSION: Literal[1] = 1

_T = TypeVar("_T")
_BORDER = re.compile(rb'(?<=.)(?=\{"prev":")', re.DOTALL)
_END = 64 * 1024
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)


class Header(Value, frozen=True, kw_only=True):
    """The first line of a segment."""

    format: Literal["jupyter-sim history"] = FORMAT
    version: Literal[1] = VERSION
    document: str
    writer: str
    path: str
    kind: str
    prev: Literal[""] = ""


@dataclass(slots=True)
class Segment:
    """What could be read of a segment, and sentences about what could not. `torn` is the offset
    of its torn tail, if it has one.
    """

    path: Path
    header: Header | None = None
    events: list[Event] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    torn: int | None = None


@dataclass(frozen=True, slots=True)
class Glance:
    """What the ends of a segment tell. Times are seconds since 1970, UTC."""

    header: Header | None
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class _Piece:
    """A line as it stands in the file. Only the last one can lack its newline, and one that is
    too long.
    """

    number: int
    offset: int
    raw: bytes

    @property
    def line(self) -> bytes:
        return self.raw.removesuffix(b"\n")


def read_segment(path: Path) -> Segment:
    """Read all that is readable. Raises BadLog for a newer version, and where the disk refuses."""
    try:
        with path.open("rb") as file:
            pieces = list(_pieces(lines(file)))
    except OSError as error:
        raise BadLog(f"{path} cannot be read: {error.strerror}.") from error
    _refuse_newer(path, pieces)
    segment = Segment(path)
    prev: str | None = None
    for piece in pieces:
        try:
            _read(segment, piece, prev)
            prev = digest(piece.line)
        except BadLog as error:
            _lose(segment, piece, piece is pieces[-1], error)
            prev = None
    return segment


def glance(path: Path) -> Glance:
    """Look at the ends of a segment, however long it is. One that cannot be read has no header."""
    stat = path.stat()
    try:
        with path.open("rb") as file:
            raws = [file.readline(MAX_LINE), file.readline(MAX_LINE)]
            file.seek(max(0, stat.st_size - _END))
            ending = file.read(_END).rpartition(b"\n")[0]
    except OSError:
        return Glance(None, stat.st_mtime, stat.st_mtime)
    first = _attempt([raw.rstrip(b"\n") for raw in raws[1:]], Line)
    last = _attempt([ending.rpartition(b"\n")[2]], Line)
    return Glance(
        header=_attempt([raws[0].rstrip(b"\n")], Header),
        first=first.event.stamp.time if first else stat.st_mtime,
        last=last.event.stamp.time if last else stat.st_mtime,
    )


def set_aside(segment: Segment) -> None:
    """Copy a torn tail to a file of its own, if that can be done: the segment keeps it too."""
    if segment.torn is None:
        return
    aside = segment.path.with_name(f"{segment.path.name}.torn-{segment.torn}")
    with suppress(OSError), segment.path.open("rb") as file:
        file.seek(segment.torn)
        with os.fdopen(os.open(aside, _NEW, 0o600), "wb") as copy:
            copy.write(file.read())


class Writer:
    """The segments of one writer. Lines go to the newest; one that failed is never used again."""

    def __init__(self, folder: Path, header: Header) -> None:
        self._folder = folder
        self._header = header
        self._fd: int | None = None
        self._count = 0
        self._size = 0
        self._prev = ""

    def write(self, events: Sequence[bytes]) -> None:
        """Put events, as `chain.dump` wrote them, on disk. Raises OSError; then none of them is
        recorded.
        """
        fd = self._begin() if self._fd is None else self._fd
        data, prev = self._chained(events)
        try:
            if self._size == 0:
                _sync_folder(self._folder)
            _write_all(fd, data)
            _sync(fd)
        except OSError:
            self._seal(fd)
            raise
        self._size += len(data)
        self._prev = prev

    def rename(self, path: str, now: bool) -> None:
        """Let the next segment say that the document is at `path`; begin it now, or with the next
        event. Raises OSError.
        """
        self.close()
        self._header = msgspec.structs.replace(self._header, path=path)
        if now:
            self.write(())

    def close(self) -> None:
        """Let go of the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _begin(self) -> int:
        _make_folder(self._folder)
        self._count += 1
        suffix = "" if self._count == 1 else f"-{self._count}"
        path = self._folder / f"{self._header.writer}{suffix}.jsonl"
        self._fd = os.open(path, _NEW, 0o600)
        self._size = 0
        return self._fd

    def _chained(self, events: Sequence[bytes]) -> tuple[bytes, str]:
        new, prev = [], self._prev
        if self._size == 0:
            new.append(dump(self._header))
            prev = digest(new[0])
        for event in events:
            new.append(link(prev, event))
            prev = digest(new[-1])
        return b"".join(line + b"\n" for line in new), prev

    def _seal(self, fd: int) -> None:
        """Cut the segment back to what was acknowledged. Where even that fails, lines that were
        not acknowledged stay; sent again, they have the same ids and count once.
        """
        with suppress(OSError):
            os.ftruncate(fd, self._size)
        with suppress(OSError):
            os.close(fd)
        self._fd = None


def _pieces(raws: Iterator[bytes]) -> Iterator[_Piece]:
    """The lines of a file; two whose border was damaged come apart again."""
    offset = 0
    for number, raw in enumerate(raws, 1):
        for part in _BORDER.split(raw):
            yield _Piece(number, offset, part)
            offset += len(part)


def _refuse_newer(path: Path, pieces: Sequence[_Piece]) -> None:
    """A header that says so is believed, unless the next line shows that the header is damaged."""
    two = [piece.line for piece in pieces[:2]]
    first, second = _attempt(two[:1], Preamble), _attempt(two[1:], Line)
    if first is None or first.format != FORMAT or first.version <= VERSION:
        return
    if second is None or second.prev == digest(two[0]):
        raise BadLog(
            f"{path} is of version {first.version} of the history's format; this jupyter-sim reads "
            f"version {VERSION}. Update jupyter-sim to go on with this document."
        )


def _attempt(some: Sequence[bytes], kind: type[_T]) -> _T | None:
    """The first line as `kind`, if there is one and it is that."""
    with suppress(BadLog):
        return load(some[0], kind) if some else None
    return None


def _read(segment: Segment, piece: _Piece, prev: str | None) -> None:
    """Take in one line. Raises BadLog if it cannot be read."""
    if piece.offset == 0:
        segment.header = load(piece.line, Header)
        return
    line = load(piece.line, Line)
    segment.events.append(line.event)
    if prev is not None and line.prev != prev:
        segment.damage.append(
            f"{segment.path}: at line {piece.number} the chain breaks: the line before was changed "
            "or lines are missing. What can be read is kept."
        )


def _lose(segment: Segment, piece: _Piece, last: bool, error: BadLog) -> None:
    """Leave out a line that cannot be read, and say so."""
    if last and not piece.raw.endswith(b"\n"):
        segment.torn = piece.offset
        segment.damage.append(
            f"{segment.path} ends in the middle of line {piece.number}, which was never "
            "acknowledged: it was set aside."
        )
    else:
        segment.damage.append(f"{segment.path}: line {piece.number} {error}: it was left out.")


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, for the owner only, so that a crash keeps them."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=0o700, exist_ok=True)
    for place in missing or [folder]:
        _sync_folder(place.parent)


def _write_all(fd: int, data: bytes) -> None:
    """A second write follows only where the first was short: its error tells why."""
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]


def _sync(fd: int) -> None:
    getattr(os, "fdatasync", os.fsync)(fd)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
