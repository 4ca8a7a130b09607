"""Where one can write with fans: every kind of cell, text files, whatever the kernel does."""

import pytest

from .desk import Desk
from .fan import ACCEPT, DISMISS, Fan

OPENING = "It was a dark and "


def shown(text: str) -> str:
    """A text as a row of the list shows it, in one line."""
    return " ↵ ".join(part.strip(" ") if i else part for i, part in enumerate(text.split("\n")))


def assert_is_fan(desk: Desk, fan: Fan, cell: int | None = None) -> None:
    """Five candidates, different, and the highlighted one stands as ghost at the caret and not in
    the text.
    """
    seen = fan.look()
    assert len({row.text for row in seen.rows}) == 5
    assert seen.ghost and shown(seen.ghost).split() == seen.highlighted.text.split()
    assert desk.text(cell) == OPENING


@pytest.mark.parametrize("kind", ["markdown", "raw", "code"])
def test_a_cell_without_a_kernel_gets_five_candidates(desk: Desk, fan: Fan, kind: str) -> None:
    desk.set(distinct=True)
    desk.notebook(OPENING, kind=kind)
    fan.propose()
    assert_is_fan(desk, fan)


def test_a_text_file_gets_five_candidates(desk: Desk, fan: Fan) -> None:
    desk.set(distinct=True)
    name = desk.text_file(OPENING)
    fan.propose()
    ghost = fan.look().ghost
    assert_is_fan(desk, fan)
    desk.press(ACCEPT)
    desk.save()
    assert desk.saved(name) == OPENING + ghost
    desk.recorded()
    assert list(desk.lab.replay(name).values()) == [OPENING + ghost]


def test_a_busy_kernel_does_not_hinder(desk: Desk, fan: Fan) -> None:
    desk.set(distinct=True)
    desk.notebook("while True: pass", OPENING, kind="code", kernel=True)
    desk.until("() => desk.kernel?.status === 'idle'")
    desk.ask("() => void jupyterapp.commands.execute('notebook:run-cell')")
    desk.page.get_by_text("[*]:").wait_for()
    desk.edit(1)
    fan.propose()
    assert_is_fan(desk, fan, cell=1)
    assert desk.ask("() => desk.kernel.status") == "busy"
    desk.command("notebook:interrupt-kernel")


def test_the_list_stands_under_the_line_of_the_caret(desk: Desk, fan: Fan) -> None:
    desk.notebook(OPENING + "\n\nAnd the end.")
    desk.edit(0, caret=len(OPENING))
    fan.propose()
    line = fan.part(".cm-line").first.bounding_box()
    tail = fan.part(".cm-line").last.bounding_box()
    row = fan.row(0).bounding_box()
    assert line["y"] + line["height"] <= row["y"] < tail["y"]


def test_an_emoji_before_the_caret_shifts_nothing(desk: Desk, fan: Fan) -> None:
    opening, tail = "🌩️👩‍🚀 " + OPENING, "\n🏁 the end"
    name = desk.notebook(opening + tail)
    desk.edit(0, caret=utf16(opening))
    fan.propose()
    ghost = fan.look().ghost
    desk.press(ACCEPT)
    desk.type("𝔰o")
    desk.save()
    assert desk.saved(name) == opening + ghost + "𝔰o" + tail
    desk.recorded()
    assert desk.lab.replay(name) == {"cell-0": desk.saved(name)}


def test_two_cells_take_turns(desk: Desk, fan: Fan) -> None:
    name = desk.notebook(OPENING, "The letter had been ")
    fan.propose()
    desk.press(ACCEPT)
    desk.edit(1)
    fan.propose()
    desk.edit(0)
    fan.closed()
    fan.propose()
    desk.press(ACCEPT)
    desk.edit(1)
    fan.propose()
    desk.press(ACCEPT)
    desk.save()
    desk.recorded()
    texts = {f"cell-{i}": desk.saved(name, i) for i in range(2)}
    assert desk.lab.replay(name) == texts
    assert all(text != begun for text, begun in zip(texts.values(), (OPENING, ""), strict=True))


def test_a_late_answer_changes_nothing_in_the_cell_one_went_to(desk: Desk, fan: Fan) -> None:
    desk.notebook(OPENING, "The letter had been ")
    fan.propose()
    desk.press(DISMISS)
    with fan.streaming():
        desk.edit(1)
        fan.closed()
        desk.type("opened")
        desk.recorded()
    assert [desk.text(i) for i in range(2)] == [OPENING, "The letter had been opened"]


def utf16(text: str) -> int:
    """The length of a text as an editor counts it."""
    return len(text.encode("utf-16-le")) // 2
