"""Cells whose ids are missing, or there twice, keep their histories and get ids of their own."""

import json

from playwright.sync_api import Route

from .desk import Desk
from .fan import ACCEPT, DISMISS, Fan
from .tree import AUTHORS, Tree

OPENING = "It was a dark and stormy night, and"


def test_a_notebook_without_ids_keeps_its_history(desk: Desk, fan: Fan) -> None:
    desk.set(n=2)
    name = desk.lab.notebook(OPENING, "Another cell.")
    rewrite(desk, name, minor=4)
    desk.open(name)
    desk.edit(0)
    fan.propose(2)
    ghost = fan.look().ghost
    desk.press(ACCEPT)
    fan.closed()
    desk.save()
    desk.recorded()
    desk.arrive()
    desk.open(name)
    desk.edit(0)
    tree = Tree(desk)
    tree.open()
    assert [row.author for row in tree.look() if row.branch] == ["found", "model"]
    desk.press("Escape")
    assert desk.text() == OPENING + ghost


def test_two_cells_of_one_id_become_two_and_both_keep_their_authors(desk: Desk, fan: Fan) -> None:
    desk.set(n=2)
    name = desk.notebook(OPENING, "Another cell.")
    fan.propose(2)
    ghost = fan.look().ghost
    desk.press(ACCEPT)
    fan.closed()
    desk.save()
    desk.recorded()
    desk.ask("async () => await desk.closeAll()")
    rewrite(desk, name, copies=2)
    unrepaired(desk, name)
    desk.open(name)
    desk.edit(0)
    ids = desk.ask("() => desk.widget.content.widgets.map(({model}) => model.sharedModel.id)")
    assert ids[0] == "cell-0" and len(set(ids)) == 3
    tree = Tree(desk)
    tree.open()
    assert [row.author for row in tree.look() if row.branch] == ["found", "model"]
    desk.press("Escape")
    desk.edit(1)
    fan.propose(2)
    desk.press(DISMISS)
    tree.chord(AUTHORS)
    desk.page.locator(".jp-sim-by-model").first.wait_for()
    model = "".join(desk.page.locator(".jp-sim-by-model").all_inner_texts())
    assert "".join(model.split()) in "".join((ghost + ghost).split())
    tree.chord(AUTHORS)
    desk.recorded()
    copied = [e for e in desk.lab.events(name) if e["type"] == "opened" and e.get("origins")]
    assert [origin["cell"] for e in copied for origin in e["origins"]] == ["cell-0"]


def rewrite(desk: Desk, name: str, minor: int = 5, copies: int = 1) -> None:
    """Write a notebook as other programs do: of another format, or its first cell several times."""
    path = desk.lab.root / name
    notebook = json.loads(path.read_text())
    first, *others = notebook["cells"]
    notebook["cells"] = [first] * copies + others
    notebook["nbformat_minor"] = minor
    for cell in [] if minor > 4 else notebook["cells"]:
        del cell["id"]
    path.write_text(json.dumps(notebook))


def unrepaired(desk: Desk, name: str) -> None:
    """Serve a notebook with the ids that stand in it; the server's own reader mends them."""
    raw = json.loads((desk.lab.root / name).read_text())

    def serve(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        for cell, other in zip(
            (body.get("content") or {}).get("cells", []), raw["cells"], strict=False
        ):
            cell["id"] = other["id"]
        route.fulfill(response=answer, json=body)

    desk.page.route(f"**/api/contents/{name}?*content=1*", serve, times=1)
