"""Growing a cell's tree by itself: from a place, step by step, the most promising branches first.

Each step asks for candidates at the ends of the branches that promise most, within a budget of
tokens. What promises most is told by the mean log-probability of a candidate's tokens or, with a
yes/no question, by the model's log-odds of yes behind the branch. It knows proposals and prompts,
and answers through a callback.
"""

import asyncio
import uuid
from dataclasses import dataclass, replace

from .draw import Growing
from .errors import EngineError
from .events import Place
from .proposals import Proposals, Running
from .protocol import Acknowledged, Explore, Explored, Failed, FromDocument, Propose, Refused

SPARE = 64
"""Tokens that are kept free for the question's answer."""


@dataclass(slots=True)
class Exploration(Running):
    """An exploration under way. To stop it is to stop the draw that it waits for."""

    draws: Running | None = None
    stopped: bool = False

    def stop(self) -> None:
        """Take no further step."""
        self.stopped = True
        if self.draws:
            self.draws.stop()


class Explorer:
    """Carries out one `Explore`: `run` it to its end."""

    def __init__(
        self, request: Explore, proposals: Proposals, running: Exploration, user: str
    ) -> None:
        self._request = request
        self._proposals = proposals
        self._running = running
        self._user = user
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
            found = [candidate for place in frontier for candidate in await self._expand(place)]
        self._tell(done=True)
        self._running.reply(Acknowledged(self._request.id))

    async def _promising(self, found: list[Growing]) -> list[Place]:
        """The ends of the candidates that promise most, the best first."""
        promises = [
            (await self._promise(candidate), candidate)
            for candidate in found
            if candidate.text and not self._running.stopped
        ]
        promises.sort(key=lambda pair: pair[0], reverse=True)
        return [_end(candidate) for _, candidate in promises[: self._request.breadth]]

    async def _expand(self, at: Place) -> tuple[Growing, ...]:
        """The candidates of one fan at a place, of those that say the same only one."""
        draw = self._propose(at)
        if draw is None:
            return ()
        growing = await self._drawn(draw)
        self._nodes += len(growing)
        self._tokens += sum(len(candidate.tokens) for candidate in growing)
        self._tell(done=False)
        return tuple({candidate.text: candidate for candidate in growing}.values())

    def _propose(self, at: Place) -> Propose | None:
        """The next draw, unless the budget is spent or the exploration was stopped."""
        asked = self._request
        rest = asked.tokens - self._tokens
        n = min(asked.breadth, rest)
        if n < 1 or self._running.stopped:
            return None
        return Propose(
            id=uuid.uuid4().hex,
            cell=asked.cell,
            fan=uuid.uuid4().hex,
            at=at,
            n=n,
            stop=asked.stop,
            max_tokens=min(asked.max_tokens, rest // n),
            sampling=asked.sampling,
            context=asked.context,
            priority="explore",
        )

    async def _drawn(self, draw: Propose) -> tuple[Growing, ...]:
        running = self._running.draws = self._proposals.begin(draw, self._heed, self._user)
        assert running.task
        await asyncio.wait([running.task])
        if self._trouble and not self._running.stopped:
            raise EngineError(self._trouble.message)
        return tuple(running.draw.candidates.values()) if running.draw else ()

    async def _promise(self, candidate: Growing) -> float:
        if not self._request.question:
            return sum(candidate.logprobs) / max(1, len(candidate.logprobs))
        asked = self._request
        stuff = self._proposals.ingredients(asked.cell, _end(candidate), asked.context)
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


def _end(candidate: Growing) -> Place:
    return Place(candidate.id, len(candidate.text))
