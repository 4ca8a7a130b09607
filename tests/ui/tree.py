"""The Branches panel as a reader sees it, and the keys that walk the tree."""

import re
from dataclasses import dataclass
from pathlib import Path

from .desk import Desk

SCRIPT = Path(__file__).with_name("tree.js")
SHOWN = 120
"""Rows show at least so much of a text."""

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
        """Go by the keyboard to the row that says so, or else begins so. The rows may change their
        order on the way, when the panel hears late where the text is now.
        """
        said = line(text)[:SHOWN]
        for _ in range(2 * len(self.look())):
            rows = self.look()
            (here,) = [i for i, row in enumerate(rows) if row.selected and row.active]
            begun = [i for i, row in enumerate(rows) if line(row.text).startswith(said)]
            there = min(begun, key=lambda i: len(rows[i].text), default=len(rows))
            if here == there:
                return
            self.desk.press("ArrowDown" if here < there else "ArrowUp")
        raise AssertionError(f"No row begins with {said!r}: {self.look()}")


def line(text: str) -> str:
    """A text as a row shows it."""
    return " ↵ ".join(filter(None, map(str.strip, re.split("[\n↵]", text))))
