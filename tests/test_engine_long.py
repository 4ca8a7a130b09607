"""A text that takes long to be split into tokens keeps nobody waiting but those who sent it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jupyter_sim.engine.client import LlamaEngine, Settings
from jupyter_sim.engine.messages import Column, Rollout, Scored, Scoring, Survey
from jupyter_sim.engine.requests import LONG, is_long
from jupyter_sim.errors import ContextFull

from .worker import run_instead

NOVEL = "The harbour was quiet that evening, and the boats lay still at their moorings. " * 2000
SOON = 30.0

# the worker, whose tokenizer says that it is at a long text, and waits to be let go on; as the
# starter model's window is small, so is what is long
SLOW = """
import sys
from pathlib import Path
from time import sleep
from jupyter_sim.engine import requests, worker
from jupyter_sim.engine.tokenization import Tokenization
folder, tokens = Path(sys.argv[1]), Tokenization.tokens
requests.LONG = 1000
def slow(self, text):
    if len(text) > requests.LONG:
        (folder / "begun").touch()
        while not (folder / "go").exists():
            sleep(0.001)
    return tokens(self, text)
Tokenization.tokens = slow
worker.main()
"""


class Slow:
    """An engine whose worker stands still over long texts."""

    def __init__(self, folder: Path) -> None:
        self.engine = LlamaEngine(settings=Settings(context=512))
        self._folder = folder

    async def until_it_splits(self) -> None:
        async with asyncio.timeout(SOON):
            while not (self._folder / "begun").exists():
                await asyncio.sleep(0)

    def go_on(self) -> None:
        (self._folder / "go").touch()

    async def finishes(self, name: str = "beside") -> set[str]:
        """Draw a short fan."""
        async with asyncio.timeout(SOON):
            return set(await draw(self.engine, Rollout(name, "It was", (1, 2), 8)))


@pytest.fixture
async def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Slow]:
    run_instead(monkeypatch, SLOW, str(tmp_path))
    slow = Slow(tmp_path)
    yield slow
    await slow.engine.close()


async def draw(engine: LlamaEngine, request: Rollout) -> list[str]:
    """How the candidates of a rollout end."""
    columns = [said async for said in engine.rollout(request) if isinstance(said, Column)]
    return [piece.finish for column in columns for piece in column.pieces if piece.finish]


async def scored(engine: LlamaEngine, request: Scoring) -> list[Scored]:
    return [one async for one in engine.score(request)]


async def test_others_draw_while_a_long_text_is_split(slow: Slow) -> None:
    stream = asyncio.create_task(slow.finishes("stream"))
    asked = asyncio.create_task(slow.engine.survey(Survey("s", NOVEL)))
    await slow.until_it_splits()
    assert await stream <= {"length", "end"}
    assert await slow.finishes() <= {"length", "end"}
    assert not asked.done()
    slow.go_on()
    assert (await asked).ends[-1] == len(NOVEL)


async def test_a_score_is_cancelled_while_its_text_is_split(slow: Slow) -> None:
    asked = asyncio.create_task(scored(slow.engine, Scoring("s", NOVEL)))
    await slow.until_it_splits()
    slow.engine.cancel("s")
    async with asyncio.timeout(SOON):
        (last,) = await asked
    assert last.tokens == () and not last.whole
    slow.go_on()
    assert (await scored(slow.engine, Scoring("s", "word")))[-1].whole


async def test_a_rollout_is_cancelled_while_its_prompt_is_split(slow: Slow) -> None:
    asked = asyncio.create_task(draw(slow.engine, Rollout("r", NOVEL[:1200], (1, 2, 3), 8)))
    await slow.until_it_splits()
    slow.engine.cancel("r")
    async with asyncio.timeout(SOON):
        assert await asked == ["cancelled"] * 3


async def test_what_was_cancelled_before_is_not_split_at_all(slow: Slow, tmp_path: Path) -> None:
    first = asyncio.create_task(slow.engine.survey(Survey("first", NOVEL)))
    await slow.until_it_splits()
    second = asyncio.create_task(scored(slow.engine, Scoring("second", "So " + NOVEL)))
    await slow.finishes()
    slow.engine.cancel("second")
    assert not (await second)[-1].whole
    (tmp_path / "begun").unlink()
    slow.go_on()
    await first
    await slow.finishes()
    assert not (tmp_path / "begun").exists()


async def test_a_long_prompt_that_does_not_fit_is_refused_with_its_length(slow: Slow) -> None:
    slow.go_on()
    with pytest.raises(ContextFull, match=r"has \d+ tokens"):
        await draw(slow.engine, Rollout("r", NOVEL[:3000], (1,), 8))


async def test_a_long_survey_knows_what_is_in_the_cache(slow: Slow) -> None:
    slow.go_on()
    for text in ("It was late. ", "It was late. " + NOVEL):
        await draw(slow.engine, Rollout("r", text[:13], (1,), 8))
        assert (await slow.engine.survey(Survey("s", text))).reused >= 3


@pytest.mark.parametrize(
    ("request_", "long"),
    [
        (Rollout("r", "x" * LONG, (1,)), False),
        (Rollout("r", "x" * LONG, (1,), prefix="y"), True),
        (Survey("s", "x" * (LONG + 1)), True),
        (Scoring("s", "x" * (LONG + 1)), True),
        (Scoring("s", tokens=(1,) * (LONG + 1)), True),
        (Scoring("s", tokens=(1,)), False),
    ],
)
def test_whether_a_text_is_long(request_: Rollout | Survey | Scoring, long: bool) -> None:
    assert is_long(request_) == long
