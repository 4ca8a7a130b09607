"""The history of one document: read, added to, copied and exported.

All of it is in memory here, in order, and on disk before that is said. It knows no byte of a file:
the format stands in `formats.header`; `formats.segment` reads it, and `formats.writer` writes it.
"""

import errno
import os
import time
import uuid
from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path

from msgspec.structs import replace

from . import folders
from .commits import Commits
from .errors import BadInput, HistoryError
from .events import MAX_SEQ, Event, Stamp
from .formats import simlog
from .formats.arrival import settle
from .formats.chain import dump
from .formats.header import Header
from .formats.holding import attend
from .formats.segment import Segment, read_segments, set_aside
from .formats.writer import Writer
from .summaries import summed_up


class History:
    """The history of one document: all of it in memory, and a segment of its own on disk.

    All methods are called from one event loop. `events` holds what is on disk, in order, `damage`
    sentences about what was found damaged when the history was opened.
    """

    def __init__(self, places: Sequence[Path], path: str, kind: str) -> None:
        segments = read_segments(places)
        for segment in segments:
            set_aside(segment)
        self._attended = [fd for place in places if (fd := attend(place)) is not None]
        self.document = places[0].name
        self._damage = _sentences(segments)
        self._events = merged(segments)
        self._ids = {event.stamp.id for event in self._events}
        self._seq = self._events[-1].stamp.seq if self._events else 0
        self._writer = uuid.uuid4().hex
        self.path = summed_up(places).path if segments else path
        self.kind = kind
        header = Header(document=self.document, writer=self._writer, path=path, kind=kind)
        self._home = places[0]
        self._places = folders.usable(places)
        self._segments = Writer(self._places, header)
        self._along: Sequence[Event] = ()
        self.of = ""
        self._commits = Commits(self._write)
        self._closed = False

    @classmethod
    def open(
        cls, document: str, *, path: str = "", kind: str = "notebook", root: Path | None = None
    ) -> "History":
        """Read a document's history and get ready to add to it. No file is made before the first
        event. Raises BadInput for an impossible id, BadLog where the history cannot be read.
        """
        return cls(folders.of(document, root), path, kind)

    @classmethod
    def copy(
        cls, document: str, of: str, until: float, path: str, kind: str, root: Path | None = None
    ) -> "History":
        """Begin a document with what another one had recorded at a time, perhaps nothing; like all
        else, that is on disk with the first event. Raises BadLog if it cannot be read.
        """
        made = cls.open(document, path=path, kind=kind, root=root)
        segments = read_segments(folders.of(of, root))
        events, made._damage = merged(segments), _sentences(segments)
        made._along = tuple(
            replace(event, stamp=replace(event.stamp, document=document))
            for event in _recorded_at(until, events)
        )
        made.of = of
        made._events = list(made._along)
        made._ids = {event.stamp.id for event in made._events}
        made._seq = made._events[-1].stamp.seq if made._events else 0
        return made

    @property
    def damage(self) -> tuple[str, ...]:
        """Sentences about what was found damaged when the history was opened, and about the folder
        that it is written to where that is not the usual one.
        """
        if self._segments.folder == self._home:
            return self._damage
        return (
            *self._damage,
            f"{self._home} cannot be written, so this history goes on in {self._segments.folder}. "
            "Make the first folder writable, and open the document again to write there.",
        )

    @property
    def events(self) -> Sequence[Event]:
        """All that is on disk, in order."""
        return self._events

    def __contains__(self, event_id: str) -> bool:
        """Is this event on disk?"""
        return event_id in self._ids

    def stamp(self, cell: str, *, id: str | None = None, user: str = "") -> Stamp:
        """A stamp for the next event. Events are appended in the order they are stamped. Raises
        HistoryError where no number is left, which only a forged history can bring about.
        """
        if self._seq >= MAX_SEQ:
            raise HistoryError(
                f"An event of this history has the number {self._seq:,}, the last that there is; "
                "nothing can follow it. Begin a new document: take its id out of the notebook."
            )
        self._seq += 1
        return Stamp(
            id=uuid.uuid4().hex if id is None else id,
            writer=self._writer,
            seq=self._seq,
            time=time.time(),
            user=user,
            document=self.document,
            cell=cell,
        )

    async def append(self, *events: Event) -> None:
        """Record events; returns when they are on disk. Raises BadInput for what cannot be
        written and HistoryError where the disk fails: then none of them is recorded.
        """
        if self._closed:
            raise HistoryError("The history is closed. Open the document again to go on.")
        if not events:
            return
        lines = [dump(event) for event in events]
        try:
            await self._commits.add(lines, partial(self._land, events))
        except OSError as error:
            raise _unwritten(error) from error

    async def rename(self, path: str) -> None:
        """Write down that the document is at another path now: what is recorded from here on
        stands in a segment with that path. Raises HistoryError.
        """
        if path == self.path:
            return
        self.path = path
        now = bool(self._events) and not self._along
        try:
            await self._commits.run(partial(self._segments.rename, path, now))
        except OSError as error:
            raise _unwritten(error) from error

    async def close(self) -> None:
        """Wait until all is on disk, and let go of the file."""
        self._closed = True
        await self._commits.close()
        self._segments.close()
        while self._attended:
            os.close(self._attended.pop())

    def _write(self, lines: Sequence[bytes]) -> None:
        """What a copy begins with comes first."""
        if self._along:
            header = Header(
                document=self.document, writer="", path=self.path, kind=self.kind, mends=self.of
            )
            settle(self._places, header, self._along)
            self._along = ()
        self._segments.write(lines)

    def _land(self, events: tuple[Event, ...]) -> None:
        for event in events:
            if event.stamp.id not in self._ids:
                self._ids.add(event.stamp.id)
                self._events.append(event)


