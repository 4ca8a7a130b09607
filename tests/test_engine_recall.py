"""What the model said is kept with the tokens it said it after, and not computed again."""

import numpy as np

from jupyter_sim.engine.recall import Recall
from jupyter_sim.engine.sampling import weigh


def rows(*numbers: int, width: int = 64) -> list[np.ndarray]:
    return [np.random.default_rng(n).normal(size=width).astype(np.float32) for n in numbers]


def test_a_row_comes_back_with_the_weights_it_had() -> None:
    recall = Recall(64)
    row = rows(1)[0]
    weights = weigh(row[None].copy())
    recall.keep([5], weights.logits, weights.norms)
    again = recall.rows([5])
    assert np.array_equal(again.logits, weights.logits)
    assert np.array_equal(again.values, weights.values)
    assert np.array_equal(again.norms, weights.norms)


def test_only_what_is_known_without_a_gap_counts() -> None:
    recall = Recall(64)
    for cell in (3, 4, 6):
        recall.keep([cell], rows(cell)[0][None], np.zeros(1))
    assert recall.known([3, 4, 5, 6]) == 2
    assert recall.known([5, 6]) == 0
    assert recall.known([3, 4]) == 2


def test_a_freed_cell_says_nothing() -> None:
    recall = Recall(64)
    recall.keep([3], rows(1)[0][None], np.zeros(1))
    recall.forget([3, 8])
    assert recall.known([3]) == 0


def test_the_newest_rows_take_the_place_of_the_oldest() -> None:
    recall = Recall(64, memory=3 * 64 * 4)
    for cell in (1, 2, 3, 1, 4):
        recall.keep([cell], rows(cell)[0][None], np.zeros(1))
    assert [recall.known([cell]) for cell in (1, 2, 3, 4)] == [1, 0, 1, 1]
    assert np.array_equal(recall.rows([1, 4]).logits, np.stack(rows(1, 4)))


def test_without_memory_nothing_is_kept() -> None:
    recall = Recall(64, memory=0)
    recall.keep([1], rows(1)[0][None], np.zeros(1))
    assert recall.known([1]) == 0


def test_several_rows_at_once_go_round_the_end_of_the_memory() -> None:
    recall = Recall(64, memory=5 * 64 * 4)
    for cells in ((1, 2, 3), (4, 5, 6, 7)):
        recall.keep(cells, np.stack(rows(*cells)), np.array(cells, np.float64))
    assert [recall.known([cell]) for cell in range(1, 8)] == [0, 0, 1, 1, 1, 1, 1]
    again = recall.rows([7, 3, 5])
    assert np.array_equal(again.logits, np.stack(rows(7, 3, 5)))
    assert again.norms.tolist() == [7, 3, 5]
