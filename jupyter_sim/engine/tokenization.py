"""Incremental tokenization: of a text that has much in common with an earlier one, only the rest.

Writers send the same text again and again, a little longer or changed somewhere. The tokens of the
last few texts are kept with the place in the text where each ends. A new one is cut between two
words before the first difference: what stands before has the tokens that it had, and only what
stands behind is split anew, word by word. The result is that of splitting the whole text; where
that is not certain, the whole is split. No model is known here.

Why it is certain: no token of the vocabulary holds a letter with a space behind it, so there is a
border between tokens at the end of every word. Merging never reaches over such a border, and
whatever takes a text apart before that does so from left to right, and sees nothing of what stands
behind a word but the space. In case a model's tokenizer looks further than any that is known, the
new tokens have to begin like those that stood there before.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .words import Split, Words

MEMORY, TEXTS = 1 << 23, 8
MARGIN, OVERLAP = 64, 32
SEARCH = 4096

Ints = NDArray[np.int32]


class Text(NamedTuple):
    """A text with its tokens, and how many of its bytes are spelled up to the end of each."""

    raw: bytes
    tokens: Ints
    ends: Ints

    @property
    def size(self) -> int:
        """How many bytes this takes."""
        return len(self.raw) + self.tokens.nbytes + self.ends.nbytes


class Tokenization:
    """The tokens of texts, as `whole` splits them.

    `rest` splits what begins with a space and stands behind a letter; None where words are not
    split independently of each other (see `words`). `pieces` are the bytes of every token. The last
    few texts are kept, in at most `memory` bytes. May be used by several threads.
    """

    def __init__(
        self,
        whole: Split,
        rest: Split | None,
        pieces: Sequence[bytes],
        memory: int = MEMORY,
    ) -> None:
        self._whole = whole
        self._words = None if rest is None else Words(whole, rest, pieces)
        self._lengths = np.fromiter(map(len, pieces), np.int32, len(pieces))
        self._pieces = pieces
        self._memory = memory
        self._texts: tuple[Text, ...] = ()

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        if self._words is None:
            return self._whole(text)
        raw, texts = text.encode(), self._texts
        shared = [_common(one.raw, raw) for one in texts]
        place = int(np.argmax(shared)) if texts else -1
        split = self._continue(texts[place], raw, shared[place], self._words) if texts else None
        if split is not None:
            # what a text has grown from need not be kept beside it
            self._keep((split, *texts[:place], *texts[place + 1 :]))
            known: list[int] = split.tokens.tolist()
            return known
        tokens = self._words.whole(text)
        split = self._measured(raw, np.array(tokens, np.int32))
        if split is not None:
            self._keep((split, *texts))
        return tokens

    def _measured(self, raw: bytes, tokens: Ints) -> Text | None:
        """Return a text with its tokens, if they are as long, perhaps with a space before."""
        ends = self._lengths[tokens].cumsum(dtype=np.int32)
        lead = int(ends[-1]) - len(raw) if len(ends) else 0
        return Text(raw, tokens, ends - np.int32(lead)) if lead in (0, 1) else None

    def _continue(self, before: Text, raw: bytes, shared: int, words: Words) -> Text | None:
        """Return a text whose first `shared` bytes are those of another, if they are of use."""
        if shared == len(raw) == len(before.raw):
            return before
        cut = _end_of_word(raw, shared - MARGIN)
        if cut is None:
            return None
        first = int(before.ends.searchsorted(cut, "right"))
        certain = int(before.ends.searchsorted(shared - OVERLAP, "right"))
        tokens = words.rest(raw[cut:].decode())
        if tokens is None:
            return None
        fresh = np.array(tokens, np.int32)
        same = np.array_equal(fresh[: certain - first], before.tokens[first:certain])
        if before.ends[first - 1] != cut or not same or self._spell(tokens) != raw[cut:]:
            return None
        ends = self._lengths[fresh].cumsum(dtype=np.int32) + np.int32(cut)
        return Text(
            raw,
            np.concatenate((before.tokens[:first], fresh)),
            np.concatenate((before.ends[:first], ends)),
        )

    def _spell(self, tokens: list[int]) -> bytes:
        return b"".join(map(self._pieces.__getitem__, tokens))

    def _keep(self, texts: tuple[Text, ...]) -> None:
        sizes = np.cumsum([one.size for one in texts[:TEXTS]])
        self._texts = texts[: int(sizes.searchsorted(self._memory, "right"))]


def _end_of_word(raw: bytes, before: int) -> int | None:
    """Return the last place, not after `before`, where one space stands between two letters."""
    place = max(0, before + 1)
    while (place := raw.rfind(b" ", max(0, before - SEARCH), place)) > 0:
        last = raw[max(0, place - 4) : place].decode("utf-8", "ignore")[-1:]
        following = raw[place + 1 : place + 5].decode("utf-8", "ignore")[:1]
        if last.isalpha() and following.isalpha():
            return place
    return None


def _common(one: bytes, other: bytes) -> int:
    """Return how many bytes two texts have in common at their beginnings."""
    size = min(len(one), len(other))
    if one[:size] == other[:size]:
        return size
    # texts that have nothing to do with each other are soon told apart
    if one[:MARGIN] != other[:MARGIN]:
        size = min(size, MARGIN)
    mine, theirs = (np.frombuffer(text, np.uint8, size) for text in (one, other))
    return int(np.argmax(mine != theirs))
