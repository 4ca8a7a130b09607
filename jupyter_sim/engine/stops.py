"""Where a candidate's text ends, across the borders of tokens. Pure: text in, text out.

Text comes in as it is generated and goes out as soon as it is certain that it belongs to the
candidate: what may stand behind the stop is held back, and the stop's own blank or newline is left
out, as is a stop string. White space before the first visible character is no stop, so a candidate
is empty only if the model itself ends the text, or begins with a stop string.

Nothing ends inside a grapheme: a stop waits for its last one, and where tokens run out within one,
that is left out. So the last grapheme is held back while it may go on, unless it is ASCII, which
hardly ever does.
"""

import re
from collections.abc import Callable, Sequence
from typing import assert_never

from msgspec import Struct, structs
from wcwidth import grapheme_boundary_before

from ..events import Stop

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
NEWLINE = re.compile(r"[\n\u2028\u2029]")
WORD = re.compile(rf"\s*(?:[{CJK}]|[^\s{CJK}]+)")
BLANK_LINE = re.compile(r"[^\S\n]*\n[^\S\n]*\n|\u2029")
SENTENCE = re.compile(r"(?P<marks>[。！？｡]+|[.!?…]+)(?P<closers>[\"'”’»›」』）)\]*_]*)")
LAST_WORD = re.compile(r"(?:^|(?<=[\s\"'“‘(\[—*_]))[\w.]+$")
NUMBERED = re.compile(r"(?:^|\n)\s*\d+$")
ABBREVIATION = re.compile(
    r"mrs?|ms|messrs|dr|prof|st|mt|rev|hon|[sj]r|capt|col|gen|lt|sgt|maj|mme|mlle|mgr|vs|viz|cf|"
    r"e\.?g|i\.?e|vol|fig|pp|ch|ed|trans|approx|dept|est|gov|sen|rep|inc|ltd|co",
    re.IGNORECASE,
)
CONTINUED = re.compile(r"(?:else|elif|except|finally|case)\b|[)\]}]")
CONTINUED_STEMS = ("else", "elif", "except", "finally", "case")
OPENERS = (":", "(", "[", "{")
INDENT = 4
CONTEXT = 40
LONGEST_GRAPHEME = 64
# what goes on a carriage return, half a flag, a joined picture, a Hangul initial, a prefixed sign
CONTINUATIONS = ("\n", "\U0001f1e6", "\U0001f469", "\u1100", "a")


class Finding(Struct, frozen=True, gc=False):
    """What a rule sees in a text.

    Where it ends, if that is known; if not, how much of it is certain, and from where to look
    again.
    """

    end: int | None
    certain: int
    resume: int = 0


Rule = Callable[[str, int], Finding]


class Stopper:
    """The stop of one candidate; `before` is the prompt, or at least its last line.

    Any of `strings` ends the text too, right before it; one that begins in `said`, which the
    candidate has said already, ends it at once.
    """

    def __init__(
        self, stop: Stop, before: str, strings: Sequence[str] = (), said: str = ""
    ) -> None:
        self._rule = _rule(stop, before)
        self._strings = strings
        self._said = said[max(0, len(said) - max(map(len, strings), default=0)) :]
        self._text = ""
        self._shown = 0
        self._resume = 0

    def feed(self, text: str) -> tuple[str, bool]:
        """Take in what was generated; return what may be shown now, and whether it ends there."""
        before, self._text = len(self._text), self._text + text
        found = self._string(before) if self._strings else None
        found = found or self._look(self._text, self._resume)
        self._resume = found.resume
        if found.end is not None:
            return self._show(found.end), True
        return self._show(_settled(self._text, found.certain)), False

    def close(self, *, cut: bool = False) -> str:
        """Return what was held back, now that no more comes, less a grapheme that is cut off.

        `cut` says that the first bytes of another character came.
        """
        end = self._look(self._text, self._resume).end
        if end is not None:
            return self._show(end)
        return self._show(_finished(self._text, cut=cut))

    def _look(self, text: str, resume: int) -> Finding:
        """Return what the rule sees, but no end inside a grapheme."""
        found = self._rule(text, resume)
        if found.end is None:
            return found
        return structs.replace(found, end=_onward(text, found.end))

    def _string(self, before: int) -> Finding | None:
        """Return where the rule or a string ends the text, whichever comes first.

        `before` is how long the text was without what came last. A string that may have begun is
        waited for. None where there is none.
        """
        text, resume, said = self._text, self._resume, len(self._said)
        whole = self._said + text
        met = [
            (place + len(one) - said, max(0, place - said))
            for one in self._strings
            if (place := whole.find(one, max(0, said + before - len(one) + 1))) >= 0
        ]
        if met:
            stop, place = min(met)
            found = self._look(text[:stop], resume)
            earlier = found.end is not None and found.end <= place
            return found if earlier else Finding(_before(text, place), 0)
        begun = max(0, _begun(whole, self._strings) - said)
        if begun == len(text):
            return None
        found = self._look(text, resume)
        if found.end is not None and found.end <= begun:
            return found
        # as long as the string may come, the rule looks again from where it stood
        resume = found.resume if found.end is None else resume
        return Finding(None, min(begun, found.certain), resume)

    def _show(self, end: int) -> str:
        start, self._shown = self._shown, max(self._shown, end)
        return self._text[start : self._shown]


