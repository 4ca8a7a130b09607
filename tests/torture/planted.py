"""Bugs that the rigs must find, to be planted in a process that writes histories.

Each one is what a hasty change might do. A rig that says nothing about them proves nothing.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from jupyter_sim import draw, history, upkeep
from jupyter_sim.events import Finish
from jupyter_sim.formats import writer
from jupyter_sim.formats.segment import Segment
from jupyter_sim.formats.writer import Writer


class Eager(Writer):
    """Acknowledges what the next write syncs."""

    def write(self, events: Sequence[bytes]) -> None:
        late, writer.sync = writer.sync, lambda fd: None
        try:
            super().write(events)
        finally:
            writer.sync = late


class Rash(Writer):
    """Acknowledges what the next write writes."""

    _kept: Sequence[bytes] = ()

    def write(self, events: Sequence[bytes]) -> None:
        super().write(self._kept)
        self._kept = events


class Uncut(Writer):
    """Leaves half a line where the disk was full."""

    def _seal(self, fd: int) -> None:
        os.close(fd)
        self._fd = None


class Stubborn(Writer):
    """Tries the same file again after a failed sync, which then says that all is well."""

    def _seal(self, fd: int) -> None:
        pass


def forget_folders() -> None:
    """Names of new files are left to chance."""
    writer.sync_folder = lambda folder: None


def forget_renames() -> None:
    """New names of old files are left to chance."""
    upkeep.sync_folder = lambda folder: None


def forget_old_places() -> None:
    """What is moved to the archive may stand in its old place too."""
    sync = upkeep.sync_folder
    upkeep.sync_folder = lambda folder: sync(folder) if folder.name == "archive" else None


def rename_first() -> None:
    """A repair sets the damaged segment aside before what can be read is in another one."""
    mend = upkeep._copied

    def copied(segment: Segment, segments: Sequence[Segment]) -> Path:
        aside = segment.path.with_name(f"{segment.path.name}.damaged-0")
        segment.path.rename(aside)
        fresh = mend(segment, segments)
        aside.rename(segment.path)
        return fresh

    upkeep._copied = copied


def count_again() -> None:
    """What a front end sends again is recorded again."""
    history.History.__contains__ = lambda self, id: False


def forget_the_dead() -> None:
    """What a worker had said before it died is not recorded."""
    end = draw.Draw._end

    async def ends(self: draw.Draw, finishes: dict[str, Finish], reply: draw.Reply) -> None:
        if "failed" in finishes.values():
            for candidate in finishes:
                self.candidates[candidate].whole.set()
        else:
            await end(self, finishes, reply)

    draw.Draw._end = ends


def writing(kind: type[Writer]) -> Callable[[], None]:
    """Let all histories be written so."""

    def plant() -> None:
        history.Writer = upkeep.Writer = kind

    return plant


BUGS: dict[str, Callable[[], None]] = {
    "": lambda: None,
    "acknowledges before the sync": writing(Eager),
    "acknowledges before the write": writing(Rash),
    "does not cut": writing(Uncut),
    "tries a failed file again": writing(Stubborn),
    "does not sync folders": forget_folders,
    "does not sync renames": forget_renames,
    "does not sync where a file was": forget_old_places,
    "renames first": rename_first,
    "records again what is sent again": count_again,
    "forgets what a dead worker said": forget_the_dead,
}
