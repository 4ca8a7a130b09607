"""Who is writing a segment: a lock on it, for the sake of those who read, repair and archive.

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


def hold(fd: int) -> bool:
    """Hold an open segment until it is closed; False where another process does."""
    if sys.platform != "win32":
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
    return True


@contextmanager
def at_rest(path: Path) -> Iterator[bool]:
    """Hold a segment that nobody writes; False while somebody does. Raises OSError."""
    fd = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        yield hold(fd)
    finally:
        os.close(fd)
