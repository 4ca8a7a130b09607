"""Whole texts become edits in which every character keeps its author."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sim.edits import Ground, difference, edited, opened
from jupyter_sim.events import Edited, Opened, Origin, Stamp, Taken, Written
from jupyter_sim.tree import Tree

STAMP = Stamp("e9", "w", 9, 0.0, "u", "d", "cell")


def cell(name: str, *runs: Written) -> Ground:
    """A cell whose text has these authors."""
    stamp = Stamp(f"open-{name}", "w", 1, 0.0, "u", "d", name)
    tree = Tree(name).apply(Opened(stamp, "".join(run.text for run in runs), runs))
    assert tree.head is not None
    return Ground(tree, tree.head, tree.text)


def authors(tree: Tree) -> str:
    """The initial of its author for each character."""
    assert tree.head is not None
    return "".join(run.author[0] * len(run.text) for run in tree.runs(tree.head))


def after(ground: Ground, text: str, *others: Ground) -> str:
    """The authors of a cell's text after an edit by a human."""
    tree = ground.tree.apply(edited(STAMP, ground, text, "human", (others,)))
    assert tree.text == text
    return authors(tree)


def found(text: str) -> Ground:
    return cell("cell", Written(text, "found"))


def test_only_what_is_new_is_the_writers() -> None:
    assert after(found("one four"), "one two four") == "ffff" + "hhhh" + "ffff"


def test_two_edits_told_at_once_leave_what_is_between_them() -> None:
    text = "The night was dark and long."
    assert after(found(text), "A night was dark and short.") == "h" + "f" * 20 + "hhhhh" + "f"


def test_a_word_replaced_everywhere_leaves_all_else() -> None:
    old = "The cat sat there. A second cat slept on. No other cat came."
    new = old.replace("cat", "dog")
    expected = "".join("h" if a != b else "f" for a, b in zip(old, new, strict=True))
    assert after(found(old), new) == expected


def test_a_sentence_moved_within_the_text_keeps_its_authors() -> None:
    model, human = "It rained all night long\n", "Nobody spoke until the morning."
    ground = cell("cell", Written(model, "model"), Written(human, "human"))
    assert after(ground, human + model) == "h" * len(human) + "m" * len(model)


def test_a_sentence_cut_and_pasted_later_keeps_its_author() -> None:
    ground = cell("cell", Written("One. ", "found"), Written("A dark and rainy night. ", "model"))
    tree = ground.tree.apply(edited(STAMP, ground, "One. ", "human"))
    assert tree.head is not None
    now = Ground(tree, tree.head, tree.text)
    stamp = Stamp("e10", "w", 10, 0.0, "u", "d", "cell")
    event = edited(stamp, now, "A dark and rainy night. One. ", "human", ([ground],))
    assert event.spans[0] == Taken("open-cell.0", 5, 29)
    assert authors(tree.apply(event)) == "m" * 24 + "f" * 5


def test_what_comes_from_another_cell_brings_its_authors_and_says_so() -> None:
    other = cell("other", Written("A dark and rainy night.", "model"))
    event = edited(STAMP, found("One."), "One.\n\nA dark and rainy night.", "human", ([other],))
    assert event.spans == (Written("\n\n", "human"), Written(other.text, "model"))
    assert event.origins == (Origin("other", other.place),)


def test_a_cell_made_from_a_part_of_another_opens_with_its_authors() -> None:
    other = cell("other", Written("It was a dark", "model"), Written(" and rainy night.", "human"))
    event = opened(STAMP, "dark and rainy night.", [other])
    assert event.runs == (Written("dark", "model"), Written(" and rainy night.", "human"))
    assert event.origins == (Origin("other", other.place),)


def test_a_cell_like_no_other_is_found() -> None:
    other = cell("other", Written("It was a dark and rainy night.", "model"))
    assert opened(STAMP, "Something else entirely.", [other]) == Opened(
        STAMP, "Something else entirely."
    )


def test_a_long_text_pasted_over_another_is_one_edit() -> None:
    chance = random.Random(0)
    old, new = ("".join(chance.choices("ab \n", k=200_000)) for _ in range(2))
    assert isinstance(edited(STAMP, found(old), new, "human"), Edited)


