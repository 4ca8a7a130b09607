"""From logits to tokens, for all rows of a step at once. No model, cache or clock is known here.

The order is that of llama.cpp's default chain: top-k, then top-p, then min-p, all on the model's
own distribution, and temperature last, on what is left. Log-probabilities are the model's own,
before any of this. The fractions that choose come from the caller, one for each row.

Whole rows are passed over as seldom as can be. The columns that a truncation keeps are looked for
in the blocks that weigh as much as it asks of a column; where a model is unsure those are many, and
the whole row is looked through. Mostly few columns are kept, and what follows works on them; where
a model is at a loss they are many, and it is quicker to work on the whole row again.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..events import Sampling

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Tokens = NDArray[np.int64]
Mask = NDArray[np.bool_]
Places = tuple[Tokens, Tokens, Tokens]
"""Rows and columns, row by row, and where each row stops."""

BLOCK = 256
FOLD = 32
FEW, MANY = 1024, 1 / 16
NEARLY_ONE = 1 - 1e-9
STEPS = (1e-3, 1e-5, 0.0)
# colder ones say the same, and in 32 bits the coldest would be nothing to divide by
COLDEST = 1e-10
# exponentials of logits below that, and the sums of many, are well within 32 bits
STEEP = 40
ZERO = np.zeros(1)


class Weights(NamedTuple):
    """Rows of logits, with what all samplings need of them.

    `norms` are the logarithms of each row's sum of exponentials. `values` are what columns weigh:
    their exponentials, but in rows where those would leave 32 bits, over that of the row's largest
    logit. They are padded with zeros to whole blocks, and `sums` are those of the blocks. `tops`
    are the weights of the likeliest.
    """

    logits: Floats
    peaks: Floats
    norms: Doubles
    values: Floats
    sums: Floats
    tops: Floats

    def rows(self, places: list[int]) -> "Weights":
        """Return some of the rows."""
        rows: list[NDArray[Any]] = [field[places] for field in self]
        return Weights(*rows)

    def repeated(self, count: int) -> "Weights":
        """Return a single row so many times, in the memory of one."""
        rows: list[NDArray[Any]]
        rows = [np.broadcast_to(field, (count, *field.shape[1:])) for field in self]
        return Weights(*rows)


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
    muted = None
    if mute is not None and len(mute):
        muted = logits[:, mute]
        logits[:, mute] = -np.inf
    peaks = logits.max(axis=1)
    levels = _levels(peaks)
    values = _exponentials(logits, levels, 1.0, values)
    sums = _sums(values)
    masses = sums.sum(axis=1, dtype=np.float64)
    if muted is not None:
        masses += np.exp(muted - levels[:, None], dtype=np.float64).sum(axis=1)
    return Weights(logits, peaks, levels + np.log(masses), values, sums, np.exp(peaks - levels))


def weigh_again(values: Floats, peaks: Floats, norms: Doubles, width: int) -> Weights:
    """Return the weights of rows of `width` columns whose values, peaks and norms are known."""
    levels = _levels(peaks)
    with np.errstate(divide="ignore"):
        logits = np.log(values[:, :width]) + levels[:, None]
    return Weights(logits, peaks, norms, values, _sums(values), np.exp(peaks - levels))


def choose(weights: Weights, sampling: Sampling, chances: Doubles) -> Tokens:
    """Return one column for each of `chances`, numbers in [0, 1), one for each row of weights.

    A single row may also meet many chances. The columns kept by top-k, top-p and min-p stand in
    their order along the line from 0 to 1, each as wide as its probability; the chances are points
    on it. Temperature 0 takes the likeliest. Columns of equal weight stay or go together.
    """
    if sampling.temperature == 0:
        best = np.argmax(weights.logits, axis=1)
        return np.asarray(np.broadcast_to(best, len(chances)), np.int64)
    floors = _floors(weights, sampling)
    few = _few(weights, floors)
    if few is not None:
        return _few_points(weights, few, sampling.temperature, chances)
    kept = weights.values >= floors[:, None]
    # each row by itself, so that what is drawn from it does not depend on those beside it
    most = max(FEW, MANY * kept.shape[1])
    none = np.count_nonzero(kept) <= most
    many = np.array([not none and np.count_nonzero(row) > most for row in kept])
    if not many.any():
        return _few_points(weights, _places(weights, kept), sampling.temperature, chances)
    if many.all():
        return _many_points(weights, kept, sampling.temperature, chances)
    tokens = np.empty(len(chances), np.int64)
    for rows in (np.flatnonzero(many), np.flatnonzero(~many)):
        tokens[rows] = choose(weights.rows(rows.tolist()), sampling, chances[rows])
    return tokens


def keep(weights: Weights, sampling: Sampling) -> tuple[Tokens, Floats]:
    """Return the columns of a single row that stay, and what each weighs at its temperature.

    Temperature 0 leaves the weights as they are.
    """
    rows, columns, _ = _above(weights, _floors(weights, sampling))
    return columns, _heights(weights, rows, columns, sampling.temperature or 1)


def point(heights: Floats, chance: float) -> int:
    """Return which of some weights a number in [0, 1) points at, in proportion to them."""
    ends = heights.cumsum(dtype=np.float64)
    return int(ends.searchsorted(min(chance, NEARLY_ONE) * ends[-1], "right"))


def likeliest(weights: Weights, count: int) -> Ranking:
    """Return the `count` likeliest columns of every row, or all, where there are fewer."""
    count = min(count, weights.logits.shape[1])
    rows, columns, stops = _above(weights, _bound(weights, count))
    places = np.arange(len(rows)) - np.concatenate(([0], stops[:-1]))[rows]
    shape = len(stops), int(places.max()) + 1
    # what fills the rows up is lighter than all that weighs nothing
    best, found = np.full(shape, 1, np.float32), np.zeros(shape, np.int64)
    best[rows, places] = -weights.values[rows, columns]
    found[rows, places] = columns
    order = np.argsort(best, axis=1, kind="stable")[:, :count]
    return Ranking(np.take_along_axis(found, order, 1), -np.take_along_axis(best, order, 1))


def _levels(peaks: Floats) -> Floats:
    """Return what is to be taken from each row's logits before their exponentials are."""
    return np.asarray(peaks * (np.abs(peaks) > STEEP))


