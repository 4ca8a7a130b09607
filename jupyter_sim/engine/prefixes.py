"""What rows of tokens have in common at their beginnings. Nothing is known of what holds them."""

from array import array
from collections.abc import Iterable

import numpy as np


def longest(
    rows: Iterable[tuple[int, "array[int]"]], wanted: "array[int]"
) -> tuple[int | None, int]:
    """Return which row shares most of the beginning of `wanted`, and how much."""
    best: tuple[int | None, int] = (None, 0)
    for name, row in rows:
        most = best[1]
        # what shares more shares this token
        if len(row) > most < len(wanted) and row[most] == wanted[most]:
            shared = common(row, wanted)
            if shared > most:
                best = (name, shared)
    return best


def common(one: "array[int]", other: "array[int]") -> int:
    """Return how many tokens two rows have in common at their beginnings."""
    size = min(len(one), len(other))
    if one[:size] == other[:size]:
        return size
    mine, theirs = (np.frombuffer(row, np.int32, size) for row in (one, other))
    return int(np.argmax(mine != theirs))
