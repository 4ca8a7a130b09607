"""Which documents have a history, and what can be told of one without reading it.

It looks at names, ends of files and newlines; no event is decoded but a segment's first and last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import folders
from .errors import BadLog
from .formats.segment import glance, listed, open_plain, segments_in


@dataclass(frozen=True, slots=True)
class Summary:
    """A document that has a history. Times are seconds since 1970, UTC; `path` and `kind` are the
    latest that were recorded, `of` the document that it is a copy of.
    """

    document: str
    path: str
    kind: str
    first: float
    last: float
    of: str = ""


def documents(root: Path | None = None) -> list[Summary]:
    """All documents that have a history, the latest first. Only the ends of files are read; one
    that cannot be read stands here without a path, and says why when it is opened. Raises BadLog
    where the folder of all histories cannot be searched.
    """
    places = (folder for place in folders.roots(root) for folder in listed(place))
    names = {folder.name for folder in places if _is_document(folder)}
    found = [summed_up(folders.of(name, root)) for name in names]
    return sorted(found, key=lambda summary: summary.last, reverse=True)


def count(document: str, root: Path | None = None) -> int:
    """How many events were recorded, damaged ones among them. Nothing is decoded."""
    paths = (path for folder in folders.of(document, root) for path in segments_in(folder))
    return sum(max(0, _newlines(path) - 1) for path in paths)


def summed_up(places: Sequence[Path]) -> Summary:
    """What the ends of the segments in some folders of one document tell."""
    glances = [glance(path) for folder in places for path in _seen(folder)]
    if not glances:
        return Summary(places[0].name, "", "", 0.0, 0.0)
    latest = max(glances, key=lambda g: (g.header is not None, g.last))
    mended = {g.header.mends for g in glances if g.header}
    return Summary(
        document=places[0].name,
        path=latest.header.path if latest.header else "",
        kind=latest.header.kind if latest.header else "",
        first=min(g.first for g in glances),
        last=max(g.last for g in glances),
        of=next((m for m in sorted(mended) if folders.is_id(m)), ""),
    )


def _newlines(path: Path) -> int:
    try:
        with open_plain(path) as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    except OSError:
        return 0


def _is_document(folder: Path) -> bool:
    """Whether a folder has a history, as far as can be seen."""
    try:
        return folders.is_id(folder.name) and bool(segments_in(folder))
    except BadLog:
        return True


def _seen(folder: Path) -> list[Path]:
    try:
        return segments_in(folder)
    except BadLog:
        return []
