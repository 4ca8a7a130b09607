"""What all tests share: no test reads or writes the user's own Jupyter directories."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def jupyter_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point Jupyter's data, runtime and configuration directories into the test's own."""
    for kind in ("CONFIG", "DATA", "RUNTIME"):
        monkeypatch.setenv(f"JUPYTER_{kind}_DIR", str(tmp_path / "jupyter" / kind.lower()))
    return tmp_path / "jupyter"
