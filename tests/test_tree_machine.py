"""The tree against an oracle that keeps an author beside each character and knows no tree.

A machine edits anywhere, accepts candidates whole and in part, branches, rejects, moves, undoes,
splits and merges cells. After each step the text is the path to the head, character by character;
in the end nothing that was offered is gone, and every text that ever stood can be reached again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from jupyter_sim.events import (
    Accepted,
    Branched,
    Edited,
    Event,
    Generated,
    Moved,
    Opened,
    Origin,
    Place,
    Placed,
    Proposed,
    Recipe,
    Rejected,
    Sampling,
    Source,
    Span,
    Stamp,
    Withdrawn,
    Written,
    node_id,
)
from jupyter_sim.runs import cut
from jupyter_sim.tree import Growth, Stretch, Tree

WORDS = ("a", " dark", "né", "\n", "👩‍🚀", " rain.", "", "the the")
EXAMPLES, STEPS = 2000, 100

# One number stands for all choices of a step: drawing is what takes the time here.
choices = st.integers(0, 2**32 - 1)


@dataclass(frozen=True)
class Known:
    """A text as the oracle knows it: characters, and the initial of the author of each."""

    text: str
    authors: str

    def replaced(self, start: int, stop: int, new: "Known") -> "Known":
        return Known(
            self.text[:start] + new.text + self.text[stop:],
            self.authors[:start] + new.authors + self.authors[stop:],
        )

    def part(self, start: int, stop: int) -> "Known":
        return Known(self.text[start:stop], self.authors[start:stop])


@dataclass
class Offer:
    """A candidate as the oracle knows it: where it hangs, the text before it, and its own."""

    fan: str
    at: Place
    before: Known
    own: Known
    accepted: int = 0
    verdict: str | None = None


@dataclass
class Cell:
    """One cell: the tree under test, and what the oracle knows of it."""

    growth: Growth
    now: Known
    shown: list[tuple[Place, Known]] = field(default_factory=list)
    offers: dict[str, Offer] = field(default_factory=dict)

    @property
    def tree(self) -> Tree:
        return self.growth.tree

    def become(self, now: Known) -> None:
        assert self.tree.head is not None
        self.now = now
        self.shown.append((self.tree.head, now))


class TreeMachine(RuleBasedStateMachine):
    """The things that happen to a few cells, in any order."""

    initials: ClassVar = {"human": "h", "model": "m", "found": "f"}

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.cells: list[Cell] = []
        self.removed: list[Cell] = []
        self.open(Known("It was late.", "f" * 12))

    def stamp(self, cell: Tree) -> Stamp:
        self.count += 1
        return Stamp(f"e{self.count}", "w", self.count, 0.0, "u", "d", cell.cell)

    def open(self, text: Known, runs: tuple[Written, ...] = (), *origins: Origin) -> None:
        growth = Growth(Tree(f"cell-{self.count}"))
        growth.add(Opened(self.stamp(growth.tree), text.text, runs, origins))
        self.cells.append(Cell(growth, text))
        self.cells[-1].become(text)

    def cell(self, n: int) -> Cell:
        return self.cells[n % len(self.cells)]

    def tell(self, cell: Cell, make: Callable[[Stamp], Event], now: Known | None = None) -> None:
        cell.growth.add(make(self.stamp(cell.tree)))
        if now is not None:
            cell.become(now)

    def replace(self, cell: Cell, start: int, stop: int, new: Known, *spans: Span) -> None:
        """An edit: `spans` are what `new` is to the tree."""
        at, tail = cell.tree.place(start), cell.tree.tail(stop)
        self.tell(
            cell,
            lambda stamp: Edited(stamp, at, stop - start, (*spans, *tail)),
            cell.now.replaced(start, stop, new),
        )

    @rule(choice=choices)
    def edit(self, choice: int) -> None:
        """Type, paste, cut or replace, anywhere."""
        c, n, m, word = parts(choice)
        cell = self.cell(c)
        length = len(cell.now.text)
        start = n % (length + 1)
        stop = min(length, start + (0, 0, 1, 4, 99)[m % 5])
        text = WORDS[word % len(WORDS)]
        spans = (Written(text, "human"),) if text else ()
        self.replace(cell, start, stop, Known(text, "h" * len(text)), *spans)

    @rule(choice=choices)
    def drag(self, choice: int) -> None:
        """Move a part of the text to its end; its authors come along."""
        c, n, m, _ = parts(choice)
        cell = self.cell(c)
        length = len(cell.now.text)
        start, stop = sorted((n % (length + 1), m % (length + 1)))
        moved = cell.tree.taken(cell.shown[-1][0], start, stop)
        tail = cell.tree.tail(stop)
        at = cell.tree.place(start)
        self.tell(
            cell,
            lambda stamp: Edited(stamp, at, stop - start, (*tail, *moved)),
            cell.now.replaced(start, stop, Known("", "")).replaced(
                start + length - stop, start + length - stop, cell.now.part(start, stop)
            ),
        )

    @rule(choice=choices)
    def offer(self, choice: int) -> None:
        """A fan of two somewhere in the text, or at a candidate's place."""
        c, n, word, _ = parts(choice)
        cell = self.cell(c)
        at = n % (len(cell.now.text) + 1)
        place, before = cell.tree.place(at), cell.now.part(0, at)
        if cell.offers and word % 3 == 0:
            id, other = pick(cell.offers, n)
            at = n % (len(other.own.text) + 1)
            own = other.own.part(0, at)
            place = Place(id, at)
            before = Known(other.before.text + own.text, other.before.authors + own.authors)
        fan = f"fan-{self.count}"
        ids = tuple(node_id(f"{fan}-{i}") for i in range(2))
        recipe, source = Recipe(0, ""), Source("m", "", "")
        self.tell(
            cell,
            lambda stamp: Proposed(
                stamp, fan, stamp.id, place, ids, (1, 2), recipe, source, Sampling(), "none", 8
            ),
        )
        for i, id in enumerate(ids):
            text = WORDS[(word + i) % len(WORDS)] + WORDS[(word + n) % len(WORDS)]
            self.tell(
                cell,
                lambda stamp, id=id, text=text: Generated(  # type: ignore[misc]
                    stamp, fan, "d", id, text, (), (), "stop", 0.1
                ),
            )
            cell.offers[id] = Offer(fan, place, before, Known(text, "m" * len(text)))

    @rule(choice=choices)
    def accept(self, choice: int) -> None:
        """Take a candidate, whole or in part, into the text: where it was offered if that still
        stands, or anywhere.
        """
        c, n, m, _ = parts(choice)
        cell = self.cell(c)
        if not cell.offers:
            return
        id, offer = pick(cell.offers, n)
        start, stop = 0, len(offer.own.text)
        at = len(offer.before.text)
        if m % 3:
            start = min(offer.accepted, stop)
            stop = start + m % (stop - start + 1)
            at += start if m % 5 else 0
        if not cell.now.text.startswith((offer.before.text + offer.own.text[:start])[:at]):
            at = m % (len(cell.now.text) + 1)
        place, tail = cell.tree.place(at), cell.tree.tail(at)
        self.tell(
            cell,
            lambda stamp: Accepted(stamp, offer.fan, id, (id,), place, start, stop, tail),
            cell.now.replaced(at, at, offer.own.part(start, stop)),
        )
        if stop > 0 and (place == Place(id, start) or (start == 0 and place == offer.at)):
            assert any(s.node.id == id and s.stop == stop for s in self.path(cell))
        offer.accepted, offer.verdict = stop, "accepted"

    @rule(choice=choices)
    def judge(self, choice: int) -> None:
        """Branch, reject, or take a verdict back."""
        c, n, m, _ = parts(choice)
        cell = self.cell(c)
        if not cell.offers:
            return
        id, offer = pick(cell.offers, n)
        offer.verdict = ("branched", "rejected", None)[m % 3]
        if offer.verdict is None:
            self.tell(cell, lambda stamp: Withdrawn(stamp, offer.fan, id))
        else:
            kind = Branched if offer.verdict == "branched" else Rejected
            self.tell(cell, lambda stamp: kind(stamp, offer.fan, id, (id,)))

    @rule(choice=choices)
    def move(self, choice: int) -> None:
        """Go into a candidate, or to what was a head once."""
        c, n, m, _ = parts(choice)
        cell = self.cell(c)
        place, known = cell.shown[n % len(cell.shown)]
        if cell.offers and m % 2:
            id, offer = pick(cell.offers, n)
            place = Place(id, m % (len(offer.own.text) + 1))
            own = offer.own.part(0, place.offset)
            known = Known(offer.before.text + own.text, offer.before.authors + own.authors)
        self.tell(cell, lambda stamp: Moved(stamp, place), known)

    @rule(choice=choices)
    def walk(self, choice: int) -> None:
        """Go into a candidate, or to what was a head, and take an end of the text along."""
        c, n, m, k = parts(choice)
        cell = self.cell(c)
        place, known = cell.shown[n % len(cell.shown)]
        if cell.offers and m % 3:
            id, offer = pick(cell.offers, n)
            place, own = Place(id, m % (len(offer.own.text) + 1)), offer.own
            known = Known(offer.before.text + own.text, offer.before.authors + own.authors)
            known = known.part(0, len(offer.before.text) + place.offset)
        length = len(cell.now.text)
        start = k % (length + 1)
        tail, kept = cell.tree.tail(start), cell.now.part(start, length)
        head = cell.tree.carried(place, tail) if tail else place
        self.tell(
            cell,
            lambda stamp: Moved(stamp, head) if head else Edited(stamp, place, 0, tail),
            Known(known.text + kept.text, known.authors + kept.authors),
        )

    @rule(choice=choices)
    def undo(self, choice: int) -> None:
        """Come back to an earlier text: to where it stood last."""
        c, n, _, _ = parts(choice)
        cell = self.cell(c)
        back = cell.shown[-1 - n % min(4, len(cell.shown))][1].text
        known = next(known for _, known in reversed(cell.shown) if known.text == back)
        place = cell.tree.earlier(back)
        assert place is not None
        self.tell(cell, lambda stamp: Moved(stamp, place), known)

    @rule(choice=choices)
    def split(self, choice: int) -> None:
        """Give the end of a cell to a new one."""
        c, n, _, _ = parts(choice)
        cell = self.cell(c)
        if len(self.cells) == 3:
            return
        length = len(cell.now.text)
        at = n % (length + 1)
        head = cell.shown[-1][0]
        lower = cell.now.part(at, length)
        self.open(lower, written(cell.tree, at), Origin(cell.tree.cell, head))
        self.replace(cell, at, length, Known("", ""))

    @rule(choice=choices)
    def merge(self, choice: int) -> None:
        """Put a cell's text at the end of another's, and remove it."""
        c, n, _, _ = parts(choice)
        if len(self.cells) < 2:
            return
        gone = self.cells.pop(n % len(self.cells))
        cell = self.cell(c)
        length = len(cell.now.text)
        self.replace(cell, length, length, gone.now, *written(gone.tree, 0))
        self.tell(gone, lambda stamp: Placed(stamp, "removed"))
        self.removed.append(gone)

    @invariant()
    def the_text_is_the_path_and_every_character_has_its_author(self) -> None:
        for cell in self.cells:
            assert cell.tree.head == cell.shown[-1][0]
            assert cell.tree.text == cell.now.text
            assert self.authors(cell, cell.shown[-1][0]) == cell.now.authors
            half = len(cell.now.text) // 2
            place = cell.tree.place(half)
            assert cell.tree.branch(place) == cell.now.text[:half]
            assert place.offset > 0 or cell.tree.nodes[place.node].at is None
            before, known = cell.shown[-2:][0]
            assert cell.tree.onward(known.text, before, cell.shown[-1][0]) == cell.now.text

    def teardown(self) -> None:
        for cell in (*self.cells, *self.removed):
            for id, offer in cell.offers.items():
                assert cell.tree.nodes[id].text == offer.own.text
                assert cell.tree.nodes[id].at == cell.tree.offered[id] == offer.at
                assert cell.tree.verdicts.get(id) == offer.verdict
            for place, known in dict(cell.shown).items():
                assert cell.tree.branch(place) == known.text
                assert self.authors(cell, place) == known.authors
                assert cell.tree.earlier(known.text) is not None

    def path(self, cell: Cell) -> tuple[Stretch, ...]:
        return cell.tree.path(cell.shown[-1][0])

    def authors(self, cell: Cell, place: Place) -> str:
        return "".join(self.initials[run.author] * len(run.text) for run in cell.tree.runs(place))


def parts(choice: int) -> tuple[int, int, int, int]:
    """A step's choices: all bits of the number play into each, for small ones are drawn most."""
    mixed = choice * 0x9E3779B97F4A7C15 ^ choice >> 3
    return mixed >> 8 & 4095, mixed >> 20 & 4095, mixed >> 32 & 4095, mixed >> 44 & 4095


def pick(offers: dict[str, Offer], n: int) -> tuple[str, Offer]:
    """One of the candidates, the latest ones more often."""
    ids = list(offers)
    id = ids[-1 - n % min(6, len(ids))]
    return id, offers[id]


def written(tree: Tree, start: int) -> tuple[Written, ...]:
    """A cell's text from an offset on, written by its authors."""
    assert tree.head is not None
    runs = cut(tree.runs(tree.head, start), 0, tree.end(tree.head))
    return tuple(Written(run.text, run.author) for run in runs)


TestTree = pytest.mark.timeout(900)(TreeMachine.TestCase)
TestTree.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
