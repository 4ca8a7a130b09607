"""Sampling keeps the right tokens, in the right proportions, and knows their own probabilities."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sim.engine.sampling import (
    choose,
    fractions,
    keep,
    likeliest,
    point,
    weigh,
)
from jupyter_sim.engine.weights import room
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


def test_temperature_zero_tells_logits_apart_whose_exponentials_are_the_same() -> None:
    best = np.float32(0.62)
    logits = np.array([[np.nextafter(best, np.float32(0)), best]], np.float32)
    assert reachable(logits, Sampling(temperature=0)) == {1}


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


def test_rows_far_above_and_below_the_others_are_drawn_from_alike() -> None:
    random = np.random.default_rng(0)
    row, chances = random.normal(0, 3, 400).astype(np.float32), random.random(200)
    rows = weigh(row.round(2) + np.array([[0], [30], [-30], [500], [-500]], np.float32))
    for sampling in (Sampling(), PLAIN, Sampling(top_k=5), Sampling(top_p=0.7)):
        drawn = [choose(rows, sampling, np.full(5, chance)).tolist() for chance in chances]
        assert all(len(set(tokens)) == 1 for tokens in drawn)
    assert np.ptp(rows.norms - rows.peaks) < 1e-4
    assert np.unique(likeliest(rows, 9).columns, axis=0).shape == (1, 9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 700), st.integers(1, 30), st.booleans())
def test_the_likeliest_are_those_of_a_sort(seed: int, width: int, count: int, ties: bool) -> None:
    random = np.random.default_rng(seed)
    logits = random.normal(0, 4, (3, width)).astype(np.float32)
    logits = logits.round(0) if ties else logits
    weights = weigh(logits)
    ranking = likeliest(weights, count)
    wanted = -np.sort(-weights.values[:, :width], axis=1)[:, :count]
    assert np.array_equal(ranking.values, wanted)
    assert np.array_equal(np.take_along_axis(weights.values, ranking.columns, 1), wanted)
    assert all(len(set(row)) == len(row) for row in ranking.columns.tolist())


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 60),
    st.sampled_from([1.0, 0.95, 0.5, 1e-9]),
    st.sampled_from([0.0, 0.02, 0.5]),
    st.sampled_from([0.3, 3.0, 12.0]),
)
def test_what_is_kept_is_what_the_samplers_keep_one_after_another(
    seed: int, top_k: int, top_p: float, min_p: float, spread: float
) -> None:
    logits = np.random.default_rng(seed).normal(0, spread, (1, 400)).astype(np.float32)
    shares = np.exp((logits[0] - logits[0].max()).astype(np.float64))
    order = np.argsort(-shares)[: top_k or None]
    if top_p < 1:
        mass = shares[order].cumsum() / shares[order].sum()
        order = order[: int((mass < top_p).sum()) + 1]
    order = order[shares[order] >= min_p]
    kept, _ = keep(weigh(logits), Sampling(1.0, top_k, top_p, min_p))
    # at the very border rounding decides
    assert len(set(kept.tolist()) ^ set(order.tolist())) <= 1


def test_memory_may_be_used_again() -> None:
    random = np.random.default_rng(0)
    records = room(8, 700)
    for count in (8, 3, 8):
        logits = random.normal(0, 3, (count, 700)).astype(np.float32)
        fresh, again = weigh(logits.copy()), weigh(logits.copy(), records=records[:count])
        assert np.array_equal(fresh.values, again.values)
        assert np.array_equal(fresh.norms, again.norms)


def test_a_point_never_falls_on_what_weighs_nothing() -> None:
    heights = np.array([0, 0.5, 0, 0.5, 0], np.float32)
    assert {point(heights, chance) for chance in np.linspace(0, 1, 101)} == {1, 3}


def test_mute_columns_are_never_drawn_but_count_in_the_norm() -> None:
    logits = table(0.5, 0.3, 0.2)
    weights = weigh(logits.copy(), np.array([0]))
    assert weights.norms[0] == pytest.approx(5)
    chances = np.linspace(0, 1, 101)[:-1]
    assert set(choose(weights, PLAIN, chances).tolist()) == {1, 2}
    assert set(choose(weights, Sampling(temperature=2), chances).tolist()) == {1, 2}


def test_a_mute_column_that_is_the_likeliest_takes_no_other_with_it() -> None:
    logits = np.repeat(table(0.999, 0.0006, 0.0004), 2, axis=0)
    weights = weigh(logits, np.array([0]))
    assert np.exp(logits[:, 1] - weights.norms) == pytest.approx(0.0006, rel=1e-4)
    assert choose(weights, Sampling(), np.array([0.5, 0.7])).tolist() == [1, 2]


def test_a_seed_means_the_same_numbers_for_ever() -> None:
    numbers = list(islice(fractions(1), 200))
    assert numbers[:2] == [0.5118216247002567, 0.9504636963259353]
    raw = np.random.PCG64(1).random_raw(200)
    assert numbers == [(int(one) >> 11) * 2.0**-53 for one in raw]


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_rows_that_keep_much_and_rows_that_keep_little_are_drawn_from_alike(
    temperature: float,
) -> None:
    random = np.random.default_rng(1)
    steepness = np.array([0.1, 6, 0.1, 6, 1.5], np.float32)[:, None]
    logits = random.normal(size=(5, 3000)).astype(np.float32) * steepness
    sampling, weights = Sampling(min_p=0.05, temperature=temperature), weigh(logits)
    shares = weights.values / weights.tops[:, None]
    assert {int((row >= 0.05).sum()) > 1024 for row in shares} == {True, False}
    for chances in random.random((50, 5)):
        together = choose(weights, sampling, chances).tolist()
        alone = [choose(weights.rows([row]), sampling, chances[row : row + 1]) for row in range(5)]
        assert together == [int(one[0]) for one in alone]
        for row, chance in enumerate(chances):
            columns, heights = keep(weights.rows([row]), sampling)
            assert together[row] == columns[point(heights, chance)]


def test_a_row_repeated_in_the_memory_of_one_is_drawn_from_like_several() -> None:
    row = weigh(np.random.default_rng(2).normal(size=(1, 3000)).astype(np.float32) * 5)
    chances = np.linspace(0, 0.99, 7)
    for sampling in (Sampling(), PLAIN, Sampling(top_k=9), Sampling(top_p=0.6), Sampling(min_p=1)):
        several = choose(row.rows([0] * 7), sampling, chances)
        assert choose(row.repeated(7), sampling, chances).tolist() == several.tolist()


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(top_k=9), Sampling(0.7, top_p=0.6)])
def test_what_is_found_in_a_few_blocks_is_what_whole_rows_hold(sampling: Sampling) -> None:
    random = np.random.default_rng(3)
    sure = random.normal(size=(8, 20_000)).astype(np.float32) * 3
    sure[np.arange(8), random.integers(0, 20_000, 8)] = 20
    sure[np.arange(8), random.integers(0, 20_000, 8)] = 19
    unsure = np.concatenate((sure, random.normal(size=(1, 20_000)).astype(np.float32)))
    for chances in random.random((50, 9)):
        drawn = choose(weigh(sure), sampling, chances[:8]).tolist()
        assert choose(weigh(unsure), sampling, chances).tolist()[:8] == drawn
        assert set(sure[np.arange(8), drawn].tolist()) <= {19, 20}
