"""`jupyter sim bench` on the starter model, with a fan that is small enough for every day.

No figure is judged here but for making sense; `make bench` holds them to their targets.
"""

import json
import math
import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from jupyter_sim.cli import main
from jupyter_sim.engine.apart import Apart
from jupyter_sim.errors import BadInput, EngineError

TINY = ("bench", "-n", "2", "--prompt-tokens", "32", "--max-tokens", "4")
TEXTS = {"model", "device", "engine"}


class Clerk:
    """Something that lives apart."""

    def add(self, one: int, other: int) -> int:
        return one + other

    def refuse(self) -> None:
        raise BadInput("No.")

    def break_down(self) -> None:
        raise ZeroDivisionError("by zero")

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)


def test_what_lives_apart_answers_refuses_and_breaks_down_as_if_it_were_here() -> None:
    with Apart(Clerk) as clerk:
        assert clerk.ask(Clerk.add, 2, other=3) == 5
        with pytest.raises(BadInput, match=r"^No\.$"):
            clerk.ask(Clerk.refuse)
        with pytest.raises(EngineError, match=r"ZeroDivisionError: by zero"):
            clerk.ask(Clerk.break_down)
        assert clerk.ask(Clerk.add, 1, 1) == 2


def test_a_crash_apart_is_one_error_here() -> None:
    with Apart(Clerk) as clerk, pytest.raises(EngineError, match="SIGSEGV"):
        clerk.ask(Clerk.die)


def test_one_json_object_tells_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TINY, "--format", "json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    report = json.loads(line)
    assert report["model"] == "jupyter-sim starter"
    assert (report["candidates"], report["prompt_tokens"], report["max_tokens"]) == (2, 32, 4)
    figures = {name: figure for name, figure in report.items() if name not in TEXTS}
    assert all(math.isfinite(figure) and figure > 0 for figure in figures.values())
    assert figures.keys() >= {
        *("speedup_cold", "speedup_generation", "next_fan_steps", "overhead"),
        *("tokens_per_second", "prompt_tokens_per_second", "roofline", "first_tokens"),
    }
    assert report["step"] < report["first_tokens"]
    assert report["roofline"] < 2


def test_the_table_says_a_sentence_for_each_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TINY]) == 0
    head, conditions, empty, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith("jupyter-sim starter, 4 million parameters, on ")
    assert conditions.startswith("2 candidates of 4 tokens after a prompt of 32; ")
    assert (empty, len(lines)) == ("", 10)
    assert all(line[11:13] == "  " and line[:11].strip() for line in lines)


def test_a_prompt_beyond_the_context_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--prompt-tokens", "100000"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("jupyter sim: A prompt of 100,000 tokens and two fans")
    assert main(["bench", "-n", "0"]) == 2
    assert "must be from 1 to 32" in capsys.readouterr().err


def test_an_interrupted_measurement_ends_quietly_and_leaves_no_process() -> None:
    screen, terminal = pty.openpty()
    command = [str(Path(sys.executable).with_name("jupyter")), "sim", "bench"]
    child = subprocess.Popen(
        command,
        stdout=terminal,
        stderr=terminal,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(terminal)
    shown = b""
    while b"warming up" not in shown:
        shown += os.read(screen, 1000)
    measuring = psutil.Process(child.pid).children(recursive=True)
    assert measuring
    child.send_signal(signal.SIGINT)
    assert child.wait() == 130
    assert psutil.wait_procs(measuring, timeout=5)[1] == []
    # reading a terminal that nobody holds any more is an error, and its end
    with suppress(OSError):
        while more := os.read(screen, 1000):
            shown += more
    os.close(screen)
    assert b"Traceback" not in shown
