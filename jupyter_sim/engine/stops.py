"""Where a candidate's text ends, across the borders of tokens. Pure: text in, text out.

Text comes in as it is generated and goes out as soon as it is certain that it belongs to the
candidate: what may stand behind the stop is held back, and the stop's own blank or newline is left
out. White space before the first visible character never stops anything, so a candidate is empty
only if the model itself ends the text. Nothing ends inside a grapheme.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple, assert_never

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
JOINER = "\u200d"


class Finding(NamedTuple):
    """What a rule sees in a text.

    Where it ends, if that is known; if not, how much of it is certain, and from where to look
    again.
    """

    end: int | None
    certain: int
    resume: int = 0


Rule = Callable[[str, int], Finding]


class Stopper:
    """The stop of one candidate; `before` is the prompt, or at least its last line."""

    def __init__(self, stop: Stop, before: str) -> None:
        self._rule = _rule(stop, before)
        self._text = ""
        self._shown = 0
        self._resume = 0

    def feed(self, text: str) -> tuple[str, bool]:
        """Take in what was generated; return what may be shown now, and whether it ends there."""
        self._text += text
        found = self._rule(self._text, self._resume)
        self._resume = found.resume
        if found.end is not None:
            return self._show(max(found.end, self._shown)), True
        return self._show(max(self._shown, _whole(self._text, found.certain))), False

    def close(self) -> str:
        """Return what was held back, now that no more comes, less a grapheme that is cut off."""
        return self._show(max(self._shown, _whole(self._text, len(self._text))))

    def _show(self, end: int) -> str:
        start, self._shown = self._shown, end
        return self._text[start:end]


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


def _whole(text: str, end: int) -> int:
    """Return `end`, less what may be the first half of a grapheme there."""
    while end and text[end - 1] == JOINER:
        end -= 1
    flags = 0
    while flags < end and "\U0001f1e6" <= text[end - 1 - flags] <= "\U0001f1ff":
        flags += 1
    return end - flags % 2


def _visible(text: str, start: int) -> int:
    """Return where, from `start`, the first visible character stands, or the text's length."""
    return max(start, len(text) - len(text.lstrip()))


def _certain(text: str) -> int:
    """Return how much stands before the white space at the end; all, where there is no other."""
    return len(text.rstrip()) or len(text)


def _word(text: str, _: int) -> Finding:
    found = WORD.match(text)
    end = _with_marks(text, found.end() if found else len(text))
    return Finding(end if end < len(text) else None, end)


def _with_marks(text: str, end: int) -> int:
    """Return `end`, and with it the combining marks and variation selectors that stand there."""
    while end < len(text) and unicodedata.category(text[end]).startswith("M"):
        end += 1
    return end


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
            end = _with_marks(text, found.end())
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
