"""JSON that is nested deeper than the parsers that call themselves can go: a tree of nested nodes.

Strings and numbers are read by the standard library.
"""

import json
import re
from typing import Any

DEEPEST = 40_000
"""The most objects and lists inside each other that are read. A nested node takes two."""

_SPACE = re.compile(r"[ \t\n\r]*")
_decoder = json.JSONDecoder()


def parse(text: str) -> Any:
    """What a JSON text says. Raises ValueError where it is none, RecursionError where it is nested
    too deep.
    """
    parser = _Parser(text)
    value = parser.whole()
    if parser.next():
        raise json.JSONDecodeError("Extra data", text, parser.at)
    return value


class _Parser:
    """A text, how far it is read, and the lists and objects that are open there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self._open: list[list[Any] | dict[str, Any]] = []

    def next(self) -> str:
        """The next character that is no space, and nothing at the end."""
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at
        return self.text[self.at : self.at + 1]

    def whole(self) -> Any:
        """One value, with all that is in it."""
        outer: list[Any] = []
        self._open = [outer]
        self._value(outer)
        while len(self._open) > 1:
            self._go_on(self._open[-1])
        return outer[0]

    def _go_on(self, within: list[Any] | dict[str, Any]) -> None:
        """Read one more value of the innermost list or object, or its end."""
        end = "]" if isinstance(within, list) else "}"
        if self.next() == end:
            self.at += 1
            self._open.pop()
            return
        if within:
            self._take(",")
        self._value(within)

    def _value(self, within: list[Any] | dict[str, Any]) -> None:
        """Read a value, or the beginning of a list or an object, into what it stands in."""
        key = self._key() if isinstance(within, dict) else ""
        begun = self.next()
        value: Any
        if begun and begun in "[{":
            self.at += 1
            value = [] if begun == "[" else {}
            self._open.append(value)
            if len(self._open) > DEEPEST + 1:
                raise RecursionError
        else:
            value = self._scalar()
        if isinstance(within, dict):
            within[key] = value
        else:
            within.append(value)

    def _key(self) -> str:
        if self.next() != '"':
            raise json.JSONDecodeError("Expecting a name", self.text, self.at)
        key: str = self._scalar()
        self._take(":")
        return key

    def _take(self, mark: str) -> None:
        if self.next() != mark:
            raise json.JSONDecodeError(f"Expecting {mark!r}", self.text, self.at)
        self.at += 1

    def _scalar(self) -> Any:
        value, self.at = _decoder.raw_decode(self.text, self.at)
        return value
