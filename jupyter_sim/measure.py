"""Who hears the figures of curation of a document, and what they are now.

They are told once they are asked for, and again whenever they change. A long history is counted in
slices, and other work goes on between them. What the human wrote counts where the model was asked
how likely it is, for as long as that text stands.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import fsum

from .cells import Cells
from .curation import Token, intervention_bits
from .draw import Reply
from .engine.messages import ScoredToken
from .events import Event, Place
from .protocol import Measured
from .tally import Tally

SLICE = 1000
"""So many events are counted at once."""


@dataclass(frozen=True, slots=True)
class _Score:
    """What the human's part of a text that ends at `head` costs the model, and its tokens."""

    head: Place
    bits: float
    tokens: int


class Measures:
    """The figures of one document, whose `events` grow with what is recorded."""

    def __init__(self, cells: Cells, events: Sequence[Event]) -> None:
        self._cells = cells
        self._events = events
        self._tally = Tally()
        self._scores: dict[str, _Score] = {}
        self._told: dict[Reply, Measured | None] = {}
        self._whole = False

    async def listen(self, reply: Reply) -> None:
        """Tell a front end the figures, from now on. Returns when it knows them."""
        self._told[reply] = None
        while self._tally.count < len(self._events):
            self._count()
            await asyncio.sleep(0)
        self._whole = True
        self._tell()

    def leave(self, reply: Reply) -> None:
        """A front end went away."""
        self._told.pop(reply, None)

    def happened(self) -> None:
        """Tell what changed with an event that was recorded just now."""
        if self._whole and self._told:
            while self._tally.count < len(self._events):
                self._count()
            self._tell()

    def scored(self, cell: str, head: Place, tokens: Sequence[ScoredToken]) -> None:
        """Keep how likely a cell's text is, which ends at `head`, and tell it."""
        runs = self._cells.tree(cell).runs(head)
        known = [Token(token.end, token.logprob) for token in tokens]
        bits = intervention_bits(runs, known, "human")
        self._scores[cell] = _Score(head, bits, len(known))
        self.happened()

    def _count(self) -> None:
        count = self._tally.count
        self._tally.take(self._events[count : count + SLICE])

    def _tell(self) -> None:
        now = self._measured()
        for reply, told in self._told.items():
            if told != now:
                self._told[reply] = now
                reply(now)

    def _measured(self) -> Measured:
        sums = self._tally.sums()
        trees = self._cells.trees.values()
        heads = {tree.cell: tree.head for tree in trees if tree.head and tree.end(tree.head)}
        scores = [score for cell, score in self._scores.items() if score.head == heads.get(cell)]
        bits, tokens = fsum(score.bits for score in scores), sum(score.tokens for score in scores)
        whole = tokens > 0 and len(scores) == len(heads)
        return Measured(
            **asdict(sums),
            cells=len(heads),
            scored=len(scores),
            intervention_bits=bits if scores else None,
            bits_per_token=(sums.selection_bits + bits) / tokens if whole else None,
        )
