"""The text stands still while candidates stream, whatever they say."""

from collections.abc import Iterator

import pytest

from .desk import Desk
from .fan import DISMISS, NEXT, Fan
from .lab import Lab
from .recital import Recital

OPENING = "It was a dark and "
TAIL = "\nA last line."
PIECES = 20
"""At most in so many pieces a text arrives."""

BROKEN = (
    "\n",
    "\n\n\n\n\n\n\n",
    "\nand then it rained.",
    "\n\nand then, for many days, it rained.",
    "and then\n",
    "and then\n\n\n\n\n\n\n\nit rained.",
    "\r\nand then\r\n\r\nit rained.",
    "a\nb\nc\nd\ne\nf\ng\nh\n",
)
WIDE = (
    "and then it rained. " * 30,
    "\n" + "and then it rained. " * 30,
    "r" + "a" * 900 + "in.",
    "y, " * 60,
)


@pytest.fixture
def dressed(own_desk, lab: Lab) -> Iterator[Desk]:
    """A page of its own, whose settings and theme are taken back."""
    desk = own_desk(lab)
    yield desk
    desk.dress("light")
    desk.tidy()


@pytest.mark.parametrize("kind", ["markdown", "code"])
def test_nothing_jumps_while_text_streams_or_the_highlight_moves(
    desk: Desk, fan: Fan, kind: str
) -> None:
    desk.notebook("A first line.\n" + OPENING, "And a cell below.", kind=kind)
    fan.open()
    fan.watch()
    fan.settle()
    for _ in range(6):
        desk.press(NEXT)
    stands_still(fan)


@pytest.mark.parametrize(("kind", "theme"), [("markdown", "light"), ("code", "dark")])
@pytest.mark.parametrize("texts", [BROKEN, WIDE], ids=["broken", "wide"])
def test_nothing_jumps_however_the_lines_of_candidates_break(
    dressed: Desk, kind: str, theme: str, texts: tuple[str, ...]
) -> None:
    desk, fan, recital = dressed, Fan(dressed), Recital(dressed, *texts)
    desk.arrive()
    desk.dress(theme)
    desk.set(n=len(texts))
    for caret in OPENING, OPENING + "stormy " * 12, "":
        desk.notebook("A first line.\n" + caret + TAIL, "And a cell below.", kind=kind)
        desk.edit(0, -1 - len(TAIL))
        recital.open(fan)
        fan.watch()
        for row in range(len(texts)):
            for _ in range(PIECES):
                recital.say(row, -(-len(texts[row]) // PIECES))
            desk.press(NEXT)
        recital.finish()
        desk.press(NEXT, times=len(texts))
        stands_still(fan)
        desk.press(DISMISS)


def stands_still(fan: Fan) -> None:
    """Neither the text nor the list moved since one began to watch."""
    strayed = fan.strayed()
    assert strayed["frames"] > 5
    assert strayed["line"] <= 1
    assert strayed["row"] <= 1
