"""How likely a text is, token by token: what is to be read for it, and in which windows.

A text that is longer than the model's window is read in windows that overlap. Each but the first
begins half a window before the first token that it judges, so every token is judged from all that
stands before it, or from at least half a window of it. Pure bookkeeping.
"""

import codecs
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .jobs import EXPLORE, Job
from .messages import Column, Scored, ScoredToken, Scoring, cancelled
from .rows import Rows


class Window(NamedTuple):
    """Read tokens from `begin` on, after `lead`, to judge those from `first` to before `stop`."""

    lead: tuple[int, ...]
    begin: int
    first: int
    stop: int


class Scan(Job):
    """A scoring under way, of the tokens in `text`, which end at the code points `ends`.

    `led` says that the model opens every text with `opener`, and that it is not among the tokens.
    `judged` is how many tokens are past, and `sure` those that needed no judging.
    """

    def __init__(
        self,
        serial: int,
        request: Scoring,
        text: list[int],
        ends: list[int],
        opener: int,
        size: int,
        *,
        led: bool,
    ) -> None:
        super().__init__(serial, EXPLORE, request.top)
        self.request = request
        self.judged = min(request.start, len(text))
        self.sure: tuple[ScoredToken, ...] = ()
        self._text = text
        self._ends = ends
        self._windows = list(windows(text, self.judged, opener, size, led=led))
        if not self.judged and not led and text[:1] == [opener]:
            self.judged = 1
            self.sure = (ScoredToken(opener, "", ends[0], 0.0),)
        self._turn()

    @property
    def whole(self) -> bool:
        """Whether everything is judged."""
        return self.judged == len(self._text)

    def cancelled(self) -> Column | Scored:
        """Return what is said where it ends now."""
        return cancelled(self.request, (), self.judged)

    def judge(
        self, rows: Rows, row: int, count: int, pieces: Sequence[bytes]
    ) -> tuple[ScoredToken, ...]:
        """Return the scores of as many tokens, whose rows begin at this one."""
        first, self.judged = self.judged, self.judged + count
        return tuple(
            ScoredToken(
                token,
                pieces[token].decode("utf-8", "replace"),
                end,
                rows.logprob(place, token),
                rows.top(place, self.top),
            )
            for place, token, end in zip(
                range(row, row + count),
                self._text[first : self.judged],
                self._ends[first : self.judged],
                strict=True,
            )
        )

    def turned(self) -> bool:
        """Go on to the next window where this one is done; whether it is."""
        done = self.judged == self._windows[0].stop
        if done:
            del self._windows[0]
            self._turn()
        return done

    def _turn(self) -> None:
        if self._windows:
            lead, begin, first, stop = self._windows[0]
            self.tokens = [*lead, *self._text[begin : stop - 1]]
            self.first = len(lead) + first - 1 - begin


def windows(text: list[int], start: int, opener: int, size: int, *, led: bool) -> Iterator[Window]:
    """Yield the windows in which the tokens from `start` on are judged.

    The first token is judged by itself, after the opener, unless it is that.
    """
    opened = text[:1] == [opener]
    room = size - (led or opened)
    first = start
    if not first and text and not led:
        if not opened:
            yield Window((opener,), 0, 0, 1)
        first = 1
    while first < len(text):
        begin = 0 if first < room else first - size // 2
        lead = (opener,) if led or (opened and begin) else ()
        stop = min(len(text), begin + room)
        yield Window(lead, begin, first, stop)
        first = stop


def ends(spelled: Iterable[bytes], text: str | None = None) -> list[int]:
    """Return the code points of `text` up to the end of each token.

    Some tokenizers put a space before every text, which is in the tokens and not in the text.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    found, said = [], 0
    for one in spelled:
        said += len(decoder.decode(one))
        found.append(said)
    surplus = max(0, said - len(text)) if text is not None else 0
    return [max(0, end - surplus) for end in found]
