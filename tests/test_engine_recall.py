"""What the model said is kept with the tokens it said it after, and not computed again."""

import numpy as np
import pytest

from jupyter_sim.engine.recall import Recall
from jupyter_sim.engine.rows import Rows
from jupyter_sim.engine.weights import Weights, room

ROOM = room(1, 64).nbytes


def rows(*numbers: int, width: int = 64) -> list[np.ndarray]:
    return [np.random.default_rng(n).normal(size=width).astype(np.float32) for n in numbers]


def kept(recall: Recall, *cells: int) -> Weights:
    """Weigh a step of rows, and keep each by the cell of its number."""
    weights = recall.weigh(np.stack(rows(*cells)))
    recall.keep(cells, range(len(cells)))
    return weights


def test_a_row_comes_back_with_the_weights_it_had() -> None:
    recall = Recall(64, 8)
    weights = kept(recall, 3, 5).rows([1])
    recall.weigh(np.stack(rows(6, 7)))
    again = recall.rows([5])
    assert np.array_equal(again.values, weights.values)
    assert np.array_equal(again.sums, weights.sums)
    assert np.array_equal(again.norms, weights.norms)
    assert np.array_equal(again.peaks, weights.peaks)
    assert np.array_equal(again.tops, weights.tops)
    assert again.logits == pytest.approx(weights.logits, abs=1e-6)


@pytest.mark.parametrize("level", [-1000, -50, 0, 50, 1000])
def test_logits_of_any_level_come_back_but_for_what_weighs_nothing(level: float) -> None:
    recall = Recall(64, 8)
    logits = rows(1)[0] + np.float32(level)
    logits[7] -= 200
    weights = recall.weigh(logits[None].copy(), np.array([9]))
    recall.keep([4], [0])
    again = recall.rows([4]).logits[0]
    assert again[[7, 9]].tolist() == [-np.inf] * 2
    said = Rows(recall.rows([4]), [b""] * 64, 0)
    assert [said.logprob(0, column) for column in (7, 9)] == pytest.approx([-150] * 2, abs=10)
    others = np.delete(np.arange(64), [7, 9])
    assert again[others] == pytest.approx(weights.logits[0, others], abs=1e-4)


def test_only_what_is_known_without_a_gap_counts() -> None:
    recall = Recall(64, 8)
    kept(recall, 3, 4)
    kept(recall, 6)
    assert recall.known([3, 4, 5, 6]) == 2
    assert recall.known([5, 6]) == 0
    assert recall.known([3, 4]) == 2


def test_a_freed_cell_says_nothing() -> None:
    recall = Recall(64, 8)
    kept(recall, 3)
    recall.forget([3, 8])
    assert recall.known([3]) == 0


def test_rows_of_a_step_that_nobody_keeps_say_nothing() -> None:
    recall = Recall(64, 8)
    recall.weigh(np.stack(rows(1, 2, 3)))
    recall.keep([5], [1])
    assert [recall.known([cell]) for cell in (1, 5)] == [0, 1]
    assert np.argmax(recall.rows([5]).values) == np.argmax(rows(2)[0])


def test_rows_that_nobody_keeps_take_no_others_place() -> None:
    recall = Recall(64, 2, memory=4 * ROOM)
    kept(recall, 1, 2)
    for _ in range(5):
        recall.weigh(np.stack(rows(3, 4)))
    assert recall.known([1, 2]) == 2
    kept(recall, 5)
    assert recall.known([1, 2, 5]) == 3


def test_the_newest_rows_take_the_place_of_the_oldest() -> None:
    recall = Recall(64, 1, memory=3 * ROOM)
    for cell in (1, 2, 3, 1, 4):
        kept(recall, cell)
    assert [recall.known([cell]) for cell in (1, 2, 3, 4)] == [1, 0, 1, 1]
    assert recall.rows([1, 4]).logits == pytest.approx(np.stack(rows(1, 4)), abs=1e-6)


def test_a_step_that_does_not_fit_behind_the_newest_begins_anew_with_the_oldest() -> None:
    recall = Recall(64, 1, memory=5 * ROOM)
    for cells in ((1, 2, 3), (4, 5, 6, 7)):
        kept(recall, *cells)
    assert [recall.known([cell]) for cell in range(1, 8)] == [0, 0, 0, 1, 1, 1, 1]
    assert recall.rows([7, 5]).logits == pytest.approx(np.stack(rows(7, 5)), abs=1e-6)


def test_the_rows_of_one_step_have_room_however_little_memory_there_is() -> None:
    recall = Recall(64, 4, memory=0)
    weights = kept(recall, 1, 2, 3, 4)
    assert np.array_equal(weights.values[:, :64].argmax(1), np.stack(rows(1, 2, 3, 4)).argmax(1))
    assert recall.known([1, 2, 3, 4]) == 4


def test_memory_that_is_used_for_the_first_time_in_a_pause_leaves_what_is_known() -> None:
    recall = Recall(64, 1, memory=9 * ROOM)
    kept(recall, 1, 2)
    while recall.get_ready():
        pass
    assert recall.rows([1, 2]).logits == pytest.approx(np.stack(rows(1, 2)), abs=1e-6)
    kept(recall, *range(3, 10))
    assert not recall.get_ready()
    assert recall.known(range(1, 10)) == 9
