"""The arrays that llama.cpp reads a batch from: made once, and kept while it may read them.

Filling them with NumPy takes microseconds, where a loop over the fields would take as long as a
small model. Nothing is known here of what the tokens are.
"""

import ctypes
from typing import Any

import llama_cpp.llama_cpp as api
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]


class Arrays:
    """The arrays of one context, for at most `size` tokens."""

    def __init__(self, size: int) -> None:
        self._tokens, self._positions, self._sequences = np.zeros((3, size), np.int32)
        self._wanted = np.zeros(size, np.int8)
        self._ones = np.ones(size, np.int32)
        start = self._sequences.ctypes.data
        self._pointers = start + 4 * np.arange(size, dtype=np.uintp)
        self._struct = api.llama_batch(
            0,
            pointer(self._tokens, ctypes.c_int32),
            None,
            pointer(self._positions, ctypes.c_int32),
            pointer(self._ones, ctypes.c_int32),
            pointer(self._pointers, ctypes.POINTER(ctypes.c_int32)),
            pointer(self._wanted, ctypes.c_int8),
        )

    def fill(self, tokens: Ints, positions: Ints, sequences: Ints, wanted: Ints) -> Any:
        """Return the batch that holds these; it borrows this object's arrays."""
        count = len(tokens)
        self._tokens[:count] = tokens
        self._positions[:count] = positions
        self._sequences[:count] = sequences
        self._wanted[:count] = wanted
        self._struct.n_tokens = count
        return self._struct


def pointer(array: NDArray[Any], kind: Any) -> Any:
    """Return the address of an array's memory, as one of this kind of value."""
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(kind))
