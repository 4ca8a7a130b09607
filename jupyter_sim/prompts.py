"""What is put to the model: prompts within its window, and questions about texts that stand.

It knows the engine and what a prompt is made of. It knows no document, no history and no front end.
"""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

from .engine.messages import Engine, Scored, Scoring, Survey, Surveyed
from .errors import ContextFull, EngineError
from .prompt import SPARE, Material, Prompt, cut_at, fits, glimpse, made


@dataclass(frozen=True, slots=True)
class Limits:
    """What an administrator allows: the most tokens of a prompt, 0 for the model's window, and the
    most alternatives that are recorded with a token.
    """

    tokens: int = 0
    top: int = 20


NO_LIMITS = Limits()


class Prompts:
    """Makes prompts for one engine."""

    def __init__(self, engine: Engine, limits: Limits = NO_LIMITS) -> None:
        self._engine = engine
        self._limits = limits

    async def make(self, material: Material, tokens: int, max_tokens: int) -> Prompt:
        """The prompt of at most `tokens` tokens, 0 for all that fits, with room for `max_tokens`
        more in the model's window. Raises what an engine raises.
        """
        status = await self._engine.start()
        wanted = [most for most in (tokens, self._limits.tokens) if most]
        budget = min([status.context - max_tokens, *wanted])
        if budget <= SPARE:
            raise ContextFull(
                f"Of a window of {status.context} tokens, {max_tokens} are asked for, which leaves "
                f"{max(0, budget)} for the prompt, too few; ask for shorter "
                "candidates, or let prompts be longer."
            )
        body = material.body
        if fits(material.frame + body, budget):
            return made(material, 0)
        start = glimpse(body, budget)
        return made(material, start + await self._cut(material.frame, body[start:], budget))

    async def survey(self, prompt: str) -> Surveyed:
        """The prompt's tokens as the engine would read it."""
        return await self._engine.survey(Survey(uuid.uuid4().hex, prompt))

    async def log_odds(self, text: str, yes: str = " yes", no: str = " no") -> float:
        """By how much likelier the model would continue a text with one word than with another."""
        return await self._log_probability(text, yes) - await self._log_probability(text, no)

    async def _cut(self, frame: str, body: str, budget: int) -> int:
        ends = (await self.survey(frame + body)).ends
        ahead = sum(end <= len(frame) for end in ends)
        room = budget - SPARE - ahead
        if len(ends) > ahead and room < 1:
            raise ContextFull(
                f"The voice and the memory have {ahead} tokens, and a prompt may have {budget} "
                "here; shorten them."
            )
        return cut_at(body, [end - len(frame) for end in ends[ahead:]], room)

    async def _log_probability(self, text: str, word: str) -> float:
        start = max(0, len((await self.survey(text)).tokens) - SPARE)
        request = Scoring(uuid.uuid4().hex, text + word, start=start)
        tokens = [token async for part in self._scored(request) for token in part.tokens]
        return sum(token.logprob for token in tokens if token.end > len(text))

    async def _scored(self, request: Scoring) -> AsyncIterator[Scored]:
        whole = False
        async for part in self._engine.score(request):
            whole = part.whole
            yield part
        if not whole:
            raise EngineError("The model's answer to a question was stopped; ask again.")
