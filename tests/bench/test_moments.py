"""Cancelling, a busy neighbour, alternatives for every token, and llama.cpp's own server."""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

from jupyter_sim.engine.apart import Apart

from .conftest import model_path
from .machine import description, rounds
from .results import Results
from .rig import Rig

FAN, TOKENS = 8, 48
CANCELS = 60
ALTERNATIVES = 21
ACCEPTED = 12
SERVER_PYTHON = os.environ.get("BENCH_SERVER_PYTHON", sys.executable)


def p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1) + 0.5)]


@pytest.mark.bench
@pytest.mark.parametrize("model", ["15M", "120M", "1.1B"])
def test_cancelling_takes_milliseconds_and_leaves_other_branches_alone(
    model: str, figures: Results
) -> None:
    with Apart(Rig, model_path(model)) as rig:
        kept = rig.ask(Rig.words, 128, 0)
        rows = []
        for what, count, tokens in (("a prompt of 2,048 tokens", 1, 2048), ("a fan", FAN, 64)):

            def cancelled(number: int, count: int = count, tokens: int = tokens) -> list:
                texts = (
                    rig.ask(Rig.words, tokens, 100 * count + place + 1) for place in range(CANCELS)
                )
                return [rig.ask(Rig.cancel, kept, text, count, len(text)) for text in texts]

            found = rounds(cancelled, 1)
            times = [1000 * one.seconds for one in found.results[0]]
            assert all(one.intact for one in found.results[0])
            row = figures.add(
                f"cancel of {what}, p95", model, p95(times), "ms", "≤ 5", found.foreign, CANCELS
            )
            rows.append(row)
    assert all(row.met for row in rows)


@pytest.mark.bench
@pytest.mark.parametrize("model", ["15M", "120M"])
def test_one_busy_process_beside_it(model: str, figures: Results) -> None:
    with Apart(Rig, model_path(model)) as rig:

        def slower(number: int) -> float:
            text = rig.ask(Rig.words, 512, number)
            idle = rig.ask(Rig.draw, text + " a", FAN, TOKENS)
            hog = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            try:
                busy = rig.ask(Rig.draw, text + " b", FAN, TOKENS)
            finally:
                hog.kill()
                hog.wait()
            return busy.generating_pace / idle.generating_pace

        rig.ask(Rig.draw, "Once", FAN, TOKENS)
        found = rounds(slower, 5)
    target = "≤ 3" if model == "120M" else ""
    value = median(found.results)
    row = figures.add("one busy process", model, value, "times idle", target, found.foreign, 5)
    assert row.met


@pytest.mark.bench
@pytest.mark.parametrize(("model", "target"), [("120M", "≤ 4"), ("120M-128k", "≤ 10")])
def test_ten_alternatives_for_every_token(model: str, target: str, figures: Results) -> None:
    with Apart(Rig, model_path(model), 1024) as rig:
        text = rig.ask(Rig.words, 512, 0)
        rig.ask(Rig.draw, text, FAN, TOKENS)

        def dearer(number: int) -> float:
            off = rig.ask(Rig.draw, text, FAN, TOKENS)
            on = rig.ask(Rig.draw, text, FAN, TOKENS, 10)
            again = rig.ask(Rig.draw, text, FAN, TOKENS)
            return 200 * on.pace / (off.pace + again.pace) - 100

        found = rounds(dearer, ALTERNATIVES)
    value = median(found.results)
    measure = "ten alternatives for every token, on against off"
    row = figures.add(measure, model, value, "%", target, found.foreign, ALTERNATIVES)
    assert row.met


class Server:
    """llama.cpp's own server in a process of its own, asked by lines of JSON."""

    def __init__(self, model: Path, threads: int) -> None:
        script = Path(__file__).with_name("their_server.py")
        self._child = subprocess.Popen(
            [SERVER_PYTHON, str(script), str(model), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.instructions: list[str] = self._answer()

    def draw(self, prompt: str, count: int, tokens: int) -> dict:
        assert self._child.stdin
        print(json.dumps([prompt, count, tokens]), file=self._child.stdin, flush=True)
        return self._answer()

    def _answer(self):  # type: ignore[no-untyped-def]
        assert self._child.stdout
        line = self._child.stdout.readline()
        assert line, "llama.cpp's server ended; is xllamacpp installed? (pip install xllamacpp)"
        return json.loads(line)

    def end(self) -> None:
        self._child.kill()
        self._child.communicate()


@pytest.mark.bench
@pytest.mark.parametrize("model", ["15M", "120M", "1.1B"])
def test_against_the_server_of_llama_cpp(model: str, figures: Results) -> None:
    with Apart(Rig, model_path(model)) as rig:
        server = Server(model_path(model), rig.ask(Rig.facts).threads)

        def against(number: int) -> tuple[float, float, float]:
            text = rig.ask(Rig.words, 512, number)
            ours = rig.ask(Rig.draw, text, FAN, TOKENS)
            theirs = server.draw(text, FAN, TOKENS)
            nexts = []
            for words in (TOKENS, ACCEPTED):
                mine, other = (
                    text + " ".join(texts[2].split(" ")[: words + 1])
                    for texts in (ours.texts, theirs["texts"])
                )
                first = rig.ask(Rig.draw, mine, FAN, 4).first
                nexts.append(first / server.draw(other, FAN, 4)["first"])
            total = ours.pace / (theirs["seconds"] / theirs["tokens"])
            return total, nexts[0], nexts[1]

        try:
            server.draw("Once", FAN, 4)
            found = rounds(against, 3)
        finally:
            server.end()
    total, whole, part = (median(one[place] for one in found.results) for place in range(3))
    mine = set(description()["instruction sets"].split())
    equal = mine == {*server.instructions} - {"OPENMP"}
    server_is = "llama.cpp's server" if equal else "llama.cpp's server, for other instruction sets"
    rows = [
        figures.add(f"{server_is}, {what}", model, value, "times", most, found.foreign, 3)
        for what, value, most in (
            ("n=8, total", total, "≤ 1.05"),
            ("next fan (whole)", whole, "≤ 0.5"),
            (f"next fan ({ACCEPTED} words)", part, "≤ 0.5"),
        )
    ]
    assert all(row.met for row in rows)
