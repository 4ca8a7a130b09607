"""One loaded engine in a process of its own, and what the benchmark does to it there."""

import random
from itertools import pairwise
from pathlib import Path
from statistics import median
from threading import Timer
from time import perf_counter
from typing import NamedTuple

from jupyter_sim.engine.gauge import Drawn, Gauge
from jupyter_sim.engine.messages import Column
from jupyter_sim.engine.wire import Settings

ALONE = 16
FEW = 6


class Next(NamedTuple):
    """A fan that follows another: all first tokens, the decode of a batch, and one step's, in s."""

    first: float
    typed: float
    step: float
    reused: int
    prompt: int


class Cancelled(NamedTuple):
    """Seconds from a wish to the end of the decode that ran, and whether another branch stayed."""

    seconds: float
    intact: bool


class Rig(Gauge):
    """A gauge that also plays scenes of several rollouts."""

    def __init__(self, path: Path, context: int = 0) -> None:
        super().__init__(path, Settings(context=context))

    def words(self, count: int, number: int) -> str:
        """Return so many tokens that read as themselves wherever they are put."""
        pieces = self.model.pieces
        plain = [piece for piece in pieces if piece[:1] == b" " and piece[1:].isalpha()]
        return b"".join(random.Random(number).choices(plain, k=count)).decode()

    def next_fans(self, prompt: str, fan: Drawn, typed: str) -> dict[str, Next]:
        """Draw again: after an acceptance, half of one, a hop, and what was typed after that."""
        count = len(fan.texts)
        words = fan.texts[1].split(" ")
        after = {
            "whole": prompt + fan.texts[0],
            "part": prompt + " ".join(words[: len(words) // 2]),
            "hop": prompt + fan.texts[2],
            "typed": prompt + fan.texts[2] + typed,
        }
        return {name: self._next(text, count) for name, text in after.items()}

    def _next(self, prompt: str, count: int) -> Next:
        fan = self.draw(prompt, count, FEW)
        alone = self.draw(prompt, 1, ALONE)
        began = fan.decodes[0]
        ones = [decode.seconds for decode in alone.decodes if decode.tokens == 1]
        return Next(fan.first, began.seconds, median(ones), fan.reused, fan.prompt)

    def batch_gain(self, prompt: str, count: int) -> float:
        """Return how many times faster `llama_decode` is with so many rows than with one each."""
        many, one = (
            median(d.seconds for d in self.draw(prompt, rows, ALONE).decodes if d.tokens == rows)
            for rows in (count, 1)
        )
        return count * one / many

    def cells_over(self, prompt: str, count: int, max_tokens: int) -> int:
        """Draw, and return how many cells are in use beyond the prompt's and the tokens drawn."""
        drawn = self.draw(prompt, count, max_tokens)
        return self.scheduler.cells - drawn.prompt - drawn.tokens

    def together(self, prompts: list[str], count: int, max_tokens: int) -> float:
        """Return the seconds for several clients' fans all at once, and for one after the other."""
        began = perf_counter()
        for prompt in prompts:
            self.begin(prompt, count, max_tokens)
        while self.scheduler.busy:
            self.step()
        return perf_counter() - began

    def stream_gaps(self, prompt: str, long: str, count: int, max_tokens: int) -> tuple[int, float]:
        """Stream a fan, and begin another with a long prompt after a few columns.

        Returns the most decodes, and the longest time, that passed between two of its columns.
        """
        serial = self.begin(prompt, count, max_tokens)
        while sum(isinstance(said, Column) for _, who, said in self.diary if who == serial) < 4:
            self.step()
        entered = perf_counter()
        self.begin(long, count, 2)
        while self.scheduler.busy:
            self.step()
        mine = [when for when, who, said in self.diary if who == serial and when >= entered]
        gaps = list(pairwise(mine))
        decodes = self.model.decodes
        most = max(sum(one <= d.began <= other for d in decodes) for one, other in gaps)
        return most, max(other - one for one, other in gaps)

    def cancel(self, kept: str, text: str, count: int, seed: int) -> Cancelled:
        """Cancel a rollout at some moment; `kept` is a prompt that must not be read again."""
        self.draw(kept, 2, 2)
        chosen = random.Random(seed)
        serial = self.begin(text, count, 200)
        asked: list[float] = []

        def cancel() -> None:
            asked.append(perf_counter())
            self.scheduler.interrupt(serial)

        while not self._running(serial, count):
            self.step()
        timer = Timer(chosen.uniform(0, 0.2), cancel)
        timer.start()
        while self.scheduler.busy:
            self.step()
        timer.join()
        last = self.model.decodes[-1]
        late = last.began + last.seconds - asked[0]
        again = self.draw(kept, 2, 2)
        return Cancelled(max(0.0, late), again.prompt - again.reused < FEW)

    def _running(self, serial: int, count: int) -> bool:
        """Whether a rollout has come as far as it should: its prompt runs, or its fan."""
        return count == 1 or any(who == serial for _, who, _ in self.diary)
