"""The tokens of a vocabulary in the order of their bytes, for every question about a beginning.

The order is found once for a vocabulary and kept in a file that is named after it, so that models
which share a vocabulary share its file, and a model that changes gets another. A file that is
missing, damaged or not to be written costs the time to sort again, and nothing else. No model is
known here.
"""

import hashlib
import os
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from .weights import Tokens

SUFFIX = ".order"
DIGEST = hashlib.sha256


class Spellings:
    """Which tokens of `pieces` begin with some bytes, and which are a beginning of them.

    `folder` keeps the order for the next time.
    """

    def __init__(self, pieces: Sequence[bytes], folder: Path | None = None) -> None:
        self._tokens = _order(pieces, folder)
        self._sorted = [pieces[token] for token in self._tokens.tolist()]

    def covering(self, rest: bytes) -> Tokens:
        """Return the tokens that begin with `rest`."""
        start = bisect_left(self._sorted, rest)
        beyond = _beyond(rest)
        stop = bisect_left(self._sorted, beyond, start) if beyond else len(self._sorted)
        return self._tokens[start:stop]

    def within(self, rest: bytes) -> list[int]:
        """Return the tokens that are a beginning of `rest`, but not all of it."""
        found: list[int] = []
        start = 0
        for size in range(1, len(rest)):
            piece = rest[:size]
            start = bisect_left(self._sorted, piece, start)
            while start < len(self._sorted) and self._sorted[start] == piece:
                found.append(int(self._tokens[start]))
                start += 1
        return found


def _beyond(rest: bytes) -> bytes:
    """Return the least bytes after all that begin with `rest`; empty where there are none."""
    cut = rest.rstrip(b"\xff")
    return cut[:-1] + bytes([cut[-1] + 1]) if cut else b""


def _order(pieces: Sequence[bytes], folder: Path | None) -> Tokens:
    if folder is None:
        return _sorted(pieces)
    store = folder / (_name(pieces) + SUFFIX)
    order = _read(store)
    if order is None:
        order = _sorted(pieces)
        _write(store, order)
    return order


def _sorted(pieces: Sequence[bytes]) -> Tokens:
    tokens = [token for token, piece in enumerate(pieces) if piece]
    return np.array(sorted(tokens, key=pieces.__getitem__), np.int64)


def _name(pieces: Sequence[bytes]) -> str:
    """Return the digest of a vocabulary: of the lengths of its pieces, and of all their bytes."""
    lengths = np.fromiter(map(len, pieces), np.uint32, len(pieces))
    return DIGEST(lengths.tobytes() + b"".join(pieces)).hexdigest()[:32]


def _read(store: Path) -> Tokens | None:
    """Return what a file holds after its digest; None where that is not what was written."""
    with suppress(OSError):
        # a pipe or a device would be read for ever
        content = store.read_bytes() if store.is_file() else b""
        size = DIGEST().digest_size
        if content[:size] == _digest(store, content[size:]):
            return np.frombuffer(content[size:], np.uint32).astype(np.int64)
    return None


def _write(store: Path, order: Tokens) -> None:
    """Replace a file in one step; readable by its owner only, as all that is remembered is."""
    body = order.astype(np.uint32).tobytes()
    fresh = store.with_name(f"{store.name}.{os.getpid()}")
    with suppress(OSError):
        store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_bytes(_digest(store, body) + body)
        fresh.replace(store)


def _digest(store: Path, body: bytes) -> bytes:
    return DIGEST(store.name.encode() + body).digest()
