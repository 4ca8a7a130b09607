"""Products of weights in Q8_0 are what they should be, in the llama.cpp that runs here.

They are asked for through llama.cpp's own graphs, and held to sums in double precision. Numbers are
chosen so that rounding activations to eight bits changes none of them.
"""

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import llama_cpp
import numpy as np
import pytest
from numpy.typing import NDArray

F32, Q8_0 = 0, 8
BLOCK = 32
MEMORY = 1 << 23
WIDTHS = [*range(1, 18), 33]

Numbers = NDArray[np.float64]


class Parameters(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("buffer", ctypes.c_void_p), ("bare", ctypes.c_bool))


class Weights(NamedTuple):
    """Rows of weights as a file holds them, and the numbers that they stand for."""

    raw: bytes
    numbers: Numbers


def library(name: str) -> ctypes.CDLL:
    folder = Path(llama_cpp.__file__).parent / "lib"
    return ctypes.CDLL(str(min(folder.glob(f"libggml-{name}.[sd]*"))))


class Graphs:
    """llama.cpp's graphs of one product each."""

    def __init__(self) -> None:
        self._base, self._cpu = library("base"), library("cpu")
        self._cpu.ggml_cpu_init()

    def product(self, weights: Weights, activations: NDArray[np.float32], threads: int) -> bytes:
        """Return the products of every row of activations with every row of weights."""
        count, size = activations.shape
        rows = len(weights.numbers)
        context = self._made("init", Parameters(MEMORY, None, False))
        mine = self._tensor(context, Q8_0, size, rows, weights.raw)
        theirs = self._tensor(context, F32, size, count, activations.tobytes())
        result = self._made("mul_mat", context, mine, theirs)
        graph = self._made("new_graph", context)
        self._base.ggml_build_forward_expand(graph, result)
        assert self._cpu.ggml_graph_compute_with_ctx(context, graph, threads) == 0
        products = ctypes.string_at(self._made("get_data", result), 4 * count * rows)
        self._base.ggml_free(context)
        return products

    def _tensor(self, context: Any, kind: int, size: int, rows: int, content: bytes) -> Any:
        shape = ctypes.c_int64(size), ctypes.c_int64(rows)
        tensor = self._made("new_tensor_2d", context, kind, *shape)
        ctypes.memmove(self._made("get_data", tensor), content, len(content))
        return tensor

    def _made(self, name: str, *given: Any) -> Any:
        function = getattr(self._base, f"ggml_{name}")
        function.restype = ctypes.c_void_p
        return ctypes.c_void_p(function(*given))


@pytest.fixture(scope="module")
def graphs() -> Iterator[Graphs]:
    yield Graphs()


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
    graphs: Graphs, rows: int, size: int
) -> None:
    mine, theirs = weights(rows, size), activations(max(WIDTHS), size)
    exact = theirs.astype(float) @ mine.numbers.T
    scale = np.abs(theirs.astype(float)) @ np.abs(mine.numbers.T)
    for count in WIDTHS:
        found = np.frombuffer(graphs.product(mine, theirs[:count], 2), np.float32)
        off = np.abs(found.reshape(count, rows) - exact[:count]) / scale[:count]
        assert off.max() < 1e-6


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_a_row_has_the_same_product_alone_and_among_others_to_the_last_bit(
    graphs: Graphs, threads: int
) -> None:
    mine, theirs = weights(200, 576), activations(max(WIDTHS), 576)
    alone = b"".join(graphs.product(mine, row[None], 1) for row in theirs)
    for count in WIDTHS:
        found = graphs.product(mine, theirs[:count], threads)
        assert found == alone[: len(found)]
