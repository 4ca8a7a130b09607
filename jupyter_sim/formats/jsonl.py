"""The events alone, one JSON object a line, in their order: for scripts that want no chain.

Each line is an event of `jupyter_sim.events` as a session log has it: `type` says which, `stamp`
who recorded it, when and in which cell. A field that has its default is left out of no line.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from ..events import Event
from .files import write_whole


def write_jsonl(out: Path, events: Sequence[Event]) -> None:
    """Write the events. Raises HistoryError."""
    write_whole(out, _lines(events))


def _lines(events: Sequence[Event]) -> Iterator[str]:
    for event in events:
        yield json.dumps(msgspec.to_builtins(event)) + "\n"
