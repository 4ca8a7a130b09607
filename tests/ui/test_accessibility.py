"""For all eyes and without a mouse: what axe-core says, and a round by keys alone."""

import pytest

from .axe import findings
from .context import LOOK, VOICES, Context, chord
from .desk import Desk
from .fan import ACCEPT, BRANCH, DISMISS, NEXT, REJECT, WORD, Fan
from .replay import Replay
from .tree import AUTHORS, PARENT, Tree

OPENING = "It was a dark and stormy night, and"


@pytest.fixture(params=["light", "dark"])
def theme(desk: Desk, request: pytest.FixtureRequest):
    desk.dress(request.param)
    yield request.param
    desk.dress("light")


def judged(desk: Desk, fan: Fan) -> None:
    """A cell with every kind of verdict in its tree."""
    desk.set(n=4, length="48", temperature=0.9, distinct=True)
    desk.notebook(OPENING)
    fan.propose(4)
    fan.highlight(1)
    desk.press(BRANCH)
    fan.highlight(2)
    desk.press(REJECT)
    fan.settle(4)
    fan.highlight(0)
    desk.press(WORD)
    desk.press(ACCEPT)
    fan.closed()
    desk.type(" And so it went on.")


def test_axe_finds_nothing_grave_in_a_fan(desk: Desk, fan: Fan, theme: str) -> None:
    found = []
    desk.notebook(OPENING, "Another cell")
    fan.propose()
    desk.press(DISMISS)
    with fan.streaming(11):
        found += findings(desk, ".jp-sim-panel")
    fan.settle(11)
    fan.highlight(1)
    desk.press(BRANCH)
    fan.highlight(2)
    desk.press(REJECT)
    fan.settle(11)
    fan.drawer()
    found += findings(desk, ".jp-sim-panel", ".jp-sim-ghost")
    fan.part(".jp-sim-length").click()
    found += findings(desk, ".jp-sim-panel")
    fan.part(".jp-sim-length").click()
    chord(desk, LOOK)
    fan.part(".jp-sim-other").first.wait_for()
    found += findings(desk, ".jp-sim-panel")
    desk.press(DISMISS)
    fan.part(".jp-sim-more").click()
    assert found == []


def test_axe_finds_nothing_grave_in_the_panels(desk: Desk, fan: Fan, theme: str) -> None:
    found = []
    judged(desk, fan)
    tree, context = Tree(desk), Context(desk)
    tree.chord(AUTHORS)
    desk.page.locator(".jp-sim-by-human").wait_for()
    tree.open()
    found += findings(desk, ".jp-sim-branches", ".jp-sim-by-model", ".jp-sim-by-human")
    desk.press("p")
    desk.press("n")
    desk.type("#tag a note")
    found += findings(desk, ".jp-sim-branches")
    desk.press("Enter")
    desk.press("/")
    desk.type("an")
    found += findings(desk, ".jp-sim-branches")
    desk.press("Escape")
    desk.press("g")
    found += findings(desk, ".jp-sim-branches")
    desk.press("g")
    desk.press("Escape")
    tree.chord(AUTHORS)
    context.open()
    context.add("sceptic", "From the logbook of a sceptic.")
    context.button("Edit sceptic").click()
    found += findings(desk, ".jp-sim-context")
    desk.press("Escape")
    context.leave()
    context.prompt()
    found += findings(desk, ".jp-sim-context")
    desk.command("jupyter-sim:replay")
    replay = Replay(desk.page)
    replay.focus()
    replay.press("Home", "ArrowRight", "ArrowRight", "ArrowRight")
    replay.settled()
    found += findings(desk, ".jp-sim-replay", ".jp-sim-status")
    assert found == []


FOCUS = """() => {
  const focused = document.activeElement;
  const id = focused.getAttribute("aria-activedescendant");
  const active = id === null ? focused : document.getElementById(id);
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(active);
  const lit = (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
  const caret = focused.matches("textarea, input, .cm-content") && document.hasFocus();
  return active.checkVisibility() && (lit || caret);
}"""
"""Whether what has the focus shows it: by a ring, or by the caret in it."""


def test_a_round_without_a_mouse_always_shows_where_one_is(desk: Desk, fan: Fan) -> None:
    desk.set(n=3, length="sentence", distinct=True)
    name = desk.notebook(OPENING)
    desk.ask("() => addEventListener('mousedown', () => (window.moused = true), true)")
    tree, context = Tree(desk), Context(desk)
    fan.propose(3)
    chord(desk, LOOK)
    desk.press("ArrowRight")
    assert desk.ask(FOCUS)
    desk.press(DISMISS)
    fan.highlight(1)
    assert desk.ask(FOCUS)
    desk.press(BRANCH)
    desk.press(NEXT)
    desk.press(REJECT)
    fan.settle(3)
    fan.highlight(0)
    desk.press(ACCEPT)
    fan.closed()
    accepted = desk.text()
    tree.chord(PARENT)
    desk.until("(text) => desk.text() === text", OPENING)
    desk.press(DISMISS)

    tree.open()
    assert desk.ask(FOCUS)
    tree.select(accepted.removeprefix(OPENING))
    desk.press("Enter")
    desk.until("(text) => desk.text() === text", accepted)
    desk.press("/")
    assert desk.ask(FOCUS)
    desk.type("stormy")
    desk.press("Escape")
    assert desk.ask(FOCUS)
    desk.press("n")
    assert desk.ask(FOCUS)
    desk.type("from here")
    desk.press("Enter")
    tree.until("rows.some((row) => row.note === 'from here')")
    desk.press("g")
    assert desk.ask(FOCUS)
    desk.press("g")
    desk.press("Escape")
    desk.until("() => desk.writing()")

    chord(desk, VOICES)
    desk.until("() => document.activeElement.closest('.jp-sim-context') !== null")
    assert desk.ask(FOCUS)
    desk.press("Enter")
    assert desk.ask(FOCUS)
    desk.type("sceptic")
    desk.press("Tab")
    desk.type("From the logbook of a sceptic.")
    desk.press("Control+Enter")
    desk.until("() => document.activeElement.matches('.jp-sim-context [type=checkbox]')")
    assert desk.ask(FOCUS)
    assert context.chosen() == ["sceptic"]
    desk.press("Shift+Tab", times=2)
    assert desk.ask("() => document.activeElement.matches('.jp-sim-note-area')")
    assert desk.ask(FOCUS)
    desk.type("She cannot swim.")
    context.leave()
    assert "She cannot swim." in context.prompt().text
    assert desk.ask(FOCUS)
    desk.press("Tab")
    assert desk.ask("() => document.activeElement.matches('.jp-sim-prompt')")
    assert desk.ask(FOCUS)
    context.leave()
    desk.type(" Thus.")
    desk.recorded()
    assert desk.text() == accepted + " Thus."
    assert not desk.ask("() => window.moused")
    kinds = {event["type"] for event in desk.lab.events(name)}
    assert {"branched", "rejected", "accepted", "moved", "marked"} <= kinds
