"""Candidates on a stream, by the scripted engine: what repeats another is drawn again, if asked."""

import io
import json

from jupyter_sim.engine.messages import Rollout
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.events import Sampling
from jupyter_sim.propose import REDRAWS, propose, seeds

SAME = " It was a dark night."


async def told(engine: ScriptedEngine, n: int, *, distinct: bool) -> list[dict]:
    rollout = Rollout("r", "Once.", seeds(1, n), sampling=Sampling(distinct=distinct))
    out = io.StringIO()
    await propose(engine, rollout, out, "json")
    return [json.loads(line) for line in out.getvalue().splitlines()]


def repeating(times: int) -> ScriptedEngine:
    """An engine whose first `times` candidates say the same, and then each its own."""
    said: list[int] = []

    def script(_: str, seed: int) -> str:
        said.append(seed)
        return SAME if len(said) <= times else f" {len(said)} nights."

    return ScriptedEngine(script)


async def test_distinct_candidates_that_repeat_another_are_drawn_again_in_their_place() -> None:
    engine = repeating(3)
    candidates = await told(engine, 3, distinct=True)
    assert [candidate["index"] for candidate in candidates] == [0, 1, 2]
    assert [candidate["text"] for candidate in candidates] == [SAME, " 4 nights.", " 5 nights."]
    first, again = (request.seeds for request in engine.requests)
    assert len(again) == 2
    assert not set(first) & set(again)


async def test_they_are_drawn_again_a_few_times_only_and_with_other_seeds() -> None:
    engine = repeating(100)
    candidates = await told(engine, 2, distinct=True)
    assert [candidate["text"] for candidate in candidates] == [SAME, SAME]
    asked = [seed for request in engine.requests for seed in request.seeds]
    assert len(engine.requests) == REDRAWS + 1
    assert len(set(asked)) == len(asked)


async def test_other_candidates_may_repeat_each_other() -> None:
    engine = repeating(2)
    candidates = await told(engine, 2, distinct=False)
    assert [candidate["text"] for candidate in candidates] == [SAME, SAME]
    assert len(engine.requests) == 1
