"""Passes over whole rows of logits by NumPy, where there are none in `native` code.

Whole rows are passed over as seldom as can be. The columns that a truncation keeps are looked for
in the blocks that weigh as much as it asks of a column; where a model is unsure those are many, and
the whole row is looked through. Mostly few columns are kept, and what follows works on them; where
a model is at a loss they are many, and it is quicker to work on the whole row again.
"""

import numpy as np

from .weights import (
    BLOCK,
    COLDEST,
    NEARLY_ONE,
    Doubles,
    Floats,
    Mask,
    Records,
    Tokens,
    Weights,
)

Places = tuple[Tokens, Tokens, Tokens]
"""Rows and columns, row by row, and where each row stops."""

FEW, MANY = 1024, 1 / 16
ZERO = np.zeros(1)
# exponentials of logits below that, and the sums of many, are well within 32 bits
STEEP = 40


def weigh(logits: Floats, mute: Tokens, records: Records) -> None:
    """Fill the records of rows of logits; the columns in `mute` become minus infinity."""
    muted = logits[:, mute]
    logits[:, mute] = -np.inf
    peaks = logits.max(axis=1)
    lows = np.asarray(peaks * (np.abs(peaks) > STEEP))
    values = records["values"]
    _exponentials(logits, lows, 1.0, values)
    records["sums"] = sums = _sums(values)
    masses = sums.sum(axis=1, dtype=np.float64)
    masses += np.exp(muted - lows[:, None], dtype=np.float64).sum(axis=1)
    records["norm"] = lows + np.log(masses)
    records["peak"], records["top"] = peaks, np.exp(peaks - lows)


def draw(weights: Weights, floors: Floats, temperature: float, chances: Doubles) -> Tokens:
    """Return the column that each row's chance draws of those that weigh at least its floor.

    A single row may also meet many chances.
    """
    few = _few(weights, floors)
    if few is not None:
        return _few_points(weights, few, temperature, chances)
    kept = weights.values >= floors[:, None]
    # each row by itself, so that what is drawn from it does not depend on those beside it
    most = max(FEW, MANY * kept.shape[1])
    none = np.count_nonzero(kept) <= most
    many = np.array([not none and np.count_nonzero(row) > most for row in kept])
    if not many.any():
        return _few_points(weights, _places(weights, kept), temperature, chances)
    if many.all():
        return _many_points(weights, kept, temperature, chances)
    tokens = np.empty(len(chances), np.int64)
    for rows in (np.flatnonzero(many), np.flatnonzero(~many)):
        tokens[rows] = draw(weights.rows(rows.tolist()), floors[rows], temperature, chances[rows])
    return tokens


def above(weights: Weights, floors: Floats) -> Places:
    """Return the places of all that weighs at least its row's floor."""
    few = _few(weights, floors)
    return _places(weights, weights.values >= floors[:, None]) if few is None else few


def heights(weights: Weights, rows: Tokens, columns: Tokens, temperature: float) -> Floats:
    """Return what each of these weighs at this temperature over the likeliest of its row."""
    if temperature == 1:
        return weights.values[rows, columns] / weights.tops[rows]
    below = weights.logits[rows, columns] - weights.peaks[rows]
    return np.asarray(np.exp(below / np.float32(max(temperature, COLDEST))))


def _few(weights: Weights, floors: Floats) -> Places | None:
    """Return what `above` does, where only few blocks of each row weigh that much; else none."""
    heavy = weights.sums >= floors[:, None]
    if heavy.sum(axis=1).max() > MANY * heavy.shape[1]:
        return None
    rows, blocks = heavy.nonzero()
    inner = weights.values.reshape(*heavy.shape, BLOCK)[rows, blocks]
    found, columns = (inner >= floors[rows, None]).nonzero()
    rows = rows[found]
    columns += BLOCK * blocks[found]
    return rows, columns, rows.searchsorted(np.arange(len(heavy)), "right")


def _places(weights: Weights, kept: Mask) -> Places:
    """Return the places of what is kept."""
    count, width = weights.logits.shape
    rows, columns = np.divmod(np.flatnonzero(kept[:, :width]), width)
    return rows, columns, rows.searchsorted(np.arange(count), "right")


def _few_points(weights: Weights, few: Places, temperature: float, chances: Doubles) -> Tokens:
    """Return the columns at these points of the lines of what each row keeps."""
    rows, columns, stops = few
    ends = heights(weights, rows, columns, temperature).cumsum(dtype=np.float64)
    high = ends[stops - 1]
    low = np.concatenate((ZERO, high[:-1]))
    points = low + np.minimum(chances, NEARLY_ONE) * (high - low)
    return np.asarray(columns[np.minimum(ends.searchsorted(points, "right"), stops - 1)])


def _many_points(weights: Weights, kept: Mask, temperature: float, chances: Doubles) -> Tokens:
    """Return the same, from the whole lines."""
    values, tops = weights.values, weights.tops
    if temperature != 1:
        values, tops = np.zeros(kept.shape, np.float32), np.ones_like(tops)
        _exponentials(weights.logits, weights.peaks, temperature, values)
    return _points(np.where(kept, values, np.float32(0)), tops, chances)


def _points(values: Floats, tops: Floats, chances: Doubles) -> Tokens:
    """Return the columns at these points of each row's line: first the block, then the column."""
    sums = _sums(values) / tops[:, None]
    ends = sums.cumsum(axis=1, dtype=np.float64)
    points = np.minimum(chances, NEARLY_ONE) * ends[:, -1]
    rows = np.broadcast_to(np.arange(len(sums)), len(points))
    block = (ends <= points[:, None]).sum(axis=1)
    inner = values.reshape(*sums.shape, BLOCK)[rows, block] / tops[rows, None]
    points -= np.where(block, ends[rows, block - 1], 0)
    column = (inner.cumsum(axis=1, dtype=np.float64) <= points[:, None]).sum(axis=1)
    # rounding may point beyond the last column that weighs anything
    last = BLOCK - 1 - np.argmax(inner[:, ::-1] > 0, axis=1)
    return np.asarray(block * BLOCK + np.minimum(column, last), np.int64)


def _exponentials(logits: Floats, lows: Floats, temperature: float, values: Floats) -> None:
    """Let `values` be what each column weighs at this temperature over its row's level."""
    inner = values[:, : logits.shape[1]]
    if temperature == 1 and not lows.any():
        np.exp(logits, out=inner)
        return
    np.subtract(logits, lows[:, None], out=inner)
    if temperature != 1:
        inner /= np.float32(max(temperature, COLDEST))
    np.exp(inner, out=inner)


def _sums(values: Floats) -> Floats:
    """Return the sum of every block of every row."""
    sums: Floats = np.einsum("ijk->ij", values.reshape(len(values), -1, BLOCK))
    return sums
