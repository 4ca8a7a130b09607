"""A scheduler on the starter model, in this process, and all that it has told."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from jupyter_sim.engine.llama import Llama
from jupyter_sim.engine.messages import Column, Rollout, Started
from jupyter_sim.engine.rollout import Scheduler
from jupyter_sim.engine.wire import Settings
from jupyter_sim.errors import SimError
from jupyter_sim.events import Sampling
from jupyter_sim.models import resolve

HONEST = Sampling(min_p=0)


def starter() -> Iterator[Llama]:
    yield Llama(resolve(), Settings(context=512, threads=1))


@dataclass
class Desk:
    """A scheduler and all that it has told."""

    scheduler: Scheduler
    started: dict[int, Started] = field(default_factory=dict)
    tokens: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    logprobs: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    finishes: dict[tuple[int, int], str] = field(default_factory=dict)
    errors: list[SimError] = field(default_factory=list)

    def hear(self, serial: int, message: Started | Column | SimError) -> None:
        match message:
            case Started():
                self.started[serial] = message
            case Column():
                for piece in message.pieces:
                    key = (serial, piece.index)
                    self.tokens.setdefault(key, []).extend(piece.tokens)
                    self.logprobs.setdefault(key, []).extend(piece.logprobs)
                    self.texts[key] = self.texts.get(key, "") + piece.text
                    if piece.finish:
                        assert key not in self.finishes
                        self.finishes[key] = piece.finish
            case _:
                self.errors.append(message)

    def run(self) -> None:
        while self.scheduler.busy:
            self.scheduler.step()

    def rest(self) -> None:
        while self.scheduler.get_ready():
            pass


def desk(model: Llama, clock: Callable[[], float] = time.perf_counter) -> Desk:
    model.clear()
    heard: list[Desk] = []
    made = Desk(Scheduler(model, lambda serial, message: heard[0].hear(serial, message), clock))
    heard.append(made)
    return made


def drawn(
    model: Llama,
    prompt: str,
    n: int = 8,
    max_tokens: int = 6,
    sampling: Sampling = HONEST,
    first: int = 0,
    clock: Callable[[], float] = time.perf_counter,
) -> Desk:
    table = desk(model, clock)
    seeds = tuple(range(first, first + n))
    table.scheduler.begin(1, Rollout("r", prompt, seeds, max_tokens, "none", sampling))
    table.run()
    assert not table.errors
    return table
