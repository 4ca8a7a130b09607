"""Cells are split, merged, copied, moved and removed, texts come from elsewhere: every character
keeps its author.
"""

from pathlib import Path

from jupyter_sim.document import Document
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.events import Edited, Event, Marked, Moved, Opened, Origin, Place, Placed, Taken
from jupyter_sim.history import History
from jupyter_sim.protocol import (
    Accept,
    Acknowledged,
    FromDocument,
    Mark,
    Move,
    Propose,
    Put,
    Refused,
    Reject,
    Sync,
    Withdraw,
)

from .writer import PROMPT, TEXTS, Open, Writer, recorded, streaming, told

NIGHT = PROMPT + TEXTS[0]
LONG = "a dark night that nobody who was there forgot."


async def written(opened: Open) -> Writer:
    """A cell with "It was " found and "a dark night." by the model."""
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    candidates = await writer.propose(len(PROMPT))
    await writer.accept(candidates[0], 0, 13, at=7, closes=True)
    return writer


async def long_night(opened: Open) -> Writer:
    """A cell with "It was " found and a long sentence by the model."""
    writer = opened(ScriptedEngine(told((LONG,))))
    await writer.write(PROMPT)
    (candidate,) = await writer.propose(len(PROMPT), n=1)
    await writer.accept(candidate, 0, len(LONG), at=7, closes=True)
    return writer


async def put(writer: Writer, cell: str, text: str, *sources: str) -> FromDocument:
    return await writer.say(Put(writer.id(), cell, "made", text, sources))


def last(writer: Writer) -> Event:
    return writer.document.history.events[-1]


async def test_the_new_half_of_a_split_cell_has_the_authors_of_the_old(opened: Open) -> None:
    writer = await written(opened)
    await put(writer, "new", "s a dark night.", "cell")
    await writer.write("It wa")
    assert writer.authors_of("new") == "ff" + "m" * 13
    assert writer.authors == "f" * 5
    opening = writer.document.trees["new"]
    assert opening.text == "s a dark night."
    event = writer.document.history.events[-2]
    assert isinstance(event, Opened)
    assert [origin.cell for origin in event.origins] == ["cell"]


async def test_even_a_few_characters_split_off_keep_their_author(opened: Open) -> None:
    writer = await written(opened)
    await put(writer, "new", "t.", "cell")
    assert writer.authors_of("new") == "mm"


async def test_a_split_is_known_even_if_the_old_cell_was_told_first(opened: Open) -> None:
    writer = await written(opened)
    await writer.write(PROMPT)
    await put(writer, "new", "a dark night.", "cell")
    assert writer.authors_of("new") == "m" * 13


async def test_a_split_that_nobody_announced_is_known_by_the_text_that_left(opened: Open) -> None:
    writer = await written(opened)
    await writer.write("")
    await writer.write(NIGHT, cell="new")
    assert writer.authors_of("new") == "f" * 7 + "m" * 13


async def test_a_merged_cell_has_the_authors_of_both(opened: Open) -> None:
    writer = await written(opened)
    await writer.write("One.", cell="other")
    await put(writer, "other", "One.\n\n" + NIGHT, "cell")
    await writer.say(Put(writer.id(), "cell", "removed"))
    assert writer.authors_of("other") == "ffff" + "hh" + "f" * 7 + "m" * 13
    edit = writer.document.history.events[-2]
    assert isinstance(edit, Edited)
    assert [origin.cell for origin in edit.origins] == ["cell"]
    assert isinstance(last(writer), Placed)


async def test_words_that_both_merged_cells_have_keep_the_author_of_the_longer_passage(
    opened: Open,
) -> None:
    writer = opened(ScriptedEngine(told(("night fell", "the night was long."))))
    await writer.write("As the day was done, ")
    _, candidate = await writer.propose(21, n=2)
    await writer.accept(candidate, 0, 19, at=21, closes=True)
    await put(writer, "new", "the night was long.", "cell")
    await writer.write("As the day was done, ")
    await put(writer, "new", "As the day was done, \n\nthe night was long.", "cell")
    assert writer.authors_of("new") == "f" * 21 + "hh" + "m" * 19


async def test_a_copy_and_a_duplicate_id_bring_their_history_along(opened: Open) -> None:
    writer = await written(opened)
    await put(writer, "copy", NIGHT, "cell")
    assert writer.authors_of("copy") == writer.authors == "f" * 7 + "m" * 13
    event = last(writer)
    assert isinstance(event, Opened)
    head = writer.document.trees["cell"].head
    assert head
    assert event.origins == (Origin("cell", head),)


async def test_a_copy_that_nobody_announced_is_known_by_what_it_says(opened: Open) -> None:
    writer = await long_night(opened)
    await writer.write(PROMPT + LONG, cell="copy")
    assert writer.authors_of("copy") == "f" * 7 + "m" * len(LONG)
    event = last(writer)
    assert isinstance(event, Opened)
    assert [origin.cell for origin in event.origins] == ["cell"]
    await writer.write(PROMPT, cell="short")
    assert writer.authors_of("short") == "f" * 7


