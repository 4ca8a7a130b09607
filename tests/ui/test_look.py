"""The look of a fan: still whatever its candidates say, whole when narrow or in forced colours."""

from collections.abc import Iterator

import pytest

from .context import chord
from .desk import Desk
from .fan import ACCEPT, DISMISS, NEXT, Fan
from .lab import Lab
from .recital import Recital
from .tree import AUTHORS

OPENING = "It was a dark and "
TAIL = "\nA last line."
NOTHING = "rgba(0, 0, 0, 0)"
PIECES = 8
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
        for row, text in enumerate(texts):
            piece = -(-len(text) // PIECES)
            for _ in range(0, len(text), piece):
                recital.say(row, piece)
            desk.press(NEXT)
        recital.finish()
        desk.press(NEXT, times=len(texts))
        stands_still(fan)
        desk.press(DISMISS)


def test_the_foot_of_a_narrow_fan_takes_two_lines(dressed: Desk) -> None:
    desk, fan, recital = dressed, Fan(dressed), Recital(dressed, "it rained.")
    desk.page.set_viewport_size({"width": 900, "height": 800})
    desk.arrive()
    desk.notebook(OPENING)
    recital.open(fan)
    recital.finish()
    parts = [fan.part(".jp-sim-foot button:visible").first, fan.button("dismiss")]
    first, last, stat = (part.bounding_box() for part in [*parts, fan.part(".jp-sim-stat")])
    assert 10 < last["y"] - first["y"] < 30
    assert abs(last["y"] + last["height"] / 2 - stat["y"] - stat["height"] / 2) < 4


def test_forced_colours_leave_the_signs_of_what_grows_and_what_opens(dressed: Desk) -> None:
    desk, fan, recital = dressed, Fan(dressed), Recital(dressed, "it rained.")
    desk.page.emulate_media(forced_colors="active")
    desk.arrive()
    desk.notebook(OPENING)
    recital.open(fan)
    recital.say(0, 2)
    color = "(part, name) => getComputedStyle(part, '::after')[name]"
    caret = fan.row(0).locator(".jp-sim-text").evaluate(color, "backgroundColor")
    arrow = fan.part(".jp-sim-length").evaluate(color, "borderLeftColor")
    assert caret not in (desk.ask("() => getComputedStyle(fan.editor).backgroundColor"), NOTHING)
    assert arrow == NOTHING


def test_forced_colours_still_tell_who_wrote_what(dressed: Desk) -> None:
    desk, fan = dressed, Fan(dressed)
    desk.page.emulate_media(forced_colors="active")
    desk.arrive()
    desk.notebook(OPENING)
    fan.propose()
    desk.press(ACCEPT)
    fan.closed()
    desk.type(" And so it went on.")
    chord(desk, AUTHORS)
    look = "(part) => getComputedStyle(part).textDecorationStyle"
    assert desk.page.locator(".jp-sim-by-model").first.evaluate(look) == "dotted"
    assert desk.page.locator(".jp-sim-by-human").first.evaluate(look) == "solid"
    chord(desk, AUTHORS)


def stands_still(fan: Fan) -> None:
    """Neither the text nor the list moved since one began to watch."""
    strayed = fan.strayed()
    assert strayed["frames"] > 5
    assert strayed["line"] <= 1
    assert strayed["row"] <= 1
