"""Sampling keeps the right tokens, in the right proportions, and knows their own probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sim.engine.sampling import choose, fraction, fractions, weigh
from jupyter_sim.events import Sampling

PLAIN = Sampling(temperature=1.0, min_p=0.0)


def table(*probabilities: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(np.array(probabilities, np.float64)).astype(np.float32)[None] + 5


def reachable(logits: np.ndarray, sampling: Sampling) -> set[int]:
    chances = np.linspace(0, 1, 2001)[:-1]
    return set(choose(weigh(logits), sampling, chances).tolist())


def shares(logits: np.ndarray, sampling: Sampling) -> list[float]:
    chances = (np.arange(20_000) + 0.5) / 20_000
    picks = choose(weigh(logits), sampling, chances)
    return [float(share) for share in np.bincount(picks, minlength=logits.shape[1]) / 20_000]


def test_tokens_come_in_the_proportions_of_the_distribution() -> None:
    assert shares(table(0.5, 0.3, 0.0, 0.2), PLAIN) == pytest.approx([0.5, 0.3, 0, 0.2], abs=1e-3)


def test_temperature_sharpens_and_flattens() -> None:
    cold = shares(table(0.8, 0.2), Sampling(temperature=0.5, min_p=0))
    assert cold[0] == pytest.approx(0.64 / 0.68, abs=1e-3)
    hot = shares(table(0.8, 0.2), Sampling(temperature=2, min_p=0))
    assert hot[0] == pytest.approx(2 / 3, abs=1e-3)


def test_temperature_zero_takes_the_likeliest_whatever_the_chance() -> None:
    assert reachable(table(0.2, 0.5, 0.3), Sampling(temperature=0)) == {1}


@pytest.mark.parametrize(
    ("sampling", "kept"),
    [
        (Sampling(top_k=2, min_p=0), {1, 2}),
        (Sampling(top_k=9, min_p=0), {0, 1, 2, 3}),
        (Sampling(top_p=0.5, min_p=0), {1}),
        (Sampling(top_p=0.51, min_p=0), {1, 2}),
        (Sampling(top_p=0.85, min_p=0), {0, 1, 2}),
        (Sampling(top_p=1e-9, min_p=0), {1}),
        (Sampling(min_p=0.59), {1, 2}),
        (Sampling(min_p=1.0), {1}),
        (Sampling(top_k=2, top_p=0.6, min_p=0), {1}),
    ],
)
def test_truncation_keeps(sampling: Sampling, kept: set[int]) -> None:
    assert reachable(table(0.15, 0.501, 0.3, 0.049), sampling) == kept


def test_a_wide_nucleus_is_found_in_a_large_vocabulary() -> None:
    flat = np.zeros((2, 20_000), np.float32)
    flat[1, 7] = 30
    flat += np.linspace(0, 1e-2, 20_000, dtype=np.float32)
    picks = choose(
        weigh(np.repeat(flat, 500, axis=0)),
        Sampling(top_p=0.5, min_p=0),
        np.tile(np.linspace(0, 1, 501)[:-1], 2),
    )
    assert picks[:500].min() > 9_000
    assert set(picks[500:].tolist()) == {7}


@given(st.lists(st.floats(-40, 40, width=32), min_size=2, max_size=50), st.floats(0, 0.999999))
def test_any_row_gives_a_token_that_it_keeps(heights: list[float], chance: float) -> None:
    logits = np.array([heights], np.float32)
    for sampling in (PLAIN, Sampling(top_k=1), Sampling(top_p=0.3), Sampling(temperature=10)):
        pick = int(choose(weigh(logits), sampling, np.array([chance]))[0])
        assert 0 <= pick < len(heights)
    likeliest = choose(weigh(logits), Sampling(top_k=1), np.array([chance]))[0]
    assert logits[0, likeliest] == pytest.approx(max(heights), abs=1e-5)


@given(st.lists(st.floats(-40, 40, width=32), min_size=1, max_size=50))
def test_probabilities_sum_to_one(heights: list[float]) -> None:
    logits = np.array([heights], np.float32)
    assert np.exp(logits - weigh(logits).norms[:, None]).sum() == pytest.approx(1, abs=1e-5)


def test_rows_do_not_disturb_each_other() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, (8, 400)).astype(np.float32)
    chances = random.random(8)
    for sampling in (Sampling(), PLAIN, Sampling(top_k=5), Sampling(top_p=0.7)):
        alone = [
            int(choose(weigh(logits[row : row + 1]), sampling, chances[row : row + 1])[0])
            for row in range(8)
        ]
        assert choose(weigh(logits), sampling, chances).tolist() == alone


def test_mute_columns_are_never_drawn_but_count_in_the_norm() -> None:
    logits = table(0.5, 0.3, 0.2)
    weights = weigh(logits.copy(), np.array([0]))
    assert weights.norms[0] == pytest.approx(5)
    chances = np.linspace(0, 1, 101)[:-1]
    assert set(choose(weights, PLAIN, chances).tolist()) == {1, 2}
    assert set(choose(weights, Sampling(temperature=2), chances).tolist()) == {1, 2}


def test_a_seed_means_the_same_numbers_for_ever() -> None:
    source = fractions(1)
    assert [fraction(source) for _ in range(2)] == [0.5118216247002567, 0.9504636963259353]
