"""A replay on a page, in JupyterLab or alone: what it shows, and the keys that play it."""

from playwright.sync_api import Locator, Page

STEP, BACK = "ArrowRight", "ArrowLeft"
NEXT_FAN, FAN_BEFORE = "Shift+ArrowRight", "Shift+ArrowLeft"
BEGINNING, END, PLAY, FASTER, COPY = "Home", "End", "Space", "+", "c"
WALK = """async (dom, [first, last]) => {
  const shown = [];
  const line = dom.querySelector(".jp-sim-replay-line");
  for (let number = first; number < last; number++) {
    dom.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    while (line.ariaValueNow !== String(number + 1)) await new Promise(requestAnimationFrame);
    shown.push(dom.innerText);
  }
  return shown;
}"""


class Replay:
    """The replay that the page shows. Its methods wait until what they ask for is there."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.dom = page.locator(".jp-sim-replay:visible")
        self.line = self.part("line")
        self.line.wait_for()

    def part(self, name: str) -> Locator:
        return self.dom.locator(f".jp-sim-replay-{name}")

    def press(self, *keys: str) -> None:
        """Press keys in the replay, and wait until what belongs to the step is drawn."""
        for key in keys:
            self.page.keyboard.press(key)
        self.drawn()

    def drawn(self) -> None:
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def walk(self, first: int, last: int) -> list[str]:
        """Step on from one event to another; all that is to be read at each."""
        return self.dom.evaluate(WALK, [first, last])

    def focus(self) -> None:
        self.dom.focus()

    @property
    def event(self) -> int:
        """The number of the event, from 1."""
        return int(self.line.get_attribute("aria-valuenow") or 0)

    @property
    def events(self) -> int:
        return int(self.line.get_attribute("aria-valuemax") or 0)

    @property
    def said(self) -> str:
        return self.part("event").text_content() or ""

    @property
    def text(self) -> str:
        return self.part("text").text_content() or ""

    @property
    def standing(self) -> str:
        """What the badge says."""
        return self.part("badge").locator("summary").text_content() or ""

    @property
    def offered(self) -> list[tuple[str, str]]:
        """The candidates of the fan, and what became of each."""
        rows = self.part("row").all()
        return [
            (
                row.locator(".jp-sim-replay-words").text_content() or "",
                row.locator(".jp-sim-replay-state").text_content() or "",
            )
            for row in rows
        ]

    @property
    def figures(self) -> dict[str, str]:
        names, values = (self.part("figures").locator(tag) for tag in ("dt", "dd"))
        return dict(zip(names.all_text_contents(), values.all_text_contents(), strict=True))

    def plotted(self, title: str) -> list[str]:
        """The figures beside the bars of a plot."""
        plot = self.part("plots").get_by_text(title).locator("xpath=following-sibling::dl[1]")
        return plot.locator("b").all_text_contents()

    def at_end(self) -> None:
        """Wait until it has played to its end."""
        self.page.wait_for_function(
            "(line) => line.ariaValueNow === line.ariaValueMax", arg=self.line.element_handle()
        )
        self.drawn()

    def settled(self) -> None:
        """Wait until the tree and the figures follow the step."""
        self.page.wait_for_function(
            "(dom) => dom.getAttribute('aria-busy') === null", arg=self.dom.element_handle()
        )
