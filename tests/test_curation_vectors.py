"""Both counts of choices, in Python and in TypeScript, are held to the same vectors.

`python -m tests.test_curation_vectors` writes them anew: random histories, seeded, with the figures
after each event. `js/test/replay.test.ts` reads the same file.
"""

import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from jupyter_sim.curation import curation
from jupyter_sim.events import (
    Accepted,
    Branched,
    Dismissed,
    Event,
    Generated,
    Opened,
    Place,
    Proposed,
    Recipe,
    Rejected,
    Sampling,
    Shown,
    Source,
    Stamp,
    Withdrawn,
)

PATH = Path(__file__).parent / "vectors" / "curation.json"
HISTORIES = 6
LENGTH = 40
TEXTS = ("dark", "dark", " night 👩🏽‍🚀", "", "é. The rain", " fell")
WRITTEN = {"text", "human", "model", "found"}
SCORED = {"text_tokens", "intervention_bits", "bits_per_token"}
"""What the front end has from the tree, and what takes a model."""


class Judge:
    """Writes a random history of judging."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = 1.7e9
        self.events: list[Event] = [Opened(self.stamp(1), "It was")]
        self.offers: dict[str, tuple[str, str]] = {}
        for _ in range(LENGTH):
            self.judge()

    def stamp(self, seq: int) -> Stamp:
        self.clock += self.chance.choice((0.25, 1.5, -2.0, 30.0))
        writer = self.chance.choice(("one", "two"))
        return Stamp(f"e{seq}", writer, seq, self.clock, "ann", "document", "cell")

    def judge(self) -> None:
        stamp = self.stamp(len(self.events) + 1)
        kinds = [self.proposed, self.shown, self.verdict, self.verdict, self.withdrawn]
        known = self.chance.choice(list(self.offers)) if self.offers else None
        make = self.chance.choice(kinds) if known else self.proposed
        self.events += make(stamp, known or "")

    def seen(self, fan: str) -> tuple[str, ...]:
        return tuple(
            c for c, (f, _) in self.offers.items() if f == fan and self.chance.random() < 0.7
        )

    def proposed(self, stamp: Stamp, known: str) -> list[Event]:
        again = known and self.chance.random() < 0.3
        fan = self.offers[known][0] if again else stamp.id
        ids = tuple(f"{stamp.id}.{i}" for i in range(self.chance.randint(1, 4)))
        sampling = Sampling(distinct=self.chance.random() < 0.2)
        place = Place("e1.0", self.chance.choice((6, 6, 3)))
        source, recipe = Source("toy", "", ""), Recipe(0, "")
        seeds = tuple(range(len(ids)))
        made: list[Event] = [
            Proposed(stamp, fan, stamp.id, place, ids, seeds, recipe, source, sampling, "none", 8)
        ]
        for id in ids:
            text = self.chance.choice(TEXTS)
            self.offers[id] = fan, text
            if self.chance.random() < 0.9:
                made.append(self.generated(fan, stamp.id, id, text, len(self.events) + len(made)))
        return made

    def generated(self, fan: str, draw: str, id: str, text: str, count: int) -> Generated:
        n = self.chance.randint(1, 4)
        ends = tuple(sorted(self.chance.randint(0, len(text)) for _ in range(n)))
        told = (tuple(range(n)), (-0.5,) * n, "stop", 1.0)
        known = ends if self.chance.random() < 0.5 else ()
        return Generated(self.stamp(count + 1), fan, draw, id, text, *told, ends=known)

    def shown(self, stamp: Stamp, known: str) -> list[Event]:
        fan = self.offers[known][0]
        if self.chance.random() < 0.3:
            return [Dismissed(stamp, fan, self.seen(fan))]
        return [Shown(stamp, fan, (known,))]

    def verdict(self, stamp: Stamp, known: str) -> list[Event]:
        fan, text = self.offers[known]
        seen = self.seen(fan)
        kind = self.chance.choice((Accepted, Branched, Rejected))
        if kind is not Accepted:
            return [kind(stamp, fan, known, seen)]
        start, stop = sorted(self.chance.randint(0, len(text)) for _ in range(2))
        return [Accepted(stamp, fan, known, seen, Place("e1.0", 6), start, stop)]

    def withdrawn(self, stamp: Stamp, known: str) -> list[Event]:
        return [Withdrawn(stamp, self.offers[known][0], known)]


def figures(events: list[Event]) -> dict[str, Any]:
    total = asdict(curation(events).total)
    return {name: value for name, value in total.items() if name not in WRITTEN | SCORED}


def vectors() -> list[dict[str, Any]]:
    histories = [Judge(seed).events for seed in range(HISTORIES)]
    return [
        {"events": events, "figures": [figures(events[: i + 1]) for i in range(len(events))]}
        for events in histories
    ]


def written() -> bytes:
    return msgspec.json.encode(vectors()) + b"\n"


def test_the_vectors_are_what_python_makes_of_them() -> None:
    assert PATH.read_bytes() == written(), "run `python -m tests.test_curation_vectors`"


if __name__ == "__main__":
    PATH.write_bytes(written())
