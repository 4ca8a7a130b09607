"""Rows of logits are weighed and drawn from alike, in native code and by NumPy."""

from types import ModuleType

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from jupyter_sim.engine import native, passes
from jupyter_sim.engine.llama import FAN_ATTENTION
from jupyter_sim.engine.sampling import NONE, keep, point, weigh_again
from jupyter_sim.engine.weights import BLOCK, Weights, room
from jupyter_sim.events import Sampling

WAYS = [passes, native] if native.NATIVE else [passes]
each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.rpartition(".")[2])

Logits = NDArray[np.float32]
Chances = NDArray[np.float64]
WIDTHS = [1, 15, 16, 17, 255, 256, 257, 700, 3000]
LEVELS = [0.0, 39.0, -39.0, 41.0, -41.0, 500.0, -500.0, 1e30, -1e30]


@st.composite
def rows(draw: st.DrawFn) -> Logits:
    """Some rows of any width, steepness and level, in which some columns weigh nothing."""
    width, count = draw(st.sampled_from(WIDTHS)), draw(st.integers(1, 5))
    chosen = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    spread = draw(st.sampled_from([0.0, 0.1, 3.0, 30.0]))
    logits = spread * chosen.normal(size=(count, width)) + draw(st.sampled_from(LEVELS))
    logits[chosen.random(logits.shape) < draw(st.sampled_from([0.0, 0.1, 0.99]))] = -np.inf
    logits[:, chosen.integers(width)] = draw(st.sampled_from(LEVELS))
    return logits.astype(np.float32)


def weighed(way: ModuleType, logits: Logits, mute: NDArray[np.int64] = NONE) -> Weights:
    weights = Weights(logits.copy(), room(*logits.shape))
    way.weigh(weights.logits, mute, weights.records)
    return weights


def drawn(
    way: ModuleType, weights: Weights, min_p: float, temperature: float, chances: Chances
) -> list[int]:
    """What chances draw of columns that weigh at least so much of the likeliest."""
    with np.errstate(over="ignore"):
        columns: list[int] = way.draw(
            weights, np.float32(min_p) * weights.tops, temperature, chances
        ).tolist()
    return columns


def level(logits: Logits) -> Logits:
    """What is taken from a row's logits, so that their exponentials are within 32 bits."""
    peaks = logits.max(1, keepdims=True)
    return np.where(np.abs(peaks) > 40, peaks, 0)


def exponentials(logits: Logits, low: Logits) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(logits - low, dtype=np.float64))


def norms(logits: Logits, low: Logits) -> NDArray[np.float64]:
    return np.asarray(low[:, 0] + np.log(exponentials(logits, low).sum(1)))


def test_a_build_with_our_own_kernels_weighs_in_native_code() -> None:
    assert native.NATIVE == FAN_ATTENTION


@each_way
@given(logits=rows())
@example(logits=np.full((2, 300), -7, np.float32))
def test_weights_are_exponentials_but_for_the_last_bits(way: ModuleType, logits: Logits) -> None:
    weights = weighed(way, logits)
    size, width = weights.values.shape[1], logits.shape[1]
    exact = exponentials(logits, level(logits))
    assert np.allclose(weights.values[:, :width], exact, rtol=3e-7, atol=2e-45)
    assert not weights.values[:, :width][np.isneginf(logits)].any()
    assert not weights.values[:, width:].any()
    sums = np.pad(exact, ((0, 0), (0, size - width))).reshape(len(logits), -1, BLOCK).sum(2)
    assert np.allclose(weights.sums, sums, rtol=2e-6, atol=1e-42)
    assert np.array_equal(weights.peaks, logits.max(1))
    assert np.array_equal(weights.tops, weights.values.max(1))
    assert np.allclose(weights.norms, norms(logits, level(logits)), rtol=1e-12, atol=1e-6)
    assert np.array_equal(weights.logits, logits)


