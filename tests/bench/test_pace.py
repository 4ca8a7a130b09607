"""How replays grow with what is replayed, and differences with long texts: never with a square."""

import io
import time
from collections.abc import Callable

import pytest

from jupyter_sim.edits import difference
from jupyter_sim.events import Edited, Event, Opened, Place, Stamp, Written, node_id
from jupyter_sim.player import play
from jupyter_sim.replay import steps

EIGHTFOLD_AT_MOST, ROUNDS = 16, 5
DIFFERENCE_AT_MOST = 0.1


def typed(words: int, word: str) -> list[Event]:
    """A text written word by word."""
    stamps = (Stamp(f"e{seq}", "w", seq, seq, "", "document", "cell") for seq in range(1, words))
    events: list[Event] = [Opened(next(stamps), "")]
    for stamp in stamps:
        at = Place(node_id(f"e{stamp.seq - 1}"), min(len(word), len(word) * (stamp.seq - 2)))
        events.append(Edited(stamp, at, 0, (Written(word, "human"),)))
    return events


def growth(work: Callable[[list[Event]], object], words: int, word: str) -> float:
    """How many times as long it takes for eight times as much."""
    short, long = typed(words, word), typed(8 * words, word)
    ratios = []
    for _ in range(ROUNDS):
        times = []
        for events in (short, long):
            began = time.process_time()
            work(events)
            times.append(time.process_time() - began)
        ratios.append(times[1] / times[0])
    return sorted(ratios)[ROUNDS // 2]


@pytest.mark.bench
def test_eight_times_as_many_steps_take_no_more_than_sixteen_times_as_long() -> None:
    ratio = growth(lambda events: sum(1 for _ in steps(events)), 2_000, "y")
    print(f"\neight times as many steps: {ratio:.1f} times as long")
    assert ratio <= EIGHTFOLD_AT_MOST


@pytest.mark.bench
def test_eight_times_as_long_a_replay_as_text_takes_no_more_than_sixteen_times_as_long() -> None:
    ratio = growth(lambda events: play(steps(events), io.StringIO()), 750, "word ")
    print(f"\neight times as long a replay: {ratio:.1f} times as long")
    assert ratio <= EIGHTFOLD_AT_MOST


@pytest.mark.bench
def test_the_difference_of_long_texts_is_found_at_once() -> None:
    old = "x" * 1_000_000
    began = time.process_time()
    difference(old, old[:500_000] + "y" + old[500_000:])
    took = time.process_time() - began
    print(f"\na letter in the middle of a million: {1000 * took:.1f} ms")
    assert took <= DIFFERENCE_AT_MOST
