"""Given candidates in place of drawn ones: whoever proposes on this page is told these texts.

All else that the page and the document say to one another goes through as it is.
"""

import json
import re
from typing import Any

from playwright.sync_api import WebSocketRoute

from .desk import Desk
from .fan import Fan

SOCKET = re.compile("/jupyter-sim/socket")


class Recital:
    """Fans of given texts; what is told of them, and when, is the scenario's to say."""

    def __init__(self, desk: Desk, *texts: str) -> None:
        self._desk = desk
        self._texts = texts
        self._fan = self._draw = ""
        self._said = [0] * len(texts)
        desk.page.route_web_socket(SOCKET, self._stand_between)

    def open(self, fan: Fan) -> None:
        """Open a fan, and wait until its candidates can be told."""
        self._draw = ""
        fan.open()
        self._desk.eventually(lambda: self._draw != "")

    def say(self, row: int, units: int) -> None:
        """Tell more of a row's text, and wait until it is painted."""
        text = self._texts[row][self._said[row] :][:units]
        self._said[row] += len(text)
        gain = {"candidate": self._name(row), "text": text, "logprobs": [-0.5], "ends": []}
        self._tell("grown", gains=[gain])

    def finish(self) -> None:
        """Tell what is left of all texts, and that they are whole."""
        for row in range(len(self._texts)):
            self.say(row, len(self._texts[row]))
            self._tell("ended", candidate=self._name(row), finish="stop")

    def _name(self, row: int) -> str:
        return f"{self._draw}.{row}"

    def _tell(self, kind: str, **what: Any) -> None:
        message = {"type": kind, "fan": self._fan, "draw": self._draw} | what
        self._page.send(json.dumps(message))
        self._desk.ask("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    def _stand_between(self, page: WebSocketRoute) -> None:
        self._page, document = page, page.connect_to_server()

        def heard(text: str | bytes) -> None:
            message = json.loads(text)
            if message["type"] == "propose":
                self._begin(message)
            elif message.get("fan") == self._fan:
                page.send(json.dumps({"type": "acknowledged", "id": message["id"]}))
            else:
                document.send(text)

        page.on_message(heard)

    def _begin(self, propose: dict[str, Any]) -> None:
        self._fan, self._draw = propose["fan"], propose["id"]
        self._said = [0] * len(self._texts)
        names = [self._name(row) for row in range(len(self._texts))]
        message = {"type": "drawing", "fan": self._fan, "draw": self._draw, "candidates": names}
        self._page.send(json.dumps({"type": "acknowledged", "id": propose["id"]}))
        self._page.send(json.dumps(message))
