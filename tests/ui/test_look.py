"""The text stands still while candidates stream."""

import pytest

from .desk import Desk
from .fan import NEXT, Fan

OPENING = "It was a dark and "


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
    strayed = fan.strayed()
    assert strayed["frames"] > 5
    assert strayed["line"] <= 1
    assert strayed["row"] <= 1
