"""Walking in the middle of a text: what stands behind the caret stays there."""

from .desk import Desk
from .fan import ACCEPT, Fan
from .tree import CHILD, NEXT, PARENT, PREVIOUS, WITHDRAW, Tree, line

OPENING = "It was a dark and stormy night, and"
TAIL = "\n\nThen the rain began."


def test_walking_leaves_what_stands_behind_the_caret(desk: Desk, fan: Fan) -> None:
    tree = Tree(desk)
    desk.set(n=3, length="sentence", temperature=0.8, distinct=True)
    name = desk.notebook(OPENING + TAIL)
    desk.edit(0, len(OPENING))
    fan.propose(3)
    texts = [row.text for row in fan.look().rows]
    first = fan.look().ghost
    desk.press(ACCEPT)
    fan.closed()
    assert desk.text() == OPENING + first + TAIL
    tree.chord(NEXT)
    desk.until("(text) => desk.text() !== text", OPENING + first + TAIL)
    second = desk.text().removeprefix(OPENING).removesuffix(TAIL)
    assert desk.text() == OPENING + second + TAIL
    assert line(second) == line(texts[1])
    desk.type("!")
    assert desk.text() == OPENING + second + "!" + TAIL
    tree.chord(PARENT)
    desk.until("(text) => desk.text() === text", OPENING + second + TAIL)
    tree.chord(PREVIOUS)
    desk.until("(text) => desk.text() === text", OPENING + first + TAIL)
    tree.chord(PARENT)
    desk.until("(text) => desk.text() === text", OPENING + TAIL)
    fan.settle(3)
    assert fan.look().ghost == first
    tree.chord(CHILD)
    desk.until("(text) => desk.text() === text", OPENING + first + TAIL)
    tree.open()
    tree.select(second)
    desk.press("Enter")
    desk.until("(text) => desk.text() === text", OPENING + second + TAIL)
    desk.press("Escape")
    desk.press("Control+z")
    assert desk.text() == OPENING + first + TAIL
    tree.chord(WITHDRAW)
    desk.until("(text) => desk.text() === text", OPENING + TAIL)
    fan.settle(3)
    assert fan.look().ghost == first
    desk.recorded()
    assert desk.lab.replay(name)["cell-0"] == desk.text()
