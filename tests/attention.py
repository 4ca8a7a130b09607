"""What tokens attend to, as llama.cpp computes it and as it is in double precision.

Nothing is known here of how near the two should be.
"""

import ctypes
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .ggml import F16, F32, Graph, called, new_graph

HIDDEN = -np.inf
SPARE = 3

Numbers = NDArray[np.float64]
Levels = NDArray[np.float16]


class Attention(NamedTuple):
    """Queries [token, head, number], keys and values [cell, head, number], levels [token, cell]."""

    queries: NDArray[np.float32]
    keys: NDArray[np.float16]
    values: NDArray[np.float16]
    levels: Levels
    bias: float = 0.0
    cap: float = 0.0
    sinks: NDArray[np.float32] | None = None

    @property
    def scale(self) -> float:
        return float(self.queries.shape[-1] ** -0.5)

    def of(self, tokens: Any) -> "Attention":
        return self._replace(queries=self.queries[tokens], levels=self.levels[tokens])

    def computed(self, threads: int = 2) -> NDArray[np.float32]:
        """Return what llama.cpp makes of it: [token, head, number]."""
        tokens, heads, size = self.queries.shape
        with new_graph() as graph:
            flat = graph.tensor(F32, self.queries.tobytes(), size, heads, tokens)
            queries = graph.node("permute", flat, 0, 2, 1, 3)
            keys, values = cache(graph, self.keys), cache(graph, self.values)
            levels = graph.tensor(F16, self.levels.tobytes(), *self.levels.shape[::-1])
            numbers = map(ctypes.c_float, (self.scale, self.bias, self.cap))
            result = graph.node("flash_attn_ext", queries, keys, values, levels, *numbers)
            if self.sinks is not None:
                sinks = graph.tensor(F32, self.sinks.tobytes(), heads)
                called("flash_attn_ext_add_sinks", result, sinks)
            found = np.frombuffer(graph.computed(result, threads), np.float32)
        return found.reshape(tokens, heads, -1)

    def scores(self) -> Numbers:
        """Return [head, token, cell]; what is hidden is infinitely low."""
        heads = self.queries.shape[1]
        keys = spread(self.keys, heads)
        scores = np.matmul(self.queries.astype(float).swapaxes(0, 1), keys.swapaxes(1, 2))
        scores *= self.scale
        if self.cap:
            scores = self.cap * np.tanh(scores / self.cap)
        slopes = np.array([slope(head, heads, self.bias) for head in range(heads)])
        return scores + slopes[:, None, None] * self.levels.astype(float)

    def exact(self) -> Numbers:
        scores = self.scores()
        heads = len(scores)
        sinks = np.full(heads, HIDDEN) if self.sinks is None else self.sinks.astype(float)
        peaks = np.maximum(scores.max(-1), sinks[:, None])
        peaks[peaks == HIDDEN] = 0
        weights = np.exp(scores - peaks[..., None])
        masses = weights.sum(-1) + np.exp(sinks[:, None] - peaks)
        masses[masses == 0] = 1
        return np.matmul(weights / masses[..., None], spread(self.values, heads)).swapaxes(0, 1)


def spread(content: NDArray[np.float16], heads: int) -> Numbers:
    """Return [head, cell, number], for every head that shares them."""
    return np.repeat(content.astype(float).swapaxes(0, 1), heads // content.shape[1], 0)


def slope(head: int, heads: int, bias: float) -> float:
    """Return how much a level counts for a head (Press, Smith, Lewis: Train Short, Test Long)."""
    power = 1 << (heads.bit_length() - 1)
    if not bias:
        return 1.0
    if head < power:
        return float(2.0 ** (-bias / power * (head + 1)))
    return float(2.0 ** (-bias / 2 / power * (2 * (head - power) + 1)))


def cache(graph: Graph, content: NDArray[np.float16]) -> Any:
    """Return a view of a cache's first cells, after which no number stands that may be read."""
    cells, heads, size = content.shape
    spare = np.full((SPARE, heads, size), np.nan, np.float16)
    whole = graph.tensor(F16, content.tobytes() + spare.tobytes(), size * heads, cells + SPARE)
    sizes = map(ctypes.c_int64, (size, heads, cells))
    steps = map(ctypes.c_size_t, (2 * size, 2 * size * heads, 0))
    return graph.node("permute", graph.node("view_3d", whole, *sizes, *steps), 0, 2, 1, 3)
