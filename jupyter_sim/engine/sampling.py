"""From logits to tokens, for all rows of a step at once. No model, cache or clock is known here.

The order is that of llama.cpp's default chain: top-k, then top-p, then min-p, all on the model's
own distribution, and temperature last, on what is left. Log-probabilities are the model's own,
before any of this. The fractions that choose come from the caller, one for each row.

Whole rows are passed over as seldom as can be: once for the weights, and once more to gather the
columns that a truncation keeps, which are few. What follows works on those.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..events import Sampling

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Tokens = NDArray[np.int64]

BLOCK = 256
NEARLY_ONE = 1 - 1e-9
STEPS = (1e-3, 1e-5, 0.0)


class Weights(NamedTuple):
    """Rows of logits, with what all samplings need of them.

    `norms` are the logarithms of each row's sum of exponentials, `values` each exponential over
    that of the row's largest logit, so that the likeliest column weighs 1. Values are padded with
    zeros to whole blocks.
    """

    logits: Floats
    peaks: Floats
    norms: Doubles
    values: Floats

    def rows(self, places: list[int]) -> "Weights":
        """Return some of the rows."""
        return Weights(
            self.logits[places], self.peaks[places], self.norms[places], self.values[places]
        )


class Scales:
    """Weighs the rows of every step in the same memory, as fresh pages cost more than the sums."""

    def __init__(self) -> None:
        self._values = np.zeros((0, 0), np.float32)

    def weigh(self, logits: Floats, mute: Tokens | None = None) -> Weights:
        """Return what `weigh` does, until the next call overwrites it."""
        count, width = logits.shape
        padded = _padded(width)
        if len(self._values) < count or self._values.shape[1] != padded:
            self._values = np.zeros((count, padded), np.float32)
        return weigh(logits, mute, self._values[:count])


class Ranking(NamedTuple):
    """Each row's largest weights, the largest first, and their columns."""

    columns: Tokens
    values: Floats


def fractions(seed: int) -> np.random.PCG64:
    """Return the endless row of random numbers that belongs to one candidate's seed."""
    return np.random.PCG64(seed)


def fraction(source: np.random.PCG64) -> float:
    """Return the next number of the row, in [0, 1).

    Made of the raw bits, so that the same seed means the same numbers in every version of NumPy.
    """
    return (int(source.random_raw()) >> 11) * 2.0**-53


def weigh(logits: Floats, mute: Tokens | None = None, values: Floats | None = None) -> Weights:
    """Return the weights of rows of logits; the columns in `mute` are then weightless.

    The norms count every column; blocks of them are summed in double precision. `values` is
    memory to use, whose padding is zero.
    """
    peaks = logits.max(axis=1)
    values = _exponentials(logits, peaks, 1.0, values)
    norms = peaks + np.log(_sums(values).sum(axis=1, dtype=np.float64))
    if mute is not None and len(mute):
        values[:, mute] = 0
        logits[:, mute] = -np.inf
    return Weights(logits, peaks, norms, values)


def choose(weights: Weights, sampling: Sampling, chances: Doubles) -> Tokens:
    """Return one column for each of `chances`, numbers in [0, 1), one for each row of weights.

    A single row may also meet many chances. The columns kept by top-k, top-p and min-p stand in
    their order along the line from 0 to 1, each as wide as its probability; the chances are points
    on it. Temperature 0 takes the likeliest. Columns of equal weight stay or go together.
    """
    values = weights.values
    if sampling.temperature == 0:
        best = np.argmax(values, axis=1)
        return np.asarray(np.broadcast_to(best, len(chances)), np.int64)
    floors = _floors(weights, sampling)
    if floors.any():
        return _few_points(weights, floors, sampling.temperature, chances)
    if sampling.temperature != 1:
        values = _exponentials(weights.logits, weights.peaks, sampling.temperature)
    return _points(values, chances)


def likeliest(weights: Weights, count: int) -> Ranking:
    """Return the `count` likeliest columns of every row, or all, where there are fewer.

    They stand in the blocks whose own likeliest columns are the likeliest, so only those are
    looked through.
    """
    rows, width = weights.logits.shape
    count = min(count, width)
    blocks = weights.values.reshape(rows, -1, BLOCK)
    size = min(count, blocks.shape[1])
    tops = np.argpartition(-blocks.max(axis=2), size - 1, axis=1)[:, :size]
    inner = np.take_along_axis(blocks, tops[:, :, None], axis=1).reshape(rows, -1)
    # the padding weighs as little as what underflows, and must not stand for it
    columns = (tops[:, :, None] * BLOCK + np.arange(BLOCK)).reshape(rows, -1)
    inner[columns >= width] = -1
    best = np.argpartition(-inner, count - 1, axis=1)[:, :count]
    order = np.argsort(-np.take_along_axis(inner, best, axis=1), axis=1, kind="stable")
    best = np.take_along_axis(best, order, axis=1)
    return Ranking(
        np.take_along_axis(columns, best, axis=1), np.take_along_axis(inner, best, axis=1)
    )


