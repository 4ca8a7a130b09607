"""How smoothly a session log of 100,000 events is scrubbed in JupyterLab's replay document.

A seek is from the pointer's move to the frame with the text, the fan and the layout of the page.
The moves come as fast as frames do, all over the time line. What comes after them, when the tree
and the figures follow, is told as the longest time in which the page did not answer; so it is of
the reading, in which the first events are shown at once and the rest when all is read.
"""

import statistics
import time
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from jupyter_sim.formats.simlog import Header, write_log

from ..ui.conftest import FLAGS, chromium, new_desk
from ..ui.lab import running
from ..ui.replay import Replay
from .test_tree import EVENTS, history

FIRST_AT_MOST, OPEN_AT_MOST, SEEK_AT_MOST, BUSY_AT_MOST = 1.0, 5.0, 0.016, 0.6
SEEKS = 300
WATCH = """() => {
  window.busy = [0];
  new PerformanceObserver((list) => busy.push(...list.getEntries().map((one) => one.duration)))
    .observe({ type: "longtask" });
}"""
SCRUB = """async (line, count) => {
  const { left, width, top } = line.getBoundingClientRect();
  const busy = [];
  new PerformanceObserver((list) => busy.push(...list.getEntries().map((one) => one.duration)))
    .observe({ type: "longtask" });
  const at = (share) => ({ clientX: left + share * width, clientY: top + 9, pointerId: 1 });
  line.setPointerCapture = () => {};
  line.hasPointerCapture = () => true;
  const seeks = [];
  for (let i = 0; i < count; i++) {
    const share = (i * 0.618) % 1;
    const frame = new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    line.dispatchEvent(new PointerEvent("pointermove", at(share)));
    requestAnimationFrame((start) => {
      document.body.getBoundingClientRect();
      seeks.push(performance.now() - start);
    });
    await frame;
  }
  await new Promise((done) => setTimeout(done, 1500));
  return { seeks, busy };
}"""


@pytest.mark.bench
@pytest.mark.timeout(0)
def test_a_hundred_thousand_events_are_scrubbed_without_stutter(tmp_path: Path) -> None:
    events = history(EVENTS)
    with sync_playwright() as playwright, running(tmp_path) as lab:
        header = Header(document="d", path="long.ipynb", kind="notebook", exported=1.0)
        write_log(lab.root / "long.simlog", header, events)
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        desk = new_desk(browser, lab)
        desk.arrive()
        desk.ask(WATCH)
        start = time.perf_counter()
        desk.command("docmanager:open", path="long.simlog")
        replay = Replay(desk.page)
        first = time.perf_counter() - start
        replay.part("badge").wait_for()
        opened = time.perf_counter() - start
        read = desk.ask("() => Math.max(...busy)") / 1000
        assert replay.standing == "verified" and replay.events == len(events)
        told = replay.line.evaluate(SCRUB, SEEKS)
        browser.close()
    seeks = sorted(seek / 1000 for seek in told["seeks"])
    mean, p95 = statistics.mean(seeks), seeks[int(0.95 * len(seeks))]
    busy = max(told["busy"], default=0) / 1000
    size = (lab.root / "long.simlog").stat().st_size / 2**20
    print(
        f"\n{len(events):,} events, {size:.0f} MiB: the first seen after {first:.2f} s, all", end=""
    )
    print(f" after {opened:.1f} s, busy for {read * 1000:.0f} ms at most; a seek takes", end="")
    print(f" {mean * 1000:.1f} ms (p95 {p95 * 1000:.1f}); busy for {busy * 1000:.0f} ms at most")
    assert first <= FIRST_AT_MOST
    assert opened <= OPEN_AT_MOST
    assert read <= BUSY_AT_MOST
    assert mean <= SEEK_AT_MOST
    assert busy <= BUSY_AT_MOST