def read(document: str, root: Path | None = None) -> tuple[list[Event], tuple[str, ...]]:
    """The events of a document and sentences about damage; nothing on disk is touched.

    Raises BadInput if the document has no history, BadLog if it cannot be read.
    """
    segments = segments_of(document, root)
    return merged(segments), _sentences(segments)


def segments_of(document: str, root: Path | None = None) -> list[Segment]:
    """The segments of a document as they stand. Raises BadInput if it has none, BadLog if one
    cannot be read.
    """
    segments = read_segments(folders.of(document, root))
    if not segments:
        raise BadInput(
            f"Document {document} has no history. `jupyter sim history list` shows those that have."
        )
    return segments


def merged(segments: Sequence[Segment]) -> list[Event]:
    """Each event once, in the order that all readers agree on."""
    events = [event for segment in segments for event in segment.events]
    events.sort(key=attrgetter("stamp.seq", "stamp.writer"))
    first: dict[str, Event] = {}
    for event in events:
        first.setdefault(event.stamp.id, event)
    return list(first.values())


def export(document: str, out: Path, root: Path | None = None) -> tuple[int, tuple[str, ...]]:
    """Write a document's history to a session log.

    Returns the number of events, and sentences about damage. Raises BadInput if there is no
    history, BadLog if it cannot be read, HistoryError if `out` cannot be written.
    """
    events, damage = read(document, root)
    summary = summed_up(folders.of(document, root))
    header = simlog.Header(
        document=document, path=summary.path, kind=summary.kind, exported=time.time()
    )
    simlog.write_log(out, header, events)
    return len(events), damage


def _recorded_at(time: float, events: Sequence[Event]) -> Sequence[Event]:
    """The events up to the last that was recorded by then; all of them where the clock tells that
    none was.
    """
    counts = (n for n in range(len(events), 0, -1) if events[n - 1].stamp.time <= time)
    return events[: next(counts, len(events))]


def _sentences(segments: Sequence[Segment]) -> tuple[str, ...]:
    return tuple(str(problem) for segment in segments for problem in segment.damage)


def _unwritten(error: OSError) -> HistoryError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    remedy = "Make room on the disk" if full else "Make the folder writable"
    return HistoryError(
        f"The history could not be written ({error.strerror}: {error.filename or 'its segment'}), "
        f"so nothing was recorded. {remedy}: verdicts wait in the page and are recorded then, and "
        "what was proposed is to be proposed again. The notebook itself can still be saved."
    )