def _rule(stop: Stop, before: str) -> Rule:
    match stop:
        case "none":
            return lambda text, _: Finding(None, len(text))
        case "word":
            return _word
        case "sentence":
            return lambda text, start: _sentence(before[-CONTEXT:], text, start)
        case "line":
            return lambda text, start: _border(text, start, NEWLINE)
        case "paragraph":
            return lambda text, start: _border(text, start, BLANK_LINE)
        case "block":
            return lambda text, _: _block(before[before.rfind("\n") + 1 :], text)
    assert_never(stop)


def _begun(text: str, strings: Sequence[str]) -> int:
    """Return where the first of `strings` may have begun at the end of a text, or its length."""
    size = max(map(len, strings), default=0)
    for start in range(max(0, len(text) - size + 1), len(text)):
        if any(one.startswith(text[start:]) for one in strings):
            return start
    return len(text)


def _back(text: str, place: int) -> int:
    """Return the last border between graphemes that is not after `place`."""
    start = max(0, place - LONGEST_GRAPHEME)
    if place >= len(text):
        return len(text)
    return start + grapheme_boundary_before(text[start : place + 1], place + 1 - start)


def _before(text: str, place: int) -> int:
    """Return the same, but stay after ASCII, which has been shown."""
    return place if text[:place][-1:].isascii() else _back(text, place)


def _onward(text: str, place: int) -> int:
    """Return the first border between graphemes that is not before `place`."""
    while _back(text, place) < place:
        place += 1
    return place


def _settled(text: str, end: int) -> int:
    """Return how much of `end` code points no later text can add a mark to."""
    if end < len(text) or not text:
        return _back(text, end)
    plain = text[-1].isascii() and text[-1] != "\r"
    return end if plain else _back(text, end - 1)


def _finished(text: str, *, cut: bool) -> int:
    """Return the length of a text that has run out, less a grapheme that waits for its end.

    `cut` says that it may have been about to go on.
    """
    end = len(text)
    if cut and text and not text[-1].isascii():
        end = _back(text, end - 1)
    while end and _waits(text[:end]):
        end = _back(text, end - 1)
    return end


def _waits(text: str) -> bool:
    return any(_back(text + more, len(text)) < len(text) for more in CONTINUATIONS)


def _visible(text: str, start: int) -> int:
    """Return where, from `start`, the first visible character stands, or the text's length."""
    return max(start, len(text) - len(text.lstrip()))


def _certain(text: str) -> int:
    """Return how much stands before the white space at the end; all, where there is no other."""
    return len(text.rstrip()) or len(text)


def _word(text: str, _: int) -> Finding:
    found = WORD.match(text)
    end = _onward(text, found.end() if found else len(text))
    return Finding(end if end < len(text) else None, end)


