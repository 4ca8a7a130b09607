"""Fans of this engine against `llama_cpp.Llama` one candidate after another, and its own decode.

Both draw from the same fresh prompt, in turns within one run, with as many threads. What is true of
a trained model's speed is true of random weights, and the starter is measured beside them.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median
from typing import Any, NamedTuple

import pytest

from jupyter_sim.bench import prose
from jupyter_sim.engine.apart import Apart
from jupyter_sim.engine.baseline import Baseline
from jupyter_sim.engine.gauge import Drawn
from jupyter_sim.engine.wire import Settings

from .conftest import model_path
from .machine import Rounds, rounds
from .results import Results, Row
from .rig import Next, Rig

FAN, TOKENS, TYPED = 8, 48, 8
NAIVE = {16: 2}
"""How many candidates one after another are enough where only their pace counts."""


class Targets(NamedTuple):
    """What the speed-ups must reach and the loop's overhead must stay below."""

    generation: str = ""
    cold: str = ""
    overhead: str = ""
    sixteen: str = ""
    rounds: int = 5


TARGETS = {
    "starter": Targets(),
    "15M": Targets("≥ 2.4", "≥ 2.3", "≤ 20"),
    "120M": Targets("≥ 2.8", "≥ 2.7", "≤ 4", "≥ 3.4"),
    "120M-bf16": Targets("≥ 2.8", "≥ 2.7", "≤ 4", "≥ 3.4", rounds=3),
    "1.1B": Targets("≥ 3.0", "≥ 2.8", "≤ 1.5", "≥ 3.4", rounds=3),
    "1.1B-bf16": Targets("≥ 3.0", "≥ 2.8", "≤ 1.5", "≥ 3.4", rounds=2),
    "1.1B-q4": Targets(rounds=2),
}


class Pair(NamedTuple):
    ours: Drawn
    naive: Drawn


class Bench:
    """One model in two engines, and its rows. A third one only writes what prompts end with."""

    def __init__(self, name: str, figures: Results, ending: ExitStack) -> None:
        self.name, self.figures = name, figures
        self.targets = TARGETS[name]
        self.rig = ending.enter_context(Apart(Rig, model_path(name)))
        self._writer = ending.enter_context(Apart(Rig, model_path(name)))
        self._baseline = ending.enter_context(
            Apart(Baseline, model_path(name), Settings(context=640))
        )
        self._prompts = 0

    def prompt(self, tokens: int) -> str:
        """A text that has not been seen before, and that ends as the model would have it."""
        self._prompts += 1
        if self.name == "starter":
            return self.rig.ask(Rig.cut, prose(self._prompts, tokens), tokens)
        text = self.rig.ask(Rig.words, tokens - TYPED, self._prompts)
        return text + self.typed(text)

    def typed(self, text: str) -> str:
        """Some tokens that the model finds likely after a text."""
        return self._writer.ask(Rig.draw, text, 1, TYPED).texts[0]

    def pairs(self, tokens: int, count: int) -> Rounds[Pair]:
        """Both engines' fans after prompts of so many tokens."""

        def pair(number: int) -> Pair:
            prompt = self.prompt(tokens)
            ours = self.rig.ask(Rig.draw, prompt, count, TOKENS)
            threads = ours.decodes[-1].threads
            some = NAIVE.get(count, count)
            return Pair(ours, self._baseline.ask(Baseline.draw, prompt, some, TOKENS, threads))

        self.rig.ask(Rig.draw, self.prompt(64), count, TOKENS)
        return rounds(pair, self.targets.rounds)

    def add(
        self, measure: str, found: Rounds[Any], values: list[float], unit: str, target: str
    ) -> Row:
        """Note the median of a figure's rounds."""
        return self.figures.add(
            measure, self.name, median(values), unit, target, found.foreign, len(values)
        )


@pytest.fixture(scope="module", params=TARGETS)
def bench(request: pytest.FixtureRequest, figures: Results) -> Iterator[Bench]:
    with ExitStack() as ending:
        yield Bench(request.param, figures, ending)


def missed(rows: list[Row]) -> list[str]:
    return [str(row) for row in rows if not row.met]


def read_prompt(fan: Drawn) -> float:
    """Seconds in which the prompt itself was decoded."""
    left, seconds = fan.prompt - fan.reused, 0.0
    for decode in fan.decodes:
        if left <= 0:
            break
        left, seconds = left - decode.tokens, seconds + decode.seconds
    return seconds


