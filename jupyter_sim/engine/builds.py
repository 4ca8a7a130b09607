"""Which build of llama.cpp is installed, and whether it is known to crash with this model.

Some compilers make a llama.cpp that dies at its first batch on processors with tile registers; it
lives without its extra weight buffers. What was found out is remembered by build and file.
"""

import importlib.util
from contextlib import suppress
from pathlib import Path

import msgspec
from jupyter_core.paths import jupyter_data_dir

from ..models import remember

REBUILD = (
    "This build of llama.cpp crashes on this machine. Build it again with safe flags: "
    'CMAKE_ARGS="-DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DLLAVA_BUILD=OFF" '
    "pip install --no-cache-dir --force-reinstall llama-cpp-python"
)


def key(model: Path) -> str:
    """Return what names a build of llama.cpp together with a model file."""
    spec = importlib.util.find_spec("llama_cpp")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    libraries = sorted((folder / "lib").glob("*ggml-cpu*"))
    return "|".join(map(_marks, (*libraries[:1], model)))


def repacks(build: str) -> bool:
    """Whether this build may use its extra weight buffers, as far as is known."""
    return build not in _crashed()


def remember_crash(build: str) -> None:
    """Note that this build dies at its first batch when it uses its extra weight buffers."""
    remember(_store(), msgspec.json.encode(sorted({*_crashed(), build})))


def _crashed() -> set[str]:
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(_store().read_bytes(), type=set[str])
    return set()


def _store() -> Path:
    return Path(jupyter_data_dir()) / "jupyter_sim" / "crashing_builds.json"


def _marks(path: Path) -> str:
    stat = path.stat()
    return f"{path}:{stat.st_size}:{stat.st_mtime_ns}"
