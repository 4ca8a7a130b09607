"""A prompt is continued as if its end were not cut, with the model's own probabilities."""

import numpy as np
import pytest

from jupyter_sim.engine.healing import Healing, Way, taken_back
from jupyter_sim.engine.vocabulary import Spellings

PIECES = [b"", *(bytes([byte]) for byte in range(256))]
PIECES += [b" d", b" da", b" dark", b" darker", b"ark", b"rk", b" and", b"  ", b"\n\n", b"    "]
SPELLINGS = Spellings(PIECES)


def token(piece: bytes) -> int:
    return PIECES.index(piece)


def row(**probabilities: float) -> np.ndarray:
    """Log-probabilities by spelling, "_" for a space; all else is next to impossible."""
    heights = np.full(len(PIECES), -30.0, np.float32)
    for name, probability in probabilities.items():
        heights[token(name.replace("_", " ").encode())] = np.log(probability)
    return heights


@pytest.mark.parametrize(
    ("pieces", "rest"),
    [
        ([b" and", b" "], b" "),
        ([b" and", b" d", b"ark"], b" dark"),
        ([b"\n\n", b"  ", b"    "], b"\n\n      "),
        ([b"a", b"b", b"c", b"d", b"e"], b"bcde"),
        ([b" dark", b"."], b"."),
        ([b" dark", b"1", b"9"], b"9"),
        ([b" dark", "é".encode()[:1], "é".encode()[1:]], " darké".encode()),
        ([b".", b"\xf0", b"\x9f", b"\x98", b"\x80"], "😀".encode()),
        (["雨".encode()[:1], "雨".encode()[1:2], "雨".encode()[2:]], "雨".encode()),
    ],
)
def test_the_last_word_white_space_or_character_is_taken_back(
    pieces: list[bytes], rest: bytes
) -> None:
    known = [*PIECES, *pieces]
    tokens = [known.index(piece) for piece in pieces]
    count, back = taken_back(tokens, known, b"It was" + b"".join(pieces))
    assert back == rest
    assert b"".join(pieces[len(pieces) - count :]) == rest


def test_nothing_is_taken_back_where_tokens_do_not_spell_the_prompt() -> None:
    assert taken_back([token(b" dark")], PIECES, b"dark") == (0, b"")
    assert taken_back([0], PIECES, b"") == (0, b"")


def test_covering_tokens_keep_their_proportions() -> None:
    healing = Healing(SPELLINGS, PIECES, b" da")
    healing.see(Way(b" da"), row(_dark=0.2, _darker=0.1, _and=0.6))
    assert healing.next() == []
    choices = healing.choices()
    assert choices is not None
    found = dict(zip(choices.tokens.tolist(), np.exp(choices.heights).tolist(), strict=True))
    assert found[token(b" dark")] == pytest.approx(0.2)
    assert found[token(b" darker")] == pytest.approx(0.1)
    assert token(b" and") not in found


def test_a_likely_way_in_two_tokens_is_looked_into_and_weighed() -> None:
    healing = Healing(SPELLINGS, PIECES, b" da")
    healing.see(Way(b" da"), row(_dark=0.2, _d=0.4, _=0.0001))
    (way,) = healing.next()
    assert (way.rest, way.tokens) == (b"a", (token(b" d"),))
    healing.see(way, row(ark=0.5, rk=0.5))
    assert healing.next() == []
    choices = healing.choices()
    assert choices is not None
    split = choices.tokens.tolist().index(token(b"ark"))
    assert np.exp(choices.heights[split]) == pytest.approx(0.4 * 0.5)
    assert choices.ways[choices.places[split]].tokens == (token(b" d"),)


def test_without_any_covering_token_the_only_way_is_taken_however_unlikely() -> None:
    healing = Healing(Spellings(PIECES[:257]), PIECES, b"ab")
    healing.see(Way(b"ab"), row(a=1e-9, b=1.0))
    (way,) = healing.next()
    healing.see(way, row(b=0.5))
    choices = healing.choices()
    assert choices is not None
    assert choices.tokens.tolist() == [token(b"b")]


def test_a_search_without_end_is_given_up() -> None:
    healing = Healing(Spellings([b"a", b"x"]), [b"a", b"x"], b"a" * 40)
    even = np.log(np.array([0.5, 0.5], np.float32))
    ways = [Way(b"a" * 40)]
    for _ in range(40):
        for way in ways:
            healing.see(way, even)
        ways = healing.next()
    assert healing.choices() is None


def test_where_all_that_spells_the_rest_weighs_nothing_there_are_no_choices() -> None:
    healing = Healing(SPELLINGS, PIECES, b"")
    healing.see(Way(b""), np.full(len(PIECES), -np.inf, np.float32))
    assert healing.choices() is None


def test_a_whole_prompt_leaves_the_distribution_as_it_is() -> None:
    healing = Healing(SPELLINGS, PIECES, b"")
    heights = row(_dark=0.2)
    healing.see(Way(b""), heights)
    choices = healing.choices()
    assert choices is not None
    assert healing.next() == []
    assert choices.heights.tolist() == heights.tolist()
    assert choices.tokens.tolist() == list(range(len(PIECES)))
