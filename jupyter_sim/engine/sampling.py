"""From logits to tokens, for all rows of a step at once. No model, cache or clock is known here.

The order is that of llama.cpp's default chain: top-k, then top-p, then min-p, all on the model's
own distribution, and temperature last, on what is left. Log-probabilities are the model's own,
before any of this. The fractions that choose come from the caller, one for each row.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..events import Sampling
from . import native, passes
from .passes import above, heights
from .weights import NEARLY_ONE, Doubles, Floats, Records, Tokens, Weights, room

FOLD = 32
ROW = 64
STEPS = (1e-3, 1e-5, 0.0)
NONE = np.empty(0, np.int64)

fill, draw = (native.weigh, native.draw) if native.NATIVE else (passes.weigh, passes.draw)


class Ranking(NamedTuple):
    """Each row's largest weights, the largest first, and their columns."""

    columns: Tokens
    values: Floats


def fractions(seed: int) -> Iterator[float]:
    """Return the endless row of random numbers in [0, 1) that belongs to one candidate's seed.

    Made of the raw bits, so that the same seed means the same numbers in every version of NumPy.
    """
    return _fractions(np.random.PCG64(seed))


def _fractions(source: np.random.PCG64) -> Iterator[float]:
    # the first one is waited for
    yield (int(source.random_raw()) >> 11) * 2.0**-53
    while True:
        yield from ((source.random_raw(ROW) >> np.uint64(11)) * 2.0**-53).tolist()


def weigh(logits: Floats, mute: Tokens = NONE, records: Records | None = None) -> Weights:
    """Return the weights of rows of logits; the columns in `mute` are then weightless.

    The norms count every column; blocks of them are summed in double precision. `records` are
    the room to use.
    """
    logits = np.ascontiguousarray(logits)
    records = room(*logits.shape) if records is None else records
    fill(logits, mute, records)
    return Weights(logits, records)


def weigh_again(records: Records, width: int) -> Weights:
    """Return the weights of rows of `width` columns whose records are known."""
    with np.errstate(divide="ignore"):
        logits = np.log(records["values"][:, :width])
    # the likeliest to the last bit, because the colder it is, the more a difference from it counts
    logits += (records["peak"] - logits.max(axis=1))[:, None]
    return Weights(logits, records)


def choose(weights: Weights, sampling: Sampling, chances: Doubles) -> Tokens:
    """Return one column for each of `chances`, numbers in [0, 1), one for each row of weights.

    A single row may also meet many chances. The columns kept by top-k, top-p and min-p stand in
    their order along the line from 0 to 1, each as wide as its probability; the chances are points
    on it. Temperature 0 takes the likeliest. Columns of equal weight stay or go together.
    """
    if sampling.temperature == 0:
        best = np.argmax(weights.logits, axis=1)
        return np.asarray(np.broadcast_to(best, len(chances)), np.int64)
    return draw(weights, _floors(weights, sampling), sampling.temperature, chances)


def keep(weights: Weights, sampling: Sampling) -> tuple[Tokens, Floats]:
    """Return the columns of a single row that stay, and what each weighs at its temperature.

    Temperature 0 leaves the weights as they are.
    """
    rows, columns, _ = above(weights, _floors(weights, sampling))
    return columns, heights(weights, rows, columns, sampling.temperature or 1)


def point(widths: Floats, chance: float) -> int:
    """Return which of some weights a number in [0, 1) points at, in proportion to them."""
    ends = widths.cumsum(dtype=np.float64)
    return int(ends.searchsorted(min(chance, NEARLY_ONE) * ends[-1], "right"))


def likeliest(weights: Weights, count: int) -> Ranking:
    """Return the `count` likeliest columns of every row, or all, where there are fewer."""
    count = min(count, weights.logits.shape[1])
    rows, columns, stops = above(weights, _bound(weights, count))
    places = np.arange(len(rows)) - np.concatenate(([0], stops[:-1]))[rows]
    shape = len(stops), int(places.max()) + 1
    # what fills the rows up is lighter than all that weighs nothing
    best, found = np.full(shape, 1, np.float32), np.zeros(shape, np.int64)
    best[rows, places] = -weights.values[rows, columns]
    found[rows, places] = columns
    order = np.argsort(best, axis=1, kind="stable")[:, :count]
    return Ranking(np.take_along_axis(found, order, 1), -np.take_along_axis(best, order, 1))


def _floors(weights: Weights, sampling: Sampling) -> Floats:
    """Return the smallest weight that each row keeps."""
    least: Floats = np.float32(sampling.min_p) * weights.tops
    ranked = 0 < sampling.top_k < weights.logits.shape[1]
    if not ranked and sampling.top_p == 1:
        return least
    floors = np.zeros_like(least)
    if ranked:
        floors = _descending(weights, _bound(weights, sampling.top_k))[:, sampling.top_k - 1]
    if sampling.top_p < 1:
        floors = _nucleus(weights, floors, sampling)
    # the likeliest column stays whatever rounding says
    return np.minimum(np.maximum(floors, least), weights.tops)


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
    rows, columns, stops = above(weights, floors)
    starts = np.concatenate(([0], stops[:-1]))
    best = np.zeros((len(floors), int((stops - starts).max())), np.float32)
    best[rows, np.arange(len(rows)) - starts[rows]] = -weights.values[rows, columns]
    best.sort(axis=1)
    return -best
