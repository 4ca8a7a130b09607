"""Events that come in from elsewhere: those of a copied document, of a log, of an imported tree.

Their stamps stay, so each writer's go into a segment of their own. A document that is new gets its
folder when all of it is on disk, so it is there whole or not at all.
"""

import shutil
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from ..events import Event
from .chain import dump
from .header import Header
from .writer import Writer, sync_folder

_BATCH = 2000


def take_in(places: Sequence[Path], header: Header, events: Iterable[Event]) -> Path:
    """Write events to segments in the first of some folders that takes them; that folder. The name
    of the writer in `header` does not count. Raises OSError.
    """
    fresh: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        fresh[event.stamp.writer].append(event)
    folder = places[0]
    for own in fresh.values():
        folder = _write(places, replace(header, writer=uuid.uuid4().hex), own)
        places = [folder]
    return folder


def settle(places: Sequence[Path], header: Header, events: Iterable[Event]) -> None:
    """Make a new document of events, if there are any, in the first of some folders that can be
    made. Raises OSError; then nothing is left of it.
    """
    draft = f".{uuid.uuid4().hex}.part"
    drafts = [place.with_name(draft) for place in places]
    try:
        folder = take_in(drafts, header, events)
        if folder.exists():
            folder.rename(folder.with_name(header.document))
            sync_folder(folder.parent)
    except BaseException:
        for place in drafts:
            shutil.rmtree(place, ignore_errors=True)
        raise


def _write(places: Sequence[Path], header: Header, events: Sequence[Event]) -> Path:
    writer = Writer(places, header)
    try:
        for start in range(0, len(events), _BATCH):
            writer.write([dump(event) for event in events[start : start + _BATCH]])
    finally:
        writer.close()
    return writer.folder
