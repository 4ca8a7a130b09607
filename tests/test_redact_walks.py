"""Redaction against an oracle that knows no tree: every letter that a candidate says is its own, so
what may stay of candidates are the letters that were once seen in the text.
"""

from collections.abc import Iterator
from itertools import count
from random import Random

from jupyter_sim.cells import Cells
from jupyter_sim.events import (
    Accepted,
    Edited,
    Event,
    Generated,
    Opened,
    Place,
    Proposed,
    Recipe,
    Sampling,
    Source,
    Stamp,
    Written,
)
from jupyter_sim.facts import fact
from jupyter_sim.formats.redact import MASK, redact
from jupyter_sim.protocol import Accept, Move, Sync

from .judged import stamp, texts

WALKS, STEPS = 200, 25
CELL = "cell"


class Walk:
    """A writer without a plan, in one cell. `stood` are the letters that its text ever had when it
    was opened, typed into or accepted into; and those that it has now.
    """

    def __init__(self, dice: Random) -> None:
        self.events: list[Event] = []
        self.drawn: list[Generated] = []
        self._dice = dice
        self._cells = Cells(())
        self._letters: Iterator[str] = map(chr, count(0x4E00))
        self._stood: set[str] = set()
        self.type()

    @property
    def text(self) -> str:
        tree = self._cells.trees.get(CELL)
        return tree.text if tree else ""

    @property
    def stood(self) -> set[str]:
        return self._stood | set(self.text)

    def step(self) -> None:
        self._dice.choice((self.type, self.propose, self.propose, self.accept, self.move))()

    def type(self) -> None:
        start = self._somewhere(self.text)
        stop = min(len(self.text), start + self._dice.randint(0, 3))
        text = self.text[:start] + self._dice.choice(("word ", "", "x")) + self.text[stop:]
        self._take(fact(self._cells, Sync("request-", CELL, text), self._stamp()))

    def propose(self) -> None:
        at = self._cells.place(CELL, self._somewhere(self.text))
        asked = self._stamp()
        fan, ids = f"fan-{asked.id}", (f"{asked.id}-a", f"{asked.id}-b")
        source, sampling = Source("toy", "", ""), Sampling()
        self._take(
            Proposed(
                asked, fan, asked.id, at, ids, (1, 2), Recipe(0, ""), source, sampling, "none", 8
            )
        )
        for id in ids:
            text = "".join(next(self._letters) for _ in range(self._dice.randint(1, 6)))
            ones = (1,) * len(text)
            self.drawn.append(
                Generated(self._stamp(), fan, asked.id, id, text, ones, ones, "stop", 0.5)
            )
            self._take(self.drawn[-1])

    def accept(self) -> None:
        if self.drawn:
            one, at = self._dice.choice(self.drawn), self._somewhere(self.text)
            start, stop = sorted((self._somewhere(one.text), self._somewhere(one.text)))
            start = self._dice.choice((0, start))
            told = Accept("request-", CELL, one.fan, one.candidate, (), at, start, stop, True)
            self._take(fact(self._cells, told, self._stamp()))

    def move(self) -> None:
        """Walk to any place, and perhaps take along what stands behind another."""
        tree = self._cells.tree(CELL)
        node = self._dice.choice(list(tree.nodes.values()))
        tail = self._dice.choice(((), tree.tail(self._somewhere(self.text))))
        to = Place(node.id, self._somewhere(node.text))
        self._take(fact(self._cells, Move("request-", CELL, to, tail), self._stamp()))

    def _take(self, event: Event | None) -> None:
        if event is None:
            return
        self._cells.add(event)
        self.events.append(event)
        match event:
            case Opened() | Accepted():
                self._stood |= set(self.text)
            case Edited() if any(isinstance(span, Written) for span in event.spans):
                self._stood |= set(self.text)
            case _:
                pass

    def _somewhere(self, text: str) -> int:
        return self._dice.randint(0, len(text))

    def _stamp(self) -> Stamp:
        return stamp(len(self.events) + 1)


def test_of_candidates_exactly_the_letters_stay_that_once_stood_in_the_text() -> None:
    for seed in range(WALKS):
        walk = Walk(Random(seed))
        for _ in range(STEPS):
            walk.step()
        kept = {e.candidate: e.text for e in redact(walk.events) if isinstance(e, Generated)}
        assert kept == {
            one.candidate: "".join(c if c in walk.stood else MASK for c in one.text)
            for one in walk.drawn
        }, seed


def test_a_redacted_walk_ends_with_the_same_text() -> None:
    for seed in range(WALKS):
        walk = Walk(Random(seed))
        for _ in range(STEPS):
            walk.step()
        assert texts(redact(walk.events)) == {CELL: walk.text}, seed
