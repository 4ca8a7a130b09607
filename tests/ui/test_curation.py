"""The live figures of curation: in the status bar, and in the panel where a host has none."""

import json
import re

import pytest

from .desk import Desk
from .fan import ACCEPT, BRANCH, NEXT, Fan
from .lab import Lab
from .replay import Replay
from .tree import Tree

OPENING = "It was a dark and "


def counted(lab: Lab, name: str) -> tuple[float, float]:
    """Selection bits and bits per token, as the command line counts them."""
    told = json.loads(lab.sim("curation", name, "--format", "json", "--no-model"))["total"]
    return told["selection_bits"], told["selection_bits_per_token"]


def shown(desk: Desk) -> str:
    return desk.page.locator(".jp-sim-curation").inner_text()


def says(desk: Desk, name: str) -> bool:
    """Whether the figures shown are those of the command line."""
    bits, each = counted(desk.lab, name)
    return shown(desk) == f"{bits:.1f} bits selected · {each:.2f} bits/token"


def choose(desk: Desk, fan: Fan) -> None:
    """Keep two of five: one alive, and one in the text."""
    fan.propose()
    desk.press(BRANCH)
    desk.press(NEXT)
    desk.press(ACCEPT)
    desk.recorded()


def test_the_status_bar_tells_the_bits_of_each_choice(desk: Desk, fan: Fan) -> None:
    name = desk.notebook(OPENING)
    item = desk.page.locator(".jp-sim-curation")
    assert not item.is_visible()
    choose(desk, fan)
    item.wait_for()
    assert says(desk, name)
    before = shown(desk)
    fan.propose()
    desk.press(ACCEPT)
    desk.recorded()
    assert shown(desk) != before and says(desk, name)
    title = item.get_attribute("title") or ""
    assert "Selection: " in title and "log₂" in title

    desk.command("jupyter-sim:score")
    desk.page.get_by_text("bits written").wait_for()
    item.click()
    dialog = desk.page.get_by_role("dialog")
    dialog.wait_for()
    told = dialog.inner_text()
    assert f"{counted(desk.lab, name)[0]:.2f} bits" in told and "2 of the 2 fans" in told
    assert re.search(r"Intervention\s+[\d.]+ bits", told)
    dialog.get_by_role("button", name="Replay").click()
    assert Replay(desk.page).events == len(desk.lab.events(name))


def test_the_figures_are_those_of_the_document_one_works_in(desk: Desk, fan: Fan) -> None:
    first = desk.notebook(OPENING)
    choose(desk, fan)
    desk.page.locator(".jp-sim-curation").wait_for()
    known = shown(desk)
    desk.save()
    desk.notebook(OPENING)
    desk.page.locator(".jp-sim-curation").wait_for(state="hidden")
    desk.open(first)
    desk.page.locator(".jp-sim-curation").wait_for()
    assert shown(desk) == known and says(desk, first)


def test_a_document_that_is_opened_again_tells_its_figures_at_once(own_desk, lab: Lab) -> None:
    desk = own_desk(lab)
    fan = Fan(desk)
    desk.arrive()
    name = desk.notebook(OPENING)
    choose(desk, fan)
    desk.save()
    desk.reload()
    desk.open(name)
    desk.page.locator(".jp-sim-curation").wait_for()
    assert says(desk, name)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_notebook_7_tells_them_in_the_branches_panel(own_desk, lab: Lab, theme: str) -> None:
    desk = own_desk(lab, color_scheme=theme)
    desk.forgive("/static/notebook/notebook_core")  # it throws without this extension, too
    fan = Fan(desk)
    name = lab.notebook(OPENING, kernel=True)
    desk.arrive(f"notebooks/{name}")
    desk.until("() => desk.kernel?.status === 'idle'")  # it takes the focus when it comes
    desk.edit(0)
    choose(desk, fan)
    desk.command("jupyter-sim:branches")
    item = desk.page.locator(".jp-sim-branches .jp-sim-curation")
    item.wait_for()
    assert says(desk, name)
    item.click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_text("1 of the 1 fans").wait_for()
    dialog.get_by_role("button", name="Replay").click()
    assert Replay(desk.page).events == len(lab.events(name))


def test_the_branches_panel_replays_the_document(desk: Desk, fan: Fan) -> None:
    name = desk.notebook(OPENING)
    choose(desk, fan)
    Tree(desk).open()
    desk.page.get_by_role("button", name="Replay this document").click()
    assert Replay(desk.page).events == len(desk.lab.events(name))
