"""Attention of tokens to the cells that they see is what it should be, in the llama.cpp at hand.

It is asked for as llama.cpp's own graphs ask for it, and held to double precision. Where llama.cpp
was built without `.ci/fan_attention.h`, or for a processor that this does not suit, sums are in
half precision and depend on the number of threads: there the same tests allow for that.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from .attention import HIDDEN, Attention, Levels
from .ggml import CPU

OURS = hasattr(CPU, "jupyter_sim_fan_attention")
NEAR = 1e-7 if OURS else 2e-3
SHARED, PAD = 512, 256
SIZES = [(32, 32), (64, 64), (80, 80), (96, 96), (128, 128), (256, 256), (192, 128), (64, 96)]
BATCHES = [1, 2, 3, 7, 8, 16, 33, 128]


def attention(
    levels: Levels, sizes: tuple[int, int] = (64, 64), heads: int = 4, shared: int = 2
) -> Attention:
    tokens, cells = levels.shape
    chosen = np.random.default_rng(tokens)
    queries = chosen.normal(size=(tokens, heads, sizes[0])).astype(np.float32)
    keys, values = (
        chosen.normal(size=(cells, heads // shared, size)).astype(np.float16) for size in sizes
    )
    return Attention(queries, keys, values, levels)


def hidden(tokens: int, cells: int) -> Levels:
    return np.full((tokens, -(-cells // PAD) * PAD), HIDDEN, np.float16)


def fan(candidates: int, steps: int = 20) -> Levels:
    """Every candidate sees the prompt's cells, and after them those that it added, by turns."""
    levels = hidden(candidates, SHARED + candidates * steps)
    levels[:, :SHARED] = 0
    for candidate in range(candidates):
        levels[candidate, SHARED + candidate : SHARED + candidates * steps : candidates] = 0
    return levels


def prompt(tokens: int, before: int = 0) -> Levels:
    """A micro-batch of a prompt, so much of which stands before."""
    levels = hidden(tokens, before + tokens)
    levels[np.tri(tokens, levels.shape[1], before, dtype=bool)] = 0
    return levels


def two_clients() -> Levels:
    """Two fans whose cells lie between cells that nobody sees any more."""
    levels = hidden(12, 2 * SHARED)
    levels[:6, 100:300] = levels[6:, 350:611] = 0
    for token in range(12):
        levels[token, 650 + token : 1000 : 17] = 0
    return levels


