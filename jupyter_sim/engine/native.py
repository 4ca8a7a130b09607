"""Passes over whole rows of logits in native code: that of `.ci/weigh.h`, where llama.cpp was built
with it, for a processor that it suits. `passes` does the same.
"""

import ctypes
from typing import Any

import llama_cpp.llama_cpp as api
import numpy as np

from .weights import Doubles, Floats, Records, Tokens, Weights

NATIVE = hasattr(api._lib, "jupyter_sim_weigh")
"""Whether there are such passes; nothing else here may be used where there are none."""

ADDRESS, COUNT = ctypes.c_void_p, ctypes.c_int64
ROWS = ADDRESS, COUNT, COUNT, COUNT, ADDRESS, COUNT


def weigh(logits: Floats, mute: Tokens, records: Records) -> None:
    """Fill the records of rows of logits; the columns in `mute` become minus infinity."""
    _WEIGH(*_rows(logits, records), mute.tobytes(), len(mute))


def draw(weights: Weights, floors: Floats, temperature: float, chances: Doubles) -> Tokens:
    """Return the column that each row's chance draws of those that weigh at least its floor.

    A single row may also meet many chances.
    """
    if len(floors) < len(chances):
        weights, floors = weights.repeated(len(chances)), floors.repeat(len(chances))
    columns = np.empty(len(chances), np.int64)
    given = floors.tobytes(), chances.tobytes()
    _DRAW(*_rows(*weights), temperature, *given, columns.ctypes.data)
    return columns


def _rows(logits: Floats, records: Records) -> tuple[int, ...]:
    strides = logits.strides[0], records.strides[0]
    return logits.ctypes.data, strides[0], *logits.shape, records.ctypes.data, strides[1]


def _function(name: str, *more: Any) -> Any:
    function = api._lib[name]
    function.argtypes, function.restype = (*ROWS, *more), None
    return function


if NATIVE:
    _WEIGH = _function("jupyter_sim_weigh", ADDRESS, COUNT)
    _DRAW = _function("jupyter_sim_draw", ctypes.c_float, ADDRESS, ADDRESS, ADDRESS)
