"""Text from a log or a model, made safe and readable for a terminal.

Everything that a terminal might obey, or that a reader cannot see, is shown by name instead:
control characters, escape sequences, bidirectional and invisible characters, lone surrogates. Only
the joiners stay, without which emoji and some scripts fall apart, and the selectors of emoji.
"""

import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_KEPT = {ord("\n"), ord("\t"), 0x200C, 0x200D}
_BLANK = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
_SELECTORS = (range(0x180B, 0x1810), range(0xFE00, 0xFE0E), range(0xE0000, 0xE1000))


class _Shown(dict[int, int | str]):
    """What stands for each code point, found when it first comes."""

    def __missing__(self, point: int) -> int | str:
        hidden = unicodedata.category(chr(point)) in _HIDDEN or point in _BLANK
        hidden = hidden or any(point in selectors for selectors in _SELECTORS)
        if point in _KEPT or not hidden:
            self[point] = point
        else:
            self[point] = 0x2400 + point if point < 32 else f"<U+{point:04X}>"
        return self[point]


_SHOWN = _Shown()


def visible(text: str) -> str:
    """The text with all that is invisible or dangerous shown; line ends and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return text.translate(_SHOWN)


def one_line(text: str) -> str:
    """The text, visible and on one line: for names and sentences."""
    return visible(text.replace("\n", "⏎").replace("\t", "⇥"))


def quoted(text: str, width: int = 60) -> str:
    """The text on one line, in quotation marks, its middle left out where it is too long."""
    if len(text) > width:
        text = f"{text[: width // 2]} … {text[-width // 2 :]}"
    return f"“{one_line(text)}”"