def any_number() -> Levels:
    """A token for every number of cells that it may see of each block, none among them."""
    chosen, levels = np.random.default_rng(0), hidden(33, PAD)
    for token, block in np.ndindex(33, PAD // 32):
        levels[token, 32 * block + chosen.permutation(32)[:token]] = 0
    return levels


def single() -> Levels:
    """Every token sees one cell only."""
    levels = hidden(9, SHARED)
    levels[np.arange(9), np.arange(9) * 61] = 0
    return levels


def distances(levels: Levels) -> Levels:
    """What is seen counts less, the farther away it is."""
    return np.where(levels == 0, -np.float16(np.arange(levels.shape[1])[::-1]), levels)


MASKS = {
    "a fan": fan(8),
    "a fan after many steps": fan(16, 80),
    "a prompt": prompt(128),
    "a micro-batch": prompt(64, 300),
    "two clients": two_clients(),
    "any number": any_number(),
    "single": single(),
}
masks = pytest.mark.parametrize("levels", MASKS.values(), ids=MASKS)
FANS = {name: levels for name, levels in MASKS.items() if len(levels) < 64}


def check(given: Attention) -> None:
    """Hold a result to what single precision can give, whose steps are wider for larger scores."""
    off = np.abs(given.computed() - given.exact()).max()
    assert off < NEAR * (4 + largest(given.scores())) * largest(given.values)


def largest(numbers: NDArray[np.floating]) -> float:
    return float(np.abs(numbers[np.isfinite(numbers)]).max())


def same(found: NDArray[np.float32], expected: NDArray[np.float32]) -> bool:
    """Whether they are the same to the last bit, or without our own attention nearly so."""
    return found.tobytes() == expected.tobytes() if OURS else near(found, expected)


def near(found: NDArray[np.float32], expected: NDArray[np.float32]) -> bool:
    """Whether they are the same but for the last bits: sums of one or two rows are ordered anew."""
    return bool(np.abs(found - expected).max() < 10 * NEAR)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("tokens", BATCHES)
def test_attention_of_heads_of_any_size_is_exact_but_for_the_last_bits(
    sizes: tuple[int, int], tokens: int
) -> None:
    check(attention(fan(tokens, 5), sizes))


@pytest.mark.parametrize("shared", [1, 2, 3, 4, 8, 16])
@pytest.mark.parametrize("tokens", [1, 5, 33])
def test_any_number_of_heads_may_share_keys_and_values(shared: int, tokens: int) -> None:
    check(attention(fan(tokens, 3), heads=2 * shared, shared=shared))


@masks
def test_a_token_attends_to_what_it_sees_and_to_nothing_else(levels: Levels) -> None:
    check(attention(levels))


def test_a_token_that_sees_one_cell_has_its_values_and_one_that_sees_nothing_has_none() -> None:
    given = attention(single())
    given.levels[4] = HIDDEN
    found = given.computed()
    for token in range(9):
        seen = np.repeat(given.values[61 * token], 2, 0) * np.float16(token != 4)
        assert np.array_equal(found[token], seen)


@masks
@pytest.mark.parametrize(("threads", "shared"), [(1, 1), (2, 2), (3, 1), (8, 3)])
def test_a_token_has_nearly_the_same_result_alone_and_among_others_in_any_order(
    levels: Levels, threads: int, shared: int
) -> None:
    given = attention(levels, heads=6, shared=shared)
    whole = given.computed(1)
    order = np.random.default_rng(threads).permutation(len(levels))
    assert same(given.computed(threads), whole)
    assert near(given.of(order).computed(threads), whole[order])
    for token in order[:8]:
        assert near(given.of([token]).computed(threads), whole[[token]])


@masks
@pytest.mark.parametrize("filler", [65504, -65504])
def test_what_a_token_does_not_see_may_hold_any_number(levels: Levels, filler: int) -> None:
    given = attention(levels)
    before = given.computed()
    for tokens in ([0], [len(levels) // 2], range(len(levels))):
        unseen = (levels[tokens] == HIDDEN).all(0)
        keys, values = given.keys.copy(), given.values.copy()
        keys[unseen] = values[unseen] = filler
        after = given._replace(keys=keys, values=values).computed()
        assert same(after[tokens], before[tokens])


@pytest.mark.parametrize("levels", FANS.values(), ids=FANS)
@pytest.mark.parametrize("filler", [np.inf, -np.inf, np.nan])
def test_what_is_no_number_spoils_only_the_tokens_that_see_it(
    levels: Levels, filler: float
) -> None:
    given = attention(levels)
    before = given.computed()
    for token in (0, len(levels) // 2):
        unseen = levels[token] == HIDDEN
        for name in ("keys", "values"):
            spoilt = getattr(given, name).copy()
            spoilt[unseen] = filler
            assert near(given._replace(**{name: spoilt}).computed()[token], before[token])


@masks
@pytest.mark.parametrize("large", [-300, 30, 300])
def test_scores_may_be_extreme(levels: Levels, large: int) -> None:
    given = attention(levels)
    given.queries[:] *= large
    check(given)


@masks
def test_very_low_scores_count_as_others_do(levels: Levels) -> None:
    given = attention(levels)
    given.queries[..., 0], given.keys[..., 0] = 1024, -64
    check(given)


@masks
@pytest.mark.parametrize("heads", [4, 6])
def test_what_is_far_away_counts_less_where_attention_is_biased(levels: Levels, heads: int) -> None:
    check(attention(distances(levels), heads=heads)._replace(bias=8.0))


@masks
def test_scores_may_be_capped(levels: Levels) -> None:
    given = attention(levels)._replace(cap=30.0)
    given.queries[:] *= 16
    check(given)


@masks
@pytest.mark.parametrize("level", [-100.0, 5.0, 100.0])
def test_a_sink_takes_its_share(levels: Levels, level: float) -> None:
    sinks = np.array([level, -level, 1.0, level], np.float32)
    check(attention(levels)._replace(sinks=sinks))