def padded(width: int) -> int:
    """Return how many columns the blocks of so many have."""
    return -(-width // BLOCK) * BLOCK


def _exponentials(
    logits: Floats, levels: Floats, temperature: float, values: Floats | None = None
) -> Floats:
    """Return what each column weighs at this temperature over its row's level, in whole blocks."""
    count, width = logits.shape
    if values is None:
        values = np.zeros((count, padded(width)), np.float32)
    inner = values[:, :width]
    if temperature == 1 and not levels.any():
        np.exp(logits, out=inner)
        return values
    np.subtract(logits, levels[:, None], out=inner)
    if temperature != 1:
        inner /= np.float32(max(temperature, COLDEST))
    np.exp(inner, out=inner)
    return values


def _sums(values: Floats) -> Floats:
    """Return the sum of every block of every row."""
    sums: Floats = np.einsum("ijk->ij", values.reshape(len(values), -1, BLOCK))
    return sums


def _points(values: Floats, tops: Floats, chances: Doubles) -> Tokens:
    """Return the columns at these points of each row's line: first the block, then the column."""
    sums = _sums(values) / tops[:, None]
    size = sums.shape[1]
    ends = sums.ravel().cumsum(dtype=np.float64)
    high = ends[size - 1 :: size]
    low = high - sums.sum(axis=1, dtype=np.float64)
    points = low + np.minimum(chances, NEARLY_ONE) * (high - low)
    block = ends.searchsorted(points, side="right")
    inner = values.reshape(-1, BLOCK)[block] / tops[block // size, None]
    points -= ends[block] - sums.ravel()[block]
    column = (inner.cumsum(axis=1, dtype=np.float64) <= points[:, None]).sum(axis=1)
    # rounding may point beyond the last column that weighs anything
    last = BLOCK - 1 - np.argmax(inner[:, ::-1] > 0, axis=1)
    return np.asarray(block % size * BLOCK + np.minimum(column, last), np.int64)


def _few_points(weights: Weights, few: Places, temperature: float, chances: Doubles) -> Tokens:
    """Return the columns at these points of the lines of what each row keeps."""
    rows, columns, stops = few
    heights = _heights(weights, rows, columns, temperature)
    ends = heights.cumsum(dtype=np.float64)
    high = ends[stops - 1]
    low = np.concatenate((ZERO, high[:-1]))
    points = low + np.minimum(chances, NEARLY_ONE) * (high - low)
    return np.asarray(columns[np.minimum(ends.searchsorted(points, "right"), stops - 1)])


def _many_points(weights: Weights, kept: Mask, temperature: float, chances: Doubles) -> Tokens:
    """Return the same, from the whole lines."""
    values, tops = weights.values, weights.tops
    if temperature != 1:
        values = _exponentials(weights.logits, weights.peaks, temperature)
        tops = np.ones_like(tops)
    if not kept.all():
        values = np.where(kept, values, np.float32(0))
    return _points(values, tops, chances)


def _heights(weights: Weights, rows: Tokens, columns: Tokens, temperature: float) -> Floats:
    """Return what each of these weighs at this temperature over the likeliest of its row."""
    if temperature == 1:
        return weights.values[rows, columns] / weights.tops[rows]
    heights = weights.logits[rows, columns] - weights.peaks[rows]
    return np.asarray(np.exp(heights / np.float32(max(temperature, COLDEST))))


def _above(weights: Weights, floors: Floats) -> Places:
    """Return the places of all that weighs at least its row's floor."""
    few = _few(weights, floors)
    return _places(weights, weights.values >= floors[:, None]) if few is None else few


def _few(weights: Weights, floors: Floats) -> Places | None:
    """Return the same where only few blocks of each row weigh that much; else none can tell."""
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


def _floors(weights: Weights, sampling: Sampling) -> Floats:
    """Return the smallest weight that each row keeps."""
    count, width = weights.logits.shape
    floors = np.zeros(count, np.float32)
    if 0 < sampling.top_k < width:
        floors = _descending(weights, _bound(weights, sampling.top_k))[:, sampling.top_k - 1]
    if sampling.top_p < 1:
        floors = _nucleus(weights, floors, sampling)
    # the likeliest column stays whatever rounding says
    floors = np.maximum(floors, np.float32(sampling.min_p) * weights.tops)
    return np.asarray(np.minimum(floors, weights.tops))


def _bound(weights: Weights, count: int) -> Floats:
    """Return for each row a weight that at least `count` columns reach, and few more than that.

    Of the largest of FOLD columns each, `count` reach it.
    """
    peaks = weights.values.reshape(len(weights.values), FOLD, -1).max(axis=1)
    if count > peaks.shape[1]:
        return np.zeros(len(peaks), np.float32)
    return np.asarray(np.partition(peaks, -count, axis=1)[:, -count])


def _nucleus(weights: Weights, floors: Floats, sampling: Sampling) -> Floats:
    """Return each row's smallest weight among its likeliest columns of `top_p` probability in all.

    Only the columns from the row's floor upward count. Where there is none, the search starts
    with the likely ones, and need not look for what min-p drops.
    """
    if floors.any():
        best = _descending(weights, floors)
        return _cut(best, sampling.top_p * best.sum(axis=1, dtype=np.float64))
    wanted = sampling.top_p * weights.sums.sum(axis=1, dtype=np.float64)
    for step in STEPS:
        least = max(step, sampling.min_p)
        cut = _cut(_descending(weights, np.float32(least) * weights.tops), wanted)
        if least == sampling.min_p or cut.all():
            break
    return cut


def _cut(best: Floats, wanted: Doubles) -> Floats:
    """Return the weight in each descending row at which its sum is `wanted`; 0 where it is less."""
    mass = best.cumsum(axis=1, dtype=np.float64)
    places = (mass < wanted[:, None]).sum(axis=1)
    ends = best[np.arange(len(best)), np.minimum(places, best.shape[1] - 1)]
    return np.where(places < best.shape[1], ends, np.float32(0))


def _descending(weights: Weights, floors: Floats) -> Floats:
    """Return what weighs at least its row's floor, the largest first, then zeros."""
    rows, columns, stops = _above(weights, floors)
    starts = np.concatenate(([0], stops[:-1]))
    best = np.zeros((len(floors), int((stops - starts).max())), np.float32)
    best[rows, np.arange(len(rows)) - starts[rows]] = -weights.values[rows, columns]
    best.sort(axis=1)
    return -best
