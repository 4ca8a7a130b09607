"""Ten thousand random requests and cancellations on the starter model: nothing leaks."""

import random
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_sim.engine.llama import Llama
from jupyter_sim.engine.messages import Column, Priority, Rollout, Scored, Scoring, Started, Survey
from jupyter_sim.engine.rollout import Scheduler
from jupyter_sim.engine.wire import Said, Settings
from jupyter_sim.errors import SimError
from jupyter_sim.models import resolve

REQUESTS = 10_000
MEGABYTE = 1 << 20
LEAK = 16 * MEGABYTE
TEXT = (
    "The harbour was quiet that evening, and the boats lay still at their moorings. An old man sat "
    "on the wall with his pipe, and watched the lamps being lit along the street."
)
PRIORITIES: tuple[Priority, ...] = ("fan", "fan", "fan", "prefetch", "explore")


@pytest.fixture(scope="module")
def model() -> Iterator[Llama]:
    yield Llama(resolve(), Settings(context=256, threads=1))


class Play:
    """Somebody who asks for everything at once, forgets half of it, and goes on anywhere."""

    def __init__(self, model: Llama) -> None:
        model.clear()
        self.scheduler = Scheduler(model, self.hear)
        self.dice = random.Random(0)
        self.open: dict[int, set[int]] = {}
        self.texts: dict[int, str] = {}
        self.known = [TEXT[:40], "It was", ""]
        self.serial = 0

    def hear(self, serial: int, said: Said | SimError) -> None:
        """Every request is answered to its end, and nothing comes after that."""
        assert not isinstance(said, SimError)
        assert serial in self.open
        match said:
            case Column(pieces=pieces):
                self.texts[serial] += "".join(piece.text for piece in pieces if not piece.index)
                self.open[serial] -= {piece.index for piece in pieces if piece.finish}
                if not self.open[serial]:
                    self.known.append(self.texts.pop(serial)[:120])
                    del self.open[serial]
            case Scored(tokens=tokens, whole=whole):
                if whole or not tokens:
                    del self.open[serial]
            case Started():
                assert serial in self.texts
            case _:
                del self.open[serial]

    def ask(self) -> None:
        self.serial += 1
        self.known = self.known[-40:]
        text = self.dice.choice(self.known)
        # somewhere in what was written before: the end, a branch, or typed on
        text = text[: self.dice.randint(0, len(text))] + self.dice.choice(
            ["", "a", " the", "\n", "“"]
        )
        kind = self.dice.random()
        if kind < 0.1:
            self.open[self.serial] = {0}
            self.scheduler.begin(
                self.serial, Scoring("s", text * self.dice.choice([1, 1, 6]), top=2)
            )
        elif kind < 0.15:
            self.open[self.serial] = {0}
            self.scheduler.begin(self.serial, Survey("s", text))
        else:
            seeds = tuple(range(self.dice.choice([1, 1, 1, 2, 5])))
            self.open[self.serial] = set(seeds)
            self.texts[self.serial] = text
            request = Rollout(
                "r",
                text,
                seeds,
                self.dice.choice([1, 1, 2, 4]),
                priority=self.dice.choice(PRIORITIES),
                prefix=self.dice.choice(["", "", "", " and"]),
                top=self.dice.choice([0, 0, 3]),
            )
            self.scheduler.hurry(request)
            self.scheduler.begin(self.serial, request)

    def play(self, requests: int) -> None:
        for _ in range(requests):
            self.ask()
            if self.dice.random() < 0.3:
                self.scheduler.interrupt(self.dice.randint(max(1, self.serial - 6), self.serial))
            while len(self.open) > self.dice.randrange(8):
                self.scheduler.step()
            while not self.scheduler.busy and self.scheduler.get_ready():
                if self.dice.random() < 0.05:
                    break


def memory() -> int:
    """The bytes of this process that are in memory; where that is not told, the most ever."""
    if sys.platform == "linux":
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_nothing_leaks(model: Llama) -> None:
    play = Play(model)
    play.play(REQUESTS // 2)
    half = memory()
    play.play(REQUESTS // 2)
    grown = memory() - half
    while play.scheduler.busy:
        play.scheduler.step()
    while play.scheduler.get_ready():
        pass
    assert play.open == {} and play.texts == {}
    scheduler, cache = play.scheduler, play.scheduler._cache
    assert scheduler._turns.all == () and scheduler._decoding == set()
    assert not any(held.busy for held in cache._held.values())
    assert sorted([*cache._numbers, *cache._held]) == list(range(model.sequences))
    for sequence in range(model.sequences):
        assert model.length(sequence) == len(cache.held.get(sequence, ()))
    assert cache.used <= model.cells
    assert cache._parking._rows.keys() == model._parked.keys()
    while cache.evict():
        pass
    assert cache.used == 0 and not cache._cells._holders.any()
    assert sorted(cache._cells.free) == list(range(model.cells))
    assert grown < LEAK
