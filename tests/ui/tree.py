"""The Branches panel as a reader sees it, and the keys that walk the tree."""

from dataclasses import dataclass
from pathlib import Path

from .desk import Desk

SCRIPT = Path(__file__).with_name("tree.js")
PARENT, CHILD, PREVIOUS, NEXT, WITHDRAW, PANEL, AUTHORS = "kjhluta"


@dataclass(frozen=True)
class Node:
    """One row of the list."""

    text: str
    level: int
    author: str
    verdict: str
    branch: bool
    head: bool
    selected: bool
    expanded: str | None
    pinned: bool
    unread: bool
    note: str
    tags: list[str]
    active: bool


class Tree:
    """The panel at the desk. Its methods wait until what they ask for is there."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        if not desk.ask("() => 'tree' in window"):
            desk.page.add_script_tag(path=SCRIPT)

    def open(self) -> None:
        """Open the panel by its key; the focus is in the list."""
        self.chord(PANEL)
        self.desk.until("() => tree.shows() && document.activeElement === tree.list")

    def close(self) -> None:
        self.desk.command("application:toggle-right-area")

    def chord(self, key: str) -> None:
        """Press a key after the one that leads to the tree's."""
        self.desk.press("Control+k")
        self.desk.press(key)

    def look(self) -> list[Node]:
        return [Node(**row) for row in self.desk.ask("() => tree.look()")]

    @property
    def selected(self) -> Node:
        """The row that is selected, by all signs."""
        (node,) = [node for node in self.look() if node.selected]
        assert node.active
        return node

    @property
    def branch(self) -> list[str]:
        """The texts of the rows of the current branch."""
        return [node.text for node in self.look() if node.branch]

    def until(self, condition: str) -> None:
        """Wait until something holds of the rows, called `rows`."""
        self.desk.until(f"() => {{ const rows = tree.look(); return {condition}; }}")

    def select(self, text: str) -> None:
        """Go by the keyboard to the row that begins so."""
        self.desk.press("Home")
        for _ in range(len(self.look())):
            if self.selected.text.startswith(text):
                return
            self.desk.press("ArrowDown")
        raise AssertionError(f"No row begins with {text!r}: {self.look()}")
