"""Where histories are: the folder of each document, and which folders can be written.

It knows names and rights; what is in the folders is for others to read and write.
"""

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir

from .errors import BadInput

_DOCUMENT = re.compile("[A-Za-z0-9-]{1,64}")


def is_id(name: str) -> bool:
    """Whether a document can be named so."""
    return _DOCUMENT.fullmatch(name) is not None


def default_root() -> Path:
    """The folder of all histories, in the Jupyter data folder."""
    return Path(jupyter_data_dir()) / "jupyter_sim" / "history"


def roots(root: Path | None = None) -> list[Path]:
    """The folders of histories: `root` alone, or the default one and those that are written to
    where it cannot be.
    """
    if root is not None:
        return [root]
    own = f"jupyter_sim-{os.getuid()}" if hasattr(os, "getuid") else "jupyter_sim"
    shared = _temporary() / own
    home = Path(os.path.expanduser("~")) / ".jupyter_sim"  # noqa: PTH111 - never raises
    return [default_root(), home / "history", *([shared / "history"] if _is_ours(shared) else [])]


def of(document: str, root: Path | None = None) -> list[Path]:
    """Where a document's segments may be. Raises BadInput for an impossible id."""
    if not is_id(document):
        raise BadInput(
            f"{document!r} is no document id: one has 1 to 64 letters, digits and dashes."
        )
    return [place / document for place in roots(root)]


def usable(places: Sequence[Path]) -> list[Path]:
    """The folders without those that cannot be written now, if there are others."""
    usable = [place for place in places if os.access(_standing(place), os.W_OK | os.X_OK)]
    return usable or list(places)


def _standing(place: Path) -> Path:
    """The nearest thing above that is there."""
    return next(above for above in (place, *place.parents) if os.path.exists(above))  # noqa: PTH110


def _temporary() -> Path:
    """The folder for temporary files, also where it has no room now."""
    try:
        return Path(tempfile.gettempdir())
    except OSError:
        return Path(os.environ.get("TMPDIR", "/tmp"))


def _is_ours(folder: Path) -> bool:
    """Anyone may make a folder where all may write, so one that is there must be the user's."""
    try:
        status = folder.lstat()
    except OSError:
        return True
    return not hasattr(os, "getuid") or status.st_uid == os.getuid()
