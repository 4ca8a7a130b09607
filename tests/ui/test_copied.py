"""A notebook is duplicated in JupyterLab."""

from .desk import Desk
from .fan import ACCEPT, Fan
from .tree import Tree

OPENING = "It was a dark and stormy night, and"


def authors(desk: Desk) -> list[str]:
    """Who wrote the branch that the cell shows, as the panel tells."""
    tree = Tree(desk)
    tree.open()
    told = [row.author for row in tree.look() if row.branch]
    desk.press("Escape")
    return told


def duplicate(desk: Desk, name: str) -> str:
    """Duplicate a notebook as the file browser does, open the copy, and return its name."""
    script = "async (name) => (await jupyterapp.serviceManager.contents.copy(name, '')).path"
    copy = desk.ask(script, name)
    desk.open(copy)
    return copy


def test_a_duplicate_has_the_tree_of_the_first_and_both_go_on_apart(desk: Desk, fan: Fan) -> None:
    desk.set(n=2)
    name = desk.notebook(OPENING)
    fan.propose(2)
    ghost = fan.look().ghost
    desk.press(ACCEPT)
    fan.closed()
    desk.save()
    desk.recorded()
    copy = duplicate(desk, name)
    desk.edit(0)
    assert authors(desk) == ["found", "model"]
    desk.edit(0)
    desk.type(" And so on.")
    fan.propose(2)
    desk.press(ACCEPT)
    fan.closed()
    desk.save()
    desk.recorded()
    assert desk.lab.replay(name) == {"cell-0": OPENING + ghost}
    assert desk.lab.replay(copy) == {"cell-0": desk.saved(copy)}
    assert desk.saved(copy).startswith(OPENING + ghost + " And so on.")
