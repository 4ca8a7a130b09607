"""How a model comes up: its file is checked, and a worker is started that loads it.

What may stand in the way is told here in sentences: a file that is no model, a window that it was
not made for, a build of llama.cpp that crashes, a worker that dies. Nothing is known here of
requests, or of what becomes of a worker that stands ready.
"""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Thread

import msgspec
from jupyter_core.paths import jupyter_data_dir

from .. import models
from ..errors import EngineError, ModelError, SimError, WorkerDied
from . import builds
from .mapped import marks
from .messages import Status
from .process import Process
from .wire import Load, Loaded, Settings

Spawn = Callable[[Load, Callable[[float], None]], Process]


def bring_up(
    model: str | Path | None,
    settings: Settings,
    tell: Callable[[Status], None],
    spawn: Spawn,
    rest: Callable[[], None],
) -> tuple[Process, Status]:
    """Return a worker that has loaded a model, and the status that it is ready with.

    `tell` hears how the load goes, and `spawn` starts a worker that tells its progress, or raises
    where it is not wanted any more. Before it is called, there is a `rest`. Raises ModelError,
    EngineError or WorkerDied.
    """
    path = models.resolve(model)
    before = marks(path)
    about = models.check(path)
    _see_that_it_fits(about, settings)
    loading = Status("loading", about.name, context=about.context, parameters=about.parameters)
    tell(loading)
    rest()

    def progress(fraction: float) -> None:
        tell(msgspec.structs.replace(loading, progress=fraction))

    build = builds.key(path)
    for repack in (True, False) if builds.repacks(build) else (False,):
        process = spawn(Load(str(path), before, settings, repack, str(_memory())), progress)
        try:
            sha256 = _on_a_thread(models.digest, path)
            loaded = process.loaded.result()
            return process, _ready(loading, loaded, sha256.result())
        except WorkerDied as death:
            _judge(process, path, death)
            builds.remember_crash(build)
    raise EngineError(builds.REBUILD)


def as_told(error: Exception) -> SimError:
    """Return an error of a load as one for a person."""
    if isinstance(error, SimError):
        return error
    told = EngineError(
        f"The model's process cannot be started ({type(error).__name__}: {error}). Close other "
        "programs and propose again, or restart the Jupyter server."
    )
    told.__cause__ = error
    return told


def _see_that_it_fits(about: models.ModelFile, settings: Settings) -> None:
    if 0 < about.context < settings.context:
        raise ModelError(
            f"A context of {settings.context:,} tokens was asked for, but the model {about.path} "
            f"was made for {about.context:,}; set a context of at most that, or 0 for what suits "
            "the model."
        )


def _judge(process: Process, path: Path, death: WorkerDied) -> None:
    """Return if the death was the build's fault; raise what it was otherwise."""
    if process.crashed_at_first_batch:
        return
    memory = "Perhaps memory ran out: set a smaller context or choose a smaller model. "
    raise ModelError(
        f"The model {path} did not load. {death} {memory if process.killed else ''}"
        "Choose another GGUF file, or update llama-cpp-python."
    ) from death


def _on_a_thread(function: Callable[[Path], str], path: Path) -> "Future[str]":
    """Begin a call that nobody may have to wait for in the end."""
    result: Future[str] = Future()

    def run() -> None:
        try:
            result.set_result(function(path))
        except Exception as error:  # noqa: BLE001 - who waits hears of it
            result.set_exception(error)

    Thread(target=run, name="jupyter-sim digest", daemon=True).start()
    return result


def _memory() -> Path:
    """Return the folder where workers remember the order of a model's vocabulary."""
    return Path(jupyter_data_dir()) / "jupyter_sim" / "vocabularies"


def _ready(loading: Status, loaded: Loaded, sha256: str) -> Status:
    return msgspec.structs.replace(
        loading,
        state="ready",
        sha256=sha256,
        device=loaded.device,
        engine=loaded.engine,
        context=loaded.context,
        progress=1.0,
    )
