"""What the candidates of a fan say: after any prompt, to any stop, alone and beside others."""

import asyncio

import pytest

from jupyter_sim.engine.client import LlamaEngine, Settings
from jupyter_sim.events import Sampling, Stop

from .fan import DARK, agree_until_they_differ, ask, hear, lasting

engine = pytest.fixture(lasting, scope="module")


async def test_a_fan_streams_columns_of_tokens_with_their_logprobs(engine: LlamaEngine) -> None:
    fan = await hear(engine, ask(n=8))
    assert fan.started is not None and fan.started.prompt_tokens
    assert fan.columns > 1
    assert len(set(fan.texts)) == 8
    for heard in fan.candidates.values():
        assert len(heard.tokens) == len(heard.logprobs)
        assert all(logprob <= 0 for logprob in heard.logprobs)
        assert heard.finish in ("length", "end")


async def test_the_same_seeds_say_the_same_in_two_processes(engine: LlamaEngine) -> None:
    fans = []
    for _ in range(2):
        await engine.close()
        fans.append(await hear(engine, ask(n=8, max_tokens=48)))
    assert fans[0].candidates == fans[1].candidates


@pytest.mark.parametrize(
    "prompt", [DARK, "It was a dark and stormy nigh", "The door.\n", "He said, “"]
)
async def test_candidates_go_on_where_the_prompt_ends(engine: LlamaEngine, prompt: str) -> None:
    fan = await hear(engine, ask(prompt, n=16, max_tokens=6, sampling=Sampling(min_p=0.1)))
    whole = prompt.encode()
    assert fan.started is not None
    for text in fan.texts:
        assert text
        if prompt.endswith(" "):
            assert not text[0].isspace()
    assert len(fan.started.prompt_tokens) <= len(whole)


async def test_a_word_that_is_half_written_is_finished(engine: LlamaEngine) -> None:
    cold = Sampling(temperature=0)
    fan = await hear(engine, ask("The old man opened the doo", n=1, max_tokens=3, sampling=cold))
    assert fan.texts[0].startswith("r")


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        " ",
        "\n\n\n",
        "a",
        "\0",
        "x\0y",
        "😀",
        "👩‍🚀 flew to 🇫🇷",
        "e\u0301",
        "雨が降",
        "١٢٣",
        "\ufffd",
    ],
)
async def test_any_prompt_is_continued_in_whole_characters(
    engine: LlamaEngine, prompt: str
) -> None:
    fan = await hear(engine, ask(prompt, n=4, sampling=Sampling(temperature=2, min_p=0)))
    assert len(fan.candidates) == 4
    for text in fan.texts:
        text.encode()
        assert not text.endswith("\u200d")


STOP_ENDS: dict[Stop, str] = {"sentence": ".!?…”\"'’)—*_]", "word": "", "line": "", "paragraph": ""}


@pytest.mark.parametrize("stop", STOP_ENDS)
async def test_stops_end_candidates_with_something_visible(engine: LlamaEngine, stop: Stop) -> None:
    fan = await hear(engine, ask("The rain fell on the roof.", n=8, max_tokens=60, stop=stop))
    assert "stop" in fan.finishes
    for heard in fan.candidates.values():
        if heard.finish == "stop":
            assert heard.text.strip() and not heard.text[-1].isspace()
            assert not STOP_ENDS[stop] or heard.text[-1] in STOP_ENDS[stop]
            if stop in ("word", "line"):
                assert "\n" not in heard.text.strip()


async def test_two_fans_at_once_say_what_they_say_alone(engine: LlamaEngine) -> None:
    asks = [ask(name="a"), ask("She opened the letter", n=3, name="b", first=50)]
    alone = [await hear(engine, request) for request in asks]
    together = await asyncio.gather(*(hear(engine, request) for request in asks))
    for one, other in zip(alone, together, strict=True):
        for index, heard in one.candidates.items():
            agree_until_they_differ(heard, other.candidates[index])


async def test_what_was_computed_is_not_computed_again(engine: LlamaEngine) -> None:
    prompt = "The harbour was quiet that evening, and the boats lay still. " * 4
    first = await hear(engine, ask(prompt, n=2))
    again = await hear(engine, ask(prompt, n=2))
    assert first.started and again.started
    assert again.started.reused == len(again.started.prompt_tokens)
    accepted = await hear(engine, ask(prompt + first.texts[0] + " and", n=2))
    assert accepted.started is not None
    assert accepted.started.reused >= len(first.started.prompt_tokens)


async def test_more_candidates_than_there_is_room_for_take_turns() -> None:
    engine = LlamaEngine(settings=Settings(context=256))
    fan = await hear(engine, ask(n=32, max_tokens=200))
    assert len(fan.candidates) == 32
    assert fan.finishes <= {"length", "end"}
    await engine.close()
