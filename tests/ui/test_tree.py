"""The tree: the Branches panel, walking from the caret, who wrote what, and cells as wholes."""

import asyncio
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from jupyter_sim.events import (
    Event,
    Generated,
    Opened,
    Place,
    Proposed,
    Recipe,
    Sampling,
    Source,
    node_id,
)
from jupyter_sim.history import History

from .desk import Desk
from .fan import ACCEPT, BRANCH, DISMISS, REJECT, WORD, Fan
from .lab import Lab
from .tree import AUTHORS, CHILD, NEXT, PARENT, PREVIOUS, SHOWN, WITHDRAW, Tree, line

OPENING = "It was a dark and stormy night, and"


@pytest.fixture
def tree(desk: Desk) -> Tree:
    return Tree(desk)


class Written:
    """A cell in which two fans were judged: texts before, between and after, and the rows."""

    def __init__(self, desk: Desk, fan: Fan) -> None:
        self.name = desk.notebook(OPENING, "## Another cell")
        fan.propose(3)
        self.rows = fan.look().rows
        self.accepted = fan.look().ghost
        fan.highlight(1)
        desk.press(BRANCH)
        fan.highlight(0)
        desk.press(ACCEPT)
        fan.closed()
        self.middle = desk.text()
        fan.propose(3)
        self.second = fan.look().ghost
        desk.press(WORD)
        desk.press(DISMISS)
        fan.closed()
        self.end = desk.text()
        desk.recorded()


@pytest.fixture
def written(desk: Desk, fan: Fan) -> Written:
    desk.set(n=3, length="48", temperature=0.8, distinct=True)
    return Written(desk, fan)


def test_the_panel_shows_the_text_and_what_could_stand_in_its_place(
    desk: Desk, tree: Tree, written: Written
) -> None:
    tree.open()
    rows = tree.look()
    said = [line(row.text)[:SHOWN] for row in rows if row.branch]
    word = written.end.removeprefix(written.middle)
    assert said == [line(text)[:SHOWN] for text in (OPENING, written.accepted, word)]
    assert [row.author for row in rows if row.branch] == ["found", "model", "model"]
    assert [row.verdict for row in rows if row.branch] == ["", "accepted", "accepted"]
    kept = [row for row in rows if row.verdict == "branched"]
    assert [(row.level, row.branch) for row in kept] == [(2, False)]
    assert [row.head for row in rows if row.branch] == [False, False, True]
    assert tree.selected.head
    rest = rows[-1]
    assert (rest.level, rest.author, rest.verdict) == (2, "model", "")
    assert line(rest.text)[:SHOWN] == line(written.second.removeprefix(word))[:SHOWN]
    share = desk.page.locator(".jp-sim-shares").inner_text()
    assert "model" in share and "human 0 %" in share and "found" in share


def test_enter_makes_a_row_the_text_in_one_undo_step(
    desk: Desk, tree: Tree, written: Written
) -> None:
    tree.open()
    other = line(written.rows[1].text)
    tree.select(other)
    desk.press("Enter")
    desk.until("(text) => desk.text() !== text", written.end)
    assert desk.text().startswith(OPENING)
    assert line(desk.text().removeprefix(OPENING)) == other
    tree.until("rows.find((row) => row.head)?.selected")
    desk.press("Escape")
    assert desk.ask("() => desk.writing()")
    desk.press("Control+z")
    assert desk.text() == written.end
    desk.type("!")
    assert desk.text() == written.end + "!"
    desk.recorded()
    kinds = [event["type"] for event in desk.lab.events(written.name)]
    assert kinds.count("moved") == 2


