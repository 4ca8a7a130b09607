"""Growing a cell's tree by itself: from a place, step by step, the most promising branches first.

Each step asks for candidates at the ends of the branches that promise most, within a budget of
tokens, of one voice after another. What promises most is told by the mean log-probability of a
candidate's tokens or, with a yes/no question, by the model's log-odds of yes behind the branch. It
knows proposals and prompts, and answers through a callback.
"""

import asyncio
import uuid
from collections import Counter
from dataclasses import dataclass, field, replace

import msgspec

from .draw import Growing
from .errors import EngineError
from .events import Place
from .proposals import Proposals, Running
from .protocol import (
    Acknowledged,
    Context,
    Explore,
    Explored,
    Failed,
    FromDocument,
    Propose,
    Refused,
)

SPARE = 64
"""Tokens that are kept free for the question's answer."""


@dataclass(slots=True)
class Exploration(Running):
    """An exploration under way. To stop it is to stop the draws that it waits for."""

    draws: list[Running] = field(default_factory=list)
    stopped: bool = False

    def stop(self) -> None:
        """Take no further step."""
        self.stopped = True
        for draw in self.draws:
            draw.stop()


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate, and what its voice puts before a prompt."""

    candidate: Growing
    context: Context

    @property
    def end(self) -> Place:
        """Where it ends, and what follows hangs."""
        return Place(self.candidate.id, len(self.candidate.text))


class Explorer:
    """Carries out one `Explore`: `run` it to its end."""

    def __init__(
        self, request: Explore, proposals: Proposals, running: Exploration, user: str
    ) -> None:
        self._request = request
        self._proposals = proposals
        self._running = running
        self._user = user
        voices = request.voices or (request.context.voice,)
        self._contexts = [msgspec.structs.replace(request.context, voice=one) for one in voices]
        self._asked = 0
        self._nodes = 0
        self._tokens = 0
        self._trouble: Refused | Failed | None = None

    async def run(self, at: Place) -> None:
        """Grow the tree from a place, and tell how far it is. Raises EngineError where a draw
        failed; what there is of it is recorded.
        """
        found = list(await self._expand(at))
        for _ in range(1, self._request.depth):
            frontier = await self._promising(found)
            found = [one for place in frontier for one in await self._expand(place)]
        self._tell(done=True)
        self._running.reply(Acknowledged(self._request.id))

    async def _promising(self, found: list[Found]) -> list[Place]:
        """The ends of the candidates that promise most, the best first."""
        promises = [
            (await self._promise(one), one)
            for one in found
            if one.candidate.text and not self._running.stopped
        ]
        promises.sort(key=lambda pair: pair[0], reverse=True)
        return [one.end for _, one in promises[: self._request.breadth]]

    async def _expand(self, at: Place) -> tuple[Found, ...]:
        """The candidates of one fan at a place, of those that say the same only one."""
        draws = self._propose(at)
        if not draws:
            return ()
        found = await self._drawn(draws)
        self._nodes += len(found)
        self._tokens += sum(len(one.candidate.tokens) for one in found)
        self._tell(done=False)
        return tuple({one.candidate.text: one for one in found}.values())

    def _propose(self, at: Place) -> list[Propose]:
        """The draws of the next fan; none if the budget is spent or the exploration was stopped."""
        asked, fan = self._request, uuid.uuid4().hex
        rest = asked.tokens - self._tokens
        n = min(asked.breadth, rest)
        if n < 1 or self._running.stopped:
            return []
        return [
            Propose(
                id=uuid.uuid4().hex,
                cell=asked.cell,
                fan=fan,
                at=at,
                n=share,
                stop=asked.stop,
                max_tokens=min(asked.max_tokens, rest // n),
                sampling=asked.sampling,
                context=context,
                priority="explore",
            )
            for context, share in self._deal(n)
        ]

    def _deal(self, n: int) -> list[tuple[Context, int]]:
        """The next `n` candidates dealt round the voices: how many of them are in which."""
        many = len(self._contexts)
        turns = Counter((self._asked + i) % many for i in range(n))
        self._asked += n
        return [(self._contexts[turn], turns[turn]) for turn in sorted(turns)]

    async def _drawn(self, draws: list[Propose]) -> list[Found]:
        begin = self._proposals.begin
        running = [begin(draw, self._heed, self._user) for draw in draws]
        self._running.draws = running
        await asyncio.wait([one.task for one in running if one.task])
        if self._trouble and not self._running.stopped:
            raise EngineError(self._trouble.message)
        return [
            Found(candidate, draw.context)
            for draw, one in zip(draws, running, strict=True)
            for candidate in (one.draw.candidates.values() if one.draw else ())
        ]

    async def _promise(self, found: Found) -> float:
        logprobs, asked = found.candidate.logprobs, self._request
        if not asked.question:
            return sum(logprobs) / max(1, len(logprobs))
        stuff = self._proposals.ingredients(asked.cell, found.end, found.context)
        material = replace(stuff.material, branch=stuff.material.branch + asked.question)
        prompts = self._proposals.prompts
        prompt = await prompts.make(material, asked.context.tokens, SPARE)
        return await prompts.log_odds(prompt.text)

    def _heed(self, answer: FromDocument) -> None:
        if isinstance(answer, Refused | Failed):
            self._trouble = answer

    def _tell(self, *, done: bool) -> None:
        asked = self._request
        self._running.reply(Explored(asked.id, self._nodes, self._tokens, asked.tokens, done))
