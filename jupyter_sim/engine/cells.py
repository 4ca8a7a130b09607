"""Which cells of the KV buffer are free, and how many sequences hold each of the others.

A cell is a number here; what it stores, and which sequences there are, is not known.
"""

from array import array
from collections.abc import Callable, Iterable

import numpy as np


class Cells:
    """So many cells, all free. `freed` hears which hold nothing any more."""

    def __init__(self, number: int, freed: Callable[[list[int]], None]) -> None:
        self._holders = np.zeros(number, np.int32)
        self._freed = freed
        self.free = list(range(number))

    def clear(self) -> None:
        """Let all be free."""
        held = self._holders.nonzero()[0]
        self._holders[held] = 0
        freed = held.tolist()
        self.free.extend(freed)
        self._freed(freed)

    @property
    def used(self) -> int:
        """How many are held by any sequence."""
        return len(self._holders) - len(self.free)

    def take(self, count: int) -> list[int]:
        """Return free ones, held once from here on."""
        start = len(self.free) - count
        cells = self.free[start:]
        del self.free[start:]
        for cell in cells:
            self._holders[cell] = 1
        return cells

    def share(self, cells: "array[int]") -> None:
        """Note that one more sequence holds some."""
        self._holders[cells] += 1

    def release(self, cells: "array[int]") -> None:
        """Note that a sequence does not hold some any more."""
        mine = np.array(cells, np.int32)
        self._holders[mine] -= 1
        freed = mine[self._holders[mine] == 0].tolist()
        self.free.extend(freed)
        self._freed(freed)

    def alone(self, cells: "array[int]") -> int:
        """How many of a sequence's cells no other one holds."""
        return int((self._holders[cells] == 1).sum())

    def unheld(self, rows: Iterable["array[int]"]) -> int:
        """How many are in use, but in none of some rows."""
        held = np.zeros(len(self._holders), bool)
        for row in rows:
            held[row] = True
        return self.used - int(held.sum())
