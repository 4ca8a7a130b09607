"""Text from a log or a model, made safe and readable for a terminal.

Everything that a terminal might obey, or that a reader cannot see, is shown by name instead:
control characters, escape sequences, bidirectional and invisible characters, lone surrogates.
"""

import unicodedata

_JOINERS = "\u200c\u200d"
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def visible(text: str) -> str:
    """The text with all that is invisible or dangerous shown; line ends and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def quoted(text: str, width: int = 60) -> str:
    """The text on one line, in quotation marks, its middle left out where it is too long."""
    if len(text) > width:
        text = f"{text[: width // 2]} … {text[-width // 2 :]}"
    line = text.replace("\n", "⏎").replace("\t", "⇥")
    return f"“{visible(line)}”"


def _shown(character: str) -> str:
    if character in "\n\t" or character in _JOINERS:
        return character
    if unicodedata.category(character) not in _HIDDEN:
        return character
    if ord(character) < 32:
        return chr(0x2400 + ord(character))
    return f"<U+{ord(character):04X}>"
