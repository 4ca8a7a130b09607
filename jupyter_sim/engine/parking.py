"""Which rows of tokens are parked in ordinary memory, and which give way to others.

It knows neither sequences nor cells, and saves nothing itself: what it returns is done by others.
"""

from array import array
from itertools import count

from .prefixes import common, longest

WORTH_PARKING = 64
"""The fewest tokens that are worth saving, or fetching back."""


class Parking:
    """Rows under keys, of no more than `most` tokens together."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._keys = count()
        # the one that was used longest ago first
        self._rows: dict[int, array[int]] = {}

    def __contains__(self, key: int) -> bool:
        return key in self._rows

    def clear(self) -> None:
        """Know of nothing any more, because the memory was emptied."""
        self._rows.clear()

    def longest(self, wanted: "array[int]") -> tuple[int | None, int]:
        """Return the key under which most of the beginning of `wanted` is saved, and how much."""
        return longest(self._rows.items(), wanted)

    def use(self, key: int) -> "array[int]":
        """Return the tokens under a key, which were used just now."""
        tokens = self._rows[key] = self._rows.pop(key)
        return tokens

    def is_worth(self, tokens: "array[int]", elsewhere: int) -> bool:
        """Whether more than a little of a row is neither saved nor among the `elsewhere` first
        tokens, and it fits at all.
        """
        _, parked = self.longest(tokens)
        lost = len(tokens) - max(elsewhere, parked)
        return lost >= WORTH_PARKING and len(tokens) <= self.most

    def make_room(self, tokens: "array[int]", near: int) -> list[int]:
        """Give up what was used longest ago until a row fits, and all that has less than `near`
        tokens that the row lacks; the keys.
        """
        given_up = []
        surplus = sum(map(len, self._rows.values())) + len(tokens) - self.most
        for key, other in tuple(self._rows.items()):
            if surplus > 0 or len(other) - common(other, tokens) < near:
                del self._rows[key]
                given_up.append(key)
                surplus -= len(other)
        return given_up

    def add(self, tokens: "array[int]") -> int:
        """Note that a row is saved; its key."""
        key = next(self._keys)
        self._rows[key] = tokens
        return key
