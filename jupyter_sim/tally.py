"""The figures of choices while one writes: kept up with each event, and not counted anew.

Pure. They are those that `curation.curation` has of the same events, whatever their number, and its
formulas are used for each fan that an event touched.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum

from .choices import Gathering
from .curation import Figures, judged
from .events import (
    Accepted,
    Branched,
    Dismissed,
    Event,
    Generated,
    Proposed,
    Rejected,
    Shown,
    Withdrawn,
)

_COUNTS = ("fans", "choices", "generated", "kept", "kept_tokens")


@dataclass(frozen=True, slots=True)
class Sums:
    """What `curation.Figures` has under the same names."""

    fans: int
    choices: int
    selection_bits: float
    generated: int
    kept: int
    kept_tokens: int
    selection_bits_per_token: float | None


class Tally:
    """Counts events as they come; `count` were taken."""

    def __init__(self) -> None:
        self.count = 0
        self._gathering = Gathering()
        self._fans: dict[str, Figures] = {}
        self._bits: dict[str, float] = {}
        self._counts: Counter[str] = Counter()

    def take(self, events: Iterable[Event]) -> None:
        """Take more events into account."""
        touched: dict[str, None] = {}
        for event in events:
            self.count += 1
            self._gathering.take(event)
            for candidate in _candidates(event):
                offer = self._gathering.offers.get(candidate)
                if offer:
                    touched[offer.fan] = None
        for fan in touched:
            self._judge(fan)

    def sums(self) -> Sums:
        """The figures of what was taken."""
        bits, tokens = fsum(self._bits.values()), self._counts["kept_tokens"]
        return Sums(
            selection_bits=bits,
            selection_bits_per_token=bits / tokens if tokens else None,
            **{name: self._counts[name] for name in _COUNTS},
        )

    def _judge(self, fan: str) -> None:
        old, new = self._fans.get(fan), judged(*self._gathering.fan(fan))
        self._fans[fan] = new
        for name in _COUNTS:
            self._counts[name] += getattr(new, name) - (getattr(old, name) if old else 0)
        self._bits.pop(fan, None)
        if new.selection_bits:
            self._bits[fan] = new.selection_bits


def _candidates(event: Event) -> Iterable[str]:
    """The candidates that an event tells something of."""
    match event:
        case Proposed() | Shown():
            return event.candidates
        case Dismissed():
            return event.seen
        case Accepted() | Branched() | Rejected():
            return (*event.seen, event.candidate)
        case Generated() | Withdrawn():
            return (event.candidate,)
        case _:
            return ()
