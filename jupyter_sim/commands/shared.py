"""What the commands of `jupyter sim` share: their parsers, and words for what is wrong."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import msgspec

from .. import summaries
from ..engine.messages import Status
from ..errors import BadInput
from ..formats.plain import one_line, visible

DOCUMENT = """\
DOCUMENT is a document's id, the beginning of one, or the path of its notebook or file.
"""

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class _Sim(msgspec.Struct):
    document: str


class _Metadata(msgspec.Struct):
    jupyter_sim: _Sim


class _Notebook(msgspec.Struct):
    """As much of a notebook file as tells its document."""

    metadata: _Metadata


def new_command(
    commands: Commands, name: str, about: str, more: str = ""
) -> argparse.ArgumentParser:
    """Add a command; `about` is its line in the list, `more` stands below its options."""
    return commands.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_format(command: argparse.ArgumentParser) -> None:
    """Let a command print text or JSON."""
    command.add_argument("--format", choices=("text", "json"), default="text")


def within(what: str, value: float, low: int, high: int) -> None:
    """Raise BadInput where a number is not between two others."""
    if not low <= value <= high:
        raise BadInput(f"{value:,} came for {what}; it must be from {low} to {high:,}.")


def read_text(file: str, what: str) -> str:
    """Read a text exactly as it is from a file, or (-) from standard input."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"The {what} is not UTF-8: byte {error.start:,} is {error.object[error.start]:#04x}. "
            "Save the file as UTF-8 and try again."
        ) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise BadInput(f"The {what} {file} cannot be read: {why}.") from error


def show_loading(status: Status) -> None:
    """Tell on a terminal how far a model is loaded."""
    loading = f"Loading {visible(status.model)}: {status.progress:.0%}"
    show_progress(loading if status.state == "loading" else "")


def show_progress(line: str) -> None:
    """Replace the line of a terminal that tells how far something is."""
    print(f"\r\x1b[K{line}", end="", file=sys.stderr)
    sys.stderr.flush()


def find_document(name: str) -> str:
    """The id of the document that the user means: its id, the beginning of it, or its path."""
    known = summaries.documents()
    id = noted(Path(name))
    found = [s for s in known if s.document == (id or name)]
    if id and not found:
        raise BadInput(
            f"The notebook {name} belongs to the document {id}, which has no history here. "
            "`jupyter sim history list` shows what has one."
        )
    found = found or [s for s in known if _ends_with(Path(name), s.path)]
    found = found or [s for s in known if name and s.document.startswith(name)]
    if len(found) == 1:
        return found[0].document
    if found:
        several = ", ".join(s.document for s in found[:5])
        raise BadInput(f"{name!r} means {len(found)} documents ({several}); name one by its id.")
    raise BadInput(f"{name!r} has no history. `jupyter sim history list` shows what has one.")


def noted(path: Path) -> str | None:
    """The document id that a notebook holds in its metadata, if it can be read."""
    with suppress(OSError, ValueError):
        return noted_in(path) if path.is_file() else None
    return None


def noted_in(path: Path) -> str | None:
    """The document id that a notebook holds in its metadata. Raises OSError."""
    data = path.read_bytes()
    try:
        notebook = msgspec.json.decode(data, type=_Notebook)
    except msgspec.ValidationError:
        return None
    except (ValueError, RecursionError):
        return _noted_slowly(data)
    return notebook.metadata.jupyter_sim.document


def _noted_slowly(data: bytes) -> str | None:
    """The same with the standard library, which reads halves of surrogate pairs."""
    with suppress(ValueError, RecursionError):
        return msgspec.convert(json.loads(data), _Notebook).metadata.jupyter_sim.document
    return None


def _ends_with(path: Path, recorded: str) -> bool:
    """Is this the file that the server, which may have another root, recorded so?"""
    parts = Path(recorded).parts
    return bool(parts) and Path(path).absolute().parts[-len(parts) :] == parts


def warn(sentences: Sequence[str]) -> None:
    """Print sentences on standard error."""
    for sentence in sentences:
        print(f"jupyter sim: {one_line(sentence)}", file=sys.stderr)


def date(seconds: float) -> str:
    """A time as the local date and minute."""
    with suppress(OverflowError, ValueError, OSError):
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
    return "(no known date)"
