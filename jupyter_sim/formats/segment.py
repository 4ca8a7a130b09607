"""One segment of a history: how it is read, whatever happened to it.

The format and its promises stand in `header`. Here is the reading of one file, line by line and
each line once, and what neighbouring segments prove of each other; it knows no merging and no
event's id. Nothing here changes a segment.
"""

import errno
import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, TypeVar

from ..errors import BadLog
from ..events import Event
from .chain import MAX_LINE, Line, Preamble, digest, lines, load
from .header import FORMAT, VERSION, Header
from .holding import at_rest

MAX_TOLD = 100
"""The most sentences about the damage of one segment; the others are counted."""

_T = TypeVar("_T")
_BORDER = re.compile(rb'(?<=.)(?=\{"prev":")', re.DOTALL)
_NAME = re.compile(r"(?P<writer>.+?)(?:-(?P<number>[0-9]{1,9}))?")
_END = 64 * 1024
_OLD = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_FOREIGN = errno.EINVAL
_ASIDE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line of a file; with the file itself where `line` is 0. `message` goes
    on where a sentence has named both.
    """

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        where = f"{self.path}: line {self.line}" if self.line else str(self.path)
        return f"{where} {self.message}."


@dataclass(slots=True)
class Segment:
    """What could be read of a segment, the line that each event came from, and what could not be
    read. `torn` is the offset of its torn tail, if it has one; `last` proves its last whole line.
    """

    path: Path
    header: Header | None = None
    events: list[Event] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    damage: list[Problem] = field(default_factory=list)
    torn: int | None = None
    last: str = ""
    size: int = 0
    _untold: int = 0

    @property
    def writer(self) -> str:
        """The writer, by the file's name."""
        return _named(self.path)[0]

    @property
    def number(self) -> int:
        """1 for a writer's first segment."""
        return _named(self.path)[1]

    def tell(self, line: int, message: str) -> None:
        """Note damage."""
        if len(self.damage) < MAX_TOLD:
            self.damage.append(Problem(self.path, line, message))
            return
        self._untold += 1
        self.damage[-1] = Problem(self.path, 0, f"is damaged at {self._untold + 1:,} more lines")


@dataclass(frozen=True, slots=True)
class Glance:
    """What the ends of a segment tell. Times are seconds since 1970, UTC."""

    header: Header | None
    first: float
    last: float


def read_segments(folders: Iterable[Path]) -> list[Segment]:
    """All segments in some folders of one document. Raises BadLog, as `read_segment` does, and for
    a folder that is a link.
    """
    paths: list[Path] = []
    for folder in folders:
        if os.path.islink(folder):  # noqa: PTH114 - never raises
            raise BadLog(f"{folder} is a link; histories are kept in folders of their own.")
        paths += segments_in(folder)
    segments = [read_segment(path) for path in paths]
    _compare(segments)
    return segments


def segments_in(folder: Path) -> list[Path]:
    """The files of a folder that are named like segments. Raises BadLog as `listed` does."""
    return [path for path in listed(folder) if path.suffix == ".jsonl"]


def listed(folder: Path) -> list[Path]:
    """What is in a folder, in the order of the names, and nothing where no folder can be seen.
    Raises BadLog where it is there and cannot be searched.
    """
    try:
        return [folder / name for name in sorted(os.listdir(folder))]  # noqa: PTH208
    except OSError as error:
        closed = next(filter(os.path.isdir, (folder, folder.parent)), None)
        if not closed or isinstance(error, FileNotFoundError | NotADirectoryError):
            return []
        raise BadLog(
            f"{closed} cannot be searched ({error.strerror}), so what was recorded is not known. "
            "Let its owner read it and search it."
        ) from error


def read_segment(path: Path) -> Segment:
    """Read all that is readable. Raises BadLog for a newer version, and where the disk refuses."""
    segment = Segment(path)
    try:
        with open_plain(path) as file:
            _refuse_newer(path, [raw.removesuffix(b"\n") for raw in _first_two(file)])
            segment.size = os.fstat(file.fileno()).st_size
            _read_all(segment, file)
    except OSError as error:
        if error.errno not in (_FOREIGN, errno.ELOOP):
            raise BadLog(f"{path} cannot be read: {error.strerror}.") from error
        segment.tell(0, "is no plain file; it was left out")
    if segment.torn is not None and _in_work(path):
        segment.torn = None
        segment.damage.pop()
    return segment


def glance(path: Path) -> Glance:
    """Look at the ends of a segment, however long it is. One that cannot be read has no header."""
    status = path.lstat()
    try:
        with open_plain(path) as file:
            raws = _first_two(file)
            file.seek(max(0, status.st_size - _END))
            ending = file.read(_END).rpartition(b"\n")[0]
    except OSError:
        return Glance(None, status.st_mtime, status.st_mtime)
    first = _attempt([raw.rstrip(b"\n") for raw in raws[1:]], Line)
    last = _attempt([ending.rpartition(b"\n")[2]], Line)
    return Glance(
        header=_attempt([raw.rstrip(b"\n") for raw in raws[:1]], Header),
        first=first.event.stamp.time if first else status.st_mtime,
        last=last.event.stamp.time if last else status.st_mtime,
    )


