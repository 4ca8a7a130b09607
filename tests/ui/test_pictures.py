"""The pictures of the README: made here, from the real thing.

`pytest tests/ui/test_pictures.py --screenshots` puts them where the README shows them from, and
rejects candidates until those that are left read well; in any other run the pictures go to a
scratch place, and those that the README shows must be there.
"""

import re
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect

from .desk import Desk
from .fan import ACCEPT, BRANCH, DISMISS, NEXT, PREVIOUS, REJECT, Fan
from .lab import Lab
from .tree import AUTHORS, Tree

HERE = Path(__file__).parents[2]
IMAGES = HERE / "examples" / "images"
WELCOME = HERE / "examples" / "welcome.ipynb"
LARGEST = 300_000
MARGIN = 8
WIDTH = 1280
DRAWS = 40
"""So many candidates are looked at, at most, before one is taken for a row."""

CHAPTER = "## The letter"
OPENING = (
    "It lay on the table where he had left it. The letter had been opened before it reached her. "
    "She turned it over twice, and"
)
NOTE = "*Still to write: who opened it, and why.*"


@pytest.fixture
def posed(request: pytest.FixtureRequest) -> bool:
    """Whether these are the pictures of the README."""
    return request.config.getoption("--screenshots")


@pytest.fixture
def album(tmp_path: Path, posed: bool) -> Path:
    """Where pictures go."""
    if not posed:
        return tmp_path
    IMAGES.mkdir(parents=True, exist_ok=True)
    return IMAGES


@pytest.fixture
def wide(own_desk, lab: Lab) -> Iterator[Desk]:
    """A page as wide as the README, in the sharpness of good screens, without a side bar."""
    desk = own_desk(lab, viewport={"width": WIDTH, "height": 800}, device_scale_factor=2)
    desk.arrive()
    desk.command("application:toggle-left-area")
    yield desk
    desk.dress("light")
    desk.tidy()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_fan_sits_for_its_picture(wide: Desk, album: Path, theme: str, posed: bool) -> None:
    wide.dress(theme)
    wide.open(wide.lab.notebook(CHAPTER, OPENING, NOTE))
    wide.edit(1)
    with posing(wide, Fan(wide), picky=posed):
        take(wide, album / f"fan-{theme}.png", around(wide, ".jp-Cell"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_tree_sits_for_its_picture(wide: Desk, album: Path, theme: str, posed: bool) -> None:
    wide.dress(theme)
    wide.open(wide.lab.notebook(CHAPTER, OPENING, NOTE))
    wide.edit(1)
    fan, tree = Fan(wide), Tree(wide)
    wide.set(temperature=0.7, n=4)
    known = known_words(wide.lab) if posed else set()
    for draw in range(3):
        fan.propose(4)
        if posed:
            pick(wide, fan, known, rows=2, shown=4)
        wide.press(NEXT)
        wide.press(BRANCH)
        wide.press(PREVIOUS)
        wide.press(DISMISS if draw == 2 else ACCEPT)
        fan.closed()
        if draw == 0:
            wide.type(" She did not look up.")
    tree.chord(AUTHORS)
    wide.page.locator(".jp-sim-by-model").first.wait_for()
    tree.open()
    wide.press("ArrowUp")
    wide.press("p")
    tree.until("rows.some((row) => row.selected && row.pinned)")
    wide.page.mouse.move(0, 0)
    take(wide, album / f"tree-{theme}.png", {"x": 0, "y": 0, "width": WIDTH, "height": 560})
    wide.press("Escape")
    tree.chord(AUTHORS)
    tree.close()


def test_the_welcome_notebook_sits_for_its_picture(wide: Desk, album: Path, posed: bool) -> None:
    name = "welcome.ipynb"
    (wide.lab.root / name).write_text(WELCOME.read_text())
    wide.open(name)
    wide.edit(1)
    with posing(wide, Fan(wide), picky=posed):
        take(wide, album / "welcome.png", {"x": 0, "y": 0, "width": WIDTH, "height": 800})


def test_the_pictures_that_the_readme_shows_are_there() -> None:
    shown = re.findall(r"!\[.+?\]\((.+?)\)", (HERE / "README.md").read_text())
    assert shown
    for path in shown:
        assert (HERE / path).is_file(), f"{path} is missing: run this file with --screenshots"
    for picture in IMAGES.iterdir():
        assert picture.stat().st_size < LARGEST


@contextmanager
def posing(desk: Desk, fan: Fan, picky: bool) -> Iterator[None]:
    """A fan in the middle of judging: one branched, one about to be replaced."""
    desk.set(temperature=0.7, distinct=True, n=5)
    fan.propose()
    if picky:
        pick(desk, fan, known_words(desk.lab))
    fan.highlight(2)
    desk.press(BRANCH)
    fan.highlight(3)
    worker = desk.lab.worker()
    worker.suspend()
    try:
        desk.press(REJECT)
        fan.row(3).get_by_text("replacing").wait_for()
        fan.highlight(0)
        desk.page.mouse.move(0, 0)
        yield
    finally:
        worker.resume()
    fan.settle()


def pick(desk: Desk, fan: Fan, known: set[str], rows: int = 5, shown: int = 5) -> None:
    """Reject in each row until a candidate reads well, as a toy model's often do not."""
    for row in range(rows):
        for _ in range(DRAWS):
            if reads_well(fan.look().rows[row].text.strip(), known):
                break
            fan.highlight(row)
            desk.press(REJECT)
            fan.settle(shown)


def reads_well(text: str, known: set[str]) -> bool:
    """Whether a candidate is a plain sentence of known words that fits into a row."""
    plain = re.fullmatch(r"[a-z ,;']+\.", text) is not None
    return plain and 25 < len(text) < 90 and set(words(text)) <= known


def known_words(lab: Lab) -> set[str]:
    """Words that the model writes time and again; those it makes up come once."""
    (lab.root / "prompt.txt").write_text(OPENING)
    options = ("-n", "32", "--max-tokens", "600", "--temperature", "0.7")
    counted = Counter(words(lab.sim("propose", *options, "prompt.txt")))
    return {word for word, count in counted.items() if count > 2}


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text)


def around(desk: Desk, selector: str) -> FloatRect:
    """The part of the page that holds all elements of a kind, with a margin."""
    boxes = [box.bounding_box() for box in desk.page.locator(selector).all()]
    left, top = (min(box[edge] for box in boxes) - MARGIN for edge in ("x", "y"))
    right = max(box["x"] + box["width"] for box in boxes) + MARGIN
    bottom = max(box["y"] + box["height"] for box in boxes) + MARGIN
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def take(desk: Desk, path: Path, part: FloatRect) -> None:
    """Take a picture of a part of the page; it must show something."""
    desk.page.screenshot(path=path, clip=part)
    data = path.read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert data.startswith(b"\x89PNG") and width >= 2000 and height >= 500
    assert len(data) > 30_000