@pytest.mark.bench
@pytest.mark.parametrize("tokens", [512, 64])
def test_a_fan_of_eight(bench: Bench, tokens: int) -> None:
    found = bench.pairs(tokens, FAN)
    pairs = found.results
    targets = bench.targets
    after = f"prompt {tokens}"
    cold = [pair.naive.pace / pair.ours.pace for pair in pairs]
    target = targets.cold if tokens == 64 else ""
    rows = [bench.add(f"speedup_cold, {after}", found, cold, "times", target)]
    if tokens == 512:
        generation = [p.naive.generating_pace / p.ours.generating_pace for p in pairs]
        overhead = [100 * (p.ours.seconds / p.ours.decoding - 1) for p in pairs]
        late = [1000 * (p.ours.first - 1.03 * read_prompt(p.ours)) for p in pairs]
        rows += [
            bench.add("speedup_generation, n=8", found, generation, "times", targets.generation),
            bench.add("overhead, sampling included", found, overhead, "%", targets.overhead),
            bench.add("all eight begun after 1.03 × the prompt's decode", found, late, "ms", "≤ 2"),
        ]
    assert not missed(rows)


@pytest.mark.bench
@pytest.mark.parametrize("count", [2, 8, 16])
def test_what_rows_in_one_batch_gain(bench: Bench, count: int) -> None:
    """No engine can draw a fan faster than this says, apart from what the baseline wastes."""

    def gain(number: int) -> float:
        return bench.rig.ask(Rig.batch_gain, bench.prompt(512), count)

    found = rounds(gain, bench.targets.rounds)
    bench.add(
        f"llama_decode: {count} rows against as many steps", found, found.results, "times", ""
    )


@pytest.mark.bench
def test_a_fan_of_sixteen(bench: Bench) -> None:
    found = bench.pairs(512, 16)
    faster = [p.naive.generating_pace / p.ours.generating_pace for p in found.results]
    row = bench.add("speedup_generation, n=16", found, faster, "times", bench.targets.sixteen)
    assert not missed([row])


@pytest.mark.bench
def test_the_next_fan(bench: Bench) -> None:
    def follow(number: int) -> tuple[Drawn, dict[str, Next]]:
        prompt = bench.prompt(512)
        fan = bench.rig.ask(Rig.draw, prompt, FAN, TOKENS)
        typed = bench.typed(prompt + fan.texts[2])
        return fan, bench.rig.ask(Rig.next_fans, prompt, fan, typed)

    found = rounds(follow, bench.targets.rounds)
    rows = []
    for way in ("whole", "part", "hop"):
        nexts = [(cold, fans[way]) for cold, fans in found.results]
        late = [1000 * (fan.first - 1.3 * fan.step) for _, fan in nexts]
        share = [100 * fan.first / cold.first for cold, fan in nexts]
        what = f"next fan ({way})"
        rows += [
            bench.add(f"{what}, beyond 1.3 steps", found, late, "ms", "≤ 2"),
            bench.add(f"{what}, of a cold one", found, share, "%", "≤ 5"),
        ]
    typed = [fans["typed"] for _, fans in found.results]
    late = [1000 * (fan.first - fan.typed - 2 * fan.step) for fan in typed]
    what = "next fan, eight tokens typed, beyond their decode and two steps"
    rows.append(bench.add(what, found, late, "ms", "≤ 0"))
    assert not missed(rows)


@pytest.mark.bench
def test_two_clients_at_once(bench: Bench) -> None:
    def both(number: int) -> tuple[float, float]:
        paces = []
        for count in (1, FAN):
            prompts = [bench.prompt(512), bench.prompt(512)]
            for prompt in prompts:
                bench.rig.ask(Rig.draw, prompt, 1, 2)
            # who comes later has more cells beside what it needs
            seconds = {}
            for at_once in (False, True) if number % 2 else (True, False):
                groups = [prompts] if at_once else [[one] for one in prompts]
                seconds[at_once] = sum(
                    bench.rig.ask(Rig.together, each, count, TOKENS) for each in groups
                )
            paces.append(seconds[False] / seconds[True])
        return paces[0], paces[1]

    found = rounds(both, bench.targets.rounds)
    alone, fans = ([pair[place] for pair in found.results] for place in (0, 1))
    rows = [
        bench.add("two clients at once, n=1 each", found, alone, "times", "≥ 1.4"),
        bench.add("two clients at once, n=8 each", found, fans, "times", "≥ 1.4"),
    ]
    assert not missed(rows)


@pytest.mark.bench
def test_a_stream_beside_a_long_prompt(bench: Bench) -> None:
    found = rounds(
        lambda number: bench.rig.ask(
            Rig.stream_gaps, bench.prompt(64), bench.prompt(1024), FAN, 160
        ),
        2,
    )
    slices = [float(gap[0]) for gap in found.results]
    pauses = [1000 * gap[1] for gap in found.results]
    row = bench.add("decodes between two columns of a stream", found, slices, "decodes", "≤ 1")
    bench.add("longest pause of a stream beside another's prompt", found, pauses, "ms", "")
    assert not missed([row])


@pytest.mark.bench
def test_cells_in_use(bench: Bench) -> None:
    with Apart(Rig, model_path(bench.name)) as fresh:
        found = rounds(lambda number: fresh.ask(Rig.cells_over, bench.prompt(512), FAN, TOKENS), 1)
    over = [float(cells) for cells in found.results]
    row = bench.add("KV cells beyond prompt and unique tokens", found, over, "cells", "≤ 256")
    assert not missed([row])
