"""What is sent to the model: frames, cells above and the branch, within a window, seen exactly."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jupyter_sim.document import Document
from jupyter_sim.engine.client import LlamaEngine, Settings
from jupyter_sim.engine.messages import Rollout, Started
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.events import Framed, Generated, Place, Proposed
from jupyter_sim.history import History
from jupyter_sim.prompt import frames, recall
from jupyter_sim.prompts import Limits
from jupyter_sim.protocol import (
    Acknowledged,
    Cancel,
    Context,
    Follow,
    Happened,
    Inspect,
    Inspected,
    Propose,
    Refused,
    Score,
    Scored,
    Sync,
    Voice,
    encode,
)

from .writer import PROMPT, Open, Writer, recorded, told

ANN = Voice("Ann", "A letter from Ann.\n\n")
RAIN = "[It always rains.]\n"
LONG = "".join(f"Paragraph {i} says that it rained, and that nobody spoke.\n\n" for i in range(200))


@pytest.fixture
async def starter() -> AsyncIterator[LlamaEngine]:
    """The starter model in a small window."""
    engine = LlamaEngine(settings=Settings(context=512))
    yield engine
    await engine.close()


async def propose(writer: Writer, at: int | Place, context: Context, n: int = 1) -> Proposed:
    """A whole draw within a context."""
    request = Propose(
        writer.id(), "cell", "fan-00001", at, n, "sentence", 24, context=context, top=2
    )
    assert isinstance(await writer.ask(request), Acknowledged)
    await writer.until(lambda: writer.ended(request.id) == n)
    events = writer.document.history.events
    return next(e for e in events if isinstance(e, Proposed) and e.draw == request.id)


async def inspect(writer: Writer, at: int | Place, context: Context) -> Inspected:
    answer = await writer.ask(Inspect(writer.id(), "cell", at, context, 24))
    assert isinstance(answer, Acknowledged)
    return writer.answers(Inspected)[-1]


def recalled(writer: Writer, proposed: Proposed) -> str:
    return recall(proposed, writer.document.trees, frames(writer.document.history.events))


async def test_the_prompt_is_voice_memory_cells_above_and_branch(opened: Open) -> None:
    engine = ScriptedEngine()
    writer = opened(engine)
    await writer.write("One.", cell="one")
    await writer.write(PROMPT)
    proposed = await propose(writer, len(PROMPT), Context(ANN, RAIN, ("one",)))
    assert engine.requests[0].prompt == f"{ANN.text}{RAIN}One.\n\n{PROMPT}"
    assert recalled(writer, proposed) == engine.requests[0].prompt


async def test_a_frame_is_recorded_once_and_told_in_every_cell(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    await writer.write(PROMPT)
    first = await propose(writer, len(PROMPT), Context(ANN, RAIN))
    again = await propose(writer, len(PROMPT), Context(ANN, RAIN))
    framed = [e for e in writer.document.history.events if isinstance(e, Framed)]
    assert [(e.name, e.text) for e in framed] == [("Ann", ANN.text), ("", RAIN)]
    assert [first.recipe.voice, first.recipe.memory] == [e.stamp.id for e in framed]
    assert first.recipe == again.recipe
    await writer.write("Two.", cell="two")
    await writer.say(Follow(writer.id(), ("two",)))
    assert set(framed) < set(writer.answers(Happened)[-1].events)


async def test_the_cells_above_are_those_that_stood_there_then(opened: Open) -> None:
    engine = ScriptedEngine()
    writer = opened(engine)
    await writer.write("One.", cell="one")
    await writer.write(PROMPT)
    proposed = await propose(writer, len(PROMPT), Context(above=("one",)))
    await writer.write("Another.", cell="one")
    await writer.write("")
    assert recalled(writer, proposed) == f"One.\n\n{PROMPT}"


async def test_a_cell_above_that_was_just_told_is_waited_for(opened: Open) -> None:
    engine = ScriptedEngine()
    writer = opened(engine)
    await writer.write(PROMPT)
    await writer.write("One.", cell="one")
    handle = writer.document.handle
    above = handle(Sync(writer.id(), "one", "One more."), writer.hear)
    asked = Propose(
        writer.id(), "cell", "fan-00001", 7, 1, "none", 24, context=Context(above=("one",))
    )
    await asyncio.gather(above, handle(asked, writer.hear))
    await engine.begun()
    assert engine.requests[0].prompt == f"One more.\n\n{PROMPT}"


async def test_a_proposal_can_stand_anywhere_in_the_tree(opened: Open) -> None:
    engine = ScriptedEngine(told())
    writer = opened(engine)
    await writer.write(PROMPT)
    _, second, _ = await writer.propose(len(PROMPT))
    proposed = await propose(writer, Place(second, 5), Context())
    assert engine.requests[1].prompt == "It was a day"
    assert writer.document.trees["cell"].offered[proposed.candidates[0]] == Place(second, 5)
    assert writer.text == PROMPT


async def test_a_prefix_a_priority_and_alternatives_are_passed_on(opened: Open) -> None:
    engine = ScriptedEngine(lambda prompt, seed: "the night.")
    writer = opened(engine)
    await writer.write(PROMPT)
    await writer.ask(
        Propose(
            writer.id(),
            "cell",
            "fan-00001",
            7,
            1,
            "none",
            8,
            top=3,
            priority="prefetch",
            prefix="a",
        )
    )
    await engine.begun()
    asked = engine.requests[0]
    assert (asked.prefix, asked.priority, asked.top) == ("a", "prefetch", 3)
    await writer.until(lambda: "Generated" in recorded(writer.document))
    event = writer.document.history.events[-1]
    assert isinstance(event, Generated)
    assert event.ends[-1] == len(event.text)
    assert all(len(top) <= 3 for top in event.top)


async def test_a_cell_above_that_is_unknown_is_refused(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    await writer.write(PROMPT)
    answer = await writer.ask(Inspect(writer.id(), "cell", 7, Context(above=("other",))))
    assert isinstance(answer, Refused)
    assert "send its text first" in answer.message


async def test_a_text_that_is_too_long_is_cut_by_tokens_at_a_paragraph(opened: Open) -> None:
    writer = opened(ScriptedEngine(context=300))
    await writer.write(LONG)
    seen = await inspect(writer, len(LONG), Context(ANN))
    assert seen.text.startswith(f"{ANN.text}Paragraph ")
    assert seen.text == ANN.text + LONG[seen.cut :]
    assert 100 < len(seen.tokens) <= 300 - 24


async def test_a_frame_that_leaves_no_room_is_refused(opened: Open) -> None:
    writer = opened(ScriptedEngine(context=300))
    await writer.write(LONG)
    answer = await writer.ask(
        Inspect(writer.id(), "cell", 9, Context(memory="never " * 400), max_tokens=24)
    )
    assert isinstance(answer, Refused)
    assert "shorten them" in answer.message


@pytest.mark.parametrize("context", [Context(), Context(ANN, RAIN, ("one",)), Context(tokens=120)])
async def test_the_inspected_tokens_are_those_that_the_worker_decodes(
    opened: Open, starter: LlamaEngine, context: Context
) -> None:
    writer = opened(starter)
    await writer.write(LONG, cell="one")
    await writer.write(LONG[:90] * 9 + "In the midd")
    seen = await inspect(writer, len(LONG[:90] * 9) + 11, context)
    proposed = await propose(writer, len(LONG[:90] * 9) + 11, context)
    again = Rollout("again", seen.text, (1,), 4)
    (started,) = [a async for a in starter.rollout(again) if isinstance(a, Started)]
    assert seen.tokens == started.prompt_tokens + started.back
    assert seen.ends[-1] == len(seen.text)
    assert recalled(writer, proposed) == seen.text
    assert len(seen.tokens) <= (context.tokens or 512 - 24)


async def test_the_same_beginning_is_sent_while_one_writes_on(
    opened: Open, starter: LlamaEngine
) -> None:
    writer = opened(starter)
    beginnings = set()
    for written in range(3000, 3600, 30):
        await writer.write(LONG[:written])
        beginnings.add((await inspect(writer, written, Context())).cut)
    assert len(beginnings) <= 2


async def test_a_prefetched_branch_is_answered_from_the_cache(
    opened: Open, starter: LlamaEngine
) -> None:
    writer = opened(starter)
    await writer.write(LONG[:600])
    (candidate,) = (await propose(writer, 600, Context())).candidates
    end = Place(candidate, len(writer.node(candidate)))
    ahead = Propose(writer.id(), "cell", "fan-ahead", end, 3, "sentence", 24, priority="prefetch")
    await writer.ask(ahead)
    await writer.until(lambda: writer.ended(ahead.id) == 3)
    seen = await inspect(writer, end, Context())
    taken_back = 4
    assert seen.reused >= len(seen.tokens) - taken_back


async def test_a_score_covers_the_whole_text_and_records_nothing(
    opened: Open, starter: LlamaEngine
) -> None:
    writer = opened(starter)
    text = LONG[:3000]
    await writer.write(text)
    request = Score(writer.id(), "cell", 2)
    assert isinstance(await writer.ask(request), Acknowledged)
    parts = writer.answers(Scored)
    tokens = [token for part in parts for token in part.tokens]
    assert parts[0].first == 0
    assert [part.whole for part in parts] == [False] * (len(parts) - 1) + [True]
    assert "".join(token.text for token in tokens).strip() == text.strip()
    assert tokens[-1].end == len(text)
    assert all(token.logprob <= 0 and len(token.top) == 2 for token in tokens)
    assert recorded(writer.document) == ["Opened"]


@pytest.mark.parametrize("text", ["", "\0\n\r\u2028" * 300, "👩‍🚀" * 300])
async def test_strange_texts_are_inspected_and_scored_too(
    opened: Open, starter: LlamaEngine, text: str
) -> None:
    writer = opened(starter)
    await writer.write(text)
    seen = await inspect(writer, len(text), Context())
    assert len(seen.tokens) <= 512 - 24
    assert isinstance(await writer.ask(Score(writer.id(), "cell")), Acknowledged)
    assert encode(writer.answers(Scored)[-1])
    assert encode(seen)


async def test_a_score_is_stopped_by_its_id(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    await writer.write("word " * 20_000)
    request = Score(writer.id(), "cell")
    await writer.document.handle(request, writer.hear)
    await writer.until(lambda: bool(writer.answers(Scored)))
    await writer.say(Cancel(writer.id(), "cell", request.id))
    assert await writer.answer(request.id) == Refused(request.id, "cancelled", "It was called off.")
    assert not writer.answers(Scored)[-1].whole
    assert recorded(writer.document) == ["Opened"]


async def test_an_administrator_bounds_prompts_and_alternatives(tmp_path: Path) -> None:
    history = History.open("document-1", path="a.ipynb", root=tmp_path)
    document = Document(history, ScriptedEngine(context=4096), Limits(tokens=100, top=1))
    writer = Writer(document)
    await writer.write(LONG)
    seen = await inspect(writer, len(LONG), Context(tokens=3000))
    assert len(seen.tokens) <= 100
    await propose(writer, len(LONG), Context())
    generated = history.events[-1]
    assert isinstance(generated, Generated)
    assert {len(top) for top in generated.top} == {1}
    await document.close()


@pytest.mark.parametrize("caret", ["It was a dar", "It was ", "It was a dark night"])
async def test_a_candidates_tokens_say_where_they_end_in_its_text(
    opened: Open, starter: LlamaEngine, caret: str
) -> None:
    writer = opened(starter)
    await writer.write(caret)
    await propose(writer, len(caret), Context(), n=4)
    generated = [e for e in writer.document.history.events if isinstance(e, Generated)]
    assert len(generated) == 4
    for event in generated:
        assert len(event.ends) == len(event.tokens) == len(event.logprobs) == len(event.top)
        assert list(event.ends) == sorted(event.ends)
        assert event.ends[-1] == len(event.text)
        assert all(len(top) == 2 for top in event.top)


async def test_a_chosen_alternative_begins_a_sibling_that_goes_on_from_there(
    opened: Open, starter: LlamaEngine
) -> None:
    writer = opened(starter)
    await writer.write("It was a dark night")
    (candidate,) = (await propose(writer, 19, Context())).candidates
    first = next(e for e in writer.document.history.events if isinstance(e, Generated))
    last = len(first.tokens) - 1
    place = Place(candidate, first.ends[last - 1] if last else 0)
    other = next(a.text for a in first.top[last] if a.token != first.tokens[last])
    request = Propose(
        writer.id(), "cell", "fan-00002", place, 2, "sentence", 24, prefix=other, top=2
    )
    await writer.ask(request)
    await writer.until(lambda: writer.ended(request.id) == 2)
    tree = writer.document.trees["cell"]
    for sibling in writer.candidates[request.id]:
        assert tree.offered[sibling] == place
        assert tree.nodes[sibling].text.startswith(other)


async def test_more_tokens_than_the_window_holds_are_refused(opened: Open) -> None:
    writer = opened(ScriptedEngine(context=100))
    await writer.write(PROMPT)
    request = Propose(writer.id(), "cell", "fan-00001", 7, 1, "none", 100)
    refused = await writer.ask(request)
    assert isinstance(refused, Refused)
    assert refused.code == "context_full"
    assert "shorter candidates" in refused.message


async def test_half_a_surrogate_pair_is_refused_in_a_sentence(
    opened: Open, starter: LlamaEngine
) -> None:
    writer = opened(starter)
    await writer.write("a\ud800b")
    for asked in (
        Score(writer.id(), "cell"),
        Propose(writer.id(), "cell", "f-1-2-3-4", 3, 1, "none", 8),
    ):
        await writer.document.handle(asked, writer.hear)
        await writer.until(
            lambda: any("surrogate" in getattr(a, "message", "") for a in writer.heard)
        )
        writer.heard.clear()
