"""Which tokens live in which sequence of the KV cache, and which may go. Bookkeeping only.

Sequences form a tree without knowing it: a fork shares the cells of what it was forked from, and a
cell is free when no sequence holds it any more. Nothing is computed or copied here; the one who
owns the memory is told what to do, order by order, and obeys at once.

A sequence is busy while a rollout uses it, and is never evicted then. Left idle it stays, so that
typing on, going back or hopping to a sibling finds its tokens again, until it is the one that was
used longest ago and its cells or its number are needed. Cells in use slow every step down, needed
by it or not, so few are kept that are of no use to those who compute. What is evicted and would
take long to compute again is parked in ordinary memory, from where it comes back into fresh cells.
Where nobody is busy, a text that has little in common with what is there finds nothing in its way;
for that, what would then be parked is saved in a pause before.
"""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .cells import Cells
from .parking import WORTH_PARKING, Parking
from .prefixes import longest


class Cut(NamedTuple):
    """Forget all but the first `length` tokens of a sequence."""

    sequence: int
    length: int


class Copy(NamedTuple):
    """Let an empty `target` share the first `length` tokens of `source`."""

    source: int
    target: int
    length: int


class Park(NamedTuple):
    """Save what a sequence holds under this key."""

    sequence: int
    key: int


class Unpark(NamedTuple):
    """Let an empty sequence hold what is saved under this key, in cells of its own."""

    key: int
    sequence: int


class Discard(NamedTuple):
    """Forget what is saved under this key."""

    key: int


class Empty(NamedTuple):
    """Forget what any sequence holds."""


Order = Cut | Copy | Park | Unpark | Discard | Empty

FEW = 256


@dataclass
class _Held:
    """What one sequence holds: a token and a cell for each position; `saved` since it has grown."""

    tokens: "array[int]" = field(default_factory=lambda: array("i"))
    cells: "array[int]" = field(default_factory=lambda: array("i"))
    busy: bool = True
    saved: bool = False
    used: int = 0


