"""Whoever follows a cell is told all that happened in it, and then what happens."""

import asyncio

import msgspec

from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.events import Event
from jupyter_sim.follow import MOST
from jupyter_sim.protocol import Acknowledged, Follow, Happened, encode
from jupyter_sim.tree import fold

from .writer import PROMPT, TEXTS, Open, Writer, told


def heard(writer: Writer, cell: str = "cell") -> list[Event]:
    """The events that were told of a cell, each once and in order."""
    events: list[Event] = []
    for answer in writer.answers(Happened):
        if answer.cell == cell:
            assert answer.first in (0, len(events))
            events[answer.first :] = answer.events
    return events


async def follow(writer: Writer, *cells: str) -> None:
    answer = await writer.say(Follow(writer.id(), cells))
    assert isinstance(answer, Acknowledged)


async def test_a_cell_is_told_from_its_first_event_and_then_as_it_goes_on(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    await follow(writer, "cell")
    candidates = await writer.propose(len(PROMPT))
    await writer.accept(candidates[0], 0, 13, at=7)
    assert heard(writer) == list(writer.document.history.events)
    assert fold(heard(writer))[0] == writer.document.trees


async def test_a_cell_that_is_not_recorded_has_no_events_yet(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    await follow(writer, "cell")
    assert writer.answers(Happened) == [Happened("cell", 0, ())]
    await writer.write(PROMPT)
    assert [type(event).__name__ for event in heard(writer)] == ["Opened"]


async def test_what_another_front_end_does_is_told_too(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    other = Writer(writer.document)
    await follow(writer, "cell")
    await other.write(PROMPT)
    await other.write(PROMPT + "late")
    assert len(heard(writer)) == 2
    assert not heard(other)


async def test_only_the_cells_that_were_named_last_are_followed(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    await follow(writer, "one", "two")
    await follow(writer, "two", "three")
    for cell in ("one", "two", "three"):
        await writer.write("It was late.", cell=cell)
    assert [len(heard(writer, cell)) for cell in ("one", "two", "three")] == [0, 1, 1]
    assert [a.cell for a in writer.answers(Happened) if not a.events] == ["one", "two", "three"]


async def test_a_cell_that_was_left_is_told_afresh(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    await writer.write(PROMPT)
    await follow(writer, "cell")
    await follow(writer)
    await writer.write(PROMPT + "late")
    await follow(writer, "cell")
    assert writer.answers(Happened)[-1].first == 0
    assert len(heard(writer)) == 2


async def test_a_long_history_comes_in_parts_and_misses_nothing_meanwhile(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    for number in range(40):
        await writer.write(f"{number:05}\n" * 8000)
    following = asyncio.create_task(follow(writer, "cell"))
    await asyncio.sleep(0)
    other = Writer(writer.document)
    await other.write("z")
    await following
    assert heard(writer) == list(writer.document.history.events)
    parts = writer.answers(Happened)
    assert len(parts) > 5
    assert all(len(encode(part)) < MOST + 1000 for part in parts)


async def test_lone_surrogates_are_told_too(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    await follow(writer, "cell")
    await writer.write("a\ud800b")
    said = encode(writer.answers(Happened)[-1])
    assert b"a\\ud800b" in said
    assert msgspec.json.decode(said.replace(b"\\ud800", b""))["type"] == "happened"


async def test_a_front_end_that_left_is_told_nothing(opened: Open) -> None:
    writer = opened(ScriptedEngine({PROMPT: TEXTS}))
    other = Writer(writer.document)
    await follow(writer, "cell")
    writer.document.leave(writer.hear)
    await other.write(PROMPT)
    assert not heard(writer)
