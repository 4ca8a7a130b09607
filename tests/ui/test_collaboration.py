"""Two people in one notebook: fans keep their place, and each one's undo is their own."""

from collections.abc import Iterator

import pytest

from .desk import Desk
from .fan import ACCEPT, Fan
from .lab import Lab, running
from .tree import AUTHORS, Tree

BEFORE, AFTER = "A first line.\nIt was a dark and", "\nThe end."
UNDO = "Control+z"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server on which several people write in one document."""
    with running(tmp_path_factory.mktemp("shared"), shared=True) as lab:
        yield lab


@pytest.fixture
def pair(own_desk, shared: Lab) -> tuple[Desk, Desk]:
    """Two people, each with a browser of their own."""
    desks = own_desk(shared), own_desk(shared)
    for desk in desks:
        desk.arrive()
    return desks


def meet(*desks: Desk) -> str:
    """Open one notebook for all, and wait until each has its text; all write in its first cell."""
    name = desks[0].lab.notebook(BEFORE + AFTER)
    for desk in desks:
        desk.open(name)
        agree(BEFORE + AFTER, desk)
        desk.edit(0)
    return name


def agree(text: str, *desks: Desk) -> None:
    """Wait until all have the same text."""
    for desk in desks:
        desk.until("(text) => desk.widget?.content.widgets?.[0] && desk.text(0) === text", text)


def tinted(desk: Desk) -> str:
    """What is shown as the model's."""
    Tree(desk).chord(AUTHORS)
    desk.page.locator(".jp-sim-by-model").first.wait_for()
    return "".join(desk.page.locator(".jp-sim-by-model").all_inner_texts())


def test_a_peers_edits_keep_a_fan_at_its_place(pair: tuple[Desk, Desk]) -> None:
    writer, peer = pair
    name = meet(writer, peer)
    fan = Fan(writer)
    writer.set(n=3)
    writer.edit(0, caret=len(BEFORE))
    fan.propose(3)
    seen = fan.look()
    peer.edit(0, caret=0)
    peer.type("Once. ")
    peer.edit(0, caret=len("Once. " + BEFORE) - len("and"))
    peer.type("starless ")
    peer.edit(0)
    peer.type(" Or not.")
    text = "Once. " + BEFORE.replace("and", "starless and") + AFTER + " Or not."
    agree(text, *pair)
    assert fan.look() == seen
    writer.press(ACCEPT)
    fan.closed()
    accepted = text.replace(AFTER, seen.ghost + AFTER)
    agree(accepted, *pair)
    writer.recorded()
    assert tinted(writer).split() == tinted(peer).split() == seen.ghost.split()
    events = writer.lab.events(name)
    (choice,) = [event for event in events if event["type"] == "accepted"]
    assert choice["stamp"]["user"] == user(writer) != user(peer)


def test_what_a_peer_writes_at_the_place_of_a_fan_stands_beside_what_is_accepted(
    pair: tuple[Desk, Desk],
) -> None:
    writer, peer = pair
    name = meet(writer, peer)
    fan = Fan(writer)
    writer.set(n=3)
    writer.edit(0, caret=len(BEFORE))
    fan.propose(3)
    ghost = fan.look().ghost
    peer.edit(0, caret=len(BEFORE))
    peer.type(" so")
    agree(BEFORE + " so" + AFTER, *pair)
    assert fan.look().ghost == ghost
    writer.press(ACCEPT)
    accepted = {BEFORE + ghost + " so" + AFTER, BEFORE + " so" + ghost + AFTER}
    writer.eventually(lambda: {desk.text(0) for desk in pair} < accepted)
    writer.recorded()
    assert writer.lab.replay(name)["cell-0"] == writer.text(0)
    assert tinted(peer).split() == ghost.split()


def test_each_ones_undo_takes_back_only_their_own(pair: tuple[Desk, Desk]) -> None:
    writer, peer = pair
    meet(writer, peer)
    fan = Fan(writer)
    writer.set(n=3)
    writer.edit(0, caret=len(BEFORE))
    fan.propose(3)
    ghost = fan.look().ghost
    writer.press(ACCEPT)
    accepted = BEFORE + ghost + AFTER
    agree(accepted, *pair)
    peer.edit(0)
    peer.type("!")
    agree(accepted + "!", *pair)
    writer.press(UNDO)
    agree(BEFORE + AFTER + "!", *pair)
    writer.press("Control+Shift+z")
    agree(accepted + "!", *pair)
    peer.press(UNDO)
    agree(accepted, *pair)
    writer.recorded()


def user(desk: Desk) -> str:
    return desk.ask("() => jupyterapp.serviceManager.user.identity.username")
