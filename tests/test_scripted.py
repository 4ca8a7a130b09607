"""The scripted engine: deterministic words, and a reader that is led column by column."""

import asyncio

import pytest

from jupyter_sim.engine.messages import (
    Column,
    Engine,
    Rollout,
    Scored,
    Scoring,
    Started,
    Survey,
)
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.errors import ContextFull, EngineError, ModelError, WorkerDied

ASK = Rollout("r1", "It was", seeds=(0, 1))
TEXTS = {"It was": (" raining hard.", " late.")}


async def heard(engine: Engine, request: Rollout = ASK) -> list[Started | Column]:
    return [answer async for answer in engine.rollout(request)]


def texts(answers: list[Started | Column]) -> dict[int, str]:
    said: dict[int, str] = {}
    for answer in answers:
        if isinstance(answer, Column):
            for piece in answer.pieces:
                said[piece.index] = said.get(piece.index, "") + piece.text
    return said


def test_a_script_by_prompt_is_recited_word_by_word() -> None:
    started, *columns = asyncio.run(heard(ScriptedEngine(TEXTS)))
    assert isinstance(started, Started) and len(started.prompt_tokens) == 2
    assert texts(columns) == {0: " raining hard.", 1: " late."}
    assert len(columns) == 2


def test_the_same_prompt_and_seed_give_the_same_words_tokens_and_logprobs() -> None:
    assert asyncio.run(heard(ScriptedEngine())) == asyncio.run(heard(ScriptedEngine()))
    said = texts(asyncio.run(heard(ScriptedEngine())))
    assert said[0] != said[1]


def test_max_tokens_cuts_a_candidate_with_finish_length() -> None:
    *_, last = asyncio.run(heard(ScriptedEngine(), Rollout("r", "x", (7,), max_tokens=3)))
    assert isinstance(last, Column) and last.pieces[0].finish == "length"


def test_a_held_engine_says_one_column_a_step() -> None:
    async def play() -> list[int]:
        engine = ScriptedEngine(TEXTS, held=True)
        answers: list[Started | Column] = []

        async def read() -> None:
            async for answer in engine.rollout(ASK):
                answers.append(answer)

        reader = asyncio.create_task(read())
        await engine.begun()
        counts = []
        for _ in range(2):
            await engine.step()
            counts.append(len(answers))
        await reader
        return counts

    assert asyncio.run(play()) == [2, 3]


def test_cancel_ends_every_open_candidate() -> None:
    async def play() -> Started | Column:
        engine = ScriptedEngine(TEXTS, held=True)
        reader = asyncio.create_task(heard(engine))
        await engine.begun()
        await engine.step()
        engine.cancel("r1")
        engine.cancel("unknown")
        return (await reader)[-1]

    last = asyncio.run(play())
    assert isinstance(last, Column)
    assert [piece.finish for piece in last.pieces] == ["cancelled"]


def test_a_crash_reaches_every_reader_and_the_next_rollout_works() -> None:
    async def play() -> list[str]:
        engine = ScriptedEngine(TEXTS, held=True)
        states: list[str] = []
        end = engine.watch(lambda status: states.append(status.state))
        readers = [
            asyncio.create_task(heard(engine, Rollout(name, "It was", (0,)))) for name in "ab"
        ]
        await engine.begun(2)
        engine.crash()
        for died in await asyncio.gather(*readers, return_exceptions=True):
            assert isinstance(died, WorkerDied)
        after = asyncio.create_task(heard(engine))
        await engine.begun(3)
        engine.release(2)
        assert len(await after) == 3
        end()
        await engine.close()
        return states

    assert asyncio.run(play()) == ["loading", "ready", "failed", "loading", "ready"]


def test_a_refusal_is_raised_by_every_start() -> None:
    engine = ScriptedEngine(refusal=ModelError("There is no model at /x.gguf."))
    with pytest.raises(ModelError, match="/x.gguf"):
        asyncio.run(heard(engine))
    assert engine.status.state == "failed"


def test_prompts_that_are_too_long_or_not_in_the_script_are_named() -> None:
    with pytest.raises(ContextFull, match="context holds 20"):
        asyncio.run(heard(ScriptedEngine(context=20)))
    with pytest.raises(EngineError, match="no text for the prompt 'Else'"):
        asyncio.run(heard(ScriptedEngine(TEXTS), Rollout("r", "Else", (0,))))


def test_ends_and_alternatives_come_with_every_word() -> None:
    _, *columns = asyncio.run(heard(ScriptedEngine(TEXTS), Rollout("r", "It was", (0,), top=3)))
    pieces = [piece for column in columns if isinstance(column, Column) for piece in column.pieces]
    assert [piece.ends for piece in pieces] == [(8,), (14,)]
    for piece in pieces:
        (alternatives,) = piece.top
        assert len(alternatives) == 3
        logprobs = [one.logprob for one in alternatives]
        assert logprobs == sorted(logprobs, reverse=True)


def test_candidates_begin_with_the_prefix() -> None:
    request = Rollout("r", "It", (0, 1), prefix=" was")
    assert texts(asyncio.run(heard(ScriptedEngine(TEXTS), request))) == {
        0: " was raining hard.",
        1: " was late.",
    }


def test_a_survey_counts_words_and_says_where_they_end() -> None:
    surveyed = asyncio.run(ScriptedEngine().survey(Survey("s", "It was late.")))
    assert surveyed.ends == (2, 6, 12)
    assert len(surveyed.tokens) == 3 and surveyed.back == () and surveyed.reused == 0


def scores(engine: ScriptedEngine, request: Scoring) -> list[Scored]:
    async def read() -> list[Scored]:
        return [scored async for scored in engine.score(request)]

    return asyncio.run(read())


def test_a_long_text_is_scored_in_chunks_and_its_words_as_when_they_were_said() -> None:
    engine = ScriptedEngine(TEXTS)
    _, first, *_ = asyncio.run(heard(engine, Rollout("r", "It was", (0,))))
    assert isinstance(first, Column)
    chunks = scores(engine, Scoring("s", "raining" + " raining" * 99, top=2))
    assert [(len(chunk.tokens), chunk.whole) for chunk in chunks] == [(64, False), (36, True)]
    assert (chunks[1].first, chunks[1].tokens[-1].end) == (64, 799)
    again = chunks[0].tokens[1]
    assert (again.token, again.logprob) == (first.pieces[0].tokens[0], first.pieces[0].logprobs[0])
    assert len(again.top) == 2


def test_given_tokens_are_scored_from_the_start_on() -> None:
    engine = ScriptedEngine()
    tokens = asyncio.run(engine.survey(Survey("s", "It was late."))).tokens
    (scored,) = scores(engine, Scoring("t", tokens=tokens, start=1))
    assert scored.first == 1 and [one.text for one in scored.tokens] == [" was", " late."]


def test_a_cancelled_scoring_ends_with_an_empty_chunk() -> None:
    async def play() -> list[Scored]:
        engine, chunks = ScriptedEngine(), []
        async for scored in engine.score(Scoring("s", "word " * 1000)):
            chunks.append(scored)
            engine.cancel("s")
        return chunks

    chunks = asyncio.run(play())
    assert len(chunks) == 2 and chunks[1].tokens == () and not chunks[1].whole
