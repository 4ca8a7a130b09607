"""Everything that can be asked of an engine, through its process, and what cannot."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from jupyter_sim.engine.client import LlamaEngine, Settings
from jupyter_sim.engine.llama import Llama
from jupyter_sim.engine.messages import Column, Rollout, Scored, Scoring, Started, Survey
from jupyter_sim.engine.requests import Requests
from jupyter_sim.errors import BadInput, ContextFull, SimError
from jupyter_sim.models import resolve

TEXT = "The harbour was quiet that evening, and the boats lay still at their moorings. "


@pytest.fixture(scope="module")
def engine() -> Iterator[LlamaEngine]:
    engine = LlamaEngine(settings=Settings(context=512))
    yield engine
    asyncio.run(engine.close())


async def said(engine: LlamaEngine, request: Rollout) -> str:
    """What the first candidate says."""
    answers = [one async for one in engine.rollout(request)]
    pieces = [piece for one in answers if isinstance(one, Column) for piece in one.pieces]
    return "".join(piece.text for piece in pieces if piece.index == 0)


async def scored(engine: LlamaEngine, request: Scoring) -> list[Scored]:
    return [one async for one in engine.score(request)]


async def test_a_survey_a_fan_and_a_score_at_once(engine: LlamaEngine) -> None:
    survey, text, scores = await asyncio.gather(
        engine.survey(Survey("s", TEXT)),
        said(engine, Rollout("r", TEXT, (1, 2), 12, top=3)),
        scored(engine, Scoring("t", TEXT * 30, top=2)),
    )
    assert survey.ends[-1] == len(TEXT) and text
    assert scores[-1].whole and scores[-1].tokens[-1].end == 30 * len(TEXT)
    assert (await engine.survey(Survey("s", TEXT))).reused > 10


async def test_a_score_can_be_cancelled_and_left(engine: LlamaEngine) -> None:
    answers = engine.score(Scoring("s", TEXT * 500))
    async for _ in answers:
        engine.cancel("s")
        break
    rest = [one async for one in answers]
    assert rest[-1].tokens == () and not rest[-1].whole
    left = engine.score(Scoring("s", TEXT * 500))
    async for _ in left:
        break
    await left.aclose()  # type: ignore[attr-defined]
    assert (await scored(engine, Scoring("s", "word")))[-1].whole


async def test_nobody_waits_for_another_ones_prompt_longer_than_a_slice(
    engine: LlamaEngine,
) -> None:
    """A stream goes on while a long prompt is read: it is not silent until that has started."""
    order: list[str] = []

    async def note(name: str, answers: AsyncIterator[Started | Column]) -> None:
        async for one in answers:
            order.append(name if isinstance(one, Column) else name.upper())

    story = Rollout("s", "It was", tuple(range(8)), 400)
    stream = asyncio.create_task(note("s", engine.rollout(story)))
    while order.count("s") < 2 and not stream.done():
        await asyncio.sleep(0)
    asked = len(order)
    await note("p", engine.rollout(Rollout("p", "Now. " + TEXT * 20, (0,), 5)))
    engine.cancel("s")
    await stream
    assert "s" in order[asked : order.index("P")]


async def test_a_prompt_as_long_as_the_window_is_continued_and_a_longer_one_refused(
    engine: LlamaEngine,
) -> None:
    window = (await engine.start()).context
    size = len((await engine.survey(Survey("s", "a b " * 100))).tokens)
    text = "a b " * (100 * (window - 20) // size)
    count = len((await engine.survey(Survey("s", text))).tokens)
    most = window - count
    assert await said(engine, Rollout("r", text, (0, 1), most))
    with pytest.raises(ContextFull, match=f"has {count} tokens and {most + 1} more"):
        await said(engine, Rollout("r", text, (0, 1), most + 1))


async def test_a_prompt_that_cannot_fit_is_refused_before_anybody_waits_for_its_tokens(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = (await engine.start()).context
    with pytest.raises(ContextFull, match=rf"has at least \d+ tokens .* holds {window}"):
        await said(engine, Rollout("r", "Now. " * 800_000, (0,), 1))

    def split(self: Llama, text: str) -> list[int]:
        raise AssertionError(f"{len(text)} characters are split into tokens")

    monkeypatch.setattr(Llama, "tokenize", split)
    requests = Requests(Llama(resolve(), Settings(context=64, threads=1)), None)
    with pytest.raises(ContextFull, match="at least"):
        requests.run(1, Rollout("r", "Now. " * 400, (0,), 1, prefix="Then"))


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (Scoring("s", "half \ud83d"), "text of this scoring is no valid Unicode: character 5"),
        (Scoring("\ud83d", "x"), "id of this scoring is no valid Unicode"),
        (Scoring("s", "x", start=-1), "scoring cannot be run.*>= 0"),
        (Scoring("s", "x", top=21), "<= 20"),
        (Scoring("s", tokens=(-1,)), ">= 0"),
        (Scoring("s", tokens=(10**6,)), "token 1000000 cannot be scored"),
        (Survey("s", "\udfff"), "text of this survey is no valid Unicode"),
        (Rollout("r", "x", (0,), top=-1), ">= 0"),
        (Rollout("r", "x", (0,), prefix="\ud83d"), "prefix of this rollout is no valid Unicode"),
        (Rollout("r", "x", (0,), strings=("ok", "\ud83d")), "stop string of this rollout is no"),
        (Rollout("\ud83d", "x", (0,)), "id of this rollout is no valid Unicode"),
        (Rollout("r", "x", (0,), priority="later"), "Invalid enum value 'later'"),  # type: ignore[arg-type]
        (Rollout("r", "x", (2**32,)), "<"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_the_worker_lives(
    engine: LlamaEngine, request_: Rollout | Scoring | Survey, why: str
) -> None:
    pid = (await engine.start()) and engine.pid
    with pytest.raises(SimError, match=why) as caught:
        match request_:
            case Rollout():
                await said(engine, request_)
            case Scoring():
                await scored(engine, request_)
            case Survey():
                await engine.survey(request_)
    assert isinstance(caught.value, BadInput)
    assert await said(engine, Rollout("r", "", (0,), 3, prefix="\0"))
    assert engine.pid == pid


async def test_a_deterministic_engine_says_the_same_alone_and_in_company() -> None:
    texts = []
    for count in (1, 8):
        engine = LlamaEngine(settings=Settings(context=512, deterministic=True))
        if count > 1:
            await said(engine, Rollout("other", TEXT[:30], (9,), 5))
        texts.append(await said(engine, Rollout("r", TEXT, tuple(range(count)), 24)))
        await engine.close()
    assert texts[0] == texts[1] != ""
