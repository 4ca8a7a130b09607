"""jupyter-sim: write with a base model, judge several continuations, keep every step.

    from jupyter_sim import Loom
    Loom("It was a dark and ")

Names are imported when they are first used, so that `import jupyter_sim` loads no model, no server
and no widget.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine.client import LlamaEngine
    from .widget import Loom

__version__ = "0.1.0"
__all__ = ["LlamaEngine", "Loom", "__version__"]

_homes = {"LlamaEngine": "engine.client", "Loom": "widget"}


def __getattr__(name: str) -> Any:
    if name not in _homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_homes[name]}", __name__), name)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-sim"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .server import SimApp

    return [{"module": "jupyter_sim", "app": SimApp}]
