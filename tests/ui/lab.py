"""A real `jupyter lab` with directories of its own, and what a test asks of the machine around it.

It knows processes, files and HTTP; it knows no browser.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

JUPYTER = Path(sys.executable).with_name("jupyter")
START = 120
SEED = 1
GRACE = 3
SPELL, PAUSE = 0.003, 0.06
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
NO_NEWS = ("@jupyterlab/apputils-extension/notification", {"fetchNews": "false"})
ALONE = {
    "jupyter_server_config.json": {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_server_fileid": False, "jupyter_server_ydoc": False}
        }
    },
    "labconfig/page_config.json": {
        "disabledExtensions": {
            "@jupyter/collaboration-extension": True,
            "@jupyter/docprovider-extension": True,
        }
    },
}
"""The configuration of a server on which nobody works together."""


@dataclass
class Lab:
    """One server. `root` holds its notebooks; nothing of the user's own Jupyter is read.

    Where it is `shared`, several people can write in one document at once.
    """

    home: Path
    options: tuple[str, ...] = ()
    base_url: str = "/"
    token: str = ""
    port: int = field(default_factory=lambda: free_port())
    log: list[str] = field(default_factory=list)
    shared: bool = False

    @property
    def root(self) -> Path:
        return self.home / "work"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.base_url}"

    def start(self) -> None:
        """Start the server; it accepts requests when this returns."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.settings(*NO_NEWS)
        for name, content in ({} if self.shared else ALONE).items():
            path = self.home / "config" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))
        self.process = subprocess.Popen(
            [JUPYTER, "lab", *self._options()],
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        limit = time.monotonic() + START
        while not self._answers():
            ended = self.process.poll() is not None or time.monotonic() > limit
            assert not ended, "The server did not start:\n" + "".join(self.log)

    def settings(self, plugin: str, values: dict) -> None:
        """Make these the user's settings of a plugin, for pages that are loaded from now on."""
        folder = self.home / "config" / "lab" / "user-settings"
        path = (folder / plugin).with_suffix(".jupyterlab-settings")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))

    def stop(self) -> None:
        """End the server as `kill` does, and wait for its children.

        The server itself may stay for ever: threads that read files are not told that it ends.
        """
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server as a crash does: nothing is flushed, nothing is closed."""
        self._end(signal.SIGKILL)

    def worker(self) -> psutil.Process:
        """The process that holds the model."""
        children = psutil.Process(self.process.pid).children()
        workers = [c for c in children if "jupyter_sim.engine.worker" in c.cmdline()]
        assert len(workers) == 1, f"One worker was expected, {len(workers)} run"
        return workers[0]

    @contextmanager
    def slowed(self) -> Iterator[None]:
        """Let the worker run only now and then, as on a machine that has little time for it: what
        takes a moment takes seconds.
        """
        worker, done = self.worker(), threading.Event()

        def pace() -> None:
            with suppress(psutil.NoSuchProcess):
                while not done.is_set():
                    worker.suspend()
                    done.wait(PAUSE)
                    worker.resume()
                    done.wait(SPELL)

        pacer = threading.Thread(target=pace)
        pacer.start()
        try:
            yield
        finally:
            done.set()
            pacer.join()

    def status(self) -> dict:
        """What the engine says that it does."""
        request = urllib.request.Request(f"{self.url}jupyter-sim/status")
        if self.token:
            request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def sim(self, *arguments: str) -> str:
        """What `jupyter sim ARGUMENTS` prints, run in the root directory."""
        done = subprocess.run(
            [JUPYTER, "sim", *arguments],
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def notebook(self, *sources: str, kind: str = "markdown", kernel: bool = False) -> str:
        """Write a notebook with cells of one kind, and return its name."""
        name = new_name(".ipynb")
        content = {
            "cells": [new_cell(kind, source, index) for index, source in enumerate(sources)],
            "metadata": KERNEL if kernel else {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (self.root / name).write_text(json.dumps(content))
        return name

    def events(self, document: str) -> list[dict]:
        """The history of a document."""
        lines = self.sim("history", "show", document, "--format", "json").splitlines()
        return [json.loads(line) for line in lines]

    def replay(self, document: str) -> dict[str, str]:
        """Export a document's history and play it back: the last text of each cell."""
        log = new_name(".simlog")
        self.sim("export", document, "-o", log)
        steps = map(json.loads, self.sim("replay", log, "--format", "json").splitlines())
        return {step["cell"]: step["text"] for step in steps}

    def environment(self) -> dict[str, str]:
        """The variables that keep this server apart from every other."""
        places = {f"JUPYTER_{name}_DIR": name.lower() for name in ("CONFIG", "DATA", "RUNTIME")}
        places |= {"IPYTHONDIR": "ipython", "HOME": "home"}
        return {
            **os.environ,
            **{name: str(self.home / place) for name, place in places.items()},
            "JUPYTER_PREFER_ENV_PATH": "0",
            "PATH": f"{JUPYTER.parent}{os.pathsep}{os.environ['PATH']}",
        }

    def _options(self) -> list[str]:
        return [
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            f"--port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.base_url={self.base_url}",
            f"--IdentityProvider.token={self.token}",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            f"--SimApp.seed={SEED}",
            *self.options,
        ]

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            time.sleep(0.05)
            return False
        return True

    def _read(self) -> None:
        assert self.process.stdout
        self.log.extend(self.process.stdout)
        self.process.stdout.close()

    def _end(self, number: signal.Signals) -> None:
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(number)
        _, left = psutil.wait_procs([*family, psutil.Process(self.process.pid)], GRACE)
        for process in left:
            process.kill()
        self.process.wait()
        self._reader.join()


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(
    home: Path, *options: str, base_url: str = "/", token: str = "", shared: bool = False
) -> Iterator[Lab]:
    """A server for as long as the block lasts."""
    lab = Lab(home, options, base_url, token, shared=shared)
    lab.start()
    try:
        yield lab
    finally:
        if lab.process.poll() is None:
            lab.stop()


def new_name(suffix: str) -> str:
    """A file name that no other test has."""
    return f"{secrets.token_hex(4)}{suffix}"


def new_cell(kind: str, source: str, index: int) -> dict:
    """A notebook cell as it stands in a file."""
    cell: dict = {
        "cell_type": kind,
        "id": f"cell-{index}",
        "metadata": {},
        "source": source,
    }
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell
