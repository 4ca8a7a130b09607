"""How a segment is written, so that what was acknowledged is on disk: the crash-safe path.

The format and its promises stand in `header`. Here is the file work of one writer; it knows no
merging, no event's id and no thread.
"""

import errno
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from .chain import digest, dump, link
from .header import Header
from .holding import hold

MAX_SEGMENT = 16 * 1024 * 1024
"""From this many bytes on a segment is sealed: what comes next goes to a new one."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
_NO_PLACE = {
    *(errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.ENOTDIR, errno.EEXIST, errno.ELOOP),
}


class Writer:
    """The segments of one writer, in the first of some folders that takes them. Lines go to the
    newest; one that failed or is full is never used again.
    """

    def __init__(self, folders: Sequence[Path], header: Header, limit: int = MAX_SEGMENT) -> None:
        self.folder = folders[0]
        self._folders = folders
        self._header = header
        self._limit = limit
        self._fd: int | None = None
        self._path = folders[0]
        self._count = 0
        self._size = 0
        self._prev = ""

    def write(self, events: Sequence[bytes]) -> None:
        """Put events, as `chain.dump` wrote them, on disk. Raises OSError; then none of them is
        recorded.
        """
        if self._size >= self._limit or not self._stands():
            self.close()
        fd = self._begin() if self._fd is None else self._fd
        data, prev = self._chained(events)
        try:
            if self._size == 0:
                sync_folder(self.folder)
            write_all(fd, data)
            sync(fd)
        except BaseException:
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
            self._date()

    def close(self) -> None:
        """Let go of the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _begin(self) -> int:
        """Make a new segment. Where no folder takes it, the first one's error is the one told."""
        first: OSError | None = None
        for folder in self._folders:
            try:
                make_folder(folder)
                self._fd = self._create(folder)
            except OSError as error:
                first = first or error
                if error.errno not in _NO_PLACE:
                    break
            else:
                self.folder, self._size = folder, 0
                return self._fd
        raise first or OSError(errno.ENOENT, os.strerror(errno.ENOENT))

    def _create(self, folder: Path) -> int:
        self._count += 1
        suffix = "" if self._count == 1 else f"-{self._count}"
        self._path = folder / f"{self._header.writer}{suffix}.jsonl"
        fd = os.open(self._path, _NEW, 0o600)
        hold(fd)
        return fd

    def _date(self) -> None:
        """Give a segment without events the time of the clock that events are stamped with. A file
        system's own is milliseconds behind it, a file server's perhaps hours; where the one cannot
        be set, it must do.
        """
        now = time.time()
        with suppress(OSError):
            if self._path.lstat().st_mtime < now:
                os.utime(self._path, (now, now))

    def _stands(self) -> bool:
        """Whether the segment is as it was left, under its name: another program may have deleted,
        replaced or cut it, and what is written to it now would be lost.
        """
        if self._fd is None:
            return True
        own = os.fstat(self._fd)
        try:
            return os.path.samestat(own, self._path.lstat()) and own.st_size == self._size
        except OSError:
            return False

    def _chained(self, events: Sequence[bytes]) -> tuple[bytes, str]:
        new, prev = [], self._prev
        if self._size == 0:
            new.append(dump(msgspec.structs.replace(self._header, prev=prev)))
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


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, for the owner only, so that a crash keeps them. Raises
    OSError, also where the folder itself is a link.
    """
    if folder.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(folder))
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=0o700, exist_ok=True)
    # those that were there may be the work of a process that was killed before it synced them
    ours = (folder, *folder.parents[:2])
    for place in missing if len(missing) > len(ours) else ours:
        sync_folder(place.parent)


def write_all(fd: int, data: bytes) -> None:
    """A second write follows only where the first was short: its error tells why."""
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]


def sync(fd: int) -> None:
    """Wait until a file's bytes are on disk."""
    getattr(os, "fdatasync", os.fsync)(fd)


def sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on disk."""
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
