"""The whole road: write, judge, save, export, replay."""

from .desk import Desk
from .fan import ACCEPT, BRANCH, DISMISS, NEXT, REJECT, SENTENCE, WORD, Fan
from .lab import Lab

OPENING = "It was a dark and "
UNDO = "Control+z"


def test_what_was_written_with_fans_is_replayed_to_the_letter(desk: Desk, fan: Fan) -> None:
    name = desk.notebook("")
    desk.type(OPENING)

    fan.propose()
    ghost = fan.look().ghost
    desk.press(WORD)
    with_word = desk.text()
    assert OPENING < with_word < OPENING + ghost
    assert with_word + fan.look().ghost == OPENING + ghost

    desk.press(ACCEPT)
    fan.closed()
    assert desk.text() == OPENING + ghost

    fan.propose()
    desk.press(BRANCH)
    desk.press(NEXT)
    refused = fan.look().highlighted
    desk.press(REJECT)
    fan.settle()
    seen = fan.look()
    assert [row.branched for row in seen.rows] == [True, False, False, False, False]
    assert refused.text not in {row.text for row in seen.rows}

    desk.press(DISMISS)
    fan.closed()
    assert desk.text() == OPENING + ghost

    desk.press(UNDO)
    assert desk.text() == with_word
    desk.type(" the end.")
    desk.save()
    desk.recorded()

    assert desk.saved(name) == with_word + " the end."
    assert desk.lab.replay(name) == {"cell-0": desk.saved(name)}
    kinds = [event["type"] for event in desk.lab.events(name)]
    for kind, count in {"accepted": 2, "branched": 1, "rejected": 1, "dismissed": 1}.items():
        assert kinds.count(kind) == count


def test_an_acceptance_is_one_undo_step_however_fast_one_types(desk: Desk, fan: Fan) -> None:
    desk.notebook(OPENING)
    fan.propose()
    ghost = fan.look().ghost
    desk.press(ACCEPT)
    desk.type("so")
    assert desk.text() == OPENING + ghost + "so"
    desk.press(UNDO)
    assert desk.text() == OPENING + ghost
    desk.press(UNDO)
    assert desk.text() == OPENING
    desk.press("Control+Shift+z")
    assert desk.text() == OPENING + ghost


def test_accepting_to_the_end_of_the_sentence(desk: Desk, fan: Fan) -> None:
    desk.notebook(OPENING)
    fan.propose()
    ghost = fan.look().ghost
    desk.press(SENTENCE)
    accepted = desk.text().removeprefix(OPENING)
    assert accepted and ghost.startswith(accepted)


def test_nothing_enters_the_document_before_it_is_accepted(desk: Desk, fan: Fan) -> None:
    name = desk.notebook(OPENING)
    fan.propose()
    desk.save()
    assert desk.saved(name) == OPENING
    fan.row(1).click()
    desk.press(REJECT)
    fan.settle()
    desk.press(DISMISS)
    desk.save()
    assert desk.saved(name) == OPENING


def test_after_a_reload_the_history_goes_on_in_the_same_document(own_desk, lab: Lab) -> None:
    desk = own_desk(lab)
    fan = Fan(desk)
    desk.arrive()
    name = desk.notebook(OPENING, kernel=True)
    fan.propose()
    desk.press(ACCEPT)
    desk.save()
    desk.recorded()
    before = lab.events(name)

    desk.reload()
    desk.open(name, kernel=True)
    desk.edit(0)
    fan.propose()
    desk.press(ACCEPT)
    desk.save()
    desk.recorded()

    after = lab.events(name)
    assert after[: len(before)] == before
    assert [event["type"] for event in after].count("accepted") == 2
    assert [event["type"] for event in after].count("opened") == 1
    assert lab.replay(name) == {"cell-0": desk.saved(name)}
