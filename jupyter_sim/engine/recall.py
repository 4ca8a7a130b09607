"""What the model said after a token, kept for as long as the token is in the cache.

A fan often begins where the model has been before: at the end of what it has just said itself, or
where more is asked for. The rows there were computed already, and computing them again is a step or
more. The rows of every step are weighed in one ring of memory, the newest over the oldest, and what
may be of use is found again by the KV cell of the token that it follows. Fresh memory for each
step, or a copy of its logits, would cost more than their sums.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from .sampling import NONE, weigh, weigh_again
from .weights import Floats, Tokens, Weights, room

MEMORY = 1 << 27
PORTION = 1 << 21
"""Bytes that are used for the first time in one go."""

ROWS = 1024
"""About twice the cells that are kept of a small model; to use more memory afresh takes time."""


class Recall:
    """The rows of the last steps, of `width` logits each: at most ROWS, as many as go into `memory`
    bytes, and `least`, the most of one step, in any case.
    """

    def __init__(self, width: int, least: int, memory: int = MEMORY) -> None:
        slots = max(least, min(ROWS, memory // room(1, width).nbytes))
        self._width = width
        self._records = room(slots, width)
        self._cells = [-1] * slots
        self._touched = 0
        self._slots: dict[int, int] = {}
        self._first = self._next = 0

    def weigh(self, logits: Floats, mute: Tokens = NONE) -> Weights:
        """Return the weights of a step's rows, until the next step's; see `sampling.weigh`."""
        first, last = self._next, self._next + len(logits)
        if last > len(self._cells):
            first, last = 0, len(logits)
        for slot in range(first, last):
            if self._slots.get(self._cells[slot]) == slot:
                del self._slots[self._cells[slot]]
            self._cells[slot] = -1
        self._first = self._next = first
        self._touched = max(self._touched, last)
        return weigh(logits, mute, self._records[first:last])

    def get_ready(self) -> bool:
        """Use some memory for the first time, for which a step would have to wait; whether there is
        more.
        """
        first = self._touched
        self._touched = min(len(self._cells), first + max(1, PORTION // self._records.itemsize))
        self._records[first : self._touched].view(np.uint8).fill(0)
        return self._touched < len(self._cells)

    def keep(self, cells: Iterable[int], rows: Iterable[int]) -> None:
        """Keep those of the last step's rows that follow the tokens in these cells; the next step
        overwrites those behind them.
        """
        for cell, row in zip(cells, rows, strict=True):
            self._cells[self._first + row] = cell
            self._slots[cell] = self._first + row
            self._next = max(self._next, self._first + row + 1)

    def known(self, cells: Sequence[int]) -> int:
        """Return how many of these cells, from the first on, have a row that is kept."""
        unknown = (place for place, cell in enumerate(cells) if cell not in self._slots)
        return next(unknown, len(cells))

    def rows(self, cells: Iterable[int]) -> Weights:
        """Return the rows of cells that have them. Their logits are those that the values tell of:
        minus infinity where they weigh nothing in 32 bits.
        """
        slots = [self._slots[cell] for cell in cells]
        return weigh_again(self._records[slots], self._width)

    def forget(self, cells: Iterable[int]) -> None:
        """Forget what follows these cells, which will hold something else."""
        for cell in cells:
            self._slots.pop(cell, None)
