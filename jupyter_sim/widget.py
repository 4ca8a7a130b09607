"""The fan in any notebook's output area: the same document and front end over a widget's comm.

The only code that knows anywidget. The engine and the documents of a kernel live on a thread of
their own with an event loop, so a widget answers while the kernel runs a cell, where the host lets
it hear.
"""

import asyncio
import json
import threading
import uuid
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from .connection import Connection
from .documents import Documents
from .engine.client import LlamaEngine
from .protocol import FromDocument, encode

_STATIC = Path(__file__).parent / "static"


class Home:
    """The event loop and the engine that all widgets of one model share, and the open documents of
    those of them whose seeds follow from the same number.
    """

    def __init__(self, model: str | None) -> None:
        self.loop = asyncio.new_event_loop()
        self._engine = LlamaEngine(model)
        self._documents: dict[int | None, Documents] = {}
        threading.Thread(target=self.loop.run_forever, name="jupyter-sim", daemon=True).start()

    def connect(self, answer: Callable[[FromDocument], None], seed: int | None) -> Connection:
        """Begin a connection, on the loop that it lives on."""

        async def made() -> Connection:
            if seed not in self._documents:
                self._documents[seed] = Documents(self._engine, seed=seed)
            return Connection(self._documents[seed], answer, _nowhere)

        return asyncio.run_coroutine_threadsafe(made(), self.loop).result()


@cache
def home(model: str | None) -> Home:
    """The home of a model's widgets in this process, made at its first use."""
    return Home(model)


class Loom(anywidget.AnyWidget):
    """A text with fans, in the output area: `Loom("It was a dark and ")`.

    `value` is the text as it is now. `document` names the history: the same name goes on with the
    same history, by default each widget begins one. `model` is the path of a GGUF file, by default
    the starter model. From `seed`, a number, follow the seeds of all candidates, so that the same
    text gets the same candidates, and asking again the same others; by default they are fresh. `n`,
    `temperature` and `length` are those of the next fan.
    """

    _esm = _STATIC / "widget.js"
    _css = _STATIC / "widget.css"

    value = traitlets.Unicode("").tag(sync=True)
    document = traitlets.Unicode("").tag(sync=True)
    seed = traitlets.Int(None, allow_none=True)
    n = traitlets.Int(5, min=1, max=32).tag(sync=True)
    temperature = traitlets.Float(1.0, min=0, max=10).tag(sync=True)
    length = traitlets.Enum(
        ("word", "sentence", "line", "paragraph", "block", "48", "128"), "sentence"
    ).tag(sync=True)

    def __init__(
        self, value: str = "", *, document: str = "", model: str | None = None, **traits: Any
    ) -> None:
        name = document or f"widget-{uuid.uuid4().hex[:8]}"
        super().__init__(value=value, document=name, **traits)
        self._home = home(model)
        self._connection = self._home.connect(self._say, self.seed)
        self.on_msg(self._hear)

    def close(self) -> None:
        """Stop what runs for this widget, and remove it from the page."""
        self._home.loop.call_soon_threadsafe(self._connection.close)
        super().close()

    def _hear(self, _: Any, content: dict[str, Any], __: Any) -> None:
        """A message from the front end, on whichever thread the kernel hears it."""
        if "protocol" in content:
            request = self._connection.hear(json.dumps(content["protocol"]))
            asyncio.run_coroutine_threadsafe(request, self._home.loop)

    def _say(self, answer: FromDocument) -> None:
        self.send({"protocol": json.loads(encode(answer))})


async def _nowhere(path: str) -> None:
    """A widget's document is a name, not a file that could be copied."""
