"""What a user gets from `pip install`: the wheel and the sdist, built here and installed apart."""

import json
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

from jupyter_sim import __version__

ROOT = Path(__file__).parent.parent
EXTENSION = ROOT / "jupyter_sim" / "labextension"
DATA = f"jupyter_sim-{__version__}.data/data"
SHARED = f"{DATA}/share/jupyter/labextensions/jupyter-sim"
CONFIG = f"{DATA}/etc/jupyter/jupyter_server_config.d/jupyter_sim.json"


def run(*command: str | Path) -> str:
    """Run a command that must succeed; return all that it said, without colours."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return re.sub(r"\x1b\[\d+m", "", done.stdout + done.stderr)


def built(kind: str, folder: Path) -> Path:
    run(sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", folder, ROOT)
    (archive,) = folder.iterdir()
    return archive


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def clean_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the wheel in it; the dependencies are lent by the environment of the tests."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    packages = Path(
        run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    )
    run(
        sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel
    )
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_a_wheel_holds_both_front_ends_and_enables_the_server_extension(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
        enabled = json.loads(archive.read(CONFIG))
        entry_points = archive.read(
            f"jupyter_sim-{__version__}.dist-info/entry_points.txt"
        ).decode()
    assert {f"{SHARED}/package.json", f"{SHARED}/install.json"} <= names
    assert any(re.fullmatch(rf"{SHARED}/static/remoteEntry\.\w+\.js", name) for name in names)
    assert {"jupyter_sim/static/widget.js", "jupyter_sim/static/widget.css"} <= names
    assert "jupyter_sim/py.typed" in names
    assert enabled == {"ServerApp": {"jpserver_extensions": {"jupyter_sim": True}}}
    assert "jupyter-sim = jupyter_sim.cli:main" in entry_points


def test_a_wheel_holds_all_that_the_package_reads_at_run_time(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tracked = run("git", "-C", ROOT, "ls-files", "jupyter_sim").split()
    assert set(tracked) <= names


def test_an_sdist_holds_the_built_front_ends_so_that_its_users_need_no_node(tmp_path: Path) -> None:
    with tarfile.open(built("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"jupyter_sim/labextension/package.json", "jupyter_sim/static/widget.js"} <= names
    assert {"pyproject.toml", "js/package.json", "yarn.lock", "LICENSE"} <= names


def test_the_installed_wheel_is_an_enabled_server_extension(clean_python: Path) -> None:
    said = run(clean_python, "-m", "jupyter_server", "extension", "list")
    assert "jupyter_sim enabled" in said
    assert f"jupyter_sim {__version__} OK" in said, said


def test_the_installed_wheel_is_an_enabled_lab_extension(clean_python: Path) -> None:
    said = run(clean_python, "-m", "jupyterlab.labextensions", "list")
    assert f"jupyter-sim v{__version__} enabled OK (python, jupyter-sim)" in said, said


def test_the_installed_wheel_brings_the_jupyter_sim_command(clean_python: Path) -> None:
    assert "propose" in run(clean_python.with_name("jupyter-sim"), "--help")


def test_the_lab_extension_bundles_none_of_what_jupyterlab_brings() -> None:
    licenses = json.loads((EXTENSION / "static" / "third-party-licenses.json").read_text())
    bundled = {package["name"] for package in licenses["packages"]}
    theirs = re.compile(r"@codemirror/|@lezer/|@lumino/|@jupyterlab/|@jupyter/|react$|yjs$")
    assert not {name for name in bundled if theirs.match(name)}


def test_the_lab_extension_asks_jupyterlab_for_its_one_codemirror() -> None:
    (entry,) = (EXTENSION / "static").glob("remoteEntry.*.js")
    shared = re.findall(r'"(@codemirror/\w+)",import:(\w+),[^}]*singleton:(!\d)', entry.read_text())
    assert ("@codemirror/view", "null", "!0") in shared
    assert all(found[1:] == ("null", "!0") for found in shared)


def test_every_package_has_the_same_version() -> None:
    files = [ROOT / folder / "package.json" for folder in ("js", "labextension")]
    versions = {json.loads(path.read_text())["version"] for path in files}
    assert versions == {__version__}
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_the_lock_file_names_no_host() -> None:
    assert "://" not in (ROOT / "yarn.lock").read_text()
    assert "archiveUrl" not in (ROOT / "yarn.lock").read_text()
