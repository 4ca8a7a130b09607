"""The Jupyter server extension: a connection's transport.

The only code that knows Tornado and jupyter_server. One worker with one model serves all
documents of the server. Ids and lengths may be logged, text never.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Any, cast

import msgspec
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.extension.handler import ExtensionHandlerMixin
from jupyter_server.utils import ensure_async
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler
from traitlets import Bool, Float, Integer, Unicode

from . import history, summaries
from .connection import Connection
from .documents import Documents, Saved
from .engine.client import LlamaEngine, Settings
from .errors import SimError
from .prompts import Limits
from .protocol import MAX_MESSAGE, FromDocument, encode

RESOURCE = "jupyter_sim"
METADATA = "jupyter_sim"


def documents(handler: JupyterHandler) -> Documents:
    """The open documents of the handler's server."""
    return cast(Documents, handler.settings["jupyter_sim_documents"])


async def authorize(handler: JupyterHandler, action: str) -> None:
    """Raise 403 unless the handler's user may do this."""
    user = handler.current_user
    if not await ensure_async(handler.authorizer.is_authorized(handler, user, action, RESOURCE)):
        raise web.HTTPError(403)


class StatusHandler(ExtensionHandlerMixin, APIHandler):
    """GET: what the engine is doing, as JSON."""

    @web.authenticated
    async def get(self) -> None:
        """Answer with the status."""
        await authorize(self, "read")
        self.finish(msgspec.json.encode(documents(self).engine.status))


class LogHandler(ExtensionHandlerMixin, APIHandler):
    """GET: the history of a document, named by its id or by its path, as a session log."""

    @web.authenticated
    async def get(self) -> None:
        """Answer with the log as it is on disk now."""
        await authorize(self, "read")
        names = [self.get_query_argument(name, "") for name in ("document", "path")]
        try:
            log = await asyncio.to_thread(_log, *names)
        except SimError as error:
            raise web.HTTPError(404, str(error)) from error
        self.finish(log, set_content_type="application/x-ndjson")


def _log(document: str, path: str) -> bytes:
    known = (summary.document for summary in summaries.documents() if summary.path == path)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "history.simlog")
        history.export(document or next(known, ""), out)
        return out.read_bytes()


class SocketHandler(ExtensionHandlerMixin, WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One front end's connection about one document: requests in, answers out."""

    connection: Connection

    @property
    def max_message_size(self) -> int:
        """Somewhat more than is read, so that most messages that are too large get an answer."""
        return 4 * MAX_MESSAGE

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Upgrade to a WebSocket, for users who may execute code here."""
        await authorize(self, "execute")
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Connect the front end to the open documents."""
        super().open(*args, **kwargs)
        self.connection = Connection(documents(self), self.answer, self._files)

    async def on_message(self, message: str | bytes) -> None:
        """Hand one request on, and read the next when its place in the order is sure."""
        await authorize(self, "execute")
        await self.connection.hear(message, self.current_user.username)

    def on_close(self) -> None:
        """Stop what only this front end was waiting for."""
        super().on_close()
        self.connection.close()

    def answer(self, answer: FromDocument) -> None:
        """Send one answer; a front end that went away needs none."""
        try:
            self.write_message(encode(answer))
        except WebSocketClosedError:
            self.log.debug("jupyter_sim: a front end left before its answer came")

    async def _files(self, path: str) -> Saved | None:
        return await saved(self.contents_manager, path)


async def saved(contents: Any, path: str) -> Saved | None:
    """What a contents manager has at a path, if it has a file there that can be read."""
    try:
        model = await ensure_async(contents.get(path, content=False))
        if model["type"] == "directory":
            return None
        time = model["last_modified"].timestamp()
        text = model["type"] != "notebook"
        if text and (model["size"] or 0) > MAX_MESSAGE:
            return Saved(None, time)
        model = await ensure_async(contents.get(path))
    except (web.HTTPError, OSError, ValueError):
        return None  # some faults of files, such as half of a surrogate pair, reach us as they are
    if text:
        said = model["content"] if model["format"] == "text" else ""
        return Saved(None, time, said.replace("\r\n", "\n"))
    known = model["content"]["metadata"].get(METADATA)
    return Saved(known.get("document") if isinstance(known, dict) else None, time)


class SimApp(ExtensionApp):
    """jupyter-sim in the Jupyter server; `jupyter lab --SimApp.model=/path/to/model.gguf`."""

    name = "jupyter_sim"
    app_name = "jupyter-sim"

    model = Unicode(
        "", help="Path of a GGUF file with a base model. Empty: the starter model, a toy."
    ).tag(config=True)
    context = Integer(
        0, help="The model's window in tokens. 0: what the model was trained for, at most 8192."
    ).tag(config=True)
    threads = Integer(
        0, help="Threads for the model. 0: all cores, or one less while that is faster."
    ).tag(config=True)
    n_gpu_layers = Integer(
        -1, help="Layers to put on the GPU. -1: all, where llama.cpp was built for one."
    ).tag(config=True)
    prompt_tokens = Integer(
        0, help="The most tokens of a prompt that a front end may ask for. 0: the model's window."
    ).tag(config=True)
    alternatives = Integer(
        20, help="The most alternatives that are recorded with a token of a candidate, up to 20."
    ).tag(config=True)
    seed = Integer(
        None,
        allow_none=True,
        help="A number from which the seeds of all candidates follow, so that the same text gets "
        "the same candidates, and asking again the same others. None: fresh seeds.",
    ).tag(config=True)
    deterministic = Bool(
        False, help="Draw the same for the same seed however busy the model is; slower."
    ).tag(config=True)
    idle = Float(
        0, help="Seconds without work after which the model is let go until needed. 0: never."
    ).tag(config=True)

    def initialize_settings(self) -> None:
        """Make the engine, not yet started, and the open documents."""
        settings = Settings(
            context=self.context,
            threads=self.threads,
            n_gpu_layers=self.n_gpu_layers,
            deterministic=self.deterministic,
            idle=self.idle,
        )
        engine = LlamaEngine(self.model or None, settings)
        self.settings["jupyter_sim_documents"] = Documents(
            engine, limits=Limits(self.prompt_tokens, self.alternatives), seed=self.seed
        )

    def initialize_handlers(self) -> None:
        """Three routes, under the server's base URL."""
        self.handlers += [
            (r"/jupyter-sim/status", StatusHandler),
            (r"/jupyter-sim/log", LogHandler),
            (r"/jupyter-sim/socket", SocketHandler),
        ]

    async def stop_extension(self) -> None:
        """Record what is under way, close the histories, end the worker."""
        await self.settings["jupyter_sim_documents"].close()
