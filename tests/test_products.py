"""Products of weights in Q8_0 are what they should be, in the llama.cpp that runs here.

They are asked for through llama.cpp's own graphs, and held to sums in double precision. Numbers are
chosen so that rounding activations to eight bits changes none of them.
"""

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from .ggml import F32, Q8_0, new_graph

BLOCK = 32
WIDTHS = [*range(1, 18), 33]

Numbers = NDArray[np.float64]


class Weights(NamedTuple):
    """Rows of weights as a file holds them, and the numbers that they stand for."""

    raw: bytes
    numbers: Numbers


def product(weights: Weights, activations: NDArray[np.float32], threads: int) -> bytes:
    """Return the products of every row of activations with every row of weights."""
    rows, size = weights.numbers.shape
    with new_graph() as graph:
        mine = graph.tensor(Q8_0, weights.raw, size, rows)
        theirs = graph.tensor(F32, activations.tobytes(), size, len(activations))
        return graph.computed(graph.node("mul_mat", mine, theirs), threads)


def weights(rows: int, size: int) -> Weights:
    chosen = np.random.default_rng(rows * size)
    blocks = np.zeros((rows, size // BLOCK), [("scale", "<f2"), ("bytes", "i1", BLOCK)])
    blocks["scale"] = chosen.uniform(-0.1, 0.1, blocks.shape)
    blocks["bytes"] = chosen.integers(-128, 128, (*blocks.shape, BLOCK))
    blocks["bytes"][rows // 2] = -128
    numbers = blocks["bytes"] * blocks["scale"].astype(float)[..., None]
    return Weights(blocks.tobytes(), numbers.reshape(rows, size))


def activations(count: int, size: int) -> NDArray[np.float32]:
    chosen = np.random.default_rng(size)
    blocks = chosen.integers(-127, 128, (count, size // BLOCK, BLOCK))
    blocks[..., 0] = 127
    blocks[..., -1] = -127
    scales = 2.0 ** chosen.integers(-6, 3, (count, size // BLOCK, 1))
    return np.float32(blocks * scales).reshape(count, size)


@pytest.mark.parametrize("size", [32, 576])
@pytest.mark.parametrize("rows", [1, 7, 8, 100, 256])
def test_products_of_any_number_of_rows_are_exact_but_for_the_last_bits(
    rows: int, size: int
) -> None:
    mine, theirs = weights(rows, size), activations(max(WIDTHS), size)
    exact = theirs.astype(float) @ mine.numbers.T
    scale = np.abs(theirs.astype(float)) @ np.abs(mine.numbers.T)
    for count in WIDTHS:
        found = np.frombuffer(product(mine, theirs[:count], 2), np.float32)
        off = np.abs(found.reshape(count, rows) - exact[:count]) / scale[:count]
        assert off.max() < 1e-6


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_a_row_has_the_same_product_alone_and_among_others_to_the_last_bit(threads: int) -> None:
    mine, theirs = weights(200, 576), activations(max(WIDTHS), 576)
    alone = b"".join(product(mine, row[None], 1) for row in theirs)
    for count in WIDTHS:
        found = product(mine, theirs[:count], threads)
        assert found == alone[: len(found)]
