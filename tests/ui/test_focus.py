"""Where the keys go: the caret's place, the focus after menus, shortcuts that are settings."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from .context import Context
from .desk import Desk
from .fan import DISMISS, NEXT, Fan
from .tree import AUTHORS, Tree

OPENING = "It was a dark and stormy night, and"
SHORTCUTS = "@jupyterlab/shortcuts-extension:shortcuts"


@pytest.fixture
def tree(desk: Desk, fan: Fan) -> Tree:
    """The panel of a cell in which a fan was dismissed."""
    desk.set(n=3, length="word", distinct=True)
    desk.notebook(f"# The captain\n\nHe had not slept.\n\n{OPENING}", "Another cell")
    fan.propose(3)
    desk.press(DISMISS)
    fan.closed()
    return Tree(desk)


def palette(desk: Desk, label: str) -> None:
    """Run a command of the palette."""
    desk.press("Control+Shift+c")
    desk.page.locator(".lm-CommandPalette-input").wait_for()
    desk.type(label)
    desk.page.locator(".lm-CommandPalette-item.lm-mod-active", has_text=label).wait_for()
    desk.press("Enter")


def test_the_caret_stays_where_it_was_while_one_is_in_a_panel(desk: Desk, tree: Tree) -> None:
    desk.edit(0, caret=20)
    tree.open()
    desk.ask(
        """() => {
          getSelection().collapse(document.querySelector(".jp-sim-branches-head"), 0);
          const escape = new KeyboardEvent("keydown", { key: "Escape", bubbles: true });
          document.activeElement.dispatchEvent(escape);
        }"""
    )
    desk.until("() => desk.writing()")
    desk.ask("() => new Promise((done) => setTimeout(() => requestAnimationFrame(done)))")
    before = desk.text()
    desk.type("x")
    assert desk.text() == f"{before[:20]}x{before[20:]}"


@pytest.mark.parametrize("way", ["menu", "palette"])
def test_a_fan_that_is_asked_for_in_a_menu_has_the_keys(desk: Desk, fan: Fan, way: str) -> None:
    desk.set(n=3, length="word", distinct=True)
    desk.notebook(OPENING, "Another cell")
    label = "Propose Continuations"
    if way == "menu":
        desk.page.get_by_role("menuitem", name="Simulator").click()
        desk.page.get_by_role("menuitem", name=label).click()
    else:
        palette(desk, label)
    fan.settle(3)
    desk.press(NEXT)
    assert fan.look().on == 1
    desk.press(DISMISS)
    fan.closed()
    assert desk.ask("() => desk.writing()")


def test_what_is_done_in_the_tree_is_in_menus_and_in_the_palette(desk: Desk, tree: Tree) -> None:
    tree.open()
    note = desk.page.locator(".jp-sim-detail-note")
    desk.page.locator(".jp-sim-branches [role=treeitem]").nth(2).click(button="right")
    desk.page.get_by_role("menuitem", name="Write a Note").click()
    line = desk.page.locator(".jp-sim-note-input")
    line.wait_for()
    desk.type("from a menu")
    desk.press("Enter")
    note.get_by_text("from a menu").wait_for()
    assert tree.look()[2].selected
    palette(desk, "Write a Note on the Selected Branch")
    line.wait_for()
    desk.type(" and the palette")
    desk.press("Enter")
    note.get_by_text("from a menu and the palette").wait_for()
    desk.press("Escape")
    assert desk.ask("() => desk.writing()")


@pytest.fixture
def rebound(desk: Desk) -> Iterator[None]:
    """P pins no more, but Z does."""
    pin = {"command": "jupyter-sim:tree-pin", "selector": ".jp-sim-branches .jp-sim-walkable"}
    own: list[dict[str, object]] = [
        {**pin, "keys": ["P"], "disabled": True},
        {**pin, "keys": ["Z"]},
    ]
    rebind(desk.page, own)
    yield
    rebind(desk.page, [])


def rebind(page: Page, shortcuts: list[dict[str, object]]) -> None:
    """Make these the user's own shortcuts, as the settings editor does, and wait for them."""
    page.evaluate(
        """async ([id, shortcuts]) => {
          const registry = await desk.service("@jupyterlab/coreutils:ISettingRegistry");
          await registry.set(id, "shortcuts", shortcuts);
        }""",
        [SHORTCUTS, shortcuts],
    )
    bound = """(key) => jupyterapp.commands.keyBindings.some(
      ({ command, keys }) => command === "jupyter-sim:tree-pin" && keys[0] === key)"""
    page.wait_for_function(bound, arg="Z" if shortcuts else "P")


def test_the_keys_of_the_tree_are_settings(desk: Desk, tree: Tree, rebound: None) -> None:
    tree.open()
    desk.press("p")
    desk.press("z")
    tree.until("rows.some((row) => row.head && row.pinned)")
    desk.press("z")
    tree.until("!rows.some((row) => row.pinned)")


def test_the_shares_leave_the_status_bar_with_the_tints(desk: Desk, tree: Tree) -> None:
    shares = desk.page.locator(".jp-sim-status-shares")
    tree.chord(AUTHORS)
    shares.wait_for()
    tree.chord(AUTHORS)
    shares.wait_for(state="hidden")
    desk.page.set_viewport_size({"width": 1200, "height": 800})
    desk.page.set_viewport_size({"width": 1280, "height": 800})
    desk.command("statusbar:toggle")
    desk.command("statusbar:toggle")
    desk.page.locator("#jp-main-statusbar").wait_for()
    assert not shares.is_visible()


def test_nothing_is_cut_off_in_a_narrow_panel(desk: Desk, tree: Tree) -> None:
    context = Context(desk)
    context.open()
    context.add("sceptic", "From the logbook of a sceptic.")
    context.add("a voice with a very long name", "A hymn.")
    context.leave()
    context.prompt()
    over = desk.ask(
        """() => {
          const { scrollWidth, clientWidth } = document.querySelector(".jp-sim-context-body");
          return scrollWidth - clientWidth;
        }"""
    )
    assert over <= 0
