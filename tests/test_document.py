"""A request in, events recorded, answers out: a scripted engine and real files."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from jupyter_sim.document import Document
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.errors import ModelError, WorkerDied
from jupyter_sim.events import Edited, Generated, Moved, Opened, Place, Proposed, Taken
from jupyter_sim.history import History
from jupyter_sim.protocol import (
    Accept,
    Acknowledged,
    Branch,
    Cancel,
    Changed,
    Dismiss,
    Failed,
    FromDocument,
    Grown,
    Move,
    Propose,
    Refused,
    Reject,
    See,
    Sync,
)

from .writer import PROMPT, TEXTS, Open, Writer, recorded, streaming, told


async def test_nothing_is_recorded_before_the_first_proposal_but_the_text_as_found(
    opened: Open,
) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    await writer.write(PROMPT)
    (event,) = writer.document.history.events
    assert isinstance(event, Opened)
    assert event.text == PROMPT


async def test_a_proposal_streams_candidates_and_records_each_whole(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    candidates = await writer.propose(len(PROMPT))
    assert tuple(writer.node(c) for c in candidates) == TEXTS
    assert recorded(writer.document) == ["Opened", "Proposed"] + ["Generated"] * 3
    proposed = writer.document.history.events[1]
    assert isinstance(proposed, Proposed)
    assert len(set(proposed.seeds)) == 3
    assert proposed.source.model == "scripted"
    grown = "".join(
        gain.text
        for answer in writer.heard
        if isinstance(answer, Grown)
        for gain in answer.gains
        if gain.candidate == candidates[0]
    )
    assert grown == TEXTS[0]


async def test_the_prompt_is_the_text_before_the_caret_and_nothing_after(opened: Open) -> None:
    engine = ScriptedEngine(told())
    writer = opened(engine)
    await writer.write("It was 👩‍🚀 and then it ended.")
    await writer.propose(11, n=1)
    assert engine.requests[0].prompt == "It was 👩‍🚀 "


async def test_accepting_word_by_word_and_then_all_gives_the_models_text(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    candidates = await writer.propose(len(PROMPT))
    night = writer.candidate(candidates, TEXTS[0])
    await writer.accept(night, 0, 1, at=7)
    await writer.accept(night, 1, 13, at=8, closes=True)
    assert writer.text == "It was a dark night."
    assert isinstance(await writer.write("It was a dark night."), Acknowledged)
    assert "Edited" not in recorded(writer.document)


async def test_an_undone_acceptance_is_a_move_and_not_an_edit(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    candidates = await writer.propose(len(PROMPT))
    await writer.accept(candidates[0], 0, 13, at=7, closes=True)
    await writer.write(PROMPT, undo=True)
    await writer.write("It was a dark night.", undo=True)
    moves = writer.document.history.events[-2:]
    assert all(isinstance(move, Moved) for move in moves)
    assert writer.text == "It was a dark night."


async def test_typing_is_one_edit_that_keeps_what_stands_around_it(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write("It was late.")
    await writer.write("It was so very late.")
    edit = writer.document.history.events[-1]
    assert isinstance(edit, Edited)
    assert writer.text == "It was so very late."


async def test_a_candidate_accepted_while_it_streams_is_recorded_before_its_verdict(
    opened: Open,
) -> None:
    _, writer, draw = await streaming(opened)
    candidate = writer.candidates[draw][0]
    await writer.accept(candidate, 0, 1, at=7, closes=True)
    names = recorded(writer.document)
    assert names.index("Accepted") > names.index("Generated")
    assert writer.text == "It was a"


async def test_a_dismissed_fan_stops_and_keeps_what_was_offered(opened: Open) -> None:
    _, writer, draw = await streaming(opened)
    await writer.say(Dismiss(writer.id(), "cell", "fan-00001", writer.candidates[draw]))
    await writer.until(lambda: writer.ended(draw) == 3)
    kept = {e.text: e.finish for e in writer.document.history.events if isinstance(e, Generated)}
    assert kept == {"a": "cancelled", "nobody.": "stop"}
    assert "Dismissed" in recorded(writer.document)


async def test_cancelling_what_never_was_proposed_is_no_event(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    await writer.propose(len(PROMPT))
    before = recorded(writer.document)
    await writer.say(Cancel(writer.id(), "cell", "fan-00002"))
    assert recorded(writer.document) == before


async def test_cancelling_overtakes_an_acceptance_that_waits(opened: Open) -> None:
    _, writer, draw = await streaming(opened)
    waiting = asyncio.create_task(writer.accept(writer.candidates[draw][0], 0, 1, at=7))
    await asyncio.sleep(0)
    await writer.say(Cancel(writer.id(), "cell", "fan-00001"))
    assert isinstance(await waiting, Acknowledged)


async def test_branching_rejecting_and_seeing_are_events_with_what_was_seen(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    c = await writer.propose(len(PROMPT))
    await writer.say(See(writer.id(), "cell", "fan-00001", c))
    await writer.say(Branch(writer.id(), "cell", "fan-00001", c[0], c))
    await writer.say(Reject(writer.id(), "cell", "fan-00001", c[1], c))
    await writer.begin(len(PROMPT), n=1, replaces=c[1])
    assert recorded(writer.document)[5:8] == ["Shown", "Branched", "Rejected"]
    assert writer.document.trees["cell"].verdicts == {c[0]: "branched", c[1]: "rejected"}


async def test_a_request_sent_twice_is_acknowledged_twice_and_recorded_once(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    (candidate,) = await writer.propose(len(PROMPT), n=1)
    again = Branch(writer.id(), "cell", "fan-00001", candidate, (candidate,))
    assert isinstance(await writer.say(again), Acknowledged)
    assert isinstance(await writer.say(again), Acknowledged)
    assert recorded(writer.document).count("Branched") == 1


async def test_a_request_that_is_sent_again_while_it_is_written_is_recorded_once(
    opened: Open,
) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    (candidate,) = await writer.propose(len(PROMPT), n=1)
    fan = ("cell", "fan-00001")
    for again in (
        Branch(writer.id(), *fan, candidate, (candidate,)),
        See(writer.id(), *fan, (candidate,)),
        Accept(writer.id(), *fan, candidate, (candidate,), 7, 0, 1, closes=False),
        Sync(writer.id(), "cell", "It was all."),
    ):
        handle = writer.document.handle
        await asyncio.gather(handle(again, writer.hear), handle(again, writer.hear))
        assert writer.heard[-2:] == [Acknowledged(again.id)] * 2
    other = Branch(writer.id(), *fan, candidate, ())
    same = Sync(other.id, "cell", "It was late.")
    await asyncio.gather(
        writer.document.handle(other, writer.hear), writer.document.handle(same, writer.hear)
    )
    told_of = list(writer.document.cells.events("cell"))
    assert told_of == list(writer.document.history.events)
    assert [type(e).__name__ for e in told_of[3:]] == [
        "Branched",
        "Shown",
        "Accepted",
        "Edited",
        "Branched",
    ]


async def test_a_text_that_is_too_long_is_refused_before_it_is_recorded(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    await writer.write("x" * 1_000_000)
    (opening,) = writer.document.history.events
    whole = Taken(opening.stamp.id + ".0", 0, 1_000_000)
    move = Move(writer.id(), "cell", Place(whole.node, 0), (whole,) * 40)
    refused = await writer.say(move)
    assert isinstance(refused, Refused)
    assert "40,000,000 characters" in refused.message
    assert recorded(writer.document) == ["Opened"]


async def test_a_crash_of_the_worker_fails_the_fan_and_the_next_proposal_works(
    opened: Open,
) -> None:
    engine, writer, draw = await streaming(opened)
    engine.crash()
    await writer.until(lambda: isinstance(writer.heard[-1], Failed))
    assert writer.ended(draw) == 3
    failed = writer.heard[-1]
    assert isinstance(failed, Failed)
    assert failed.code == WorkerDied.code
    second = await writer.begin(len(PROMPT))
    await engine.begun(2)
    engine.release(99)
    await writer.until(lambda: writer.ended(second) == 3)


async def test_a_model_that_does_not_load_refuses_with_its_sentence(opened: Open) -> None:
    writer = opened(ScriptedEngine(refusal=ModelError("No model here; name one.")))
    await writer.write(PROMPT)
    draw = await writer.begin(len(PROMPT))
    await writer.until(lambda: isinstance(writer.heard[-1], Refused))
    assert writer.heard[-1] == Refused(draw, "model", "No model here; name one.")
    assert recorded(writer.document) == ["Opened"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda w, c: w.accept(c, 0, 99, at=7), "must lie inside"),
        (lambda w, c: w.accept(c, 3, 1, at=7), "must lie inside"),
        (lambda w, c: w.accept(c, 0, 1, at=99), "no such point"),
        (lambda w, c: w.accept("never-seen.0", 0, 1, at=7), "never offered"),
        (
            lambda w, c: w.say(Branch(w.id(), "other", "fan-00001", c, ())),
            "send its text first",
        ),
    ],
)
async def test_a_verdict_that_fits_nothing_is_refused_and_nothing_is_recorded(
    opened: Open,
    wrong: Callable[[Writer, str], Awaitable[FromDocument]],
    sentence: str,
) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    (candidate,) = await writer.propose(len(PROMPT), n=1)
    before = recorded(writer.document)
    answer = await wrong(writer, candidate)
    assert isinstance(answer, Refused)
    assert sentence in answer.message
    assert recorded(writer.document) == before


async def test_a_document_opened_again_has_the_same_trees(opened: Open, tmp_path: Path) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    candidates = await writer.propose(len(PROMPT))
    await writer.accept(candidates[0], 0, 13, at=7, closes=True)
    await writer.write("It was a dark night. So")
    again = History.open("document-1", path="a.ipynb", root=tmp_path)
    assert Document(again, ScriptedEngine()).trees == writer.document.trees
    await again.close()


async def test_a_verdict_on_another_candidate_does_not_wait_for_one_that_streams(
    opened: Open,
) -> None:
    engine, writer, draw = await streaming(opened)
    first, second, _ = writer.candidates[draw]
    waiting = asyncio.create_task(writer.accept(first, 0, 1, at=7))
    await asyncio.sleep(0)
    kept = await writer.say(Branch(writer.id(), "cell", "fan-00001", second, ()))
    assert isinstance(kept, Acknowledged)
    other = await writer.say(Sync(writer.id(), "other", "another cell"))
    assert isinstance(other, Acknowledged)
    engine.release(99)
    assert isinstance(await waiting, Acknowledged)


async def test_a_proposal_that_waits_its_turn_stops_with_its_fan(opened: Open) -> None:
    engine = ScriptedEngine(told(), held=True)
    writer = opened(engine)
    await writer.write(PROMPT)
    asked = Propose(writer.id(), "cell", "fan-00001", 7, 3, "sentence", 48)
    dismissed = Dismiss(writer.id(), "cell", "fan-00001", ())
    await asyncio.gather(
        writer.document.handle(asked, writer.hear), writer.document.handle(dismissed, writer.hear)
    )
    refused = Refused(asked.id, "cancelled", "It was called off.")
    await writer.until(lambda: refused in writer.heard)
    assert recorded(writer.document) == ["Opened", "Dismissed"]


async def test_another_front_end_hears_that_its_text_no_longer_stands(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    other = Writer(writer.document)
    await writer.write(PROMPT)
    assert Changed("cell") in other.heard
    assert Changed("cell") not in writer.heard
    await other.write("Another text.")
    await writer.write(PROMPT)
    assert writer.text == PROMPT


async def test_nothing_overtakes_what_could_not_be_written(opened: Open, tmp_path: Path) -> None:
    writer = opened(ScriptedEngine(told()))
    folder = tmp_path / "document-1"
    folder.write_text("a file where the folder should be")
    first, second = Sync(writer.id(), "cell", "one"), Sync(writer.id(), "cell", "one two")
    refused = await writer.say(first)
    assert isinstance(refused, Refused)
    assert refused.code == "history"
    folder.unlink()
    assert isinstance(await writer.say(second), Refused)
    assert isinstance(await writer.say(first), Acknowledged)
    assert isinstance(await writer.say(second), Acknowledged)
    assert writer.text == "one two"


async def test_a_front_end_that_leaves_stops_only_its_own_draws(opened: Open) -> None:
    engine = ScriptedEngine(told(), held=True)
    writer = opened(engine)
    other = Writer(writer.document)
    await writer.write(PROMPT)
    left = await writer.begin(len(PROMPT))
    stays = await other.begin(len(PROMPT), fan="fan-00002")
    await engine.begun(2)
    await engine.step()
    writer.document.leave(writer.hear)
    await writer.until(lambda: writer.ended(left) == 3)
    assert other.ended(stays) == 0
