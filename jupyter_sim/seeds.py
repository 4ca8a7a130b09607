"""The seeds that candidates are drawn with: fresh ones, or all of them from one number.

From one number, candidate k of a prompt in a cell is drawn with the same seed wherever and whenever
that text is written. What is asked for in other cells meanwhile, in whatever order, changes
nothing, and neither do a lost connection or a restart: what counts is how many candidates were
asked for there from that prompt, by whomever. It knows no engine and no clock.
"""

import secrets
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from .events import Event, Proposed

SEEDS = 2**32


class Seeds:
    """Deals the seeds of one document, whose history so far is `events`; without a number, fresh
    ones.
    """

    def __init__(self, number: int | None, events: Iterable[Event]) -> None:
        self._number = number
        self._dealt: Counter[tuple[str, str]] = Counter()
        for event in events if number is not None else ():
            if isinstance(event, Proposed):
                self._dealt[event.stamp.cell, event.recipe.sha256] += len(event.seeds)

    def deal(self, cell: str, prompt: str, n: int) -> tuple[int, ...]:
        """The seeds of the next `n` candidates of a cell from a prompt, which is named by its
        digest. No two candidates of a prompt have the same.
        """
        if self._number is None:
            return tuple(secrets.randbelow(SEEDS) for _ in range(n))
        first = self._dealt[cell, prompt]
        self._dealt[cell, prompt] += n
        digest = sha256(f"{self._number} {prompt}".encode()).digest()
        start = int.from_bytes(digest[:4], "little") + first
        return tuple((start + i) % SEEDS for i in range(n))