class Cache:
    """The sequences of one context.

    `kept` is how many cells may be in use by idle sequences alone when a new one is opened, and
    `parked` how many tokens may be held in ordinary memory. What is shared with a new sequence is
    a multiple of `grain` tokens. `obey` says whether an order could be carried out, which is in
    doubt where a sequence comes back. `freed` hears which cells hold nothing any more.
    """

    def __init__(
        self,
        sequences: int,
        cells: int,
        kept: int,
        obey: Callable[[Order], bool],
        parked: int = 0,
        grain: int = 1,
        freed: Callable[[list[int]], None] = lambda cells: None,
    ) -> None:
        self._obey = obey
        self._cells = Cells(cells, freed)
        self._parking = Parking(parked)
        self._grain = grain
        self._sequences = sequences
        self._kept = kept
        self._clock = 0
        self._forget()

    def clear(self) -> None:
        """Know of nothing any more, because the memory was emptied."""
        self._forget()
        self._parking.clear()
        self._cells.clear()

    @property
    def used(self) -> int:
        """How many cells are in use."""
        return self._cells.used

    @property
    def held(self) -> dict[int, tuple[int, ...]]:
        """The tokens of every sequence, for tests and inspection."""
        return {number: tuple(held.tokens) for number, held in self._held.items()}

    @property
    def idle(self) -> int:
        """How many sequences could be had for new ones."""
        return len(self._numbers) + sum(not held.busy for held in self._held.values())

    def shared(self, tokens: Sequence[int]) -> int:
        """Return how much of the beginning of `tokens` is there."""
        wanted = array("i", tokens)
        return max(self._longest(wanted)[1], self._parking.longest(wanted)[1])

    def length(self, sequence: int) -> int:
        """Return how many tokens a sequence holds."""
        return len(self._held[sequence].tokens)

    def tokens(self, sequence: int) -> list[int]:
        """Return the tokens that a sequence holds."""
        return self._held[sequence].tokens.tolist()

    def cells(self, sequence: int, start: int = 0) -> list[int]:
        """Return the cells of a sequence's tokens from `start` on."""
        return self._held[sequence].cells[start:].tolist()

    def open(self, tokens: Sequence[int]) -> int | None:
        """Return a busy sequence that holds as much of the beginning of `tokens` as is there.

        None where every sequence is busy.
        """
        wanted = array("i", tokens)
        source, shared = self._longest(wanted)
        if 2 * shared < len(wanted) and self._may_start_afresh():
            self._start_afresh()
            source, shared = None, 0
        key, parked = self._parking.longest(wanted)
        if key is not None and parked - shared >= WORTH_PARKING:
            returned = self._unpark(key, parked, source)
            if returned is not None:
                return returned
        opened = self._go_on(source, shared)
        self._thin_out()
        return opened

    def spare(self, cells: int) -> bool:
        """Whether a sequence and so many cells can be had, and nothing is given up for them."""
        return bool(self._numbers) and len(self._cells.free) >= cells

    def reopen(self, tokens: Sequence[int], unread: int) -> int | None:
        """Return a busy sequence that holds all but the last `unread` of these tokens, or more of
        them, if they are in cells.
        """
        wanted = array("i", tokens)
        source, shared = self._longest(wanted)
        missing = source is None or len(wanted) - shared > unread
        return None if missing else self._go_on(source, shared)

    def resume(self, tokens: Sequence[int]) -> int | None:
        """Return a busy sequence that holds just these tokens, if they are in cells."""
        wanted = array("i", tokens)
        for number, held in self._held.items():
            if not held.busy and held.tokens == wanted:
                held.busy = True
                return number
        source, shared = self._longest(wanted)
        return self._take(source, shared) if shared == len(wanted) else None

    def fork(self, sequence: int, length: int | None = None) -> int | None:
        """Return a busy sequence that shares all of `sequence`, or its first `length` tokens; None
        where all are busy.
        """
        return self._take(sequence, self.length(sequence) if length is None else length)

    def extend(self, sequence: int, tokens: list[int]) -> None:
        """Note that tokens were decoded at the end of a sequence."""
        held = self._held[sequence]
        held.saved = self._rested = False
        held.tokens.fromlist(tokens)
        held.cells.fromlist(self._cells.take(len(held.tokens) - len(held.cells)))

    def cut(self, sequence: int, length: int) -> None:
        """Forget all but the first `length` tokens of a sequence."""
        held = self._held[sequence]
        if length >= len(held.tokens):
            return
        self._cells.release(held.cells[length:])
        del held.tokens[length:], held.cells[length:]
        self._obey(Cut(sequence, length))

    def close(self, sequence: int) -> None:
        """Leave a sequence idle, its tokens kept for as long as there is room."""
        self._held[sequence].busy = False
        self._touch(sequence)

    def drop(self, sequence: int) -> None:
        """Forget a sequence."""
        self._cells.release(self._held.pop(sequence).cells)
        self._numbers.append(sequence)
        self._obey(Cut(sequence, 0))

    def rest(self) -> bool:
        """Save, while nobody waits for anything, what would have to be saved before a text that has
        nothing to do with it, and let go of sequences that are the beginning of others: each marks
        every cell that it shares, and to forget many marks takes as long as a step. One sequence at
        a time, whether there was any.
        """
        if not self._may_start_afresh():
            return False
        oldest_first = self._oldest_first()
        needless = next((number for number in oldest_first if self._is_within(number)), None)
        if needless is not None:
            self.drop(needless)
            return True
        self._rested = not any(
            self._save(number, oldest_first[place:], WORTH_PARKING)
            for place, number in enumerate(oldest_first, 1)
            if not self._held[number].saved
        )
        return not self._rested

    def room(self, cells: int, keep: int | None = None) -> bool:
        """See to it that so many cells are free, by eviction; whether they are."""
        while len(self._cells.free) < cells:
            if not self.evict(keep):
                return False
        return True

    def _go_on(self, source: int | None, shared: int) -> int | None:
        """Return a busy sequence that holds the first tokens of `source`: itself, if it can be."""
        if source is None or not self._is_prefix(source, shared):
            return self._take(source, shared)
        self._held[source].busy = True
        self.cut(source, shared)
        self._touch(source)
        return source

    def _longest(self, wanted: "array[int]") -> tuple[int | None, int]:
        """Return the sequence that shares most of the beginning of `wanted`, and how much."""
        held = ((number, one.tokens) for number, one in self._held.items())
        number, shared = longest(held, wanted)
        return number, shared - shared % self._grain

    def _unpark(self, key: int, shared: int, keep: int | None) -> int | None:
        """Return a busy sequence that holds the first tokens of those saved, if there is room."""
        tokens = self._parking.use(key)
        sequence = self._take(None, 0, keep) if self.room(len(tokens), keep) else None
        if sequence is None:
            return None
        # making room may have replaced what was saved by something longer
        if key not in self._parking or not self._obey(Unpark(key, sequence)):
            self.drop(sequence)
            return None
        self.extend(sequence, tokens.tolist())
        self.cut(sequence, shared)
        self._thin_out()
        return sequence

    def _park(self, sequence: int) -> None:
        """Save an idle sequence, unless little of it would be lost."""
        # what is in cells of others, too, stays; that is told quicker than what they hold
        if self._cells.alone(self._held[sequence].cells) >= WORTH_PARKING:
            others = (number for number in self._held if number != sequence)
            self._save(sequence, others)

    def _save(self, sequence: int, others: Iterable[int], near: int = 1) -> bool:
        """Save a sequence if more than a little of it is neither saved nor in others; whether it
        was. What is saved already and has less than `near` tokens that it lacks is given up.
        """
        tokens = self._held[sequence].tokens[:]
        _, elsewhere = longest(((number, self._held[number].tokens) for number in others), tokens)
        if not self._parking.is_worth(tokens, elsewhere):
            return False
        for key in self._parking.make_room(tokens, near):
            self._obey(Discard(key))
        self._held[sequence].saved = True
        self._obey(Park(sequence, self._parking.add(tokens)))
        return True

    def _may_start_afresh(self) -> bool:
        """Whether it is better to work in low cells than beside much that is of no use."""
        crowded = self.used > FEW and not any(held.busy for held in self._held.values())
        return self._parking.most > 0 and crowded

    def _start_afresh(self) -> None:
        """Evict all at once, which is quicker than one after another."""
        if not self._rested:
            for number in self._oldest_first():
                self._park(number)
                self._cells.release(self._held.pop(number).cells)
        self._cells.clear()
        self._forget()
        self._obey(Empty())

    def _oldest_first(self) -> list[int]:
        return sorted(self._held, key=lambda number: self._held[number].used)

    def _thin_out(self) -> None:
        """Evict what is idle and more than is to be kept."""
        while self._idle_cells() > self._kept:
            self.evict()

    def _is_prefix(self, sequence: int, shared: int) -> bool:
        """Whether an idle sequence would lose no more than its last token by being cut."""
        held = self._held[sequence]
        return not held.busy and len(held.tokens) - shared <= 1

    def _take(self, source: int | None, shared: int, keep: int | None = None) -> int | None:
        """Return a fresh busy sequence that shares the first cells of `source`."""
        if not self._numbers and not self.evict(keep if source is None else source):
            return None
        number = self._numbers.pop(0)
        held = self._held[number] = _Held()
        if source is not None and shared:
            origin = self._held[source]
            held.tokens, held.cells = origin.tokens[:shared], origin.cells[:shared]
            self._cells.share(held.cells)
            self._obey(Copy(source, number, shared))
        self._touch(number)
        return number

    def evict(self, keep: int | None = None) -> bool:
        """Give up the idle sequence that was used longest ago; whether there was one."""
        idle = (n for n, held in self._held.items() if not held.busy and n != keep)
        oldest = min(idle, key=lambda number: self._held[number].used, default=None)
        if oldest is None:
            return False
        self._park(oldest)
        self.drop(oldest)
        return True

    def _is_within(self, sequence: int) -> bool:
        """Whether another sequence holds all that this one does."""
        return not self._cells.alone(self._held[sequence].cells[-1:])

    def _idle_cells(self) -> int:
        """Return how many cells are in use by idle sequences alone."""
        return self._cells.unheld(held.cells for held in self._held.values() if held.busy)

    def _forget(self) -> None:
        self._held: dict[int, _Held] = {}
        self._numbers = list(range(self._sequences))
        # whether all that is worth it has been saved
        self._rested = False

    def _touch(self, sequence: int) -> None:
        self._clock += 1
        self._held[sequence].used = self._clock
