"""The prompt is the frame and what stands before the caret; a long text loses its beginning in
large steps, counted in tokens, and what was sent can be made again.
"""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sim.errors import BadLog
from jupyter_sim.events import (
    Above,
    Framed,
    Opened,
    Place,
    Proposed,
    Recipe,
    Sampling,
    Source,
    Stamp,
    node_id,
)
from jupyter_sim.prompt import (
    SPREAD,
    Material,
    cut_at,
    fits,
    frames,
    glimpse,
    made,
    recall,
    recipe,
)
from jupyter_sim.tree import Tree, fold


def cut_points(text: str, budget: int) -> int:
    """A cut in code points."""
    return cut_at(text, range(1, len(text) + 1), budget)


def test_voice_memory_cells_above_and_branch_follow_each_other() -> None:
    material = Material("It was ", ("One.", "", "Two.\n"), "A letter:\n", "[Rain]\n")
    assert made(material, 0).text == "A letter:\n[Rain]\nOne.\n\nTwo.\n\n\nIt was "


def test_the_frame_is_never_cut_and_the_oldest_cell_goes_first() -> None:
    material = Material("It was ", ("One.", "Two."), "Voice:")
    assert made(material, 6).text == "Voice:Two.\n\nIt was "


def test_the_digest_is_that_of_the_prompt() -> None:
    assert made(Material("  It was \n"), 0).sha256 == sha256(b"  It was \n").hexdigest()


def test_lone_surrogates_do_not_stop_the_prompt() -> None:
    assert made(Material("a\ud800b"), 0).sha256


def test_a_text_of_few_bytes_fits_whatever_the_vocabulary() -> None:
    assert fits("x" * 92, 100)
    assert not fits("x" * 93, 100)
    assert not fits("夜" * 31, 100)


def test_a_long_text_begins_at_a_paragraph() -> None:
    text = "".join(f"Paragraph {i} of many.\n\n" for i in range(400))
    start = cut_points(text, 2000)
    assert text[start:].startswith("Paragraph ")
    assert text[start - 2 : start] == "\n\n"


def test_the_beginning_stays_while_one_types_on() -> None:
    text = "".join(f"Sentence {i}. " for i in range(1000))
    starts = {cut_points(text + "x" * typed, 2000) for typed in range(900)}
    assert len(starts) <= 2


def test_a_cut_counts_in_tokens_where_their_ends_are_known() -> None:
    text = "word " * 100
    ends = range(5, 501, 5)
    assert len(ends) == 100
    start = cut_at(text, ends, 60)
    assert start == 305
    assert sum(end > start for end in ends) <= 60


@given(st.text(max_size=300), st.integers(min_value=1, max_value=200))
def test_what_is_left_always_fits_and_is_the_end_of_the_text(text: str, budget: int) -> None:
    start = cut_points(text, budget)
    assert 0 <= start <= len(text)
    assert len(text) - start <= budget


def test_of_a_huge_text_only_the_end_is_counted() -> None:
    text = "Word. " * 100_000
    assert len(text) - glimpse(text, 100) <= 100 * SPREAD


def stamp(id: str, seq: int, cell: str = "cell") -> Stamp:
    return Stamp(id, "w", seq, 0.0, "u", "d", cell)


def proposed(how: Recipe) -> Proposed:
    at = Place(node_id("c"), 7)
    source = Source("m", "", "")
    return Proposed(stamp("p", 9), "f", "p", at, ("g.0",), (1,), how, source, Sampling(), "none", 8)


@pytest.mark.parametrize("cut", range(25))
def test_a_recipe_gives_back_the_exact_prompt(cut: int) -> None:
    events = (
        Opened(stamp("a", 1, "one"), "One."),
        Opened(stamp("b", 2, "two"), ""),
        Opened(stamp("e", 3, "three"), "Three."),
        Opened(stamp("c", 4), "It was late."),
        Framed(stamp("v", 5), "A letter:\n", "Ann"),
        Framed(stamp("m", 6), "[Rain]\n"),
    )
    trees, _ = fold(events)
    material = Material("It was ", ("One.", "", "Three."), "A letter:\n", "[Rain]\n")
    above = [Above("one", Place("a.0", 4)), Above("two", Place("b.0", 0))]
    above.append(Above("three", Place("e.0", 6)))
    prompt = made(material, cut)
    how = recipe(prompt, material, above, "v", "m")
    assert recall(proposed(how), trees, frames(events)) == prompt.text
    assert len(how.above) == (2 if cut < 6 else 1 if cut < 14 else 0)


def test_a_prompt_that_cannot_be_made_again_says_what_is_missing() -> None:
    trees = {"cell": Tree("cell").apply(Opened(stamp("c", 1), "It was late."))}
    with pytest.raises(BadLog, match="'v'"):
        recall(proposed(Recipe(0, "", "v")), trees, {})
    with pytest.raises(BadLog, match="not the one that was recorded"):
        recall(proposed(Recipe(0, "00")), trees, {})
