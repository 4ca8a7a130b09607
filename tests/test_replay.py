"""A replay is the history once more: event by event, the text, its authors and the fan."""

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_sim.events import (
    Accepted,
    Edited,
    Event,
    Generated,
    Moved,
    Opened,
    Place,
    Proposed,
    Recipe,
    Rejected,
    Sampling,
    Source,
    Stamp,
    Taken,
    Written,
)
from jupyter_sim.replay import steps
from jupyter_sim.runs import Run
from jupyter_sim.tree import Tree, fold


def stamp(seq: int, cell: str = "cell") -> Stamp:
    return Stamp(f"e{seq}", "w", seq, 100 + 2.0 * seq, "ann", "d", cell)


def proposed(seq: int, *candidates: str) -> Proposed:
    return Proposed(
        stamp=stamp(seq),
        fan="fan",
        draw=f"e{seq}",
        at=Place("e1.0", 7),
        candidates=candidates,
        seeds=tuple(range(len(candidates))),
        recipe=Recipe(0, ""),
        source=Source("starter", "", ""),
        sampling=Sampling(),
        stop="none",
        max_tokens=8,
    )


def generated(seq: int, candidate: str, text: str) -> Generated:
    return Generated(stamp(seq), "fan", "e2", candidate, text, (1,), (-1.0,), "stop", 0.5)


STORY: list[Event] = [
    Opened(stamp(1), "It was .\n"),
    proposed(2, "a.0", "b.0"),
    generated(3, "a.0", "dark"),
    generated(4, "b.0", "late and cold"),
    Rejected(stamp(5), "fan", "a.0", ("a.0", "b.0")),
    proposed(6, "c.0"),
    Accepted(
        stamp(7), "fan", "b.0", ("a.0", "b.0"), Place("e1.0", 7), 0, 4, (Taken("e1.0", 7, 9),)
    ),
    Opened(stamp(8, "other"), ""),
    Edited(stamp(9), Place("b.0", 4), 1, (Written("!", "human"), Taken("e1.0", 8, 9))),
]


def test_each_step_has_the_text_of_its_cell_after_its_event() -> None:
    told = [(step.index, step.cell, step.text) for step in steps(STORY)]
    assert told == [
        (0, "cell", "It was .\n"),
        (1, "cell", "It was .\n"),
        (2, "cell", "It was .\n"),
        (3, "cell", "It was .\n"),
        (4, "cell", "It was .\n"),
        (5, "cell", "It was .\n"),
        (6, "cell", "It was late.\n"),
        (7, "other", ""),
        (8, "cell", "It was late!\n"),
    ]


def test_the_last_steps_are_the_trees_of_a_fold() -> None:
    last = {step.cell: step.tree for step in steps(STORY)}
    assert (last, ()) == fold(STORY)


def test_every_character_of_a_step_has_its_author() -> None:
    assert list(steps(STORY))[-1].runs == (
        Run("It was ", "found"),
        Run("late", "model"),
        Run("!", "human"),
        Run("\n", "found"),
    )


def test_a_step_about_a_fan_has_the_candidates_asked_for_so_far() -> None:
    fans = [step.fan for step in steps(STORY)]
    assert fans[0] == fans[7] == fans[8] == ()
    assert fans[1] == fans[4] == ("a.0", "b.0")
    assert fans[5] == fans[6] == ("a.0", "b.0", "c.0")


def test_seconds_count_from_the_first_event() -> None:
    assert [step.seconds for step in steps(STORY)] == [2.0 * n for n in range(9)]


def test_an_event_that_lost_what_it_refers_to_is_told_and_the_replay_goes_on() -> None:
    events = [STORY[0], Moved(stamp(2), Place("lost.0", 3)), *STORY[1:]]
    told = list(steps(events))
    assert "lost.0" in told[1].problem
    assert told[1].tree is told[0].tree
    assert [step.problem for step in told[2:]] == [""] * 8
    assert told[-1].text == "It was late!\n"


@settings(deadline=None)
@given(st.data())
def test_every_step_has_the_text_and_the_authors_of_its_tree(data: st.DataObject) -> None:
    tree = Tree("cell")
    events: list[Event] = []
    for seq in range(1, data.draw(st.integers(2, 25)) + 1):
        at = data.draw(st.integers(0, len(tree.text)))
        removed = data.draw(st.integers(0, len(tree.text) - at))
        typed = Written(data.draw(st.sampled_from(("x", "", "a b"))), "human")
        match data.draw(st.sampled_from(("edit", "edit", "edit", "go back"))):
            case _ if tree.head is None:
                event: Event = Opened(stamp(seq), typed.text)
            case "go back":
                event = Moved(stamp(seq), data.draw(st.sampled_from(tree.heads)))
            case _:
                spans = ((typed,) if typed.text else ()) + tree.tail(at + removed)
                event = Edited(stamp(seq), tree.place(at), removed, spans)
        events.append(event)
        tree = tree.apply(event)
    for step in steps(events):
        assert step.text == step.tree.text
        assert "".join(run.text for run in step.runs) == step.text
        middle = step.runs_between(1, 4)
        assert "".join(run.text for run in middle) == step.text[1:4]


def test_a_text_that_comes_twice_counts_once() -> None:
    again = Opened(stamp(1), "other")
    told = list(steps([STORY[0], again]))
    assert "comes twice" in told[1].problem
    assert told[1].text == told[0].text


def test_no_events_make_no_steps() -> None:
    assert list(steps([])) == []