@each_way
@given(logits=rows(), muted=st.lists(st.integers(0, 2), max_size=3, unique=True))
def test_mute_columns_are_weightless_and_count_in_the_norm(
    way: ModuleType, logits: Logits, muted: list[int]
) -> None:
    mute = np.array([column for column in muted if column < logits.shape[1] - 1], np.int64)
    rest = logits.copy()
    rest[:, mute] = -np.inf
    assume(np.isfinite(rest.max(1)).all())
    with np.errstate(over="ignore"):
        weights, alone = weighed(way, logits, mute), weighed(way, rest)
    assert np.array_equal(weights.logits, rest)
    for name in ("values", "sums", "peak", "top"):
        assert np.array_equal(weights.records[name], alone.records[name])
    assert np.allclose(weights.norms, norms(logits, level(rest)), rtol=1e-12, atol=1e-6)


@each_way
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("width", [9, 256, 700])
def test_what_is_no_number_shows_in_the_norm_of_its_row_alone(
    way: ModuleType, bad: float, width: int
) -> None:
    logits = np.random.default_rng(0).normal(size=(width + 1, width)).astype(np.float32)
    logits[np.arange(width), np.arange(width)] = bad
    with np.errstate(invalid="ignore"):
        numbers = np.isfinite(weighed(way, logits).norms)
        nothing = np.isfinite(weighed(way, np.full((1, width), -np.inf, np.float32)).norms)
    assert numbers.tolist() == [False] * width + [True]
    assert not nothing.any()


@each_way
@given(logits=rows(), temperature=st.sampled_from([1.0, 0.7, 1e-10, 10.0]))
def test_a_row_has_the_same_bits_alone_and_among_others(
    way: ModuleType, logits: Logits, temperature: float
) -> None:
    weights = weighed(way, logits)
    chances = np.linspace(0, 1, len(logits))
    together = drawn(way, weights, 0.02, temperature, chances)
    for row in range(len(logits)):
        alone = weighed(way, logits[[row]])
        for name in weights.records.dtype.names or ():
            assert np.array_equal(alone.records[name], weights.records[name][[row]])
        assert drawn(way, alone, 0.02, temperature, chances[[row]]) == [together[row]]


@each_way
@given(
    logits=rows(),
    min_p=st.sampled_from([0.0, 0.02, 1.0]),
    temperature=st.sampled_from([1.0, 0.7, 1e-10, 10.0]),
)
def test_a_chance_draws_what_stands_there_on_the_line_of_what_is_kept(
    way: ModuleType, logits: Logits, min_p: float, temperature: float
) -> None:
    weights, chances = weighed(way, logits), np.linspace(0, 1, 101)
    for row in range(len(logits)):
        one = weights.rows([row])
        with np.errstate(over="ignore"):
            columns, heights = keep(one, Sampling(temperature, min_p=min_p))
        picks = drawn(way, one, min_p, temperature, chances)
        places = columns.searchsorted(picks)
        assert columns[places].tolist() == picks
        assert heights[places].all()
        ends = heights.cumsum(dtype=np.float64) / heights.sum(dtype=np.float64)
        assert (chances <= ends[places] + 1e-6).all()
        assert (chances >= ends[places] - heights[places] / heights.sum() - 1e-6).all()
        assert point(heights, 0.0) == places[0]


@each_way
def test_the_smallest_chance_draws_the_first_column_that_weighs_anything(way: ModuleType) -> None:
    for seed in range(50):
        logits = 30 * np.random.default_rng(seed).normal(size=(1, 3000)).astype(np.float32)
        logits[:, :BLOCK] = -np.inf
        weights = weighed(way, logits)
        kept = np.flatnonzero(weights.values[0] / weights.tops[0])
        assert drawn(way, weights, 0.0, 1.0, np.zeros(1)) == [kept[0]]


@each_way
def test_the_coldest_draw_what_is_likeliest_from_rows_that_were_kept(way: ModuleType) -> None:
    for seed in range(100):
        logits = np.random.default_rng(seed).normal(size=(1, 64)).astype(np.float32) - 2
        again = weigh_again(weighed(way, logits).records, 64)
        assert drawn(way, again, 0.0, 1e-10, np.array([0.5])) == [logits.argmax()]