def test_rows_are_pinned_noted_and_rejected_by_their_keys(
    desk: Desk, tree: Tree, written: Written
) -> None:
    tree.open()
    desk.press("p")
    tree.until("rows.some((row) => row.head && row.pinned)")
    tree.select(written.rows[2].text)
    desk.press("n")
    desk.type("#calm think again")
    desk.press("Enter")
    tree.until("rows.some((row) => row.selected && row.note)")
    assert (tree.selected.note, tree.selected.tags) == ("think again", ["calm"])
    desk.press("Delete")
    tree.until("rows.some((row) => row.selected && row.verdict === 'rejected')")
    desk.press("Home")
    desk.press("Delete")
    assert "stands in the text" in desk.page.locator(".jp-sim-tree-live").inner_text()
    desk.recorded()
    events = desk.lab.events(written.name)
    (rejected,) = [event for event in events if event["type"] == "rejected"]
    assert len(rejected["seen"]) == 3
    assert [event["pinned"] for event in events if event["type"] == "marked"] == [True, False]
    desk.save()
    desk.arrive()
    desk.open(written.name)
    desk.edit(0)
    again = Tree(desk)
    again.open()
    assert [row.tags for row in again.look() if row.verdict == "rejected"] == [["calm"]]
    assert [row.pinned for row in again.look() if row.head] == [True]


def test_the_tree_is_searched_closed_opened_and_hoisted(
    desk: Desk, tree: Tree, written: Written
) -> None:
    tree.open()
    count = desk.page.locator(".jp-sim-find-count")
    desk.press("/")
    desk.type("stormy night")
    assert count.inner_text() == "1 of 1"
    desk.press("Enter")
    desk.press("ArrowDown")
    assert tree.selected.text == line(OPENING)
    desk.press("Escape")
    assert not desk.page.locator(".jp-sim-find").is_visible()
    desk.press("/")
    desk.type(next(letter for letter in "aoint" if letter in written.accepted))
    found = int(count.inner_text().split(" of ")[1])
    assert found > 1
    desk.press("ArrowDown")
    desk.press("n")
    assert count.inner_text() == f"2 of {found}"
    desk.press("Shift+N")
    assert count.inner_text() == f"1 of {found}"
    desk.press("Escape")
    desk.press("Home")
    everything = len(tree.look())
    desk.press("ArrowLeft")
    assert tree.selected.expanded == "false"
    assert len(tree.look()) == everything - 2
    desk.press("ArrowRight")
    assert len(tree.look()) == everything
    desk.press("ArrowRight")
    assert tree.selected.level == 2
    desk.press("h")
    assert [row.level for row in tree.look()] == [1]
    desk.press("Escape")
    assert len(tree.look()) == everything


def test_the_same_tree_is_a_graph_that_is_walked_by_the_same_keys(
    desk: Desk, tree: Tree, written: Written
) -> None:
    tree.open()
    desk.press("g")
    graph = desk.page.locator(".jp-sim-graph")
    graph.wait_for()
    assert not desk.page.get_by_role("tree", name="Branches").is_visible()
    desk.press("ArrowLeft")
    assert tree.selected.text[:20] in graph.get_attribute("aria-label")
    desk.press("+")
    desk.press("0")
    desk.press("Enter")
    desk.until("(text) => desk.text() === text", written.middle)
    desk.press("p")
    tree.until("rows.some((row) => row.head && row.pinned)")
    desk.press("g")
    assert desk.ask("() => document.activeElement === tree.list")
    desk.press("Escape")
    assert desk.ask("() => desk.writing()")


def test_a_change_of_theme_leaves_the_focus_and_the_selection_in_the_graph(
    desk: Desk, tree: Tree, written: Written
) -> None:
    tree.open()
    desk.press("g")
    graph = desk.page.locator(".jp-sim-graph")
    desk.press("ArrowLeft")
    selected = graph.get_attribute("aria-label")
    graph.evaluate("graph => { window.went = 0; graph.onblur = () => window.went++; }")
    for theme in ("dark", "light"):
        desk.dress(theme)
        assert desk.ask("() => window.went") == 0
        assert graph.get_attribute("aria-label") == selected
    desk.press("p")
    tree.until("rows.some((row) => row.selected && !row.head && row.pinned)")
    desk.press("g")
    desk.press("Escape")


