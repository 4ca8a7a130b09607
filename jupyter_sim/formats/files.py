"""A file is written whole or not at all, and read only up to a size that memory bears."""

import json
import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from ..errors import BadInput, HistoryError

MAX_FILE = 256 * 1024 * 1024
"""The most bytes of a file that is imported."""


def write_whole(out: Path, text: Iterable[str]) -> None:
    """Write a text as UTF-8; half of a surrogate pair, which UTF-8 does not have, becomes a
    question mark. Raises HistoryError.
    """
    if not out.name:
        raise HistoryError(f"{out} is a folder; name the file to write.")
    draft = out.with_name(f".{out.name}.{uuid.uuid4().hex}.part")
    try:
        try:
            with draft.open("x", encoding="utf-8", errors="replace", newline="\n") as file:
                file.writelines(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(out)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise unwritten(out, error) from error


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
            return json.loads(data)
        except RecursionError as error:
            raise BadInput(
                f"{path} is nested too deep to be read. Save its tree in a form that is flat, as "
                "that of Obsidian's loom is, or in parts."
            ) from error
        except ValueError:
            raise BadInput(
                f"{path} is no JSON that can be read ({first}); save it again from the program "
                "that made it."
            ) from first