async def test_two_cells_of_one_id_are_two_once_one_of_them_has_another(opened: Open) -> None:
    writer = await long_night(opened)
    await writer.write("Another text stood below, under the same id")
    await put(writer, "new", PROMPT + LONG, "cell")
    assert writer.authors_of("new") == "f" * 7 + "m" * len(LONG)
    assert writer.authors_of("cell") == "h" * 43


async def test_a_retyped_cell_with_a_new_id_brings_its_history_along(opened: Open) -> None:
    writer = await written(opened)
    await writer.say(Put(writer.id(), "new", "retyped", NIGHT, ("cell",)))
    assert writer.authors_of("new") == writer.authors


async def test_what_becomes_of_a_cell_as_a_whole_is_recorded(opened: Open) -> None:
    writer = await written(opened)
    for how in ("retyped", "moved", "removed", "restored"):
        await writer.say(Put(writer.id(), "cell", how))
        event = last(writer)
        assert isinstance(event, Placed)
        assert event.how == how
    assert writer.text == NIGHT


async def test_of_cells_that_nobody_recorded_nothing_is(opened: Open) -> None:
    writer = opened(ScriptedEngine())
    assert isinstance(await put(writer, "new", "It was late.", "cell"), Acknowledged)
    await writer.say(Put(writer.id(), "cell", "removed"))
    assert recorded(writer.document) == []


async def test_what_stood_there_before_one_came_is_found(opened: Open) -> None:
    writer = await written(opened)
    await writer.say(Sync(writer.id(), "cell", NIGHT + " Then it rained.", found=True))
    assert writer.authors == "f" * 7 + "m" * 13 + "f" * 16


async def test_an_older_state_of_the_notebook_is_that_state_again(opened: Open) -> None:
    writer = await written(opened)
    for text in ("One.", "Two.", "Three.", "Four.", "Five.", "Six."):
        await writer.write(text)
    await writer.say(Sync(writer.id(), "cell", NIGHT, found=True))
    assert isinstance(last(writer), Moved)
    assert writer.authors == "f" * 7 + "m" * 13


async def test_undo_and_redo_keep_the_authors(opened: Open) -> None:
    writer = await written(opened)
    await writer.write("")
    await writer.write(NIGHT, undo=True)
    assert isinstance(last(writer), Moved)
    assert writer.authors == "f" * 7 + "m" * 13


async def test_what_was_cut_comes_back_with_its_authors_without_an_undo(opened: Open) -> None:
    writer = await written(opened)
    await writer.write("Then")
    await writer.write("Then " + NIGHT)
    assert writer.authors == "h" * 5 + "f" * 7 + "m" * 13


async def test_what_was_cut_comes_back_with_its_authors_after_other_edits(opened: Open) -> None:
    writer = await written(opened)
    long = "And so the night went on. "
    await writer.write(NIGHT + long)
    await writer.write(NIGHT)
    for end in range(1, 40):
        await writer.write(NIGHT + "Then nobody spoke of the harbour again."[:end])
    await writer.write(NIGHT + "Then nobody spoke of the harbour again." + long)
    assert isinstance(edit := last(writer), Edited)
    assert all(isinstance(span, Taken) for span in edit.spans)


async def test_what_was_cut_comes_back_with_its_authors_when_the_page_was_loaded_anew(
    opened: Open, tmp_path: Path
) -> None:
    writer = await long_night(opened)
    await writer.write(PROMPT)
    await writer.write("Another cell.", cell="other")
    await writer.document.history.close()
    again = Writer(
        Document(History.open("document-1", path="a.ipynb", root=tmp_path), ScriptedEngine())
    )
    await again.write(LONG + PROMPT)
    await again.write("Another cell." + LONG, cell="other")
    assert again.authors == "m" * len(LONG) + "f" * 7
    assert again.authors_of("other") == "f" * 13 + "m" * len(LONG)
    await again.document.close()


async def test_what_is_copied_from_another_cell_keeps_its_authors(opened: Open) -> None:
    writer = await long_night(opened)
    await writer.write("Another cell. ", cell="other")
    await writer.write("Another cell. " + LONG, cell="other")
    assert writer.authors_of("other") == "f" * 14 + "m" * len(LONG)
    event = last(writer)
    assert isinstance(event, Edited)
    assert [origin.cell for origin in event.origins] == ["cell"]


async def test_what_a_branch_had_comes_back_with_its_authors_from_another(opened: Open) -> None:
    writer = await long_night(opened)
    opening = writer.document.history.events[0].stamp.id + ".0"
    await writer.say(Move(writer.id(), "cell", Place(opening, len(PROMPT))))
    await writer.write("Then: " + LONG)
    assert writer.authors == "h" * 6 + "m" * len(LONG)


