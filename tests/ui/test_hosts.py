"""Other hosts of the same front end: a server behind a prefix and a token, Notebook 7, a widget."""

from pathlib import Path
from urllib.parse import quote

from .desk import Desk
from .fan import ACCEPT, BRANCH, NEXT, Fan
from .lab import Lab, running

OPENING = "It was a dark and "


def test_a_server_under_a_prefix_and_with_a_token_works(own_desk, tmp_path: Path) -> None:
    with running(tmp_path, base_url=quote("/user/ä b/"), token="a-token-of-its-own") as lab:
        desk = own_desk(lab)
        fan = Fan(desk)
        desk.arrive()
        name = desk.notebook(OPENING)
        fan.propose()
        desk.press(ACCEPT)
        desk.save()
        desk.recorded()
        assert lab.replay(name) == {"cell-0": desk.saved(name)}
        assert not any(lab.token in line for line in lab.log)


def test_notebook_7_shows_the_same_fan(own_desk, lab: Lab) -> None:
    desk = own_desk(lab)
    desk.forgive("/static/notebook/notebook_core")  # it throws without this extension, too
    fan = Fan(desk)
    name = lab.notebook(OPENING, kernel=True)
    desk.arrive(f"notebooks/{name}")
    desk.until("() => desk.kernel?.status === 'idle'")  # it takes the focus when it comes
    desk.edit(0)
    fan.propose()
    ghost = fan.look().ghost
    desk.press(ACCEPT)
    desk.save()
    desk.recorded()
    assert desk.saved(name) == OPENING + ghost
    assert lab.replay(name) == {"cell-0": OPENING + ghost}


def test_a_widget_shows_the_same_fan_in_an_output(desk: Desk, fan: Fan) -> None:
    source = f'from jupyter_sim import Loom\nLoom({OPENING!r}, document="a-dark-night")'
    desk.notebook(source, kind="code", kernel=True)
    desk.until("() => desk.kernel?.status === 'idle'")
    desk.command("notebook:run-cell")
    text = desk.page.locator(".jp-sim-widget .cm-content")
    text.click()
    desk.press("End")
    fan.propose()
    desk.press(BRANCH)
    desk.press(NEXT)
    ghost = fan.look().ghost
    desk.press(ACCEPT)
    fan.closed()
    assert text.inner_text() == OPENING + ghost
    desk.eventually(lambda: desk.lab.replay("a-dark-night") == {"text": OPENING + ghost})
    kinds = [event["type"] for event in desk.lab.events("a-dark-night")]
    assert {"branched", "accepted"} <= set(kinds)
