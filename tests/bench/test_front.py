"""What keys cost the page of a real JupyterLab: script from the key to the paint, and while a long
list of branches is scrolled.

The figures are Chromium's own sums of script and of all work on the page's thread; those of a key
that nobody listens to, which are the price of measuring, are told beside them and not taken off.
"""

import asyncio
import json
import statistics
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import CDPSession, sync_playwright

from ..ui.conftest import FLAGS, chromium, new_desk
from ..ui.desk import Desk
from ..ui.fan import ACCEPT, DISMISS, NEXT, Fan
from ..ui.lab import running
from ..ui.test_tree import OPENING, large
from ..ui.tree import CHILD, PARENT, Tree
from .machine import foreign_share
from .results import Results

KEY_AT_MOST = 16
"""Milliseconds of script from a key to the paint, at p95; and of a scrolled frame."""

ROWS_AT_MOST = 100
KEYS, FRAMES = 60, 200
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


class Clock:
    """Sums up what a page does on its thread while something is done to it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.session: CDPSession = desk.page.context.new_cdp_session(desk.page)
        self.session.send("Performance.enable")
        self.scripts: list[float] = []
        self.tasks: list[float] = []

    def time(self, act: Callable[[], None]) -> None:
        """Do something and wait for its paint; its script and all its work are in milliseconds."""
        self.desk.ask(PAINTED)
        before = self._sums()
        act()
        self.desk.ask(PAINTED)
        after = self._sums()
        script, task = (1000 * (late - early) for early, late in zip(before, after, strict=True))
        self.scripts.append(script)
        self.tasks.append(task)

    @property
    def script(self) -> float:
        """The 95th percentile of the times in script."""
        return statistics.quantiles(self.scripts, n=20)[-1]

    def tell(self, what: str) -> None:
        task = statistics.quantiles(self.tasks, n=20)[-1]
        middle, most = statistics.median(self.scripts), max(self.scripts)
        print(
            f"\n{what}: script {middle:.1f} ms, p95 {self.script:.1f}, max {most:.1f}; "
            f"with style, layout and paint p95 {task:.1f} ms ({len(self.scripts)} times)"
        )

    def _sums(self) -> tuple[float, float]:
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        sums = {metric["name"]: metric["value"] for metric in metrics}
        return sums["ScriptDuration"], sums["TaskDuration"]


@pytest.fixture
def desk(tmp_path) -> Iterator[Desk]:
    with sync_playwright() as playwright, running(tmp_path) as lab:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        desk = new_desk(browser, lab)
        desk.arrive()
        yield desk
        browser.close()


def judge(figures: Results, measure: str, clock: Clock, foreign: float) -> None:
    """Tell a figure, keep it, and hold it to its limit."""
    clock.tell(measure)
    target = f"≤ {KEY_AT_MOST}"
    count = len(clock.scripts)
    assert figures.add(measure, "starter", clock.script, "ms", target, foreign, count).met


@pytest.mark.bench
@pytest.mark.timeout(0)
def test_highlight_accept_and_move_are_painted_in_a_frame_of_script(
    desk: Desk, figures: Results
) -> None:
    clocks = {name: Clock(desk) for name in ("nothing", "highlight", "accept", "move")}
    fan = Fan(desk)
    desk.notebook(OPENING)
    desk.set(n=5, length="sentence")
    with foreign_share() as foreign:
        fan.propose(5)
        for _ in range(KEYS):
            clocks["nothing"].time(lambda: desk.press("Shift"))
            clocks["highlight"].time(lambda: desk.press(NEXT))
        for _ in range(KEYS // 2):
            clocks["accept"].time(lambda: desk.press(ACCEPT))
            fan.closed()
            fan.propose(5)
        desk.press(DISMISS)
        desk.recorded()
        for _ in range(KEYS // 2):
            for way in (PARENT, CHILD):
                desk.press("Control+k")
                clocks["move"].time(lambda way=way: desk.press(way))
                desk.recorded()
    clocks.pop("nothing").tell("a key that nobody listens to")
    for name, clock in clocks.items():
        judge(figures, f"key to paint, {name}: script, p95", clock, foreign[0])


@pytest.mark.bench
@pytest.mark.timeout(0)
def test_a_panel_of_ten_thousand_nodes_is_scrolled_in_a_frame_of_script(
    desk: Desk, figures: Results
) -> None:
    name, document = desk.lab.notebook(OPENING), uuid.uuid4().hex
    with ThreadPoolExecutor() as pool:
        pool.submit(asyncio.run, large(desk.lab, document, name)).result()
    path = desk.lab.root / name
    notebook = json.loads(path.read_text()) | {"metadata": {"jupyter_sim": {"document": document}}}
    path.write_text(json.dumps(notebook))
    desk.open(name)
    desk.edit(0)
    Tree(desk).open()
    desk.page.get_by_text("10,001 nodes").wait_for()
    clock, rows = Clock(desk), []
    scroll = "(by) => { document.querySelector('.jp-sim-scroll').scrollTop += by; }"
    count = "() => document.querySelectorAll('.jp-sim-branches [role=treeitem]').length"
    desk.ask("() => { document.querySelector('.jp-sim-scroll').scrollTop = 0; }")
    with foreign_share() as foreign:
        for frame in range(FRAMES):
            by = 240 if frame % 4 else 4_000
            clock.time(lambda by=by: desk.ask(scroll, by))
            rows.append(desk.ask(count))
    print(f"\nrows in the page: {max(rows)} at most")
    judge(figures, "a scrolled frame of 10,000 nodes: script, p95", clock, foreign[0])
    assert max(rows) <= ROWS_AT_MOST
