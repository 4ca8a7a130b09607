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

from jupyter_sim.events import Branched, Rejected

from .context import SCORE, Context, chord
from .desk import Desk
from .fan import BRANCH, REJECT, Fan
from .lab import SEED, Lab, new_name
from .posed import Posed
from .replay import END, FAN_BEFORE
from .test_replay import opened
from .tree import AUTHORS, Tree

HERE = Path(__file__).parents[2]
IMAGES = HERE / "examples" / "images"
WELCOME = HERE / "examples" / "welcome.ipynb"
LARGEST = 150_000
MARGIN = 8
WIDTH = 1280
DRAWS = 40
"""So many candidates are looked at, at most, before one is taken for a row."""

CHAPTER = "## The letter"
OPENING = (
    "It lay on the table where he had left it. The letter had been opened before it reached her. "
    "She turned it over twice, and"
)
VOICES = (("ghost story", "A ghost story.\n\n"), ("doctor", "From the diary of a doctor.\n\n"))
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
    desk = bare(own_desk, lab, WIDTH, 800, 2)
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


@pytest.fixture(scope="module")
def story(lab: Lab) -> str:
    """A notebook with a cell that was written in three fans."""
    name = lab.notebook(CHAPTER, OPENING, NOTE)
    posed = Posed(lab, name, OPENING)
    lines = (" turned to the fire.", " stood in silence.", " asked to see her own name.")
    fire, silence, own, _ = posed.fan(*lines, " was thinking of him.", seed=2)
    posed.judge(Branched, silence)
    posed.judge(Rejected, own)
    posed.accept(fire)
    posed.write(" She did not look up.")
    lines = ('\n\n"Oh, he was here!" she cried.', "\n\nMeanwhile the fire was no longer.")
    voices = (("", ""), *VOICES)
    here, ghost, _ = posed.fan(*lines, " But he had no news.", seed=1, voices=voices)
    posed.judge(Branched, ghost)
    posed.mark(ghost, "for the last chapter")
    posed.accept(here)
    lines = ('\n\n"What did you know?', ' "I have always seen you before!"')
    _, before, _ = posed.fan(*lines, '\n\n"She was here, Miss.', seed=5)
    posed.judge(Branched, before)
    posed.end()
    return name


def test_the_panels_sit_for_their_pictures(own_desk, lab: Lab, story: str, album: Path) -> None:
    desk = bare(own_desk, lab, 1100, 520, 1.5)
    desk.open(story)
    desk.edit(1)
    tree, whole = Tree(desk), {"x": 34, "y": 28, "width": 1066, "height": 468}
    tree.chord(AUTHORS)
    desk.page.locator(".jp-sim-by-model").first.wait_for()
    tree.open()
    widen(desk, 110)
    tree.select(next(row.text for row in tree.look() if row.note))
    take(desk, album / "branches-light.png", whole)
    desk.press("g")
    desk.page.locator(".jp-sim-graph").wait_for()
    desk.dress("dark")
    widen(desk, 120)
    desk.page.locator(".jp-sim-graph").focus()
    desk.press("ArrowLeft", times=2)
    desk.ask("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    take(desk, album / "graph-dark.png", whole)
    desk.dress("light")
    widen(desk, -120)
    tree.close()
    desk.edit(1)
    tree.chord(AUTHORS)
    chord(desk, SCORE)
    desk.page.locator(".jp-sim-heat").nth(4).hover()
    desk.page.locator(".jp-sim-judgement .jp-sim-other").first.wait_for()
    take(desk, album / "score-light.png", around(desk, ".jp-Cell"))
    chord(desk, SCORE)
    context = Context(desk)
    context.open()
    for name, frame in VOICES:
        context.add(name, frame.strip())
    context.leave()
    context.prompt()
    take(desk, album / "context-light.png", whole)
    log = new_name(".simlog")
    lab.sim("export", story, "-o", log)
    desk.dress("dark")
    desk.page.set_viewport_size({"width": 1100, "height": 640})
    replay = opened(desk, log)
    desk.command("application:toggle-left-area")
    desk.command("application:toggle-right-area")
    replay.focus()
    replay.press(END, FAN_BEFORE)
    replay.settled()
    take(desk, album / "replay-dark.png", whole | {"height": 588})
    desk.tidy()


def test_the_welcome_notebook_sits_for_its_picture(
    own_desk, lab: Lab, album: Path, posed: bool
) -> None:
    size = {"width": 1200, "height": 710}
    desk = bare(own_desk, lab, *size.values(), 1.25)
    name = "welcome.ipynb"
    (lab.root / name).write_text(WELCOME.read_text())
    desk.open(name)
    desk.edit(1)
    with posing(desk, Fan(desk), picky=posed):
        take(desk, album / "welcome.png", {"x": 0, "y": 0} | size)
    desk.tidy()


def test_the_pictures_that_the_readme_shows_are_there() -> None:
    shown = re.findall(r"!\[.+?\]\((.+?)\)", (HERE / "README.md").read_text())
    assert shown
    for path in shown:
        assert (HERE / path).is_file(), f"{path} is missing: run this file with --screenshots"
    for picture in IMAGES.iterdir():
        assert picture.stat().st_size < LARGEST


def bare(own_desk, lab: Lab, width: int, height: int, sharpness: float) -> Desk:
    """A page of this size without a side bar."""
    viewport = {"width": width, "height": height}
    desk = own_desk(lab, viewport=viewport, device_scale_factor=sharpness)
    desk.arrive()
    desk.command("application:toggle-left-area")
    return desk


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
    stutters = re.search(r"\b(\w+) \1\b", text) is not None
    return plain and not stutters and 25 < len(text) < 70 and set(words(text)) <= known


def known_words(lab: Lab) -> set[str]:
    """Words that the model writes time and again; those it makes up come once."""
    (lab.root / "prompt.txt").write_text(OPENING)
    options = ("-n", "32", "--max-tokens", "600", "--temperature", "0.7", "--seed", str(SEED))
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


def widen(desk: Desk, by: int) -> None:
    """Drag the edge of the right side bar to the left."""
    box = desk.page.locator("#jp-right-stack").bounding_box()
    x, y, mouse = box["x"] - 2, box["y"] + 200, desk.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x - by, y, steps=3)
    mouse.up()
    mouse.move(0, 0)


def take(desk: Desk, path: Path, part: FloatRect) -> None:
    """Take a picture of a part of the page; it must show something."""
    desk.page.screenshot(path=path, clip=part)
    data = path.read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert data.startswith(b"\x89PNG") and width >= 1500 and height >= 200
    assert len(data) > 30_000