async def test_a_text_that_is_typed_anew_is_an_edit(opened: Open) -> None:
    writer = await written(opened)
    await writer.write(PROMPT + "a")
    await writer.write(PROMPT + "a dark")
    await writer.write(PROMPT + "a")
    await writer.write(PROMPT + "a dark")
    assert isinstance(last(writer), Edited)
    assert writer.text == PROMPT + "a dark"


async def test_every_step_of_an_acceptance_word_by_word_is_the_text_as_told(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    candidate, *_ = await writer.propose(len(PROMPT))
    for start, stop in ((0, 1), (1, 6), (6, 13)):
        await writer.accept(candidate, start, stop, at=7 + start)
        await writer.write(NIGHT[: 7 + stop])
    assert "Edited" not in recorded(writer.document)


async def test_what_a_removed_cell_had_is_known_in_a_new_one(opened: Open) -> None:
    writer = await long_night(opened)
    await writer.say(Put(writer.id(), "cell", "removed"))
    await writer.write(LONG, cell="new")
    assert writer.authors_of("new") == "m" * len(LONG)


async def test_a_cell_that_has_nothing_of_its_sources_is_recorded_when_it_is_told(
    opened: Open,
) -> None:
    writer = await written(opened)
    before = recorded(writer.document)
    assert isinstance(await put(writer, "new", "Something else.", "cell"), Acknowledged)
    assert recorded(writer.document) == before
    await writer.write("Something else.", cell="new")
    assert writer.authors_of("new") == "f" * 15


async def test_a_move_shows_another_branch_and_can_bring_the_tail_along(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write("It was . Then it rained.")
    first, second, _ = await writer.propose(7)
    await writer.accept(first, 0, 12, at=7, closes=True)
    to = Place(second, 13)
    await writer.say(Move(writer.id(), "cell", to))
    assert writer.text == "It was a day of rain"
    tail = (Taken(writer.document.history.events[0].stamp.id + ".0", 7, 24),)
    await writer.say(Move(writer.id(), "cell", to, tail))
    assert writer.text == "It was a day of rain. Then it rained."
    assert writer.authors == "f" * 7 + "m" * 13 + "f" * 17
    assert isinstance(last(writer), Edited)


async def test_a_move_back_to_a_text_that_stood_there_makes_no_text(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write("It was . Then it rained.")
    first, second, _ = await writer.propose(7)
    await writer.accept(first, 0, 12, at=7, closes=True)
    accepted, tail = writer.document.trees["cell"].head, writer.document.trees["cell"].tail(19)
    for to in (Place(second, 13), Place(first, 12), Place(first, 12)):
        await writer.say(Move(writer.id(), "cell", to, tail))
    assert writer.document.trees["cell"].head == accepted
    assert recorded(writer.document)[-2:] == ["Edited", "Moved"]


async def test_a_verdict_is_taken_back_and_stays_in_the_history(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    first, *_ = await writer.propose(len(PROMPT))
    await writer.say(Reject(writer.id(), "cell", "fan-00001", first, ()))
    await writer.say(Withdraw(writer.id(), "cell", "fan-00001", first))
    assert writer.document.trees["cell"].verdicts == {}
    assert recorded(writer.document)[-2:] == ["Rejected", "Withdrawn"]


async def test_the_latest_marks_of_a_node_stand(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    first, *_ = await writer.propose(len(PROMPT))
    await writer.say(Mark(writer.id(), "cell", first, pinned=True, tags=("best",)))
    await writer.say(Mark(writer.id(), "cell", first, note="the weather"))
    mark = writer.document.trees["cell"].marks[first]
    assert (mark.pinned, mark.tags, mark.note) == (False, (), "the weather")
    await writer.say(Mark(writer.id(), "cell", first))
    assert writer.document.trees["cell"].marks == {}
    assert isinstance(last(writer), Marked)


async def test_a_candidate_can_be_marked_before_it_is_whole(opened: Open) -> None:
    _, writer, draw = await streaming(opened)
    candidate = writer.candidates[draw][0]
    marked = await writer.say(Mark(writer.id(), "cell", candidate, pinned=True))
    assert isinstance(marked, Acknowledged)
    assert writer.document.trees["cell"].marks[candidate].pinned


async def test_a_place_or_node_that_is_not_there_is_refused(opened: Open) -> None:
    writer = await written(opened)
    before = recorded(writer.document)
    nowhere = Place("nowhere-at-all.0", 0)
    for wrong in (
        Move(writer.id(), "cell", nowhere),
        Move(writer.id(), "other", nowhere),
        Mark(writer.id(), "cell", "nowhere-at-all.0"),
        Withdraw(writer.id(), "cell", "fan-00001", "nowhere-at-all.0"),
        Propose(writer.id(), "cell", "fan-00001", nowhere, 1, "none", 8),
        Accept(writer.id(), "cell", "fan-00001", "nowhere-at-all.0", (), 0, 0, 0, closes=True),
    ):
        assert isinstance(await writer.say(wrong), Refused)
    assert recorded(writer.document) == before
