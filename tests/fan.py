"""One rollout heard to its end, for the tests of what an engine on the starter model says."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from jupyter_sim.engine.client import LlamaEngine
from jupyter_sim.engine.messages import Column, Rollout, Started
from jupyter_sim.events import Finish, Sampling, Stop

HONEST = Sampling()
DARK = "It was a dark and "


def lasting() -> Iterator[LlamaEngine]:
    """One engine for many tests, each from an event loop of its own."""
    engine = LlamaEngine()
    yield engine
    asyncio.run(engine.close())


@dataclass
class Heard:
    """What one candidate said in all."""

    text: str = ""
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish: Finish | None = None


@dataclass
class Fan:
    """What one rollout said in all."""

    started: Started | None = None
    columns: int = 0
    candidates: dict[int, Heard] = field(default_factory=dict)

    def take(self, answer: Started | Column) -> None:
        if isinstance(answer, Started):
            self.started = answer
            return
        self.columns += 1
        for piece in answer.pieces:
            heard = self.candidates.setdefault(piece.index, Heard())
            assert heard.finish is None
            heard.text += piece.text
            heard.tokens += piece.tokens
            heard.logprobs += piece.logprobs
            heard.finish = piece.finish

    @property
    def texts(self) -> list[str]:
        return [self.candidates[index].text for index in sorted(self.candidates)]

    @property
    def finishes(self) -> set[Finish | None]:
        return {heard.finish for heard in self.candidates.values()}


def ask(
    prompt: str = DARK,
    n: int = 5,
    max_tokens: int = 16,
    stop: Stop = "none",
    sampling: Sampling = HONEST,
    name: str = "r",
    first: int = 0,
) -> Rollout:
    return Rollout(name, prompt, tuple(range(first, first + n)), max_tokens, stop, sampling)


async def hear(engine: LlamaEngine, request: Rollout) -> Fan:
    fan = Fan()
    async for answer in engine.rollout(request):
        fan.take(answer)
    return fan


async def until_column(answers: AsyncIterator[Started | Column]) -> None:
    async for answer in answers:
        if isinstance(answer, Column):
            return


def agree_until_they_differ(one: Heard, other: Heard) -> None:
    """The layout of the cache moves logits by a hair, so a late token may tip over."""
    assert one.tokens[0] == other.tokens[0]
    for token, twin, logprob, shadow in zip(
        one.tokens, other.tokens, one.logprobs, other.logprobs, strict=False
    ):
        if token != twin:
            return
        assert logprob == pytest.approx(shadow, abs=0.2)
