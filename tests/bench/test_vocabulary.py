"""How long the index of a vocabulary takes to build, to load, and to answer."""

import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_sim.engine.vocabulary import Spellings

LETTERS = b" etaoinshrdlucmfwypvbgkjqxz"


def milliseconds(work: Callable[[], object], rounds: int = 9) -> float:
    """The median of some rounds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


@pytest.mark.bench
@pytest.mark.parametrize("size", [32_000, 128_000, 150_000])
def test_a_kept_order_loads_faster_than_it_is_made(tmp_path: Path, size: int) -> None:
    dice = random.Random(0)
    pieces = [bytes(dice.choices(LETTERS, k=dice.randint(2, 9))) for _ in range(size)]
    made = milliseconds(lambda: Spellings(pieces))
    Spellings(pieces, tmp_path)
    loaded = milliseconds(lambda: Spellings(pieces, tmp_path))
    index = Spellings(pieces)
    covering = milliseconds(lambda: [index.covering(b" the") for _ in range(1000)])
    within = milliseconds(lambda: [index.within(b" there") for _ in range(1000)])
    print(
        f"\n{size} tokens: made in {made:.0f} ms, loaded in {loaded:.0f} ms; "
        f"covering {covering:.1f} µs, within {within:.1f} µs"
    )
    assert loaded < made
    assert max(covering, within) < 20
