"""The Context panel as a reader sees it, and the keys that lead to it."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator

from .desk import Desk

VOICES, PROMPT, LOOK, SCORE, EACH, ORDER, PRESET, EXPLORE = "vqpseodx"


def chord(desk: Desk, key: str) -> None:
    """Press a key after the one that leads to the simulator's."""
    desk.press("Control+k")
    desk.press(key)


@dataclass(frozen=True)
class Prompt:
    """What the inspector shows."""

    text: str
    ids: list[int]
    cached: int
    facts: str


class Context:
    """The panel at the desk. Its methods wait until what they ask for is there."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @property
    def dom(self) -> Locator:
        return self.desk.page.locator(".jp-sim-context")

    def open(self) -> None:
        """Open the panel by its key; the focus is among the voices."""
        chord(self.desk, VOICES)
        focused = "() => document.activeElement.closest('.jp-sim-context') !== null"
        self.desk.until(focused)

    def add(self, name: str, text: str, everywhere: bool = False) -> None:
        """Write a voice, by keys alone once its form is open."""
        self.button("Add a voice").click()
        self.desk.type(name)
        self.desk.press("Tab")
        self.desk.type(text)
        if everywhere:
            self.desk.press("Tab")
            self.desk.press("Space")
        self.desk.press("Control+Enter")

    def chosen(self) -> list[str]:
        """The names of the voices that the next fan is dealt to."""
        boxes = self.dom.locator(".jp-sim-voice-row:has(:checked) .jp-sim-voice-name")
        return boxes.all_inner_texts()

    def leave(self) -> None:
        """Go back to the text."""
        self.desk.press("Escape")
        self.desk.until("() => desk.writing()")

    def prompt(self) -> Prompt:
        """Show the prompt by its key, and read it."""
        return self._shown(lambda: chord(self.desk, PROMPT))

    def prompt_again(self) -> Prompt:
        """Show it again by its button."""
        return self._shown(self.button("Show again").click)

    def _shown(self, ask: Callable[[], None]) -> Prompt:
        pieces = "document.querySelectorAll('.jp-sim-prompt .jp-sim-piece')"
        self.desk.ask(f"() => {pieces}.forEach((one) => (one.dataset.old = true))")
        ask()
        self.desk.until(f"() => [...{pieces}].some((one) => !one.dataset.old)")
        seen = self.desk.ask(
            """() => {
              const pieces = [...document.querySelectorAll(".jp-sim-prompt .jp-sim-piece")];
              const cached = pieces.filter((one) => one.classList.contains("jp-mod-cached"));
              return {
                text: pieces.map((one) => one.textContent).join(""),
                ids: pieces.flatMap((one) => one.title.split(" ").map(Number)),
                cached: cached.length,
                facts: document.querySelector(".jp-sim-facts").textContent,
              };
            }"""
        )
        return Prompt(**seen)

    def button(self, name: str) -> Locator:
        return self.dom.get_by_role("button", name=name)
