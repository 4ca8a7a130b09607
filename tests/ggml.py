"""One graph of llama.cpp's at a time, made by its C functions and computed on the processor.

Nothing is known here of what a graph is to compute.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import llama_cpp

F32, F16, Q8_0 = 0, 1, 8
MEMORY = 1 << 25


class Parameters(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("buffer", ctypes.c_void_p), ("bare", ctypes.c_bool))


def library(name: str) -> ctypes.CDLL:
    folder = Path(llama_cpp.__file__).parent / "lib"
    return ctypes.CDLL(str(min(folder.glob(f"libggml-{name}.[sd]*"))))


BASE, CPU = library("base"), library("cpu")
CPU.ggml_cpu_init()


class Graph:
    """Tensors, and what is computed of them, in memory of their own."""

    def __init__(self) -> None:
        self.context = called("init", Parameters(MEMORY, None, False))

    def tensor(self, kind: int, content: bytes, *shape: int) -> Any:
        """Return a tensor of that content, whose shape is ggml's: what lies closest comes first."""
        sizes = (ctypes.c_int64 * len(shape))(*shape)
        tensor = self.node("new_tensor", kind, len(shape), sizes)
        assert called("nbytes", tensor).value == len(content)
        ctypes.memmove(called("get_data", tensor), content, len(content))
        return tensor

    def node(self, operation: str, *given: Any) -> Any:
        return called(operation, self.context, *given)

    def computed(self, result: Any, threads: int) -> bytes:
        graph = self.node("new_graph")
        BASE.ggml_build_forward_expand(graph, result)
        assert CPU.ggml_graph_compute_with_ctx(self.context, graph, threads) == 0
        return ctypes.string_at(called("get_data", result), called("nbytes", result).value)


def called(name: str, *given: Any) -> Any:
    function = getattr(BASE, f"ggml_{name}")
    function.restype = ctypes.c_void_p
    return ctypes.c_void_p(function(*given))


@contextmanager
def new_graph() -> Iterator[Graph]:
    graph = Graph()
    try:
        yield graph
    finally:
        BASE.ggml_free(graph.context)
