"""Folding a cell's history of 100,000 events, and the work of one more edit of such a cell."""

import random
import statistics
import time

import pytest

from jupyter_sim.cells import Cells
from jupyter_sim.edits import edited
from jupyter_sim.events import (
    Accepted,
    Edited,
    Event,
    Generated,
    Opened,
    Proposed,
    Recipe,
    Rejected,
    Sampling,
    Source,
    Span,
    Stamp,
    Written,
    node_id,
)
from jupyter_sim.tree import Growth, Tree, fold

EVENTS, FOLD_AT_MOST, STEP_AT_MOST, REPLACE_AT_MOST = 100_000, 2.0, 0.025, 2.0
SENTENCE = " The rain went on until the morning came, and nobody spoke of the harbour."


def history(count: int) -> list[Event]:
    """A cell written with fans of five: type, propose, accept one, reject one, mend the middle."""
    chance = random.Random(7)
    growth = Growth(Tree("cell"))
    events: list[Event] = []

    def stamp() -> Stamp:
        seq = len(events) + 1
        return Stamp(f"e{seq}", "w", seq, float(seq), "u", "d", "cell")

    def tell(event: Event) -> None:
        growth.add(event)
        events.append(event)

    tell(Opened(stamp(), "It was late."))
    while len(events) < count:
        tree, head = growth.tree, growth.tree.head
        assert head is not None
        length = tree.end(head)
        tell(Edited(stamp(), head, 0, (Written(" Then", "human"),)))
        head = growth.tree.head
        assert head is not None
        ids = tuple(node_id(f"g{len(events)}-{i}") for i in range(5))
        recipe, source = Recipe(0, ""), Source("m", "", "")
        tell(
            Proposed(
                stamp(), ids[0], ids[0], head, ids, (1,) * 5, recipe, source, Sampling(), "none", 8
            )
        )
        for id in ids:
            tell(Generated(stamp(), ids[0], ids[0], id, SENTENCE, (), (), "stop", 0.1))
        tell(Accepted(stamp(), ids[0], ids[0], ids, head, 0, len(SENTENCE)))
        tell(Rejected(stamp(), ids[0], ids[1], ids))
        if chance.random() < 0.1:
            at = chance.randrange(max(0, length - 500), length)
            tree = growth.tree
            spans: tuple[Span, ...] = (Written("again ", "human"), *tree.tail(at))
            tell(Edited(stamp(), tree.place(at), 0, spans))
    return events[:count]


@pytest.mark.bench
def test_a_tree_of_a_hundred_thousand_events_is_folded_in_two_seconds() -> None:
    events = history(EVENTS)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        trees, problems = fold(events)
        times.append(time.perf_counter() - began)
    assert not problems
    took, text = statistics.median(times), trees["cell"].text
    print(
        f"\nfold of {EVENTS:,} events, {len(trees['cell'].nodes):,} nodes, a text of "
        f"{len(text):,} code points: {took:.2f} s (at most {FOLD_AT_MOST})"
    )
    assert took <= FOLD_AT_MOST


@pytest.mark.bench
def test_a_word_replaced_everywhere_in_a_long_history_is_one_edit() -> None:
    cells = Cells(history(EVENTS))
    now = cells.now("cell")
    assert now is not None
    text = now.text.replace("harbour", "port")
    began = time.perf_counter()
    stamp = Stamp("more", "w", EVENTS, 0.0, "u", "d", "cell")
    event = edited(stamp, now, text, "human", (cells.recent("cell"),))
    cells.add(event)
    took = time.perf_counter() - began
    print(f"\n{now.text.count('harbour'):,} words replaced after {EVENTS:,} events: {took:.2f} s")
    assert cells.trees["cell"].text == text
    assert sum(span.text.count("rain") for span in event.spans if isinstance(span, Written)) == 0
    assert took <= REPLACE_AT_MOST


@pytest.mark.bench
def test_one_more_edit_of_a_long_history_is_a_matter_of_milliseconds() -> None:
    cells = Cells(history(EVENTS))
    times = []
    for number in range(50):
        now = cells.now("cell")
        assert now is not None
        at = len(now.text) - 200 * number
        text = now.text[:at] + f" And then {number}." + now.text[at:]
        began = time.perf_counter()
        stamp = Stamp(f"more-{number}", "w", EVENTS + number, 0.0, "u", "d", "cell")
        cells.add(edited(stamp, now, text, "human", (cells.recent("cell"),)))
        cells.now("cell")
        times.append(time.perf_counter() - began)
    took = statistics.quantiles(times, n=20)[-1]
    print(f"\none more edit after {EVENTS:,} events: p95 {took * 1000:.1f} ms")
    assert took <= STEP_AT_MOST
