"""Whether a file is still the one that was loaded.

The weights of a model are mapped and not copied: who writes into their file changes the model under
way. Who then gives it back its time is not noticed: the time of its last change of any kind would
tell, but that is another one after each backup, too. Nothing is known here of models.
"""

from pathlib import Path


def marks(path: Path) -> str:
    """Return what is another one when a file was written or replaced. Raises OSError."""
    stat = path.stat()
    return f"{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}"


def changed(path: Path, before: str) -> bool:
    """Whether a file has other marks now; one that is gone is still mapped as it was."""
    try:
        return marks(path) != before
    except OSError:
        return False
