"""What the model said after a token, kept for as long as the token is in the cache.

A fan often begins where the model has been before: at the end of what it has just said itself, or
where more is asked for. The rows of logits there were computed already, and computing them again is
a step or more. They are kept in one ring of memory, the newest over the oldest, by the KV cell of
the token that they follow. Nothing is known here of what they mean.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from .sampling import Doubles, Floats, Weights, weigh_again

MEMORY = 1 << 27


class Recall:
    """Rows of `width` logits, as many as go into `memory` bytes."""

    def __init__(self, width: int, memory: int = MEMORY) -> None:
        slots = memory // (4 * width)
        self._logits = np.empty((slots, width), np.float32)
        self._norms = np.empty(slots, np.float64)
        self._cells = [-1] * slots
        self._slots: dict[int, int] = {}
        self._next = 0

    def keep(self, cells: Sequence[int], logits: Floats, norms: Doubles) -> None:
        """Keep the rows that follow the tokens in these cells."""
        while cells and self._cells:
            start = self._next
            size = min(len(cells), len(self._cells) - start)
            self._logits[start : start + size] = logits[:size]
            self._norms[start : start + size] = norms[:size]
            for slot, cell in enumerate(cells[:size], start):
                if self._slots.get(self._cells[slot]) == slot:
                    del self._slots[self._cells[slot]]
                self._cells[slot] = cell
                self._slots[cell] = slot
            self._next = (start + size) % len(self._cells)
            cells, logits, norms = cells[size:], logits[size:], norms[size:]

    def known(self, cells: Sequence[int]) -> int:
        """Return how many of these cells, from the first on, have a row that is kept."""
        unknown = (place for place, cell in enumerate(cells) if cell not in self._slots)
        return next(unknown, len(cells))

    def rows(self, cells: Iterable[int]) -> Weights:
        """Return the rows of cells that have them."""
        slots = [self._slots[cell] for cell in cells]
        return weigh_again(self._logits[slots], self._norms[slots])

    def forget(self, cells: Iterable[int]) -> None:
        """Forget what follows these cells, which will hold something else."""
        for cell in cells:
            self._slots.pop(cell, None)
