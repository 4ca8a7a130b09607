"""What the events of a history say of each other, checked one after another.

Pure: it folds the trees again and remembers which fans, candidates and frames there are. It knows
no file and no line.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ..errors import BadLog
from ..events import (
    Dismissed,
    Edited,
    Event,
    Framed,
    Generated,
    Opened,
    Place,
    Proposed,
    Shown,
    Verdict,
    Withdrawn,
)
from ..tree import Growth, Tree


class References:
    """Everything that later events may name."""

    def __init__(self) -> None:
        self._cells: dict[str, Growth] = {}
        self._fans: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._draws: dict[str, set[str]] = {}
        self._frames: set[str] = set()

    def check(self, event: Event) -> list[str]:
        """Take an event in; what it names that is not there, as ends of a sentence."""
        missing = list(self._missing(event))
        cell = event.stamp.cell
        try:
            self._cells.setdefault(cell, Growth(Tree(cell))).add(event)
        except BadLog as error:
            missing.append(f"cannot be folded into its tree ({str(error).rstrip('.')})")
        self._remember(event)
        return missing

    def _missing(self, event: Event) -> Iterator[str]:
        match event:
            case Opened() | Edited():
                for origin in event.origins:
                    yield from self._place(origin.cell, origin.place)
            case Proposed():
                yield from self._recipe(event)
                yield from self._candidates(event, [event.replaces] if event.replaces else [])
            case Generated():
                if event.candidate not in self._draws.get(event.draw, ()):
                    yield f"names a draw {event.draw} that did not ask for {event.candidate}"
            case Shown():
                yield from self._candidates(event, event.candidates)
            case Verdict():
                yield from self._candidates(event, (event.candidate, *event.seen))
            case Withdrawn():
                yield from self._candidates(event, (event.candidate,))
            case Dismissed():
                yield from self._candidates(event, event.seen)
            case _:
                pass

    def _recipe(self, event: Proposed) -> Iterator[str]:
        for frame in (event.recipe.voice, event.recipe.memory):
            if frame is not None and frame not in self._frames:
                yield f"names a text {frame} before the prompt that was not recorded"
        for above in event.recipe.above:
            yield from self._place(above.cell, above.place)

    def _place(self, cell: str, place: Place) -> Iterator[str]:
        growth = self._cells.get(cell)
        node = growth.nodes.get(place.node) if growth else None
        if node is None or place.offset > len(node.text):
            yield f"names a place {place.node} + {place.offset} that cell {cell} does not have"

    def _candidates(
        self, event: Proposed | Shown | Verdict | Withdrawn | Dismissed, named: Iterable[str]
    ) -> Iterator[str]:
        known = self._fans[event.stamp.cell, event.fan]
        for candidate in named:
            if candidate not in known:
                yield f"names a candidate {candidate} that fan {event.fan} does not have"

    def _remember(self, event: Event) -> None:
        match event:
            case Proposed():
                self._fans[event.stamp.cell, event.fan].update(event.candidates)
                self._draws[event.draw] = set(event.candidates)
            case Framed():
                self._frames.add(event.stamp.id)
            case _:
                pass
