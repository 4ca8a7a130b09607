"""Kills at system calls, power cuts, failing and full disks: what was acknowledged is there.

Each rig is tried on planted bugs too, which it must find.
"""

import asyncio
import shutil
from pathlib import Path

import pytest

from jupyter_sim import history
from jupyter_sim.events import Opened
from jupyter_sim.formats.header import VERSION

from . import rigs
from .scale import scale

STRIDE = scale(3, 1)
LOGS = Path(__file__).parent.parent / "logs"


@pytest.mark.parametrize("action", ["append", "rotate"])
def test_a_kill_at_a_system_call_of_an_append_loses_nothing(tmp_path: Path, action: str) -> None:
    assert rigs.append_killed(action, tmp_path / "k", STRIDE) == []


def test_an_acknowledgement_before_the_write_is_found_by_kills(tmp_path: Path) -> None:
    bug = "acknowledges before the write"
    assert rigs.append_killed("append", tmp_path / "k", 1, bug)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Histories of two writers, one of them damaged in the middle and at its end."""

    async def write(text: str) -> None:
        made = history.History.open(rigs.DOCUMENT, path="gone.ipynb", root=tmp_path / "damaged")
        for number in range(5):
            await made.append(Opened(made.stamp(f"{text}-{number}"), text))
        await made.close()

    for text in ("one", "two"):
        asyncio.run(write(text))
    path = min((tmp_path / "damaged").glob("*/*.jsonl"))
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"seq":2', b'"seq":?')[:-20])
    return tmp_path / "damaged"


def test_a_kill_at_a_system_call_of_a_repair_loses_nothing(damaged: Path) -> None:
    assert rigs.repair_killed(damaged, STRIDE) == []


def test_a_repair_that_renames_first_is_found_by_kills(damaged: Path) -> None:
    assert rigs.repair_killed(damaged, 1, "renames first")


def test_a_kill_at_a_system_call_of_gc_loses_nothing(damaged: Path) -> None:
    assert rigs.archive_killed(damaged, STRIDE) == []


def test_a_kill_at_a_system_call_of_an_import_loses_and_doubles_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    shutil.copy(LOGS / f"v{VERSION}.simlog", tmp_path / "empty" / "in.simlog")
    assert rigs.import_killed(tmp_path / "empty", scale(7, 1)) == []


@pytest.mark.parametrize("action", ["record", "turn"])
def test_what_is_acknowledged_was_synced_before(tmp_path: Path, action: str) -> None:
    assert rigs.acknowledged_early(action, tmp_path / "history", tmp_path / "trace") == []


@pytest.mark.parametrize("action", ["record", "turn"])
@pytest.mark.parametrize("bug", ["acknowledges before the sync", "does not sync folders"])
def test_what_is_acknowledged_before_it_is_synced_is_found_in_the_trace(
    tmp_path: Path, action: str, bug: str
) -> None:
    assert rigs.acknowledged_early(action, tmp_path / "history", tmp_path / "trace", bug)


@pytest.mark.parametrize("action", ["repair", "archive"])
def test_what_is_renamed_is_on_disk_under_its_name_before_that_is_told(
    damaged: Path, tmp_path: Path, action: str
) -> None:
    assert rigs.renamed_early(action, damaged, tmp_path / "trace") == []


@pytest.mark.parametrize(
    ("action", "bug"),
    [
        ("repair", "does not sync renames"),
        ("repair", "does not sync folders"),
        ("repair", "acknowledges before the sync"),
        ("archive", "does not sync renames"),
        ("archive", "does not sync where a file was"),
    ],
)
def test_a_name_or_a_copy_that_is_not_synced_is_found_in_the_trace(
    damaged: Path, tmp_path: Path, action: str, bug: str
) -> None:
    assert rigs.renamed_early(action, damaged, tmp_path / "trace", bug)


def test_an_archive_that_cannot_be_synced_tells_where_the_document_is(
    damaged: Path, tmp_path: Path
) -> None:
    document, archive = damaged / rigs.DOCUMENT, tmp_path / "archive" / rigs.DOCUMENT
    for number in range(1, 5):
        said = rigs.archive_unsynced(damaged, tmp_path / "trace", number)
        assert said.startswith(f"{document} stays") is document.is_dir()
        assert said.startswith(f"{document} is {archive} now") is archive.is_dir()
    assert archive.is_dir()


@pytest.mark.parametrize("every", range(2, scale(4, 9)))
def test_a_sync_that_fails_costs_only_what_was_refused(tmp_path: Path, every: int) -> None:
    assert rigs.sync_fails(tmp_path / "history", tmp_path / "trace", f"{every}+{every}") == []


@pytest.mark.parametrize("number", range(1, 5))
def test_a_sync_of_a_folder_that_fails_costs_only_what_was_refused(
    tmp_path: Path, number: int
) -> None:
    root, trace = tmp_path / "history", tmp_path / "trace"
    assert rigs.sync_fails(root, trace, str(number), name="fsync") == []


@pytest.mark.parametrize("bug", ["does not cut", "tries a failed file again"])
def test_a_failed_sync_that_is_passed_over_is_found(tmp_path: Path, bug: str) -> None:
    assert rigs.sync_fails(tmp_path / "history", tmp_path / "trace", "3+3", bug)


def test_a_full_disk_costs_only_what_was_refused(tmp_path: Path) -> None:
    assert rigs.disk_fills(tmp_path / "history", tmp_path / "kept") == []


def test_a_segment_that_is_not_cut_back_on_a_full_disk_is_found(tmp_path: Path) -> None:
    assert rigs.disk_fills(tmp_path / "history", tmp_path / "kept", "does not cut")


def test_where_the_folder_cannot_be_written_another_one_is_used_and_named(tmp_path: Path) -> None:
    data, home = tmp_path / "data", tmp_path / "home"
    home.mkdir()
    environment = {"JUPYTER_DATA_DIR": str(data), "HOME": str(home)}
    if rigs.may_mount():
        data.mkdir()
        keep = f'mount -t tmpfs -o ro tmpfs {data} && exec "$@"'
        said = rigs.step(
            "refuge", str(data), wrap=("unshare", "-mr", "sh", "-ec", keep, "sh"), **environment
        )
    else:
        data.write_text("a file where a folder is expected")
        said = rigs.step("refuge", str(data), **environment)
    (_, id), (word, sentence) = said
    assert word == "said"
    assert f"{data}/jupyter_sim/history/{rigs.DOCUMENT} cannot be written" in sentence
    assert rigs.recorded(home / ".jupyter_sim" / "history") == [id]
