"""Lines of JSON that each prove the line before: how segments and session logs are written.

    {"prev":"<SHA-256 of the bytes of the line before, in hex>","event":{...}}

Each line is ASCII and ends with a newline, which the digest leaves out. A damaged byte shows at
the next line, whose `prev` no longer fits: evidence of damage, not authentication. This module
knows no folder, no merging and no repair.

JSON can write a lone surrogate as an escape, and so do we; msgspec does not read it, hence a second
way through the standard library. A high surrogate followed by a low one is one character in JSON,
so a text that holds them apart comes back with the two joined.

msgspec takes the last of two members with one name, other readers may take the first, so such a
line is refused. What msgspec would write the same has no such pair, and hardly any other line has
to be read a second time to know it.
"""

import json
import math
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TypeVar

import msgspec

from ..errors import BadInput, BadLog
from ..events import Event, Value
from .embedded import enter

MAX_LINE = 32 * 1024 * 1024
"""The longest line that is written or read, in bytes."""

_encoder = msgspec.json.Encoder()
_SKIP = 1024 * 1024
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_T = TypeVar("_T")


class Preamble(msgspec.Struct, frozen=True):
    """What the first line says in every version of a format."""

    format: str
    version: int


class Line(Value, frozen=True):
    """A recorded event, and the proof of the line before it."""

    prev: str
    event: Event


_decoders: dict[type, msgspec.json.Decoder[Any]] = {Line: msgspec.json.Decoder(Line)}


def digest(line: bytes) -> str:
    """What the next line gives as its `prev`: of a line without its newline."""
    return sha256(line).hexdigest()


def dump(value: Value) -> bytes:
    """A value as ASCII JSON. Raises BadInput for what JSON cannot say and for a huge value."""
    try:
        text = json.dumps(msgspec.to_builtins(value), allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise BadInput(
            f"An event with a number that is not finite came ({error}); nothing was recorded. "
            "Check the model file."
        ) from error
    if len(text) > MAX_LINE - 256:
        raise BadInput(
            f"An event of {len(text):,} bytes came, and a line of a history holds at most "
            f"{MAX_LINE:,}; nothing was recorded. Split the text into several cells."
        )
    return text.encode("ascii")


def link(prev: str, event: bytes) -> bytes:
    """The line, without its newline, for an event that `dump` wrote."""
    return b'{"prev":"%s","event":%s}' % (prev.encode("ascii"), event)


def load(line: bytes, kind: type[_T]) -> _T:
    """Read one line strictly. Raises BadLog with the end of a sentence: what is wrong with it."""
    if len(line) > MAX_LINE:
        raise BadLog(f"is longer than {MAX_LINE:,} bytes")
    try:
        value: _T = (_decoders.get(kind) or msgspec.json.Decoder(kind)).decode(line)
    except msgspec.ValidationError as error:
        raise BadLog(f"does not fit the format ({error})") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        if _SURROGATE.search(line):
            return _convert(_load_slowly(line), kind)
        raise BadLog(f"is not JSON ({error})") from error
    if _encoder.encode(value) != line:
        _load_slowly(line)
    return value


def format_of(path: Path) -> str:
    """The format that the first line of a plain file, or of the log in a page, tells; nothing where
    it tells none. What can be read only once, as a pipe can, is left to others.
    """
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            enter(file)
            return load(file.readline(MAX_LINE).removesuffix(b"\n"), Preamble).format
    except (OSError, ValueError, BadLog):
        return ""


def lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, each with its newline; of one that is too long only the beginning."""
    while raw := file.readline(MAX_LINE + 1):
        yield raw
        while not raw.endswith(b"\n") and (raw := file.readline(_SKIP)):
            pass


def _load_slowly(line: bytes) -> object:
    """Read a line with the standard library, which knows what msgspec does not."""
    try:
        return json.loads(
            line, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as error:
        raise BadLog(f"is not JSON ({error})") from error


def _convert(value: object, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise BadLog(f"does not fit the format ({error})") from error


def _once(members: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(members)
    if len(value) < len(members):
        raise ValueError("a member comes twice")
    return value


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse(digits)
