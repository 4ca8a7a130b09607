"""The tree and the model's probabilities in Notebook 7, in a light or a dark page."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .context import LOOK, SCORE, chord
from .desk import Desk
from .fan import ACCEPT, BRANCH, DISMISS, NEXT, Fan
from .lab import Lab
from .tree import AUTHORS, PARENT, PREVIOUS, SHOWN, WITHDRAW, Tree, line
from .tree import NEXT as SIBLING

THROWS = "/static/notebook/notebook_core"
"""What throws in Notebook 7 without this extension, too."""

OPENING = "It was a dark and stormy night, and"
TAIL = "\n\nThen the rain began."

Page = Callable[..., Desk]


@pytest.fixture
def page(own_desk: Callable[..., Desk], lab: Lab, tmp_path: Path) -> Iterator[Page]:
    """Opens a notebook in a theme, with the caret in its first cell; takes a picture in the end."""
    desks: list[Desk] = []

    def open(theme: str, *sources: str, caret: int = -1) -> Desk:
        desk = own_desk(lab)
        desk.forgive(THROWS)
        desks.append(desk)
        desk.arrive(f"notebooks/{lab.notebook(*sources)}")
        desk.dress(theme)
        desk.set(n=3, length="sentence", temperature=0.8, distinct=True)
        desk.edit(0, caret)
        return desk

    yield open
    for desk in desks:
        desk.page.screenshot(path=tmp_path / "notebook7.png")
        desk.recorded()
        desk.set()


def judged(desk: Desk) -> tuple[str, str]:
    """Keep the second of three candidates alive and accept the first."""
    fan = Fan(desk)
    fan.propose(3)
    fan.highlight(1)
    other = fan.look().highlighted.text
    desk.press(BRANCH)
    fan.highlight(0)
    ghost = fan.look().ghost
    desk.press(ACCEPT)
    fan.closed()
    return ghost, other


def test_the_panel_is_walked_by_keys_and_makes_another_branch_the_text(page: Page) -> None:
    desk = page("light", OPENING)
    tree = Tree(desk)
    ghost, other = judged(desk)
    tree.open()
    said = [line(row.text)[:SHOWN] for row in tree.look() if row.branch]
    assert said == [OPENING, line(ghost)[:SHOWN]]
    tree.select(other)
    assert tree.selected.verdict == "branched"
    desk.press("p")
    tree.until("rows.some((row) => row.selected && row.pinned)")
    desk.press("Enter")
    desk.until("(text) => desk.text() !== text", OPENING + ghost)
    assert line(desk.text().removeprefix(OPENING)) == line(other)
    desk.press("g")
    desk.page.locator(".jp-sim-graph").wait_for()
    desk.press("g")
    desk.press("Escape")
    assert desk.ask("() => desk.writing()")


def test_one_walks_from_the_caret_and_takes_a_verdict_back(page: Page) -> None:
    desk = page("dark", OPENING + TAIL, caret=len(OPENING))
    tree, fan = Tree(desk), Fan(desk)
    ghost, other = judged(desk)
    tree.chord(SIBLING)
    desk.until("(text) => desk.text() !== text", OPENING + ghost + TAIL)
    walked = desk.text().removeprefix(OPENING).removesuffix(TAIL)
    assert line(walked) == line(other)
    tree.chord(PREVIOUS)
    desk.until("(text) => desk.text() === text", OPENING + ghost + TAIL)
    tree.chord(PARENT)
    desk.until("(text) => desk.text() === text", OPENING + TAIL)
    fan.settle(3)
    assert [row.branched for row in fan.look().rows] == [False, True, False]
    desk.press(ACCEPT)
    fan.closed()
    tree.chord(WITHDRAW)
    desk.until("(text) => desk.text() === text", OPENING + TAIL)
    fan.settle(3)
    assert fan.look().ghost == ghost


def test_an_edit_anywhere_keeps_the_authors_and_so_do_split_and_merge(page: Page) -> None:
    desk = page("light", OPENING, "Another cell.")
    tree = Tree(desk)
    ghost, _ = judged(desk)
    desk.ask("(offset) => desk.moveCaret(offset)", 6)
    desk.type(", indeed,")
    tree.chord(AUTHORS)
    desk.page.locator(".jp-sim-by-human").wait_for()
    assert desk.page.locator(".jp-sim-by-human").all_inner_texts() == [", indeed,"]
    desk.ask("(offset) => desk.moveCaret(offset)", len(OPENING + ", indeed,"))
    desk.command("notebook:split-cell-at-cursor")
    desk.until("() => desk.widget.content.widgets.length === 3")
    desk.edit(1)
    desk.until("() => document.querySelectorAll('.jp-sim-by-model').length > 0")
    assert model(desk) == "".join(ghost.split())
    desk.command("notebook:enter-command-mode")
    desk.command("notebook:extend-marked-cells-above")
    desk.command("notebook:merge-cells")
    desk.until("() => desk.widget.content.widgets.length === 2")
    desk.edit(0)
    desk.until("() => document.querySelectorAll('.jp-sim-by-human').length > 0")
    assert model(desk) == "".join(ghost.split())


def test_who_wrote_what_is_tinted_and_told(page: Page) -> None:
    desk = page("dark", OPENING)
    tree = Tree(desk)
    ghost, _ = judged(desk)
    desk.type(" Quite so.")
    tree.chord(AUTHORS)
    desk.page.locator(".jp-sim-by-human").wait_for()
    assert model(desk) == "".join(ghost.split())
    desk.page.locator(".jp-sim-by-model").first.hover()
    told = desk.page.locator(".jp-sim-told")
    told.wait_for()
    assert "accepted" in told.inner_text()
    tree.open()
    assert "model" in desk.page.locator(".jp-sim-shares").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_probabilities_are_looked_into_chosen_from_and_scored(page: Page, theme: str) -> None:
    desk = page(theme, OPENING)
    fan = Fan(desk)
    fan.propose(3)
    chord(desk, LOOK)
    desk.press("ArrowRight")
    others = fan.part(".jp-sim-others [role=option]")
    taken = fan.part(".jp-sim-others .jp-mod-taken .jp-sim-otherText").all_inner_texts()
    while others.locator("xpath=self::*[@aria-selected='true']").inner_text().split()[0] in taken:
        desk.press(NEXT)
    chosen = fan.part(".jp-sim-other.jp-mod-on .jp-sim-otherText").inner_text()
    first = fan.part(".jp-sim-token").first.inner_text()
    desk.press(ACCEPT)
    fan.settle(4)
    assert fan.look().ghost.startswith((first + chosen).replace("·", " ").replace("↵", "\n"))
    desk.press(DISMISS)
    chord(desk, SCORE)
    heat = desk.page.locator(".jp-sim-heat")
    desk.eventually(lambda: "".join(heat.all_inner_texts()).strip() == OPENING)
    heat.nth(4).hover()
    desk.page.locator(".jp-sim-judgement .jp-sim-other").first.wait_for()


def model(desk: Desk) -> str:
    """What is tinted as the model's, without its white space."""
    return "".join("".join(desk.page.locator(".jp-sim-by-model").all_inner_texts()).split())
