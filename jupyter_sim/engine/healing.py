"""Token healing: a prompt that ends anywhere is continued as if its end were not cut.

The last tokens of a prompt are often not those that the model would have seen there: a word is
half written, a space waits for the word that it belongs to. So they are taken back, and the first
tokens of a continuation have to spell what they said, `rest`, before anything new. A token either
covers the rest and goes on beyond it, or spells a part of it; the latter are looked into, one
decoded token each, so that in the end the covering tokens of all ways stand beside each other,
each with its exact probability. Ways that cannot matter are left out.

Pure bookkeeping over token spellings and rows of logits.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .sampling import weigh
from .vocabulary import Spellings
from .weights import Floats, Tokens

MAX_BACK = 4
MAX_WAYS = 8
NEGLIGIBLE = np.log(0.01)


class Way(NamedTuple):
    """Tokens after the shortened prompt that spell a part of the rest; at first none.

    `weight` is their log-probability in all, `rest` what is still to be spelled, and `sequence`
    where they are decoded: all that it holds, or its first `length` tokens.
    """

    rest: bytes
    tokens: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    weight: float = 0.0
    sequence: int = -1
    length: int | None = None


class Choices(NamedTuple):
    """What a first token may be: log-probabilities, tokens, and the way before each.

    `norms` are how far the model's logits lie above the log-probabilities after each way.
    """

    heights: Floats
    tokens: Tokens
    places: Tokens
    ways: list[Way]
    norms: list[float]


class Healing:
    """The search for the ways to spell the rest of one prompt, which is `start`."""

    def __init__(self, spellings: Spellings, pieces: Sequence[bytes], rest: bytes) -> None:
        self._spellings = spellings
        self._pieces = pieces
        self.start = rest
        self._pending: list[Way] = []
        self._taken = 0
        self._mass = -np.inf
        self._ways: list[Way] = []
        self._norms: list[float] = []
        self._heights: list[Floats] = []
        self._tokens: list[Tokens] = []

    def see(self, way: Way, row: Floats, norm: float = 0.0) -> None:
        """Take in the model's log-probabilities after a way that is decoded.

        `norm` is how far its logits lie above them.
        """
        tokens = np.arange(len(row)) if not way.rest else self._spellings.covering(way.rest)
        heights = row[tokens] + np.float32(way.weight)
        if np.isfinite(heights).any():
            self._mass = np.logaddexp(self._mass, weigh(heights[None]).norms[0])
            self._ways.append(way)
            self._norms.append(norm)
            self._heights.append(heights)
            self._tokens.append(tokens)
        for token in self._spellings.within(way.rest):
            logprob = float(row[token])
            weight = way.weight + logprob
            rest = way.rest[len(self._pieces[token]) :]
            spelled = (*way.tokens, token)
            logprobs = (*way.logprobs, logprob)
            self._pending.append(Way(rest, spelled, logprobs, weight, way.sequence, way.length))

    def next(self) -> list[Way]:
        """Return the ways to decode next, in forks of the `sequence` that they name."""
        worth = [way for way in self._pending if way.weight > self._mass + NEGLIGIBLE]
        worth.sort(key=lambda way: -way.weight)
        self._pending = []
        worth = worth[: MAX_WAYS - self._taken]
        self._taken += len(worth)
        return worth

    def choices(self) -> Choices | None:
        """Return all first tokens that spell the rest; None where no way was found."""
        if not self._ways:
            return None
        places = [np.full(len(tokens), place) for place, tokens in enumerate(self._tokens)]
        return Choices(
            np.concatenate(self._heights),
            np.concatenate(self._tokens),
            np.concatenate(places),
            self._ways,
            self._norms,
        )


def taken_back(tokens: Sequence[int], pieces: Sequence[bytes], prompt: bytes) -> tuple[int, bytes]:
    """Return how many tokens of a prompt are to be spelled anew, and their bytes.

    That is the last token, and those before it of which the same word, the same white space or
    the same character was made; none where the tokens do not spell the prompt.
    """
    count, rest = 0, b""
    for token in reversed(tokens[-MAX_BACK:]):
        longer = pieces[token] + rest
        if not pieces[token] or not prompt.endswith(longer):
            break
        if rest and not _joined(pieces[token], rest):
            break
        count, rest = count + 1, longer
    return count, rest


def _joined(piece: bytes, rest: bytes) -> bool:
    """Whether the border between two pieces runs through a word, white space or a character."""
    last, first = piece[-1:], rest[:1]
    if rest.isspace():
        return last.isspace() and piece.isspace()
    inside = b"\x80" <= first < b"\xc0"
    letter = first.isalpha() or b"\xc3" <= first < b"\xe0"
    return inside or (letter and (last.isalpha() or last >= b"\x80"))