def set_aside(segment: Segment) -> None:
    """Copy a torn tail to a file of its own, if that can be done: the segment keeps it too."""
    if segment.torn is None:
        return
    aside = segment.path.with_name(f"{segment.path.name}.torn-{segment.torn}")
    with suppress(OSError), open_plain(segment.path) as file:
        file.seek(segment.torn)
        with os.fdopen(os.open(aside, _ASIDE, 0o600), "wb") as copy:
            copy.write(file.read(MAX_LINE))


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file, and nothing that only looks like one: no link, pipe or device."""
    fd = os.open(path, _OLD)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(_FOREIGN, "it is no plain file", str(path))
    return os.fdopen(fd, "rb")


def _in_work(path: Path) -> bool:
    """Whether a program writes to it now, so that a last line without an end will have one."""
    try:
        with at_rest(path) as resting:
            return not resting
    except OSError:
        return False


def _first_two(file: BinaryIO) -> list[bytes]:
    raws = [file.readline(MAX_LINE), file.readline(MAX_LINE)]
    file.seek(0)
    return [raw for raw in raws if raw]


def _read_all(segment: Segment, file: BinaryIO) -> None:
    """Take in each line, with the next one at hand to know the last."""
    raws = enumerate(lines(file), 1)
    here = next(raws, None)
    prev: str | None = None
    while here:
        number, raw = here
        here = next(raws, None)
        try:
            prev = _read(segment, number, raw.removesuffix(b"\n"), prev, header=number == 1)
        except BadLog:
            prev = _read_parts(segment, number, raw, prev, last=here is None)


def _read_parts(
    segment: Segment, number: int, raw: bytes, prev: str | None, last: bool
) -> str | None:
    """Take in what is wrong: two lines whose border was damaged come apart again."""
    parts = _BORDER.split(raw)
    for index, part in enumerate(parts, 1):
        line = part.removesuffix(b"\n")
        try:
            prev = _read(segment, number, line, prev, header=number == index == 1)
        except BadLog as error:
            _lose(segment, number, part, last and index == len(parts), error)
            prev = None
    return prev


def _refuse_newer(path: Path, two: Sequence[bytes]) -> None:
    """A header that says so is believed, unless the next line shows that the header is damaged."""
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


def _read(segment: Segment, number: int, raw: bytes, prev: str | None, header: bool) -> str:
    """Take in one line, less its newline; its digest. Raises BadLog if it cannot be read."""
    if header:
        segment.header = load(raw, Header)
    else:
        line = load(raw, Line)
        segment.events.append(line.event)
        segment.lines.append(number)
        if prev is not None and line.prev != prev:
            segment.tell(
                number,
                f"says that the line before has the digest {line.prev[:12]}…, but it has "
                f"{prev[:12]}…: the chain breaks here, the line before was changed or lines are "
                "missing; what can be read is kept",
            )
    segment.last = digest(raw)
    return segment.last


def _lose(segment: Segment, number: int, raw: bytes, last: bool, error: BadLog) -> None:
    """Leave out a line that cannot be read, and say so."""
    if last and not raw.endswith(b"\n") and len(raw) <= MAX_LINE:
        segment.torn = segment.size - len(raw)
        segment.tell(
            number,
            "ends without a newline: the file ends in the middle of it, and it was never "
            "acknowledged; it was set aside",
        )
    else:
        segment.last = digest(raw.removesuffix(b"\n"))
        segment.tell(number, f"{error}; it was left out")


def _named(path: Path) -> tuple[str, int]:
    match = _NAME.fullmatch(path.stem)
    return (match["writer"], int(match["number"] or 1)) if match else (path.stem, 1)


def _compare(segments: Sequence[Segment]) -> None:
    """Each segment proves the end of the one that its writer wrote before it."""
    mended = {_named(Path(s.header.mends)) for s in segments if s.header and s.header.mends}
    writers: defaultdict[str, list[Segment]] = defaultdict(list)
    for segment in segments:
        if segment.size:
            writers[segment.writer].append(segment)
    for writer, own in writers.items():
        own.sort(key=lambda segment: segment.number)
        for before, after in pairwise([None, *own]):
            assert after
            start = before.number if before else 0
            gap = range(start, after.number)
            if not any((writer, number) in mended for number in gap):
                _check_end(before, after)


def _check_end(before: Segment | None, after: Segment) -> None:
    proved = after.header.prev if after.header else ""
    if not proved or (before and before.last == proved):
        return
    if before is None:
        after.tell(1, "goes on from a segment of this writer that is missing")
    elif proved not in _digests(before.path):
        before.tell(
            0, f"has lost its end: {after.path.name} proves a last line that is not in it any more"
        )


def _digests(path: Path) -> Iterator[str]:
    with open_plain(path) as file:
        for raw in lines(file):
            yield digest(raw.removesuffix(b"\n"))
