"""Where a command's output goes: a terminal, a pipe, a full disk, nowhere."""

import os
import pty
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .command import DOCUMENT, command, exported, story

written = pytest.fixture(story)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_that_lacks_a_character_shows_an_escape(tmp_path: Path, encoding: str) -> None:
    log = exported(tmp_path, "雨 “x” \ud800 →")
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(command("replay", str(log)), capture_output=True, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u96e8" in done.stdout


def test_an_interrupted_replay_on_a_terminal_ends_quietly(tmp_path: Path) -> None:
    log = exported(tmp_path, "It was", *["late."] * 20)
    screen, terminal = pty.openpty()
    child = subprocess.Popen(
        command("replay", str(log)),
        stdout=terminal,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(terminal)
    shown = b""
    while b"\x1b[2mIt was\x1b[0m" not in shown:
        shown += os.read(screen, 1000)
    child.send_signal(signal.SIGINT)
    assert child.communicate()[1] == b""
    assert child.returncode == 130
    os.close(screen)


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    log = exported(tmp_path, "x" * 1_000_000, "y" * 1_000_000)
    child = subprocess.Popen(
        command("replay", str(log)), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout
    child.stdout.readline()
    child.stdout.close()
    assert child.communicate()[1] == b""


LISTING = "import sys; from jupyter_sim.cli import main; sys.exit(main(['history', 'list']))"


def test_an_output_without_room_is_told_in_one_sentence(tmp_path: Path) -> None:
    program = shlex.join([sys.executable, "-c", LISTING])
    full = f"ulimit -f 0; exec {program} > {shlex.quote(str(tmp_path / 'out'))}"
    done = subprocess.run(["sh", "-c", full], stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"File too large" in done.stderr


def test_what_was_recorded_is_told_on_a_full_disk_too(written: str) -> None:
    program = shlex.join([sys.executable, "-c", LISTING])
    done = subprocess.run(["sh", "-c", f"ulimit -f 0; exec {program}"], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert DOCUMENT.encode() in done.stdout


def test_a_closed_output_is_no_error() -> None:
    program = shlex.join([sys.executable, "-c", LISTING])
    done = subprocess.run(["sh", "-c", f"{program} >&-"], stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")