def test_walking_from_the_caret_shows_what_is_on_offer_there(
    desk: Desk, fan: Fan, tree: Tree, written: Written
) -> None:
    tree.chord(PARENT)
    fan.settle(3)
    assert desk.text() == written.middle
    assert fan.look().ghost.strip() == written.second.strip()
    tree.chord(PARENT)
    desk.until("(text) => desk.text() === text", OPENING)
    fan.settle(3)
    assert fan.look().ghost == written.accepted
    assert [row.branched for row in fan.look().rows] == [False, True, False]
    tree.chord(CHILD)
    desk.until("(text) => desk.text() === text", written.middle)
    tree.chord(NEXT)
    desk.until("(text) => desk.text() !== text", written.middle)
    other = desk.text().removeprefix(OPENING)
    assert line(other) == line(written.rows[1].text)
    tree.chord(PREVIOUS)
    desk.until("(text) => desk.text() === text", written.middle)
    fan.settle(3)
    desk.press(ACCEPT)
    fan.closed()
    assert desk.text() == written.middle + written.second
    desk.press("Control+z", times=2)
    assert desk.text() == OPENING + other
    desk.recorded()
    assert desk.lab.replay(written.name)["cell-0"] == desk.text()


def test_the_last_verdict_is_withdrawn_and_its_fan_shows_again(
    desk: Desk, fan: Fan, tree: Tree, written: Written
) -> None:
    tree.chord(WITHDRAW)
    desk.until("(text) => desk.text() === text", written.middle)
    fan.settle(3)
    assert fan.look().ghost == written.second
    desk.press(REJECT)
    fan.settle(3)
    rejected = fan.look().rows[0].text
    tree.chord(WITHDRAW)
    fan.settle(4)
    assert not any(row.rejected for row in fan.look().rows)
    assert rejected in [row.text for row in fan.look().rows]
    desk.recorded()
    kinds = [event["type"] for event in desk.lab.events(written.name)]
    assert kinds.count("withdrawn") == 2


def test_who_wrote_what_is_tinted_told_and_summed_up(
    desk: Desk, fan: Fan, tree: Tree, written: Written
) -> None:
    page = desk.page
    desk.type(" Quite so.")
    assert page.locator(".jp-sim-by-model").count() == 0
    tree.chord(AUTHORS)
    page.locator(".jp-sim-by-human").wait_for()
    assert page.locator(".jp-sim-by-human").all_inner_texts() == [" Quite so."]
    model = "".join(page.locator(".jp-sim-by-model").all_inner_texts())
    assert "".join(model.split()) == "".join(written.end.removeprefix(OPENING).split())
    page.locator(".jp-sim-by-model").first.hover()
    told = page.locator(".jp-sim-told")
    told.wait_for()
    assert "model · " in told.inner_text() and "accepted" in told.inner_text()
    shares = page.locator(".jp-sim-status-shares")
    assert "human" in shares.inner_text()
    tree.chord(AUTHORS)
    page.locator(".jp-sim-by-model").first.wait_for(state="detached")
    assert not shares.is_visible()
    desk.save()
    assert "jp-sim" not in desk.saved(written.name)


def test_a_split_cell_keeps_its_authors_and_so_does_a_merged_one(
    desk: Desk, fan: Fan, tree: Tree, written: Written
) -> None:
    desk.page.evaluate("(offset) => desk.moveCaret(offset)", len(OPENING))
    desk.command("notebook:split-cell-at-cursor")
    desk.until("() => desk.widget.content.widgets.length === 3")
    desk.edit(1)
    tree.chord(AUTHORS)
    desk.page.locator(".jp-sim-by-model").first.wait_for()
    desk.command("notebook:enter-command-mode")
    desk.command("notebook:extend-marked-cells-above")
    desk.command("notebook:merge-cells")
    desk.until("() => desk.widget.content.widgets.length === 2")
    desk.edit(0)
    desk.until("() => document.querySelectorAll('.jp-sim-by-model').length > 0")
    model = "".join(desk.page.locator(".jp-sim-by-model").all_inner_texts())
    assert "".join(model.split()) == "".join(written.end.removeprefix(OPENING).split())
    tree.open()
    assert {row.author for row in tree.look() if row.branch} == {"mixed"}
    desk.press("Escape")
    tree.chord(AUTHORS)
    desk.recorded()