def _border(text: str, start: int, border: re.Pattern[str]) -> Finding:
    start = _visible(text, start)
    found = border.search(text, start)
    certain = _certain(text)
    if found:
        return Finding(len(text[: found.start()].rstrip()), certain)
    return Finding(None, certain, certain)


def _sentence(before: str, text: str, start: int) -> Finding:
    start = _visible(text, start)
    blank = BLANK_LINE.search(text, start)
    for found in SENTENCE.finditer(text, start, blank.start() if blank else len(text)):
        ends = _ends(before, text, found)
        if ends:
            end = _onward(text, found.end())
            return Finding(end if end < len(text) else None, end, found.start())
        if ends is None:
            return Finding(None, _certain(text), found.start())
    if blank:
        return Finding(len(text[: blank.start()].rstrip()), blank.start())
    certain = _certain(text)
    return Finding(None, certain, certain)


def _ends(before: str, text: str, found: re.Match[str]) -> bool | None:
    """Whether a sentence ends with these marks; None while that is unknown."""
    follows = text[found.end() :]
    if not follows:
        return None
    if found["marks"][0] not in ".!?…":
        return True
    beyond = follows.lstrip()
    if len(beyond) == len(follows):
        return False
    if BLANK_LINE.match(follows):
        return True
    if not beyond:
        return None
    if beyond[0].islower():
        return False
    return found.group() != "." or not _abbreviated(before + text[: found.start()])


def _abbreviated(text: str) -> bool:
    """Whether a full stop after this text belongs to its last word or number."""
    found = LAST_WORD.search(text[-CONTEXT:])
    if not found:
        return False
    word = found.group()
    if len(word) == 1 and word.isupper():
        return word != "I"
    return bool(ABBREVIATION.fullmatch(word) or NUMBERED.search(text[-CONTEXT:]))


def _block(caret: str, text: str) -> Finding:
    """Measure every line against the one that the block begins with.

    That is the line of the caret, whose beginning is `caret`, or else the first visible line. At
    the margin a block ends with a blank line before the next statement; further in, with the first
    line that stands further out. Where the first line opens a block, that block's end is the end.
    """
    lines = (caret + text).split("\n")
    ends = _line_ends(lines, len(text))
    base = lines[0] if lines[0].strip() else None
    last = 0 if text[: ends[0]].strip() else None
    blank = False
    for place, line in enumerate(lines[1:], 1):
        if not line.strip():
            blank = True
            continue
        partial = place == len(lines) - 1
        if last is None:
            if base is None or not _inside(line, base, blank=False, partial=partial):
                base = line
        else:
            inside = base is not None and _inside(line, base, blank=blank, partial=partial)
            if not inside:
                end = len(text[: ends[last]].rstrip())
                return Finding(None if inside is None else end, end)
            if base is not None and _indentation(line) < _indentation(base) and not partial:
                return Finding(len(text[: ends[place]].rstrip()), ends[place])
        last, blank = place, False
    return Finding(None, _certain(text))


def _line_ends(lines: list[str], length: int) -> list[int]:
    """Return where each line ends in a text of this length; the first may begin before it."""
    ends = [length]
    for line in reversed(lines[1:]):
        ends.append(ends[-1] - len(line) - 1)
    return ends[::-1]


def _inside(line: str, base: str, *, blank: bool, partial: bool) -> bool | None:
    """Whether a line belongs to the block that begins with `base`; None while that is unknown.

    `blank` says that a blank line stands before it, `partial` that more of it may come.
    """
    margin, indentation, said = _indentation(base), _indentation(line), line.strip()
    if indentation > margin:
        return True
    if indentation < margin:
        return not blank and said[0] in ")]}"
    if not base.rstrip().endswith(OPENERS):
        return margin > 0 or not blank
    if partial and any(stem.startswith(said) for stem in CONTINUED_STEMS):
        return None
    return bool(CONTINUED.match(said))


def _indentation(line: str) -> int:
    expanded = line.expandtabs(INDENT)
    return len(expanded) - len(expanded.lstrip())
