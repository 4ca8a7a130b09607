"""Splitting text word by word: a word that was split before has the tokens that it had.

Most of a new text is words that the vocabulary has whole, or that stood elsewhere already. A border
is one space between two letters. No token reaches over it where words are independent (see
`tokenization`), so what stands between two borders, called a word here, has the same tokens
wherever it stands. Of a text only words that are new are split, all at once. No model is known
here.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain

import numpy as np

MEMORY, SLICE, TOKEN = 1 << 25, 512, 40
LETTER = r"[^\W\d_]"
BORDER = re.compile(rf" (?<={LETTER} )(?={LETTER})")
WHOLE_WORD = re.compile(rf" {LETTER}+")
# what is no whole character may be the end of a letter
BEYOND_WORD = re.compile(rf"(?:{LETTER}|\ufffd) ")

Split = Callable[[str], list[int]]


class Words:
    """Splits texts as `whole` does. `rest` splits what begins with a space and stands behind a
    letter, and `pieces` are the bytes of every token.

    So many words are remembered as fit into `memory` bytes; then all are forgotten. May be used by
    several threads.
    """

    def __init__(
        self, whole: Split, rest: Split, pieces: Sequence[bytes], memory: int = MEMORY
    ) -> None:
        self._whole = whole
        self._rest = rest
        self._pieces = pieces
        self._lengths = np.fromiter(map(len, pieces), np.int32, len(pieces))
        self._memory = memory
        self._known: dict[str, tuple[int, ...]] = {}
        self._size = 0
        self._proved = False
        spelled = (piece.decode("utf-8", "ignore") for piece in pieces)
        self._split([text[1:] for text in spelled if WHOLE_WORD.fullmatch(text)])

    def whole(self, text: str) -> list[int]:
        """Return the tokens of a text. The first is split both ways, lest a model's tokenizer
        looks further than any that is known.
        """
        first, *words = BORDER.split(text)
        rest = self._split(words) if words else None
        if rest is None:
            return self._whole(text)
        tokens = self._whole(first) + rest
        if self._proved:
            return tokens
        certain = self._whole(text)
        self._proved = tokens == certain
        return certain

    def rest(self, text: str) -> list[int] | None:
        """Return the tokens of what begins with a space and stands behind a letter; None where
        they are not certain.
        """
        return self._split(BORDER.split(text[1:])) if self._proved else None

    def _split(self, words: list[str]) -> list[int] | None:
        """Return the tokens of words that follow each other; None if they are not independent."""
        if self._size > self._memory:
            self._known, self._size = {}, 0
        known = self._known
        with suppress(KeyError):
            return list(chain.from_iterable(map(known.__getitem__, words)))
        # only the last can be one behind which no other may stand, and it is the last of the new
        new = list(dict.fromkeys(word for word in words if word not in known))
        # some tokenizers can split no line of any length
        slices = (new[start : start + SLICE] for start in range(0, len(new), SLICE))
        if not all(self._learn(each, known) for each in slices):
            return None
        return list(chain.from_iterable(map(known.__getitem__, words)))

    def _learn(self, words: list[str], known: dict[str, tuple[int, ...]]) -> bool:
        """Split words, and remember their tokens; whether there is a border behind each."""
        text = "".join(f" {word}" for word in words)
        tokens = self._rest(text)
        if b"".join(map(self._pieces.__getitem__, tokens)) != text.encode():
            return False
        ends = self._lengths[tokens].cumsum()
        stops = np.cumsum([1 + len(word.encode()) for word in words])
        places = ends.searchsorted(stops) + 1
        if places[-1] != len(tokens) or not np.array_equal(ends[places - 1], stops):
            return False
        start = 0
        for word, stop in zip(words, places.tolist(), strict=True):
            known[word] = tuple(tokens[start:stop])
            start = stop
        self._size += 2 * len(text) + TOKEN * len(tokens)
        return True


def independent(pieces: Sequence[bytes]) -> bool:
    """Whether no token of a vocabulary goes on with a space behind a letter."""
    texts = (piece.decode("utf-8", "replace") for piece in pieces if b" " in piece[1:])
    return not any(map(BEYOND_WORD.search, texts))
