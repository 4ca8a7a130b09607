"""A widget speaks the same protocol over its comm, with an engine in a worker of its process."""

from collections.abc import Iterator
from queue import Queue
from typing import Any

import pytest
import traitlets

from jupyter_sim import Loom, history
from jupyter_sim.events import Proposed
from jupyter_sim.summaries import documents


class Page(Loom):
    """A widget whose front end is the test."""

    def __init__(self, *args: Any, **traits: Any) -> None:
        self.sent: Queue[dict[str, Any]] = Queue()
        super().__init__(*args, **traits)

    def send(self, content: dict[str, Any], buffers: Any = None) -> None:
        self.sent.put(content["protocol"])

    def say(self, type: str, id: str, **fields: Any) -> None:
        self._handle_custom_msg({"protocol": {"type": type, "id": id, **fields}}, [])

    def hear(self, type: str) -> dict[str, Any]:
        """The next message of this type."""
        while True:
            message = self.sent.get(timeout=60)
            assert message["type"] != "refused" or type == "refused", message
            if message["type"] == type:
                return message


@pytest.fixture
def page() -> Iterator[Page]:
    opened = Page("It was ", document="my story")
    yield opened
    opened.close()


FAN = {"cell": "text", "fan": "fan-00001"}


def proposed(page: Page) -> str:
    """Ask for two candidates at the end of the text, and wait for them: the first one's id."""
    page.say("hello", "hello-0001", kind="widget", path=page.document)
    page.hear("welcome")
    page.say("sync", "sync-00001", cell="text", text=page.value)
    page.hear("acknowledged")
    page.say("propose", "draw-00001", **FAN, at=7, n=2, stop="word", max_tokens=8)
    candidate, _ = page.hear("drawing")["candidates"]
    for _ in range(2):
        page.hear("ended")
    return str(candidate)


def test_a_widget_proposes_judges_and_keeps_a_history(page: Page) -> None:
    candidate = proposed(page)
    page.say("branch", "verdict-01", **FAN, candidate=candidate, seen=[candidate])
    page.hear("acknowledged")
    assert [(d.path, d.kind) for d in documents()] == [("my story", "widget")]


def test_a_message_that_is_no_request_is_refused_with_a_sentence(page: Page) -> None:
    page.say("launch", "request-01")
    assert page.hear("refused")["id"] == "request-01"


def test_a_widget_without_a_name_begins_a_history_of_its_own() -> None:
    one, other = Loom("a"), Loom("a")
    assert one.document != other.document
    one.close()
    other.close()


def test_from_one_number_follow_the_seeds_of_all_widgets_that_have_it() -> None:
    seeds: dict[str, tuple[int, ...]] = {}
    for name, number in {"one": 7, "two": 7, "three": 8, "four": None}.items():
        page = Page("It was ", document=name, seed=number)
        proposed(page)
        page.close()
        (document,) = (known.document for known in documents() if known.path == name)
        (seeds[name],) = (e.seeds for e in history.read(document)[0] if isinstance(e, Proposed))
    assert seeds["one"] == seeds["two"]
    assert len({seed for draw in seeds.values() for seed in draw}) == 6


@pytest.mark.parametrize(
    "wrong",
    [{"n": 0}, {"n": 1000}, {"temperature": -1}, {"length": "book"}, {"seed": "seven"}],
)
def test_settings_out_of_range_are_refused_when_the_widget_is_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(traitlets.TraitError, match=next(iter(wrong))):
        Loom("a", **wrong)
