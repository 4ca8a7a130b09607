"""One `jupyter lab` and one browser for all scenarios; one page, left tidy, for each in turn.

A scenario that fails, or that needs a page to itself, gets or leaves a fresh one.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from .desk import Desk
from .fan import Fan
from .lab import Lab, running

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
HERE = Path(__file__).parent

MakeDesk = Callable[..., Desk]
failed = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots", action="store_true", help="Make the pictures of the README again."
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every scenario, and give it the time that a slow machine needs."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("ui")
            item.add_marker(pytest.mark.timeout(300))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Let fixtures know whether the scenario failed."""
    report = yield
    item.stash.setdefault(failed, False)
    item.stash[failed] |= report.failed
    return report


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The server that scenarios share."""
    with running(tmp_path_factory.mktemp("lab")) as lab:
        yield lab
    assert "dark and" not in "".join(lab.log), "The log must not hold the text of documents"


@pytest.fixture
def fan(desk: Desk) -> Fan:
    """The fan on the shared page."""
    return Fan(desk)


class Room:
    """Where the shared page stands; it is made when first asked for."""

    def __init__(self, browser: Browser, lab: Lab) -> None:
        self.browser = browser
        self.lab = lab
        self.desk: Desk | None = None

    def enter(self) -> Desk:
        if self.desk is None:
            self.desk = new_desk(self.browser, self.lab)
            self.desk.arrive()
        return self.desk

    def leave(self, untidy: bool) -> None:
        if self.desk is None:
            return
        if untidy:
            self.desk.page.context.close()
            self.desk = None
            self.lab.settings("jupyter-sim/plugin", {})
        else:
            self.desk.tidy()


@pytest.fixture(scope="package")
def room(browser: Browser, lab: Lab) -> Iterator[Room]:
    room = Room(browser, lab)
    yield room
    room.leave(untidy=True)


@pytest.fixture
def desk(room: Room, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """The shared page, with nothing open. It must not have printed or thrown an error."""
    desk = room.enter()
    yield desk
    if request.node.stash[failed]:
        desk.tell(tmp_path / "page.png")
    errors, desk.errors[:] = list(desk.errors), []
    room.leave(untidy=request.node.stash[failed] or bool(errors))
    assert errors == []


@pytest.fixture
def own_desk(
    browser: Browser, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[MakeDesk]:
    """Makes pages of a scenario's own, on whichever server it names."""
    desks: list[Desk] = []

    def make(lab: Lab, **options: object) -> Desk:
        desks.append(new_desk(browser, lab, **options))
        return desks[-1]

    yield make
    errors = [error for desk in desks for error in desk.errors]
    for number, desk in enumerate(desks):
        if request.node.stash[failed]:
            desk.tell(tmp_path / f"page-{number}.png")
        desk.page.context.close()
    assert errors == []


def new_desk(browser: Browser, lab: Lab, **options: object) -> Desk:
    """A page in a browser context of its own, with no cookies and no storage, or in `context`."""
    size = {"viewport": {"width": 1280, "height": 800}}
    context = options.pop("context", None) or browser.new_context(**size | options)
    return Desk(context.new_page(), lab)


def chromium() -> str:
    """Where the system's Chromium is; the variable CHROMIUM may name one."""
    names = [*filter(None, [os.environ.get("CHROMIUM")]), *CHROMIUMS]
    found = next(filter(None, map(shutil.which, names)), None)
    assert found, "No Chromium: run `make chromium`, or set CHROMIUM to its path."
    return found
