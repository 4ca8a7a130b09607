"""Who is writing a segment, and who has a document open: locks on the file and on the folder, for
the sake of those who read, repair and archive.

No promise rests on it. Nobody writes to another's segment, lock or no lock; where the file system
or the operating system has none, only the check is lost.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)


def hold(fd: int, together: bool = False) -> bool:
    """Hold an open segment or folder until it is closed, alone or together with others; False where
    another holds it otherwise.
    """
    if sys.platform != "win32":
        try:
            fcntl.flock(fd, (fcntl.LOCK_SH if together else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
    return True


def attend(folder: Path) -> int | None:
    """Hold a document's folder together with others, if it is there: what to close in the end."""
    if sys.platform == "win32":
        return None
    try:
        fd = os.open(folder, _FOLDER)
    except OSError:
        return None
    hold(fd, together=True)
    return fd


def attended(folder: Path) -> bool:
    """Whether anybody has the document in a folder open. Raises OSError."""
    if sys.platform == "win32":
        return False
    fd = os.open(folder, _FOLDER)
    try:
        return not hold(fd)
    finally:
        os.close(fd)


@contextmanager
def at_rest(path: Path) -> Iterator[bool]:
    """Hold a segment that nobody writes; False while somebody does. Raises OSError."""
    fd = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        yield hold(fd)
    finally:
        os.close(fd)
