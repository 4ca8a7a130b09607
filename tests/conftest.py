"""What all tests share: no test reads or writes the user's own Jupyter directories."""

import io
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jupyter_sim.cli import main
from jupyter_sim.document import Document
from jupyter_sim.engine.messages import Engine
from jupyter_sim.history import History

from .judged import Run
from .writer import Open, Writer


@pytest.fixture(autouse=True)
def jupyter_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point Jupyter's data, runtime and configuration directories into the test's own."""
    for kind in ("CONFIG", "DATA", "RUNTIME"):
        monkeypatch.setenv(f"JUPYTER_{kind}_DIR", str(tmp_path / "jupyter" / kind.lower()))
    return tmp_path / "jupyter"


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    """Open a document over an engine, with a front end that writes in it."""
    documents: list[Document] = []

    def open_document(engine: Engine) -> Writer:
        history = History.open("document-1", path="a.ipynb", root=tmp_path)
        documents.append(Document(history, engine))
        return Writer(documents[-1])

    yield open_document
    for document in documents:
        await document.close()


@pytest.fixture
def sim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a `jupyter sim` command in an empty folder: status, output, errors."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def run(command: str, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        return main(shlex.split(command)), *capsys.readouterr()

    return run
