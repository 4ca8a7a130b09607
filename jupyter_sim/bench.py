"""How fast a model is on this machine, and what drawing candidates together gains.

Each round draws the same fresh prompt's candidates all together and one after another, in turns, so
that whatever else the machine does slows both down; every ratio is taken within its round, and the
report gives medians. Nothing is known here of terminals.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

import numpy as np

from . import models
from .engine import builds
from .engine.apart import Apart
from .engine.baseline import Baseline
from .engine.gauge import Drawn, Facts, Gauge
from .engine.wire import Settings
from .errors import BadInput, EngineError
from .events import Value

ROUNDS = 3
ALONE = 32
"""Tokens of the candidate that is drawn alone, to see what one step takes."""

READ_BYTES = 1 << 28
READ_PASSES = 3

SENTENCES = (
    "The harbour was quiet that evening, and the boats lay still at their moorings.",
    "An old man sat on the wall with his pipe, and watched the lamps being lit along the street.",
    "He did not hear the girl come down the steps, and she stood behind him before she spoke.",
    "“You have not eaten,” she said, and put the basket down between them.",
    "There was bread in it, and cheese, and a bottle that had once held something better.",
    "Far out, where the water turned from grey to black, a single light moved to the north.",
    "“They said he would come back on the last boat,” she said, “and that was the last boat.”",
    "Nobody in the town would have asked what the two of them were waiting for.",
)

Tell = Callable[[str], None]


class Plan(NamedTuple):
    """What is to be measured: a fan of so many `candidates`, and its prompt."""

    path: Path
    candidates: int
    prompt_tokens: int
    max_tokens: int
    rounds: int = ROUNDS


class Report(Value, frozen=True):
    """What was measured; times are seconds, and None stands for what could not be.

    `speedup_cold` and `speedup_generation` are how many times the tokens in the same time, against
    `llama_cpp.Llama` one candidate after another, with and without the prompt. `next_fan_steps` is
    the time to all first tokens of the next fan after a candidate was accepted, `next_fan`, over
    that of one `step`: decoding one token. `overhead` is all that is not `llama_decode`, over that
    which is. `roofline` is the part of the memory's `bandwidth`, in bytes a second, that a step
    uses by reading every weight once.
    """

    model: str
    parameters: int
    device: str
    engine: str
    threads: int
    candidates: int
    prompt_tokens: int
    max_tokens: int
    rounds: int
    prompt_tokens_per_second: float
    tokens_per_second: float
    tokens_per_second_alone: float
    first_tokens: float
    next_fan: float
    step: float
    next_fan_steps: float
    speedup_cold: float | None
    speedup_generation: float | None
    overhead: float
    bandwidth: float | None
    roofline: float | None


class Round(NamedTuple):
    """One round: the fan, the fan after it, a candidate alone, and the fan one after another."""

    fan: Drawn
    following: Drawn
    alone: Drawn
    naive: Drawn | None
    bandwidth: float | None

    @property
    def step(self) -> float:
        """Seconds to decode one token alone."""
        decodes = self.alone.decodes
        ones = [one.seconds for one in decodes if one.tokens == 1] or [decodes[-1].seconds]
        return median(ones[len(ones) // 2 :])


def measure(plan: Plan, tell: Tell = lambda doing: None) -> Report:
    """Measure a model; `tell` hears what is being done.

    Raises ModelError, BadInput where the prompt does not fit, or EngineError.
    """
    about = models.check(plan.path)
    with ExitStack() as ending:
        tell("loading the model")
        gauge, facts = _gauge(plan.path, ending)
        _refuse_too_long(plan, facts)
        tell("loading the model once more, for llama_cpp.Llama")
        baseline = _baseline(plan, ending)
        rounds = list(_rounds(plan, gauge, baseline, facts, tell))
    return _report(plan, about, facts, rounds)


def prose(number: int, tokens: int) -> str:
    """Return a text that differs for every number, of more than so many tokens."""
    source = random.Random(number)
    sentences = source.choices(SENTENCES, k=tokens // 8 + 1)
    borders = source.choices((" ", "\n\n"), (4, 1), k=len(sentences))
    return f"Chapter {number}.\n\n" + "".join(map("".join, zip(sentences, borders, strict=True)))


def read_bandwidth(threads: int) -> float:
    """Return how many bytes a second this machine reads from memory, at best."""
    parts = np.ones((threads, READ_BYTES // 4 // threads), np.float32)
    best = 0.0
    with ThreadPoolExecutor(threads) as readers:
        for _ in range(READ_PASSES):
            began = perf_counter()
            list(readers.map(np.max, parts))
            best = max(best, parts.nbytes / (perf_counter() - began))
    return best


def _gauge(path: Path, ending: ExitStack) -> tuple[Apart[Gauge], Facts]:
    """Return a loaded engine, without the extra buffers of llama.cpp where they crash it."""
    repack = builds.repacks(builds.key(path))
    gauge = ending.enter_context(Apart(Gauge, path, Settings(), repack))
    try:
        return gauge, gauge.ask(Gauge.facts)
    except EngineError:
        if not repack:
            raise
        gauge = ending.enter_context(Apart(Gauge, path, Settings(), False))
        return gauge, gauge.ask(Gauge.facts)


def _baseline(plan: Plan, ending: ExitStack) -> Apart[Baseline] | None:
    """Return the engine to compare with, if it runs on this machine."""
    context = Settings(context=plan.prompt_tokens + plan.max_tokens + 16)
    baseline = ending.enter_context(Apart(Baseline, plan.path, context))
    try:
        baseline.ask(Baseline.draw, "Once", 1, 2, 1)
    except EngineError:
        return None
    return baseline


def _refuse_too_long(plan: Plan, facts: Facts) -> None:
    needed = plan.prompt_tokens + plan.max_tokens + max(plan.max_tokens, ALONE)
    if needed > facts.window:
        raise BadInput(
            f"A prompt of {plan.prompt_tokens:,} tokens and two fans of {plan.max_tokens:,} need a "
            f"context of {needed:,}, and the model's holds {facts.window:,}; measure with fewer "
            "(--prompt-tokens, --max-tokens)."
        )


def _rounds(
    plan: Plan, gauge: Apart[Gauge], baseline: Apart[Baseline] | None, facts: Facts, tell: Tell
) -> Iterator[Round]:
    """Run every round; before them one is thrown away, in which threads and caches settle."""
    for number in range(plan.rounds + 1):
        tell(f"round {number} of {plan.rounds}" if number else "warming up")
        prompt = gauge.ask(Gauge.cut, prose(number, plan.prompt_tokens), plan.prompt_tokens)
        fan = gauge.ask(Gauge.draw, prompt, plan.candidates, plan.max_tokens)
        naive = None
        if baseline is not None:
            # as many threads as turned out best here, or busy neighbours would make it collapse
            threads = fan.decodes[-1].threads
            naive = baseline.ask(Baseline.draw, prompt, plan.candidates, plan.max_tokens, threads)
        accepted = prompt + fan.texts[number % plan.candidates]
        following = gauge.ask(Gauge.draw, accepted, plan.candidates, plan.max_tokens)
        alone = gauge.ask(Gauge.draw, accepted, 1, ALONE)
        if number:
            bandwidth = read_bandwidth(facts.threads) if facts.device == "CPU" else None
            yield Round(fan, following, alone, naive, bandwidth)


def _report(plan: Plan, about: models.ModelFile, facts: Facts, rounds: list[Round]) -> Report:
    def typical(figure: Callable[[Round], float]) -> float:
        return median(figure(one) for one in rounds)

    naives = [(one.fan, one.naive) for one in rounds if one.naive]
    widths = [(one.step, one.bandwidth) for one in rounds if one.bandwidth]
    return Report(
        model=about.name,
        parameters=facts.parameters,
        device=facts.device,
        engine=facts.engine,
        threads=facts.threads,
        candidates=plan.candidates,
        prompt_tokens=plan.prompt_tokens,
        max_tokens=plan.max_tokens,
        rounds=len(rounds),
        prompt_tokens_per_second=typical(
            lambda one: (one.fan.prompt - one.fan.reused) / one.fan.first
        ),
        tokens_per_second=typical(lambda one: 1 / one.fan.generating_pace),
        tokens_per_second_alone=typical(lambda one: 1 / one.alone.generating_pace),
        first_tokens=typical(lambda one: one.fan.first),
        next_fan=typical(lambda one: one.following.first),
        step=typical(lambda one: one.step),
        next_fan_steps=typical(lambda one: one.following.first / one.step),
        speedup_cold=_median(naive.pace / fan.pace for fan, naive in naives),
        speedup_generation=_median(
            naive.generating_pace / fan.generating_pace for fan, naive in naives
        ),
        overhead=typical(lambda one: one.fan.seconds / one.fan.decoding - 1),
        bandwidth=_median(width for _, width in widths),
        roofline=_median(about.read / step / width for step, width in widths),
    )


def _median(figures: Iterable[float]) -> float | None:
    known = list(figures)
    return median(known) if known else None
