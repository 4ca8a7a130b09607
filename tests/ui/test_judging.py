"""Judging by keys and by mouse, and changing how the next draw is made."""

import pytest

from .desk import Desk
from .fan import ACCEPT, BRANCH, DISMISS, NEXT, PREVIOUS, PROPOSE, REJECT, Fan

OPENING = "It was a dark and "


def test_the_ghost_follows_the_highlight(desk: Desk, fan: Fan) -> None:
    desk.set(distinct=True)
    desk.notebook(OPENING)
    fan.propose()
    ghosts = []
    for _ in range(5):
        seen = fan.look()
        assert seen.highlighted.text.split() == seen.ghost.replace("\n", " ↵ ").split()
        ghosts.append(seen.ghost)
        desk.press(NEXT)
    assert len(set(ghosts)) == 5
    assert fan.look().ghost == ghosts[0]
    desk.press(PREVIOUS)
    assert fan.look().ghost == ghosts[4]


def test_every_verdict_is_on_disk_with_what_was_seen(desk: Desk, fan: Fan) -> None:
    desk.set(distinct=True)
    name = desk.notebook(OPENING)
    fan.propose()
    desk.press(BRANCH)
    desk.press(NEXT)
    desk.press(REJECT)
    fan.settle()
    desk.press(NEXT)
    desk.press(ACCEPT)
    desk.recorded()
    events = desk.lab.events(name)
    verdicts = [e for e in events if e["type"] in {"branched", "rejected", "accepted"}]
    assert [e["type"] for e in verdicts] == ["branched", "rejected", "accepted"]
    assert [len(e["seen"]) for e in verdicts] == [5, 5, 6]
    assert len({e["candidate"] for e in verdicts}) == 3
    replaced = [e["replaces"] for e in events if e["type"] == "proposed"]
    assert replaced == [None, verdicts[1]["candidate"]]


def test_more_adds_candidates_to_the_fan(desk: Desk, fan: Fan) -> None:
    desk.notebook(OPENING)
    fan.propose()
    first = [row.text for row in fan.look().rows]
    desk.press(PROPOSE)
    fan.settle(10)
    assert [row.text for row in fan.look().rows][:5] == first


def test_a_click_highlights_and_a_double_click_accepts(desk: Desk, fan: Fan) -> None:
    desk.set(distinct=True)
    desk.notebook(OPENING)
    fan.propose()
    fan.row(3).click()
    ghost = fan.look().ghost
    assert fan.look().on == 3
    assert desk.text() == OPENING
    fan.row(3).dblclick()
    fan.closed()
    assert desk.text() == OPENING + ghost
    desk.type("!")
    assert desk.text() == OPENING + ghost + "!"


def test_the_buttons_do_what_the_keys_do(desk: Desk, fan: Fan) -> None:
    desk.set(distinct=True)
    name = desk.notebook(OPENING)
    fan.propose()
    fan.button("branch").click()
    assert fan.look().rows[0].branched
    fan.row(1).click()
    fan.button("reject").click()
    fan.settle()
    fan.drawer()
    fan.button("more").click()
    fan.settle(10)
    fan.row(0).click()
    ghost = fan.look().ghost
    fan.button("word").click()
    word = desk.text().removeprefix(OPENING)
    assert word and ghost.startswith(word)
    fan.button("accept").click()
    fan.closed()
    assert desk.text() == OPENING + ghost
    fan.propose()
    fan.button("dismiss").click()
    fan.closed()
    desk.recorded()
    kinds = [event["type"] for event in desk.lab.events(name)]
    for kind, count in {"accepted": 2, "branched": 1, "rejected": 1, "dismissed": 1}.items():
        assert kinds.count(kind) == count


def test_count_temperature_and_length_are_changed_where_the_fan_is(desk: Desk, fan: Fan) -> None:
    name = desk.notebook(OPENING)
    fan.propose()
    fan.choose_count(3)
    fan.choose_temperature(0.7)
    fan.choose_length("word")
    desk.press(DISMISS)
    fan.propose(3)
    assert all(len(row.text.split()) == 1 for row in fan.look().rows)
    desk.recorded()
    first, second = [e for e in desk.lab.events(name) if e["type"] == "proposed"]
    assert (len(first["seeds"]), first["sampling"]["temperature"], first["stop"]) == (
        5,
        1.0,
        "sentence",
    )
    assert (len(second["seeds"]), second["sampling"]["temperature"], second["stop"]) == (
        3,
        0.7,
        "word",
    )


def test_a_code_cell_stops_at_the_end_of_a_block(desk: Desk, fan: Fan) -> None:
    name = desk.notebook("def night():\n    ", kind="code")
    fan.propose()
    desk.recorded()
    (proposed,) = [e for e in desk.lab.events(name) if e["type"] == "proposed"]
    assert proposed["stop"] == "block"


@pytest.mark.parametrize("keys", ["Shift+Enter", "Control+b", "Home"])
def test_keys_that_are_not_the_fans_keep_their_meaning(desk: Desk, fan: Fan, keys: str) -> None:
    desk.notebook(OPENING, "Next")
    fan.propose()
    desk.press(keys)
    assert desk.text(0) == OPENING
    if keys != "Control+b":
        fan.closed()


def test_the_reader_of_the_screen_is_told(desk: Desk, fan: Fan) -> None:
    desk.set(distinct=True)
    desk.notebook(OPENING)
    fan.propose()
    page = desk.page
    rows = page.get_by_role("listbox", name="Candidates").get_by_role("option")
    assert rows.count() == 5
    editor = page.locator(".jp-sim-open .cm-content")
    active = editor.get_attribute("aria-activedescendant")
    assert active == fan.look().highlighted.id
    assert desk.ask("() => document.activeElement.classList.contains('cm-content')")
    assert fan.part("[role=status]").inner_text() == "5 candidates"


def test_the_status_bar_names_the_model_and_its_device_and_opens_details(
    desk: Desk, fan: Fan
) -> None:
    desk.notebook(OPENING)
    fan.propose()
    status = desk.lab.status()
    item = desk.page.locator(".jp-sim-status")
    assert status["model"] in item.inner_text()
    assert status["device"] in item.inner_text()
    item.click()
    details = desk.page.get_by_role("dialog")
    details.wait_for()
    for fact in (status["model"], status["device"], f"{status['context']:,}"):
        assert fact in details.inner_text()
    desk.press("Escape")
