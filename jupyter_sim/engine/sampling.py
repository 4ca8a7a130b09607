"""From logits to tokens, for all rows of a step at once. No model, cache or clock is known here.

The order is that of llama.cpp's default chain: top-k, then top-p, then min-p, all on the model's
own distribution, and temperature last, on what is left. Log-probabilities are the model's own,
before any of this. The fractions that choose come from the caller, one for each row.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..events import Sampling

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Tokens = NDArray[np.int64]

NUCLEUS = 512
BLOCK = 256
NEARLY_ONE = 1 - 1e-9


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


def fractions(seed: int) -> np.random.PCG64:
    """Return the endless row of random numbers that belongs to one candidate's seed."""
    return np.random.PCG64(seed)


def fraction(source: np.random.PCG64) -> float:
    """Return the next number of the row, in [0, 1).

    Made of the raw bits, so that the same seed means the same numbers in every version of NumPy.
    """
    return (int(source.random_raw()) >> 11) * 2.0**-53


def weigh(logits: Floats, mute: Tokens | None = None) -> Weights:
    """Return the weights of rows of logits; the columns in `mute` are then weightless.

    The norms count every column; blocks of them are summed in double precision.
    """
    peaks = logits.max(axis=1)
    values = _exponentials(logits, peaks, 1.0)
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
    kept = values
    if sampling.temperature != 1:
        kept = _exponentials(weights.logits, weights.peaks, sampling.temperature)
    floors = _floors(values[:, : weights.logits.shape[1]], sampling)
    if floors.any():
        kept = kept * (values >= floors[:, None])
    return _points(kept, chances)


def _exponentials(logits: Floats, peaks: Floats, temperature: float) -> Floats:
    """Return what each column weighs at this temperature, in whole blocks."""
    count, width = logits.shape
    values = np.zeros((count, -(-width // BLOCK) * BLOCK), np.float32)
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


def _floors(values: Floats, sampling: Sampling) -> Floats:
    """Return the smallest weight that each row keeps."""
    floors = np.zeros(len(values), np.float32)
    width = values.shape[1]
    kept = min(sampling.top_k or width, width)
    if kept < width:
        floors = np.partition(values, width - kept, axis=1)[:, width - kept]
    if sampling.top_p < 1:
        floors = np.maximum(floors, _nucleus(values, floors, sampling.top_p))
    # the likeliest column, which weighs 1, stays whatever rounding says
    return np.asarray(np.clip(floors, np.float32(sampling.min_p), np.float32(1)), np.float32)


def _nucleus(values: Floats, floors: Floats, top_p: float) -> Floats:
    """Return each row's smallest weight among its likeliest columns of `top_p` probability in all.

    Only the columns from the row's floor upward count.
    """
    kept = values * (values >= floors[:, None])
    wanted = top_p * kept.sum(axis=1, dtype=np.float64)
    size = min(NUCLEUS, kept.shape[1])
    while True:
        part = kept if size == kept.shape[1] else np.partition(kept, -size, axis=1)[:, -size:]
        best = -np.sort(-part, axis=1)
        mass = best.cumsum(axis=1, dtype=np.float64)
        if size == kept.shape[1] or (mass[:, -1] >= wanted).all():
            break
        size = min(size * 8, kept.shape[1])
    places = np.minimum((mass < wanted[:, None]).sum(axis=1), size - 1)
    return np.asarray(np.take_along_axis(best, places[:, None], axis=1)[:, 0], np.float32)