def _padded(width: int) -> int:
    return -(-width // BLOCK) * BLOCK


def _exponentials(
    logits: Floats, peaks: Floats, temperature: float, values: Floats | None = None
) -> Floats:
    """Return what each column weighs at this temperature, in whole blocks."""
    count, width = logits.shape
    if values is None:
        values = np.zeros((count, _padded(width)), np.float32)
    inner = values[:, :width]
    np.subtract(logits, peaks[:, None], out=inner)
    if temperature != 1:
        inner /= np.float32(temperature)
    np.exp(inner, out=inner)
    return values


def _sums(values: Floats) -> Floats:
    """Return the sum of every block of every row."""
    sums: Floats = np.einsum("ijk->ij", values.reshape(len(values), -1, BLOCK))
    return sums


def _points(values: Floats, chances: Doubles) -> Tokens:
    """Return the columns at these points of each row's line: first the block, then the column."""
    sums = _sums(values)
    size = sums.shape[1]
    ends = sums.ravel().cumsum(dtype=np.float64)
    high = ends[size - 1 :: size]
    low = high - sums.sum(axis=1, dtype=np.float64)
    points = low + np.minimum(chances, NEARLY_ONE) * (high - low)
    block = ends.searchsorted(points, side="right")
    inner = values.reshape(-1, BLOCK)[block]
    points -= ends[block] - sums.ravel()[block]
    column = (inner.cumsum(axis=1, dtype=np.float64) <= points[:, None]).sum(axis=1)
    # rounding may point beyond the last column that weighs anything
    last = BLOCK - 1 - np.argmax(inner[:, ::-1] > 0, axis=1)
    return np.asarray(block % size * BLOCK + np.minimum(column, last), np.int64)


def _few_points(weights: Weights, floors: Floats, temperature: float, chances: Doubles) -> Tokens:
    """Return the columns at these points of the lines of what each row keeps."""
    rows, columns, stops = _above(weights, floors)
    if temperature == 1:
        kept = weights.values[rows, columns]
    else:
        heights = weights.logits[rows, columns] - weights.peaks[rows]
        kept = np.exp(heights / np.float32(temperature))
    ends = np.concatenate(([0.0], kept.cumsum(dtype=np.float64)))
    low, high = ends[np.concatenate(([0], stops[:-1]))], ends[stops]
    points = low + np.minimum(chances, NEARLY_ONE) * (high - low)
    return np.asarray(columns[np.minimum(ends[1:].searchsorted(points, "right"), stops - 1)])


def _above(weights: Weights, floors: Floats) -> tuple[Tokens, Tokens, Tokens]:
    """Return the rows and columns of all that weighs at least its row's floor, row by row.

    The last array says where each row stops.
    """
    count, width = weights.logits.shape
    places = np.flatnonzero(weights.values[:, :width] >= floors[:, None])
    stops = places.searchsorted(np.arange(1, count + 1) * width)
    rows = np.repeat(np.arange(count), np.diff(stops, prepend=0))
    return rows, places - rows * width, stops


def _floors(weights: Weights, sampling: Sampling) -> Floats:
    """Return the smallest weight that each row keeps.

    Where top-k or top-p alone would keep all above min-p, what min-p drops needs no look at all.
    """
    count, width = weights.logits.shape
    floors = np.full(count, sampling.min_p, np.float32)
    top_k = min(sampling.top_k or width, width)
    if top_k == width and sampling.top_p == 1:
        return floors
    total = _sums(weights.values).sum(axis=1, dtype=np.float64)
    lowest = sampling.min_p if top_k == width or sampling.top_p == 1 else 0.0
    for step in STEPS:
        least = max(step, lowest)
        best = _descending(weights, np.full(count, least, np.float32))
        whole = least == 0 or top_k == width
        cut, sure = _cut(best, top_k, sampling.top_p, total, whole=whole)
        if least == lowest or sure.all():
            break
    # the likeliest column, which weighs 1, stays whatever rounding says
    return np.asarray(np.clip(np.maximum(floors, cut), 0, np.float32(1)), np.float32)


def _descending(weights: Weights, floors: Floats) -> Floats:
    """Return what weighs at least its row's floor, the largest first, then zeros."""
    rows, columns, stops = _above(weights, floors)
    starts = np.concatenate(([0], stops[:-1]))
    best = np.zeros((len(floors), int((stops - starts).max())), np.float32)
    best[rows, np.arange(len(rows)) - starts[rows]] = -weights.values[rows, columns]
    best.sort(axis=1)
    return -best


def _cut(
    best: Floats, top_k: int, top_p: float, total: Doubles, *, whole: bool
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return each row's smallest weight that top-k and top-p keep of its `best`.

    Also whether that is sure: otherwise the row's smaller weights, not in `best`, decide, and the
    cut is 0. `total` is what each row weighs, and `whole` says that top-k leaves all of that.
    """
    count, size = best.shape
    cut = best[:, top_k - 1] if top_k <= size else np.zeros(count, np.float32)
    known = cut > 0
    if top_p == 1:
        return cut, known
    mass = np.where(best >= cut[:, None], best, 0).cumsum(axis=1, dtype=np.float64)
    wanted = top_p * np.where(known, mass[:, -1], total)
    places = (mass < wanted[:, None]).sum(axis=1)
    found = (places < size) & (known | whole)
    nucleus = best[np.arange(count), np.minimum(places, size - 1)]
    return np.where(found, np.maximum(cut, nucleus), cut), found
