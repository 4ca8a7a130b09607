"""The open fan as a reader sees it, and the keys that judge it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Locator

from .desk import Desk

PROPOSE = "Control+Shift+Space"
NEXT = "ArrowDown"
PREVIOUS = "ArrowUp"
ACCEPT = "Tab"
WORD = "Control+ArrowRight"
SENTENCE = "Control+Shift+ArrowRight"
BRANCH = "Control+Shift+Enter"
REJECT = "Shift+Tab"
DISMISS = "Escape"


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    id: str
    text: str
    note: str
    highlighted: bool
    running: bool
    offered: bool
    branched: bool
    rejected: bool


@dataclass(frozen=True)
class Seen:
    """One look at an open fan."""

    ghost: str
    rows: tuple[Row, ...]

    @property
    def on(self) -> int:
        """The number of the highlighted row."""
        (on,) = [i for i, row in enumerate(self.rows) if row.highlighted]
        return on

    @property
    def highlighted(self) -> Row:
        return self.rows[self.on]


class Fan:
    """The fan at the desk. Its methods wait until what they ask for is there."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def propose(self, n: int = 5) -> None:
        """Open the fan, and wait until all rows have come to their end."""
        self.open()
        self.settle(n)

    def open(self) -> None:
        self.desk.press(PROPOSE)
        self.desk.until("() => fan.look() !== null")

    def settle(self, n: int = 5) -> None:
        """Wait until there are n rows and no text is on its way."""
        self.desk.until("(n) => fan.settled() && fan.look().rows.length === n", n)

    @contextmanager
    def streaming(self, n: int = 5) -> Iterator[None]:
        """Open a fan of candidates as long as one can ask for: their text runs in for as long as
        the block lasts, every row has some, and one is not done.
        """
        self.desk.set(length="128", n=n)
        with self.desk.lab.slowed():
            self.open()
            self.desk.until(
                "() => { const rows = fan.look()?.rows ?? []; return rows.length > 0 &&"
                " rows.every((row) => row.text) && rows.some((row) => row.running); }"
            )
            yield

    def look(self) -> Seen:
        seen = self.desk.ask("() => fan.look()")
        assert seen is not None, "No fan is open"
        return Seen(seen["ghost"], tuple(Row(**row) for row in seen["rows"]))

    def closed(self) -> None:
        """Wait until no fan is open."""
        self.desk.until("() => fan.editor === null")

    def highlight(self, row: int) -> None:
        """Go to a row by the arrow keys."""
        for _ in range(len(self.look().rows)):
            if self.look().on == row:
                return
            self.desk.press(NEXT)
        raise AssertionError(f"Row {row} cannot be highlighted")

    def watch(self) -> None:
        """Note where things are, at every frame from now on."""
        self.desk.ask("() => fan.watch()")

    def strayed(self) -> dict[str, float]:
        """How far the text's first `line` and the list's first `row` moved, in so many `frames`."""
        return self.desk.ask("() => fan.strayed()")

    def sentence(self) -> str:
        """Wait for the sentence in the fan's place that says what is wrong."""
        message = self.part(".jp-sim-failure")
        message.wait_for()
        return message.inner_text()

    def part(self, selector: str) -> Locator:
        return self.desk.page.locator(f".jp-sim-open {selector}")

    def row(self, index: int) -> Locator:
        return self.part("[role=option]").nth(index)

    def button(self, name: str) -> Locator:
        """The button that is called so, by the end of its name: a key may stand before it."""
        editor = self.desk.page.locator(".jp-sim-open")
        return editor.get_by_role("button", name=re.compile(rf"(^|\W){re.escape(name)}$"))

    def drawer(self) -> None:
        """Open what stands under the foot's one line, if it is not open."""
        more = self.part(".jp-sim-more")
        if more.get_attribute("aria-expanded") == "false":
            more.click()

    def choose_length(self, length: str) -> None:
        self.button(f"Length of the next draw: {self.part('.jp-sim-length').inner_text()}").click()
        self.desk.page.get_by_role("menuitemradio", name=length, exact=True).click()

    def choose_count(self, n: int) -> None:
        """Press the buttons until n candidates are asked for."""
        self.drawer()
        self._step("Candidates in the next draw", ("Fewer", "More"), "n {}", range(1, 33), n)

    def choose_temperature(self, temperature: float) -> None:
        """Press the buttons until the temperature is so many tenths."""
        self.drawer()
        tenths = [i / 10 for i in range(21)]
        name = "Temperature of the next draw"
        self._step(name, ("Cooler", "Warmer"), "T {}", tenths, temperature)

    def _step(
        self,
        name: str,
        buttons: tuple[str, str],
        form: str,
        values: Sequence[float],
        wanted: float,
    ) -> None:
        group = self.desk.page.locator(".jp-sim-open").get_by_role("group", name=name)
        shown = [form.format(value) for value in values]
        by = shown.index(form.format(wanted)) - shown.index(group.locator("span").inner_text())
        for _ in range(abs(by)):
            self.button(f"{name}: {buttons[by > 0]}").click()
        assert group.locator("span").inner_text() == form.format(wanted)
