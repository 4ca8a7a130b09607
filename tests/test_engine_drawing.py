"""First tokens without replacement: the right distribution, and repeats only when all are taken."""

import itertools
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from jupyter_sim.engine.candidate import Candidate
from jupyter_sim.engine.drawing import Drawing
from jupyter_sim.engine.healing import Choices, Way
from jupyter_sim.engine.llama import Llama
from jupyter_sim.engine.messages import Rollout
from jupyter_sim.engine.sampling import weigh
from jupyter_sim.events import Sampling

PIECES = [b"", b" a", b" b", b" c", b"a", b"b", b" "]
SHARES = (0.5, 0.3, 0.15, 0.05)


def drawing() -> Drawing:
    return Drawing(cast("Llama", SimpleNamespace(pieces=PIECES, ends=frozenset({0}))))


def choices(tokens: list[int], shares: tuple[float, ...], rests: list[bytes]) -> Choices:
    """Choices of one token each, behind a way that still owes its rest."""
    heights = np.log(np.array(shares, np.float32))
    ways = [Way(rest) for rest in rests]
    places = np.arange(len(tokens)) % len(ways) if len(ways) > 1 else np.zeros(len(tokens), int)
    return Choices(heights, np.array(tokens), places, ways, [0.0] * len(ways))


def drawn(offer: Choices, n: int, first: int = 0, **sampling: Any) -> list[int]:
    rollout = Rollout("r", "", tuple(range(first, first + n)), 4, "none", Sampling(**sampling))
    candidates = [Candidate(rollout, index) for index in range(n)]
    pieces = drawing().first(candidates, offer, [])
    return [piece.tokens[-1] for piece in pieces]


def test_pairs_come_as_drawing_without_replacement_has_it() -> None:
    """Every ordered pair: p of the first, times p of the second among what is left."""
    offer = choices([1, 2, 3, 0], SHARES, [b""])
    rounds = 4000
    counts = Counter(
        tuple(drawn(offer, 2, 2 * seed, distinct=True, min_p=0.0)) for seed in range(rounds)
    )
    share = dict(zip([1, 2, 3, 0], SHARES, strict=True))
    square = 0.0
    for one, two in itertools.permutations(share, 2):
        expected = rounds * share[one] * share[two] / (1 - share[one])
        square += (counts[one, two] - expected) ** 2 / expected
    assert sum(counts.values()) == rounds
    assert square < 31.26  # chi-square of 11 degrees of freedom, p = 0.001


def test_with_fewer_choices_than_candidates_the_rest_repeat() -> None:
    offer = choices([1, 2, 3], (0.6, 0.3, 0.1), [b""])
    tokens = drawn(offer, 8, distinct=True, min_p=0.0)
    assert set(tokens[:3]) == set(tokens[3:6]) == {1, 2, 3}
    assert tokens[6] != tokens[7]


def test_only_what_the_sampling_keeps_is_drawn() -> None:
    offer = choices([1, 2, 3, 0], SHARES, [b""])
    assert set(drawn(offer, 4, distinct=True, top_k=2)) == {1, 2}


def test_without_temperature_the_likeliest_come_in_their_order() -> None:
    offer = choices([3, 1, 2, 0], (0.1, 0.5, 0.3, 0.1), [b""])
    assert drawn(offer, 3, distinct=True, temperature=0.0, min_p=0.3) == [1, 2, 1]


def test_two_ways_to_say_the_same_count_as_one() -> None:
    # " a" in one token, and "a" where the space is a token of its own already
    offer = choices([1, 4, 2, 5], (0.4, 0.3, 0.2, 0.1), [b" ", b""])
    for first in range(0, 60, 2):
        said = [PIECES[token].strip() for token in drawn(offer, 2, first, distinct=True, min_p=0.0)]
        assert sorted(said) == [b"a", b"b"]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_one_candidate_draws_as_if_it_were_not_distinct(temperature: float) -> None:
    offer = choices([1, 2, 3, 0], SHARES, [b""])
    for seed in range(50):
        plain = drawn(offer, 1, seed, temperature=temperature)
        assert drawn(offer, 1, seed, temperature=temperature, distinct=True) == plain


def test_at_the_end_of_a_word_the_next_tokens_are_distinct() -> None:
    # " a" only spells what is owed, so all may have it; the next tokens differ
    offer = choices([1, 2], (0.9, 0.1), [b" a"])
    rollout = Rollout("r", "", (1, 2, 3), 4, "none", Sampling(distinct=True, min_p=0.0))
    candidates = [Candidate(rollout, index) for index in range(3)]
    for one in candidates:
        one.owed = 2
    draw = drawing()
    offer = offer._replace(heights=np.log(np.array([1.0, 1e-9], np.float32)))
    assert [piece.tokens for piece in draw.first(candidates, offer, [])] == [(1,)] * 3
    logits = np.log(np.array([1e-9, 0.1, 0.8, 0.1, 1e-9, 1e-9, 1e-9], np.float32))
    pieces = draw.next(candidates, weigh(np.tile(logits, (3, 1))))
    assert {piece.tokens[0] for piece in pieces} == {1, 2, 3}
    assert all(one.taken is None for one in candidates)
