"""Someone at a page of JupyterLab: opens documents, types, presses keys, reads the text.

Everything waits for what it needs; nothing sleeps. What is done with fans is in `fan`.
"""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Error, Page, WebSocket

from .lab import Lab, new_name

SCRIPTS = [Path(__file__).with_name(name) for name in ("desk.js", "fan.js")]
PATIENCE = 60_000
"""Milliseconds; for two slow cores with a model on one of them."""

NOT_OURS = ["@jupyter-widgets/jupyterlab-manager", "Could not restore the debugger state"]
"""Who complain on their own: the widgets' manager, in every notebook without a kernel, and the
debugger, of a kernel that ends while it is asked."""

GONE = ("ERR_CONNECTION_RE", "WebSocket connection", "ServerConnection", "Failed to fetch")
"""What JupyterLab itself prints and throws when its server is gone, as when it saves its layout."""


class Desk:
    """One page.

    `errors` are the errors that the page printed or threw; `lines` holds, for each connection to
    a document, the ids of the requests that are neither on disk nor refused.
    """

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page = page
        self.lab = lab
        self.errors: list[str] = []
        self.forgiven = [*NOT_OURS]
        self.lines: list[set[str]] = []
        page.set_default_timeout(PATIENCE)
        page.set_default_navigation_timeout(PATIENCE)
        for script in SCRIPTS:
            page.add_init_script(path=script)
        page.on("pageerror", lambda error: self._note(f"thrown: {error.stack}"))
        page.on("console", self._console)
        page.on("websocket", self._listen)

    def arrive(self, place: str = "lab?reset") -> None:
        """Load a page of the server and wait until the application stands."""
        token = f"{'&' if '?' in place else '?'}token={self.lab.token}" if self.lab.token else ""
        self.page.goto(f"{self.lab.url}{place}{token}")
        self.settle()

    def reload(self) -> None:
        self.page.reload()
        self.settle()

    def settle(self) -> None:
        """Wait until the application has restored itself and the splash is gone."""
        self.until("() => globalThis.jupyterapp !== undefined")
        self.page.evaluate("async () => { await jupyterapp.restored; }")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")
        self.until("() => desk.hasKeys()")

    def notebook(self, *sources: str, kind: str = "markdown", kernel: bool = False) -> str:
        """Make a notebook with cells of one kind, open it, and write at the end of the first."""
        name = self.lab.notebook(*sources, kind=kind, kernel=kernel)
        self.open(name, kernel)
        self.edit(0)
        return name

    def text_file(self, text: str) -> str:
        """Make a text file, open it in the file editor, and write at its end."""
        name = new_name(".txt")
        (self.lab.root / name).write_text(text)
        self.open(name)
        self.edit()
        return name

    def open(self, name: str, kernel: bool = False) -> None:
        self.page.evaluate(
            "async ([name, kernel]) => await desk.open(name, kernel)",
            [name, {"canStart": kernel, "shouldStart": kernel}],
        )

    def edit(self, index: int = 0, caret: int = -1) -> None:
        """Put the caret into a cell, or into the file, ready to type; dialogs are declined."""
        edit = "async (index) => { await desk.edit(index); return desk.writing(); }"
        self.eventually(lambda: self.ask(edit, index))
        self.page.evaluate("(offset) => desk.moveCaret(offset)", caret)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def press(self, keys: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(keys)

    def text(self, index: int | None = None) -> str:
        """The text of a cell, or of the one being written in, by the shared model."""
        return self.ask("([index]) => desk.text(index ?? undefined)", [index])

    def save(self) -> None:
        self.ask("async () => await desk.widget.context.save()")

    def saved(self, name: str, index: int = 0) -> str:
        """The text of a cell, or of the file, as it lies on disk."""
        text = (self.lab.root / name).read_text()
        if not name.endswith(".ipynb"):
            return text
        return "".join(json.loads(text)["cells"][index]["source"])

    def set(self, **settings: Any) -> None:
        """Change settings of the extension, as the settings editor does."""
        self.ask("async (values) => await desk.set(values)", settings)

    def dress(self, theme: str) -> None:
        """Give the page the `light` or the `dark` theme."""
        self.command("apputils:change-theme", theme=f"JupyterLab {theme.title()}")
        light = str(theme == "light").lower()
        self.until("(light) => document.body.dataset.jpThemeLight === light", light)
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def tidy(self) -> None:
        """Close all documents and take all settings back."""
        self.ask("async () => { await desk.closeAll(); await desk.set(null); }")

    def command(self, name: str, **arguments: Any) -> None:
        self.page.evaluate(
            "async ([name, args]) => { await jupyterapp.commands.execute(name, args); }",
            [name, arguments],
        )

    def ask(self, script: str, argument: Any = None) -> Any:
        return self.page.evaluate(script, argument)

    def until(self, script: str, argument: Any = None) -> None:
        """Wait until a function in the page says yes."""
        self.page.wait_for_function(script, arg=argument, timeout=PATIENCE)

    def crash(self) -> None:
        """Let the page's process die, as one does that ran out of memory."""
        with self.page.expect_event("crash"), suppress(Error):
            self.page.goto("chrome://crash")

    def lose_server(self) -> None:
        """Kill the server, and have JupyterLab say so at once and not again.

        Its dialog, which comes whenever it next asks the server for something, takes the keys.
        """
        self.forgive(*GONE)
        self.lab.kill()
        self.ask("() => jupyterapp.serviceManager.sessions.refreshRunning().catch(() => {})")
        dialog = self.page.locator(".jp-Dialog", has_text="Server Connection Error")
        dialog.get_by_role("checkbox").check()
        dialog.get_by_role("button", name="Close").click()
        self.until("() => document.querySelector('.jp-Dialog') === null && desk.writing()")

    def tell(self, picture: Path) -> None:
        """Print what is known after a failure, and take a picture; a page that crashed has none."""
        try:
            self.page.screenshot(path=picture)
        except Error as error:
            print(f"No picture of the page when it failed: {error}")
        else:
            print(f"The page when it failed: {picture}")
        print(*self.errors, sep="\n")
        print("The server's last words:", *self.lab.log[-40:], sep="\n")

    def forgive(self, *sources: str) -> None:
        """From now on, errors that name one of these are expected."""
        self.forgiven += sources

    def eventually(self, condition: Callable[[], bool]) -> None:
        """Wait until something outside of the page holds, while the page goes on."""
        limit = time.monotonic() + PATIENCE / 1000
        while not condition():
            assert time.monotonic() < limit, "It did not come about in time"
            self.page.wait_for_timeout(20)

    def recorded(self) -> None:
        """Wait until all that was said to documents is on disk, or was refused."""
        self.eventually(lambda: not any(self.lines))

    def _listen(self, socket: WebSocket) -> None:
        if "/jupyter-sim/socket" not in socket.url:
            return
        line: set[str] = set()
        self.lines.append(line)
        socket.on("framesent", lambda frame: line.update(asked(json.loads(frame))))
        socket.on(
            "framereceived", lambda frame: line.difference_update(answered(json.loads(frame)))
        )
        socket.on("close", lambda _: line.clear())

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"{message.text} ({message.location.get('url', '')})")

    def _note(self, error: str) -> None:
        if not any(source in error for source in self.forgiven):
            self.errors.append(error)


def asked(request: dict[str, Any]) -> set[str]:
    """The id of a request that will be answered by its id."""
    return set() if request["type"] == "hello" else {request["id"]}


def answered(answer: dict[str, Any]) -> set[str]:
    """The id of the request that an answer is to."""
    return {answer["id"]} if answer["type"] in ("acknowledged", "refused") else set()
