"""The tree grows by itself: to a depth and breadth, within a budget, where it promises most."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from jupyter_sim.engine.client import LlamaEngine, Settings
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.errors import WorkerDied
from jupyter_sim.events import Framed, Generated, Place, Proposed
from jupyter_sim.prompts import Prompts
from jupyter_sim.protocol import (
    Acknowledged,
    Cancel,
    Drawing,
    Explore,
    Explored,
    Grown,
    Refused,
    Voice,
)

from .writer import PROMPT, Open, Writer, recorded


@pytest.fixture
async def starter() -> AsyncIterator[LlamaEngine]:
    """The starter model in a small window."""
    engine = LlamaEngine(settings=Settings(context=512))
    yield engine
    await engine.close()


def request(
    writer: Writer, depth: int = 2, breadth: int = 2, tokens: int = 1000, question: str = ""
) -> Explore:
    return Explore(
        writer.id(), "cell", len(PROMPT), depth, breadth, tokens, "none", 12, question=question
    )


def drawn(writer: Writer) -> list[Proposed]:
    return [e for e in writer.document.history.events if isinstance(e, Proposed)]


def generated(writer: Writer) -> list[Generated]:
    return [e for e in writer.document.history.events if isinstance(e, Generated)]


async def test_every_branch_is_expanded_to_the_depth_and_each_step_recorded(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    await writer.write(PROMPT)
    assert isinstance(await writer.ask(request(writer, depth=3)), Acknowledged)
    assert len(drawn(writer)) == 1 + 2 + 2
    assert len({event.fan for event in drawn(writer)}) == 5
    ends = {event.candidate: Place(event.candidate, len(event.text)) for event in generated(writer)}
    assert {event.at for event in drawn(writer)[1:]} < set(ends.values())
    assert writer.text == PROMPT
    assert recorded(writer.document).count("Generated") == 10


async def test_its_progress_is_told_and_nothing_of_its_draws(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    await writer.write(PROMPT)
    asked = request(writer)
    await writer.ask(asked)
    told = writer.answers(Explored)
    assert [answer.nodes for answer in told] == [2, 4, 6, 6]
    assert [answer.done for answer in told] == [False, False, False, True]
    assert told[-1].tokens == sum(len(event.tokens) for event in generated(writer))
    assert not writer.answers(Drawing)
    assert not writer.answers(Grown)


@pytest.mark.parametrize("budget", [1, 2, 7, 30, 61])
async def test_the_budget_of_tokens_is_never_passed(opened: Open, budget: int) -> None:
    writer = opened(ScriptedEngine())
    await writer.write(PROMPT)
    await writer.ask(request(writer, depth=9, breadth=3, tokens=budget))
    spent = sum(len(event.tokens) for event in generated(writer))
    assert budget - 3 < spent <= budget


async def test_without_a_question_the_likelier_branches_grow_on(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    await writer.write(PROMPT)
    await writer.ask(request(writer, depth=2, breadth=3))
    first = [event for event in generated(writer) if event.draw == drawn(writer)[0].draw]
    means = {e.candidate: sum(e.logprobs) / len(e.logprobs) for e in first}
    grown = [event.at.node for event in drawn(writer)[1:]]
    assert grown == sorted(means, key=means.__getitem__, reverse=True)


async def test_with_a_question_the_models_yes_orders_the_branches(
    opened: Open, starter: LlamaEngine
) -> None:
    writer = opened(starter)
    await writer.write(PROMPT)
    question = "\n\nIs that about the weather?"
    await writer.ask(request(writer, depth=2, breadth=3, question=question))
    first = [event for event in generated(writer) if event.draw == drawn(writer)[0].draw]
    prompts = Prompts(starter)
    odds = {e.candidate: await prompts.log_odds(PROMPT + e.text + question) for e in first}
    grown = [event.at.node for event in drawn(writer)[1:]]
    assert grown == sorted(odds, key=odds.__getitem__, reverse=True)
    assert len(set(odds.values())) == 3


async def test_it_stops_when_it_is_cancelled_and_keeps_what_there_is(opened: Open) -> None:
    engine = ScriptedEngine(held=True)
    writer = opened(engine)
    await writer.write(PROMPT)
    asked = request(writer)
    await writer.document.handle(asked, writer.hear)
    await engine.begun()
    await engine.step(2)
    await writer.say(Cancel(writer.id(), "cell", asked.id))
    assert isinstance(await writer.answer(asked.id), Acknowledged)
    assert [event.finish for event in generated(writer)] == ["cancelled"] * 2
    assert writer.answers(Explored)[-1].done
    assert len(drawn(writer)) == 1
    assert "Cancelled" not in recorded(writer.document)


async def test_it_ends_with_the_front_end_that_asked(opened: Open) -> None:
    engine = ScriptedEngine(held=True)
    writer = opened(engine)
    await writer.write(PROMPT)
    await writer.document.handle(request(writer), writer.hear)
    await engine.begun()
    writer.document.leave(writer.hear)
    await writer.until(lambda: bool(writer.answers(Explored)) and writer.answers(Explored)[-1].done)
    assert len(drawn(writer)) == 1


async def test_a_failure_of_the_worker_ends_it_with_its_sentence(opened: Open) -> None:
    engine = ScriptedEngine(held=True)
    writer = opened(engine)
    await writer.write(PROMPT)
    asked = request(writer)
    await writer.document.handle(asked, writer.hear)
    await engine.begun()
    await engine.step()
    engine.crash()
    refused = await writer.answer(asked.id)
    assert isinstance(refused, Refused)
    assert "propose again" in refused.message
    assert WorkerDied.code != refused.code


async def test_candidates_are_dealt_round_the_voices_from_fan_to_fan(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    await writer.write(PROMPT)
    voices = tuple(Voice(name, f"{name}.\n\n") for name in ("One", "Two", "Three"))
    await writer.ask(msgspec.structs.replace(request(writer), voices=voices))
    framed = [e for e in writer.document.history.events if isinstance(e, Framed)]
    names = {event.stamp.id: event.name for event in framed}
    dealt = [(names[e.recipe.voice or ""], len(e.candidates)) for e in drawn(writer)]
    assert dealt == [("One", 1), ("Two", 1), ("One", 1), ("Three", 1), ("Two", 1), ("Three", 1)]
    assert len({event.fan for event in drawn(writer)}) == 3
    assert [answer.nodes for answer in writer.answers(Explored)] == [2, 4, 6, 6]


async def test_a_question_is_put_in_the_voice_of_each_branch(
    opened: Open, starter: LlamaEngine
) -> None:
    writer = opened(starter)
    await writer.write(PROMPT)
    voices = (Voice("gay", "A merry tale.\n\n"), Voice("grave", "A tale of the dead.\n\n"))
    question = "\n\nIs that about the weather?"
    asked = request(writer, depth=2, breadth=2, question=question)
    await writer.ask(msgspec.structs.replace(asked, voices=voices))
    first = [e for d in drawn(writer)[:2] for e in generated(writer) if e.draw == d.draw]
    prompts, odds = Prompts(starter), {}
    for event, voice in zip(first, voices, strict=True):
        framed = voice.text + PROMPT + event.text + question
        odds[event.candidate] = await prompts.log_odds(framed)
    best = max(odds, key=odds.__getitem__)
    assert drawn(writer)[2].at.node == best


async def test_of_candidates_that_say_the_same_only_one_grows_on(opened: Open) -> None:
    writer = opened(ScriptedEngine(lambda prompt, seed: "rain."))
    await writer.write(PROMPT)
    await writer.ask(request(writer, depth=3, breadth=3))
    assert len(drawn(writer)) == 3
    assert len(generated(writer)) == 9
