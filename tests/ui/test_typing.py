"""Typing while a fan is open: with a candidate, and against all."""

from .desk import Desk
from .fan import ACCEPT, DISMISS, Fan
from .lab import Lab

OPENING = "It was a dark and "
COMPLETER = "@jupyterlab/completer-extension/inline-completer"
HISTORY = "@jupyterlab/inline-completer:history"


def test_typing_what_a_candidate_says_narrows_the_fan_to_it(desk: Desk, fan: Fan) -> None:
    name = desk.notebook(OPENING)
    fan.propose()
    ghost = fan.look().ghost
    said, rest = ghost[:4], ghost[4:]
    desk.type(said)
    seen = fan.look()
    assert desk.text() == OPENING + said
    assert seen.ghost == rest
    assert all(row.text.startswith(said) for row in seen.rows if row.offered)
    desk.press(ACCEPT)
    assert desk.text() == OPENING + ghost
    desk.save()
    desk.recorded()
    assert desk.lab.replay(name) == {"cell-0": desk.saved(name)}
    (accepted,) = [e for e in desk.lab.events(name) if e["type"] == "accepted"]
    assert (accepted["start"], accepted["stop"]) == (len(said), len(ghost))


def test_taking_back_what_was_typed_offers_all_again(desk: Desk, fan: Fan) -> None:
    desk.notebook(OPENING)
    fan.propose()
    all_rows = fan.look().rows
    desk.type(fan.look().ghost[:3])
    desk.press("Backspace", times=3)
    assert fan.look().rows == all_rows


def test_typing_something_else_lets_the_fan_go_and_stops_its_rollout(desk: Desk, fan: Fan) -> None:
    name = desk.notebook(OPENING)
    fan.propose()
    desk.press(DISMISS)
    with fan.streaming():
        desk.type("§")
        fan.closed()
        assert desk.text() == OPENING + "§"
        desk.eventually(lambda: "cancelled" in finishes(desk, name))


def test_what_an_input_method_composes_is_not_taken_for_keys(desk: Desk, fan: Fan) -> None:
    desk.notebook(OPENING)
    fan.propose()
    keyboard = desk.page.context.new_cdp_session(desk.page)
    composing = {"type": "rawKeyDown", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 229}
    keyboard.send("Input.imeSetComposition", {"text": "よ", "selectionStart": 1, "selectionEnd": 1})
    keyboard.send("Input.dispatchKeyEvent", composing)
    keyboard.send("Input.insertText", {"text": "夜"})
    fan.closed()
    assert desk.text() == OPENING + "夜"


def test_the_ghost_of_another_provider_takes_no_key(own_desk, lab: Lab) -> None:
    lab.settings(COMPLETER, {"providers": {HISTORY: {"enabled": True}}})
    desk = own_desk(lab)
    fan = Fan(desk)
    desk.arrive()
    desk.notebook("nights = 1001", "", kind="code", kernel=True)
    desk.until("() => desk.kernel?.status === 'idle'")
    desk.command("notebook:run-cell")
    desk.edit(1)
    desk.type("nights = 1")
    desk.page.locator(".jp-GhostText", has_text="001").wait_for()
    fan.propose()
    ghost = fan.look().ghost
    desk.press(ACCEPT)
    lab.settings(COMPLETER, {})
    assert desk.text(1) == "nights = 1" + ghost


def finishes(desk: Desk, name: str) -> set[str]:
    """How the candidates of a document came to their ends."""
    return {e["finish"] for e in desk.lab.events(name) if e["type"] == "generated"}
