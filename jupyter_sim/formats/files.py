"""A file is written whole or not at all, and read only up to a size that memory bears."""

import errno
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from ..errors import BadInput, HistoryError
from .deep import DEEPEST, parse
from .writer import sync_folder

MAX_FILE = 256 * 1024 * 1024
"""The most bytes of a file that is imported."""

_UNASKED = (errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM)


@contextmanager
def drafts(*outs: Path) -> Iterator[tuple[Path, ...]]:
    """A draft beside each of some files, to be written; on disk they take the places of the files
    together, and where anything is in the way nothing is left of them. A link stays, and a device
    or a pipe is never replaced. Raises HistoryError.
    """
    for out in outs:
        if out.exists() and not out.is_file():
            raise HistoryError(f"{out} is no file; name the file to write, such as story.simlog.")
    outs = tuple(map(_behind_links, outs))
    paths = tuple(out.with_name(f".{uuid.uuid4().hex}.part") for out in outs)
    try:
        yield paths
        for path in paths:
            with path.open("rb") as file:
                os.fsync(file.fileno())
        for path, out in zip(paths, outs, strict=True):
            path.replace(out)
        for folder in {out.parent for out in outs}:
            _sync_names(folder)
    except OSError as error:
        named = (out for path, out in zip(paths, outs, strict=True) if str(path) == error.filename)
        raise unwritten(next(named, outs[0]), error) from error
    finally:
        for path in paths:
            with suppress(OSError):
                path.unlink()


def _behind_links(out: Path) -> Path:
    """Where a file really is, or will be. Raises HistoryError for a link that leads nowhere."""
    real = Path(os.path.realpath(out))
    if real.is_symlink():
        raise unwritten(out, OSError(errno.ELOOP, os.strerror(errno.ELOOP)))
    return real


def _sync_names(folder: Path) -> None:
    """Have the names of new files on disk, where the file system can promise that and lets us ask.
    Raises OSError where the disk fails.
    """
    try:
        sync_folder(folder)
    except OSError as error:
        if error.errno not in _UNASKED:
            raise


def write_whole(out: Path, text: Iterable[str]) -> None:
    """Write a text as UTF-8, as `write_text` does. Raises HistoryError."""
    with drafts(out) as (draft,):
        write_text(draft, text)


def write_text(path: Path, text: Iterable[str]) -> None:
    """Write a text as UTF-8; half of a surrogate pair, which UTF-8 does not have, becomes a
    question mark. Raises OSError.
    """
    with path.open("x", encoding="utf-8", errors="replace", newline="\n") as file:
        file.writelines(text)


def unwritten(out: Path, error: OSError) -> HistoryError:
    """What to say where a file could not be written."""
    return HistoryError(
        f"{out} cannot be written: {error.strerror}. Name a folder that exists, is writable and "
        "has room."
    )


def read_json(path: Path) -> Any:
    """What a JSON file says. Raises BadInput, naming the file, where it cannot be read, is too
    large or nested too deep, or is no JSON.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_FILE:
        raise BadInput(f"{path} has more than {MAX_FILE:,} bytes, the most that are imported.")
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as first:
        try:
            return parse(data.decode(json.detect_encoding(data)))
        except RecursionError as error:
            raise BadInput(
                f"{path} is nested more than {DEEPEST:,} levels deep, the most that are read. Save "
                "its tree in a form that is flat, as that of Obsidian's loom is, or in parts."
            ) from error
        except ValueError:
            raise BadInput(
                f"{path} is no JSON that can be read ({first}); save it again from the program "
                "that made it."
            ) from first
