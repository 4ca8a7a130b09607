"""Histories kept in order: verified, repaired, and put into the archive.

Nothing is ever deleted here. A repair writes what can be read into a new segment, on disk before
the damaged one gets another name beside it; the archive is a folder beside the histories. Ended
anywhere, each can be done again, and at every moment the readable events are all there.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import folders, history, summaries
from .errors import BadInput, BadLog, HistoryError
from .events import Event
from .formats import simlog
from .formats.chain import dump, format_of
from .formats.header import FORMAT, Header
from .formats.holding import at_rest, attended
from .formats.references import References
from .formats.segment import Problem, Segment, listed, read_segment, segments_in
from .formats.writer import Writer, make_folder, sync_folder

OLD = 30 * 24 * 3600
"""Seconds after which a copy of damaged lines goes to the archive."""

_COPY = re.compile(r".+\.jsonl\.(?:torn|damaged)-[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a document, or in a file; the first problem comes first. `links` are what
    the chain of each file ends with: the digest of the line of its last event.
    """

    name: str
    events: int
    files: int
    problems: tuple[Problem, ...]
    links: tuple[tuple[Path, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Mended:
    """A damaged segment: its name now, its new segment, and what is in that."""

    aside: Path
    fresh: Path
    events: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Spare:
    """Something for the archive: what, where to, and why."""

    path: Path
    to: Path
    why: str


def verify(document: str, root: Path | None = None) -> Report:
    """Check a document's history: chains, order, ids, references, and that it folds. Raises
    BadInput if it has none, BadLog if it cannot be read at all.
    """
    segments = history.segments_of(document, root)
    problems = [problem for segment in segments for problem in segment.damage]
    for segment in segments:
        problems += _order(segment, document)
    merged = history.merged(segments)
    problems += _references(merged, _located(segments))
    links = tuple((segment.path, segment.last) for segment in segments if segment.last)
    return Report(document, len(merged), len(segments), tuple(problems), links)


def verify_all(root: Path | None = None) -> Iterator[Report]:
    """Check all documents, those too that cannot be read at all."""
    for summary in summaries.documents(root):
        try:
            yield verify(summary.document, root)
        except BadLog as error:
            folder = folders.of(summary.document, root)[0]
            what = f"cannot be read ({str(error).rstrip('.')})"
            yield Report(summary.document, 0, 0, (Problem(folder, 0, what),))


def is_history(path: Path) -> bool:
    """Whether a file is a session log or a segment, by how it begins or else by its ending."""
    return format_of(path) in (simlog.FORMAT, FORMAT) or path.suffix in (".simlog", ".jsonl")


def verify_file(path: Path) -> Report:
    """Check a session log, or one segment by itself, whatever its name. Raises BadInput where it
    cannot be opened.
    """
    if not path.is_file():
        raise BadInput(f"{path} is no file. Name a document, a session log or a segment.")
    known = format_of(path)
    if known == FORMAT or (known != simlog.FORMAT and path.suffix == ".jsonl"):
        return _verify_segment(path)
    try:
        log = simlog.read_log(path)
    except BadLog as error:
        sentence = str(error).removeprefix(f"{path} ").rstrip(".")
        what = sentence.removeprefix(f"is damaged: line {error.line} ")
        return Report(str(path), 0, 1, (Problem(path, error.line, what),))
    events = log.events
    lines = {event.stamp.id: (path, number) for number, event in enumerate(events, 2)}
    found = [*_twice(path, events, range(2, len(events) + 2)), *_references(events, lines)]
    return Report(str(path), len(events), 1, tuple(found), ((path, log.last),))


def repair(document: str, root: Path | None = None) -> list[Mended]:
    """Give the events of each damaged segment a new one, and set the damaged one aside. What only
    looks like a segment, such as a link, stays as it is.

    Raises BadInput if there is no history or a program is writing to a damaged segment, BadLog if
    a segment cannot be read, HistoryError if the disk refuses; then nothing is lost.
    """
    segments = history.segments_of(document, root)
    try:
        damaged = [segment for segment in segments if segment.damage and segment.size]
        mended = [_mend(segment, segments) for segment in damaged]
    except OSError as error:
        raise HistoryError(
            f"The repair could not go on ({error.strerror}: {error.filename or 'a segment'}). "
            "Nothing is lost; make room or make the folder writable, and repair again."
        ) from error
    # what is set aside now may have stood for a segment that another one proves
    return [*mended, *repair(document, root)] if mended else []


def spare(
    found: Iterable[summaries.Summary], gone: Callable[[summaries.Summary], bool], root: Path | None
) -> Iterator[Spare]:
    """What of some documents could go to the archive. `gone` tells whether a document's notebook
    is not there any more.
    """
    for summary in found:
        for folder in folders.of(summary.document, root):
            if not folder.is_dir() or not _rests(folder):
                continue
            archive = folder.parent.with_name("archive")
            if summaries.count(summary.document, root) == 0:
                yield Spare(folder, archive / folder.name, "nothing was recorded in it")
            elif gone(summary):
                yield Spare(folder, archive / folder.name, f"{summary.path} is gone")
            else:
                yield from _copies(folder, archive)


def put_away(one: Spare) -> Path:
    """Move something to the archive, under a name that is free; the name. Raises HistoryError, also
    where the document was opened meanwhile.
    """
    if one.path.is_dir() and not _rests(one.path):
        raise HistoryError(f"{one.path} stays where it is: its document is open now.")
    to, number = one.to, 2
    while to.exists():
        to, number = one.to.with_name(f"{one.to.name}~{number}"), number + 1
    try:
        make_folder(to.parent)
        one.path.rename(to)
    except OSError as error:
        raise HistoryError(f"{one.path} stays where it is: {error.strerror}.") from error
    try:
        sync_folder(to.parent)
        sync_folder(one.path.parent)
    except OSError as error:
        raise HistoryError(
            f"{one.path} is {to} now, and a power cut may undo that ({error.strerror}). Nothing is "
            "lost; look after the disk before more is moved."
        ) from error
    return to


def _verify_segment(path: Path) -> Report:
    segment = read_segment(path)
    document = segment.header.document if segment.header else path.parent.name
    problems = [*segment.damage, *_order(segment, document)]
    if not segment.size:
        problems.append(Problem(path, 0, "is empty; a segment begins with its header"))
    links = ((path, segment.last),) if segment.last else ()
    return Report(str(path), len(segment.events), 1, tuple(problems), links)


def _order(segment: Segment, document: str) -> Iterator[Problem]:
    """A writer's events count upwards, are its own, and about this document."""
    header = segment.header
    if header and header.document != document:
        yield Problem(segment.path, 1, f"is of document {header.document}, not of {document}")
    if header and header.writer != segment.writer:
        yield Problem(segment.path, 1, f"names the writer {header.writer}, unlike the file's name")
    before = 0
    for event, line in zip(segment.events, segment.lines, strict=True):
        stamp = event.stamp
        if stamp.document != document:
            yield Problem(segment.path, line, f"is of document {stamp.document}, not of {document}")
        if header and not header.mends and stamp.writer != header.writer:
            yield Problem(segment.path, line, f"is of writer {stamp.writer}, not {header.writer}")
        if stamp.seq <= before:
            yield Problem(
                segment.path, line, f"has seq {stamp.seq}; more than {before} is expected"
            )
        before = max(before, stamp.seq)
    yield from _twice(segment.path, segment.events, segment.lines)


def _twice(path: Path, events: Sequence[Event], lines: Iterable[int]) -> Iterator[Problem]:
    seen: set[str] = set()
    for event, line in zip(events, lines, strict=True):
        if event.stamp.id in seen:
            yield Problem(path, line, f"has the id {event.stamp.id} of an earlier line")
        seen.add(event.stamp.id)


def _located(segments: Sequence[Segment]) -> dict[str, tuple[Path, int]]:
    return {
        event.stamp.id: (segment.path, line)
        for segment in segments
        for event, line in zip(segment.events, segment.lines, strict=True)
    }


def _references(events: Iterable[Event], lines: dict[str, tuple[Path, int]]) -> Iterator[Problem]:
    references = References()
    for event in events:
        for message in references.check(event):
            yield Problem(*lines[event.stamp.id], message)


def _mend(segment: Segment, segments: Sequence[Segment]) -> Mended:
    path = segment.path
    with at_rest(path) as resting:
        if not resting:
            raise BadInput(
                f"{path} is damaged, and a running program still writes to it. Close the document "
                "there, or stop the server, and repair again."
            )
        fresh = _written(segment, segments) or _copied(segment, segments)
        aside = path.with_name(f"{path.name}.damaged-{uuid.uuid4().hex[:12]}")
        path.rename(aside)
        sync_folder(path.parent)
    return Mended(aside, fresh, len(segment.events), tuple(segment.damage))


def _written(segment: Segment, segments: Sequence[Segment]) -> Path | None:
    """The new segment, where an earlier repair was ended after it was whole."""
    for other in segments:
        mends = other.header.mends if other.header else ""
        whole = not other.damage and other.events == segment.events
        if whole and other.path.parent / mends == segment.path:
            return other.path
    return None


def _copied(segment: Segment, segments: Sequence[Segment]) -> Path:
    known = segment.header or next((other.header for other in segments if other.header), None)
    header = Header(
        document=segment.path.parent.name,
        writer=uuid.uuid4().hex,
        path=known.path if known else "",
        kind=known.kind if known else "notebook",
        mends=segment.path.name,
    )
    writer = Writer([segment.path.parent], header)
    writer.write([dump(event) for event in segment.events])
    writer.close()
    return segment.path.with_name(f"{header.writer}.jsonl")


def _rests(folder: Path) -> bool:
    """Whether nobody has a document open, or writes to its segments in this folder."""
    try:
        return not attended(folder) and all(map(_is_at_rest, segments_in(folder)))
    except (OSError, BadLog):
        return False


def _is_at_rest(path: Path) -> bool:
    with at_rest(path) as resting:
        return resting


def _copies(folder: Path, archive: Path) -> Iterator[Spare]:
    for path in listed(folder):
        if _COPY.fullmatch(path.name) and path.lstat().st_mtime < time.time() - OLD:
            yield Spare(path, archive / folder.name / path.name, "an old copy of damaged lines")