def test_a_cell_that_is_copied_moved_retyped_and_removed_keeps_its_history(
    desk: Desk, tree: Tree, written: Written
) -> None:
    desk.command("notebook:move-cell-down")
    desk.command("notebook:change-cell-to-raw")
    desk.command("notebook:duplicate-below")
    desk.until("() => desk.widget.content.widgets.length === 3")
    desk.edit(2)
    tree.open()
    assert "human 0 %" in desk.page.locator(".jp-sim-shares").inner_text()
    assert tree.selected.author == "mixed"
    desk.press("Escape")
    desk.ask("() => desk.widget.content.model.sharedModel.undoManager.stopCapturing()")
    desk.command("notebook:delete-cell")
    desk.until("() => desk.widget.content.widgets.length === 2")
    desk.command("notebook:undo-cell-action")
    desk.until("() => desk.widget.content.widgets.length === 3")
    desk.recorded()
    events = desk.lab.events(written.name)
    assert [e["how"] for e in events if e["type"] == "placed"] == [
        "moved",
        "retyped",
        "removed",
        "restored",
    ]
    copied = [e for e in events if e["type"] == "opened" and e.get("origins")]
    assert [origin["cell"] for origin in copied[0]["origins"]] == ["cell-0"]


def test_only_what_is_in_view_of_a_large_tree_stands_in_the_page(desk: Desk, tree: Tree) -> None:
    name, document = desk.lab.notebook(OPENING), uuid.uuid4().hex
    with ThreadPoolExecutor() as pool:
        pool.submit(asyncio.run, large(desk.lab, document, name)).result()
    path = desk.lab.root / name
    notebook = json.loads(path.read_text())
    notebook["metadata"] = {"jupyter_sim": {"document": document}}
    path.write_text(json.dumps(notebook))
    desk.open(name)
    desk.edit(0)
    tree.open()
    desk.page.get_by_text("10,001 nodes").wait_for()
    in_page = "() => document.querySelectorAll('.jp-sim-branches [role=treeitem]').length"
    assert 20 < desk.ask(in_page) <= 100
    desk.press("End")
    assert tree.selected.text == "candidate 9999"
    desk.press("PageUp")
    desk.press("/")
    desk.type("candidate 4321")
    desk.press("ArrowDown")
    assert tree.selected.text == "candidate 4321"
    assert desk.ask(in_page) <= 100


async def large(lab: Lab, document: str, path: str) -> None:
    """Write the history of a cell with 10,000 candidates."""
    root = lab.home / "data" / "jupyter_sim" / "history"
    history = History.open(document, path=path, root=root)
    opened = Opened(history.stamp("cell-0"), OPENING)
    at = Place(node_id(opened.stamp.id), len(OPENING))
    events: list[Event] = [opened]
    for fan in range(100):
        candidates = tuple(node_id(uuid.uuid4().hex) for _ in range(100))
        how = (Recipe(0, ""), Source("m", "", ""), Sampling(), "none", 8)
        stamp = history.stamp("cell-0")
        events.append(Proposed(stamp, stamp.id, stamp.id, at, candidates, (0,) * 100, *how))
        for i, id in enumerate(candidates):
            end = (f" candidate {100 * fan + i}", (1,), (-1.0,), "length", 0.1)
            events.append(Generated(history.stamp("cell-0"), stamp.id, stamp.id, id, *end))
    await history.append(*events)
    await history.close()
