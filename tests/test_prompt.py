"""The prompt is what stands before the caret; a long text loses its beginning in large steps."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from jupyter_sim.prompt import assemble, cut_at


def test_a_text_that_fits_is_the_prompt_as_it_is() -> None:
    prompt = assemble("  It was \n", context=1024, max_tokens=48)
    assert prompt.text == "  It was \n"
    assert prompt.recipe.cut == 0
    assert prompt.recipe.sha256 == sha256(b"  It was \n").hexdigest()


def test_a_long_text_begins_at_a_paragraph() -> None:
    text = "".join(f"Paragraph {i} of many.\n\n" for i in range(400))
    start = cut_at(text, 2000)
    assert text[start:].startswith("Paragraph ")
    assert text[start - 2 : start] == "\n\n"


def test_the_beginning_stays_while_one_types_on() -> None:
    text = "".join(f"Sentence {i}. " for i in range(1000))
    starts = {cut_at(text + "x" * typed, 2000) for typed in range(900)}
    assert len(starts) <= 2


@given(st.text(max_size=300), st.integers(min_value=1, max_value=200))
def test_what_is_left_always_fits_and_is_the_end_of_the_text(text: str, budget: int) -> None:
    start = cut_at(text, budget)
    assert 0 <= start <= len(text)
    assert len(text) - start <= budget


def test_lone_surrogates_do_not_stop_the_prompt() -> None:
    assert assemble("a\ud800b", context=64, max_tokens=8).text == "a\ud800b"


def test_a_script_that_is_spelled_byte_by_byte_gets_less_room() -> None:
    assert len(assemble("夜" * 5000, context=1024, max_tokens=24).text) * 3 <= 1000
    assert len(assemble("It was “dark” " * 500, context=1024, max_tokens=24).text) > 1000
