"""Both folds of a cell's events, in Python and in TypeScript, are held to the same vectors.

`python -m tests.test_tree_vectors` writes them anew: random histories, seeded, with what `tree.py`
makes of each. `js/test/tree.test.ts` reads the same file.
"""

import random
from pathlib import Path
from typing import Any

import msgspec

from jupyter_sim.errors import BadLog
from jupyter_sim.events import (
    Accepted,
    Branched,
    Edited,
    Event,
    Framed,
    Generated,
    Marked,
    Moved,
    Opened,
    Origin,
    Place,
    Placed,
    Proposed,
    Recipe,
    Rejected,
    Sampling,
    Shown,
    Source,
    Span,
    Stamp,
    Taken,
    Withdrawn,
    Written,
    node_id,
)
from jupyter_sim.tree import Growth, Tree

PATH = Path(__file__).parent / "vectors" / "tree.json"
HISTORIES = 12
LENGTH = 45
WORDS = ("It was", " a dark", " night", ".", "\n\n", " née", " 👩🏽‍🚀", " 𝒜", "é", " ")


class Author:
    """Writes a random history, and notes what becomes of its tree."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.growth = Growth(Tree("cell"))
        self.events: list[Event] = []
        self.texts: list[str] = []
        self.problems: list[int] = []

    @property
    def tree(self) -> Tree:
        return self.growth.tree

    def write(self) -> dict[str, Any]:
        self._tell(self._opened())
        acts = (self._type, self._type, self._remove, self._offer, self._offer, self._accept)
        acts += (self._accept, self._judge, self._judge, self._move, self._walk, self._mark)
        acts += (self._stumble,)
        while len(self.events) < LENGTH:
            for event in self.chance.choice(acts)():
                self._tell(event)
        return {"events": msgspec.to_builtins(self.events), **self._account()}

    def _account(self) -> dict[str, Any]:
        head = self.tree.head
        assert head is not None
        return {
            "texts": self.texts,
            "problems": self.problems,
            "head": msgspec.to_builtins(head),
            "runs": [[run.text, run.author] for run in self.tree.runs(head)],
            "nodes": {node.id: [node.start, node.text] for node in self.tree.nodes.values()},
            "verdicts": dict(self.tree.verdicts),
            "marks": {
                node: [mark.pinned, list(mark.tags), mark.note]
                for node, mark in self.tree.marks.items()
            },
            "heads": msgspec.to_builtins(self.tree.heads),
            "places": [
                msgspec.to_builtins(self.tree.place(i)) for i in range(len(self.tree.text) + 1)
            ],
        }

    def _tell(self, event: Event) -> None:
        self.events.append(event)
        try:
            self.growth.add(event)
        except BadLog:
            self.problems.append(len(self.events) - 1)
        self.texts.append(self.tree.text)

    def _opened(self) -> Event:
        text = self._words()
        if self.chance.random() < 0.5:
            return Opened(self._stamp(), text)
        runs = (Written(text, "model"), Written("!", "human"), Written("?", "human"))
        return Opened(self._stamp(), f"{text}!?", runs, (Origin("other", Place("n.0", 2)),))

    def _type(self) -> list[Event]:
        at = self.chance.randint(0, len(self.tree.text))
        at = self.chance.choice((at, len(self.tree.text)))
        spans = (Written(self._words(), "human"), *self.tree.tail(at))
        return [Edited(self._stamp(), self.tree.place(at), 0, spans)]

    def _remove(self) -> list[Event]:
        at = self.chance.randint(0, len(self.tree.text))
        removed = self.chance.randint(0, len(self.tree.text) - at)
        fresh: tuple[Span, ...] = (Written("x", "human"),) if self.chance.random() < 0.3 else ()
        spans = fresh + self.tree.tail(at + removed)
        return [Edited(self._stamp(), self.tree.place(at), removed, spans)]

    def _offer(self) -> list[Event]:
        at = self.chance.choice((self._anywhere(), self.tree.place(len(self.tree.text))))
        stamp = self._stamp()
        ids = tuple(node_id(f"{stamp.id}c{i}") for i in range(self.chance.randint(1, 3)))
        source = Source("m", "", "")
        recipe = Recipe(0, "")
        draw = (ids, tuple(range(len(ids))), recipe, source, Sampling(), "none", 8)
        events: list[Event] = [Proposed(stamp, "fan", stamp.id, at, *draw)]
        for offset, id in enumerate(ids, 1):
            text = self._words()
            finish = ("fan", stamp.id, id, text, (1,), (-0.5,), "length", 0.25)
            events.append(Generated(self._stamp(offset), *finish, (len(text),)))
        if self.chance.random() < 0.2:
            events.pop()
        return events

    def _accept(self) -> list[Event]:
        id = self._candidate()
        if id is None:
            return []
        length = len(self.tree.nodes[id].text)
        start = self.chance.choice((0, 0, self.chance.randint(0, length)))
        stop = self.chance.randint(start, length)
        at, tail = self._anywhere(), ()
        if self.chance.random() < 0.7:
            at = self.tree.offered[id] if start == 0 else Place(id, start)
        elif self.chance.random() < 0.5:
            offset = self.chance.randint(0, len(self.tree.text))
            at, tail = self.tree.place(offset), self.tree.tail(offset)
        return [Accepted(self._stamp(), "fan", id, (id,), at, start, stop, tail)]

    def _judge(self) -> list[Event]:
        id = self._candidate() or "nothing.0"
        stamp = self._stamp()
        return [
            self.chance.choice(
                (
                    Branched(stamp, "fan", id, (id,)),
                    Rejected(stamp, "fan", id, ()),
                    Withdrawn(stamp, "fan", id),
                    Shown(stamp, "fan", (id,)),
                )
            )
        ]

    def _move(self) -> list[Event]:
        return [Moved(self._stamp(), self._anywhere())]

    def _walk(self) -> list[Event]:
        to, tail = self._anywhere(), self.tree.tail(self.chance.randint(0, len(self.tree.text)))
        head = self.tree.carried(to, tail) if tail else to
        return [Moved(self._stamp(), head) if head else Edited(self._stamp(), to, 0, tail)]

    def _mark(self) -> list[Event]:
        node = self.chance.choice([*self.tree.nodes, "nothing.0"])
        stamp = self._stamp()
        marks = (Marked(stamp, node, True, ("a", "b"), "why"), Marked(stamp, node))
        return [self.chance.choice((*marks, Framed(stamp, "A voice.", "sceptic")))]

    def _stumble(self) -> list[Event]:
        stamp = self._stamp()
        lost = Place("nothing.0", 0)
        return [
            self.chance.choice(
                (
                    Moved(stamp, lost),
                    Moved(stamp, Place(self.tree.place(0).node, 10_000)),
                    Edited(stamp, self._anywhere(), 1, (Taken("nothing.0", 0, 1),)),
                    Generated(stamp, "fan", "d", "nothing.0", "x", (), (), "end", 0.0),
                    Accepted(stamp, "fan", "nothing.0", (), self._anywhere(), 0, 1),
                    Placed(stamp, "moved"),
                )
            )
        ]

    def _candidate(self) -> str | None:
        whole = [id for id in self.tree.offered if id in self.tree.nodes]
        return self.chance.choice(whole) if whole else None

    def _anywhere(self) -> Place:
        node = self.chance.choice(list(self.tree.nodes.values()))
        return Place(node.id, self.chance.randint(0, len(node.text)))

    def _words(self) -> str:
        return "".join(self.chance.choices(WORDS, k=self.chance.randint(1, 4)))

    def _stamp(self, offset: int = 0) -> Stamp:
        seq = len(self.events) + 1 + offset
        return Stamp(f"e{seq}", "w", seq, float(seq), "u", "d", "cell")


def vectors() -> str:
    """The vectors as they stand in the file, one history a line."""
    lines = (msgspec.json.encode(Author(seed).write()).decode() for seed in range(HISTORIES))
    return "[\n" + ",\n".join(lines) + "\n]\n"


def test_the_vectors_are_what_the_fold_in_python_makes_of_them() -> None:
    assert PATH.read_text() == vectors(), "run `python -m tests.test_tree_vectors`"


def test_the_vectors_have_all_that_can_happen_and_what_cannot() -> None:
    histories = msgspec.json.decode(PATH.read_bytes())
    kinds = {event["type"] for history in histories for event in history["events"]}
    silent = {"dismissed", "cancelled"}
    assert kinds == {kind.__name__.lower() for kind in Event.__args__} - silent
    assert sum(len(history["problems"]) for history in histories) > 10


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(vectors())