def test_a_part_of_a_long_text_that_is_pasted_with_more_before_it_keeps_its_authors() -> None:
    chance = random.Random(1)
    model, human = ("".join(chance.choices("abcdefghij \n", k=40_000)) for _ in range(2))
    other = cell("other", Written(human, "human"), Written(model, "model"))
    fresh = "".join(chance.choices("klmnop", k=5_000))
    pasted = fresh + human[-500:] + model[:3_000] + fresh[::-1]
    assert after(found("One."), "One." + pasted, other) == (
        "ffff" + "h" * 5_500 + "m" * 3_000 + "h" * 5_000
    )


def test_what_stands_twice_in_a_ground_is_taken_once() -> None:
    other = cell("other", Written("one two three four five. " * 3, "model"))
    text = "one two three four five. " * 5
    assert after(found(""), text, other) == "m" * len(text)


def test_what_stands_somewhere_as_a_whole_comes_from_there() -> None:
    beginning = "It was a dark and rainy night"
    ground = found(f"{beginning}, and cold.\n")
    other = cell("other", Written(beginning, "found"), Written(" by the sea.", "model"))
    pasted = ground.text + other.text
    event = edited(STAMP, ground, pasted, "human", ([ground], [other]))
    assert event.spans == (Written(beginning, "found"), Written(" by the sea.", "model"))


def test_what_is_pasted_before_text_that_begins_like_it_has_its_authors_to_the_last_character() -> (
    None
):
    model = "Then a dark and rainy night fell.\n\n"
    ground, other = found("It was late.\n\nThen nobody spoke."), cell("b", Written(model, "model"))
    text = ground.text[:14] + model + ground.text[14:]
    assert after(ground, text, other) == "f" * 14 + "m" * len(model) + "f" * 18


def test_text_of_the_same_cell_has_no_origin() -> None:
    ground = found("A dark and rainy night. ")
    tree, event = ground.tree, edited(STAMP, ground, ground.text * 2, "human", ([ground],))
    assert tree.apply(event).text == ground.text * 2
    assert event.origins == ()


@given(st.text("ab \n", max_size=60), st.text("ab \n", max_size=60))
def test_any_edit_leads_to_the_text_that_was_told(old: str, new: str) -> None:
    ground = found(old)
    if old != new:
        tree = ground.tree.apply(edited(STAMP, ground, new, "human", ([ground],), 4))
        assert tree.text == new


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("", "", (0, 0, 0)),
        ("ab", "aXb", (1, 1, 2)),
        ("aXb", "ab", (1, 2, 1)),
        ("aa", "aaa", (2, 2, 3)),
        ("abc", "xyz", (0, 3, 3)),
        ("one two", "one three two", (5, 5, 11)),
    ],
)
def test_two_texts_part_and_meet_again_as_close_as_can_be(
    old: str, new: str, parts: tuple[int, int, int]
) -> None:
    start, o, n = difference(old, new)
    assert (start, o, n) == parts
    assert old[:start] + new[start:n] + old[o:] == new


def naive(old: str, new: str) -> tuple[int, int, int]:
    """What `difference` is to return, one character after another."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    same = 0
    while same < min(len(old), len(new)) - start and old[-1 - same] == new[-1 - same]:
        same += 1
    return start, len(old) - same, len(new) - same


@given(st.text("ab", max_size=300), st.text("ab", max_size=9), st.data())
def test_the_difference_is_that_of_comparing_character_by_character(
    old: str, put: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(old)))
    stop = data.draw(st.integers(start, len(old)))
    new = old[:start] + put + old[stop:]
    assert difference(old, new) == naive(old, new)


def test_a_word_replaced_everywhere_in_a_long_text_leaves_all_else() -> None:
    chance = random.Random(3)
    words = ["the", *("".join(chance.choices("abcdefghij", k=7)) for _ in range(300))]
    old = " ".join(chance.choices(words, k=60_000))
    new = old.replace("the", "that")
    written = after(found(old), new).count("h")
    assert written < 6 * old.count("the")
