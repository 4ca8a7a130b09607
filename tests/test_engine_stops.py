"""Stops find their place across the borders of tokens, and text never says too much."""

import pytest
import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sim.engine.stops import Stopper
from jupyter_sim.events import Stop


def spoken(
    stop: Stop,
    text: str,
    before: str = "",
    size: int = 1,
    strings: tuple[str, ...] = (),
    said: str = "",
) -> str:
    """What a candidate shows of a text that comes in pieces of `size`, "|" after it if stopped."""
    stopper = Stopper(stop, before, strings, said)
    shown = ""
    for start in range(0, len(text), size):
        fresh, stopped = stopper.feed(text[start : start + size])
        shown += fresh
        if stopped:
            return shown + "|"
    return shown + stopper.close()


SENTENCES = [
    ("", " It rained. She left.", " It rained.|"),
    ("", " It rained.\n\nShe left.", " It rained.|"),
    ("", " It rained. she said so. Then", " It rained. she said so.|"),
    ("", ' "Go!" he said. She went.', ' "Go!" he said.|'),
    ("", ' He said, "Go." She went.', ' He said, "Go."|'),
    ("", " He said, “Go.” She went.", " He said, “Go.”|"),
    ("", " (He went.) She too.", " (He went.)|"),
    ("", " What?! No.", " What?!|"),
    ("", " Well… maybe. Yes.", " Well… maybe.|"),
    ("", " Well... Maybe. Yes.", " Well...|"),
    ("", " It was Mr. Smith. He", " It was Mr. Smith.|"),
    ("It was Mr", ". Smith. He", ". Smith.|"),
    ("", " by J. R. Hartley. It", " by J. R. Hartley.|"),
    ("", " So am I. You too", " So am I.|"),
    ("", " It costs 3.14 pounds. Buy", " It costs 3.14 pounds.|"),
    ("", " See e.g. Darwin. He", " See e.g. Darwin.|"),
    ("List:\n", "1. One thing. Two", "1. One thing.|"),
    ("", " A title\n\nA text", " A title|"),
    ("It rained.", "\n\nThe end. Or", "\n\nThe end.|"),
    ("", "雨が降った。彼女は", "雨が降った。|"),
    ("", "「行け。」彼は", "「行け。」|"),
    ("", " *Never.* Again", " *Never.*|"),
    ("He said, “no", ".” She", ".”|"),
    ("", " one line\nand the next. Then", " one line\nand the next.|"),
    ("", " unfinished and long", " unfinished and long"),
    ("", " It rained. ", " It rained. "),
    ("", " It rained.", " It rained."),
]


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(("before", "text", "expected"), SENTENCES)
def test_a_sentence_ends(before: str, text: str, expected: str, size: int) -> None:
    assert spoken("sentence", text, before, size) == expected


LINES_AND_WORDS: list[tuple[Stop, str, str]] = [
    ("word", " dark night", " dark|"),
    ("word", "kness fell", "kness|"),
    ("word", "\n\ndark\n", "\n\ndark|"),
    ("word", " don’t, he", " don’t,|"),
    ("word", "暗い夜", "暗|"),
    ("word", "語\ufe00を", "語\ufe00|"),
    ("word", " dark", " dark"),
    ("line", " one\ntwo", " one|"),
    ("line", "\n\n one  \ntwo", "\n\n one|"),
    ("line", " one\r\ntwo", " one|"),
    ("line", " one", " one"),
    ("paragraph", " one\ntwo\n\nthree", " one\ntwo|"),
    ("paragraph", "\n\none\n \t\nthree", "\n\none|"),
    ("paragraph", " one\r\n\r\ntwo", " one|"),
    ("paragraph", " one\n", " one\n"),
    ("none", "\n\n one. two\n\n", "\n\n one. two\n\n"),
]


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize(("stop", "text", "expected"), LINES_AND_WORDS)
def test_a_word_line_or_paragraph_ends(stop: Stop, text: str, expected: str, size: int) -> None:
    assert spoken(stop, text, size=size) == expected


BLOCKS = {
    "the body of a function ends where the next statement stands at the margin": (
        "def f(x):\n",
        "    y = x\n\n    return y\n\n\nprint(f(1))\n",
        "    y = x\n\n    return y|",
    ),
    "a caret behind the colon gets the body": (
        "def f(x):",
        "\n    return x\n\ndef g",
        "\n    return x|",
    ),
    "a caret inside the body ends with it": (
        "def f(x):\n    a = 1\n    ",
        "b = 2\n    return a + b\nf(1)",
        "b = 2\n    return a + b|",
    ),
    "statements at the margin end with a blank line": (
        "import os\n",
        "import sys\nimport re\n\nx = 1",
        "import sys\nimport re|",
    ),
    "a blank line inside a new function does not end it": (
        "",
        "def f():\n    a\n\n    b\n\nf()",
        "def f():\n    a\n\n    b|",
    ),
    "a line left unfinished is finished first": (
        "x = [1, 2]\nfor i in ",
        "x:\n    print(i)\nprint(0)",
        "x:\n    print(i)|",
    ),
    "else belongs to if": (
        "if x:\n",
        "    a()\nelse:\n    b()\nc()",
        "    a()|",
    ),
    "else belongs to an if that the caret's line opens": (
        "if x:",
        "\n    a()\nelse:\n    b()\nelsewhere()",
        "\n    a()\nelse:\n    b()|",
    ),
    "a closing bracket belongs to its call": (
        "f(\n    a,\n    ",
        "b,\n)\ng()",
        "b,\n)|",
    ),
    "a bracket that the caret's line opens is closed": (
        "x = [",
        "\n    1,\n    2,\n]\ny = 3",
        "\n    1,\n    2,\n]|",
    ),
    "leading blank lines do not count": (
        "x = 1",
        "\n\ny = 2\nz = 3\n\nw",
        "\n\ny = 2\nz = 3|",
    ),
    "a dedent at once is a block of its own": (
        "def f():\n    return 1",
        "\n\n\ndef g():\n    return 2\n\n\nx",
        "\n\n\ndef g():\n    return 2|",
    ),
    "tabs indent": (
        "def f():\n",
        "\ta = 1\n\treturn a\nf()",
        "\ta = 1\n\treturn a|",
    ),
    "no end in sight": ("def f():\n", "    a = 1\n    b", "    a = 1\n    b"),
}


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_ends(name: str, size: int) -> None:
    before, text, expected = BLOCKS[name]
    assert spoken("block", text, before, size) == expected


# from the tables of Unicode Standard Annex 29
GRAPHEMES = {
    "a letter with a combining mark": "g\u0308",
    "a letter with several marks": "a\u0301\u0327",
    "a Hangul syllable of three jamo": "\u1112\u1161\u11ab",
    "a Hangul syllable with a final jamo": "\uac00\u11a8",
    "a Tamil consonant with a vowel sign": "\u0ba8\u0bbf",
    "a Thai letter with a vowel sign": "\u0e33\u0e33",
    "a Devanagari conjunct": "\u0937\u094d\u0937\u093f",
    "an ideograph with a variation selector": "\u8fbb\U000e0101",
    "a heart in colour": "\u2764\ufe0f",
    "a hand with a skin tone": "\U0001f44b\U0001f3fd",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "a family with skin tones": "\U0001f469\U0001f3fd\u200d\U0001f91d\u200d\U0001f468\U0001f3fb",
    "a flag": "\U0001f1eb\U0001f1f7",
    "a flag of tags": "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "an Arabic number sign before a digit": "\u06001",
    "carriage return and line feed": "\r\n",
    "a keycap": "1\ufe0f\u20e3",
}


@pytest.mark.parametrize("name", GRAPHEMES)
def test_a_grapheme_comes_whole_however_its_pieces_do(name: str) -> None:
    grapheme = GRAPHEMES[name]
    stopper = Stopper("none", "")
    stopper.feed("so")
    shown = "".join(stopper.feed(character)[0] for character in grapheme)
    assert shown in ("", grapheme[:1] if grapheme[0].isascii() else "") or shown == grapheme
    assert shown + stopper.feed("b")[0] == grapheme + "b"


@pytest.mark.parametrize("stop", ["word", "sentence", "line"])
@pytest.mark.parametrize("size", [1, 100])
def test_no_stop_parts_a_grapheme(stop: Stop, size: int) -> None:
    for grapheme in GRAPHEMES.values():
        if not grapheme.isspace():
            shown = spoken(stop, f" {grapheme} b. C\n", size=size).removesuffix("|")
            assert shown.startswith(f" {grapheme}")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("so \U0001f468\u200d", "so "),
        ("so \U0001f469\U0001f3fd\u200d", "so "),
        ("\U0001f1eb\U0001f1f7\U0001f1eb", "\U0001f1eb\U0001f1f7"),
        ("so \u1112", "so "),
        ("so \u0600", "so "),
        ("so\r", "so"),
        ("so\u200d", "so\u200d"),
        ("\U0001f44b\U0001f3fd", "\U0001f44b\U0001f3fd"),
        ("cafe\u0301", "cafe\u0301"),
        ("क्", "क्"),
    ],
)
def test_a_grapheme_in_which_the_tokens_run_out_is_left_out(text: str, left: str) -> None:
    assert spoken("none", text) == left
    assert spoken("none", text, size=100) == left


def test_the_grapheme_before_a_broken_character_may_not_be_whole() -> None:
    stopper = Stopper("none", "")
    assert stopper.feed("so \U0001f44b") == ("so ", False)
    assert stopper.close(cut=True) == ""
    assert spoken("none", "so \U0001f44b") == "so \U0001f44b"


STRINGS = [
    ("none", ("END",), "one END two", "one |"),
    ("none", ("END",), "one EN", "one EN"),
    ("none", ("\n\n", "END"), "one\ntwo\n\nEND", "one\ntwo|"),
    ("none", ("bc", "abcd"), "xabcd", "xa|"),
    ("none", ("aab",), "aaab", "a|"),
    ("none", ("you",), "you", "|"),
    ("none", ("\u0301",), "cafe\u0301 two", "cafe|"),
    ("none", ("雨",), "暗い雨", "暗い|"),
    ("sentence", (" She",), " It rained. She left.", " It rained.|"),
    ("sentence", ("She",), " It rained. She left.", " It rained.|"),
    ("sentence", ("rain",), " It rained. She left.", " It |"),
    ("sentence", (". The",), " It rained. Then", " It rained|"),
    ("sentence", (". The",), " It rained. There", " It rained|"),
    ("sentence", (". The",), " It rained. Tea", " It rained.|"),
    ("sentence", (". The",), " It rained. Th", " It rained.|"),
    ("line", ("\nEND",), " one\nEN", " one|"),
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(("stop", "strings", "text", "expected"), STRINGS)
def test_a_string_ends_the_text_right_before_it(
    stop: Stop, strings: tuple[str, ...], text: str, expected: str, size: int
) -> None:
    assert spoken(stop, text, size=size, strings=strings).removesuffix(
        "|"
    ) == expected.removesuffix("|")


@pytest.mark.parametrize("size", [1, 2, 100])
def test_what_may_be_a_stop_string_is_held_back_and_comes_when_it_is_none(size: int) -> None:
    stopper = Stopper("none", "", ("</s>", "###"))
    assert stopper.feed("one <") == ("one ", False)
    assert stopper.feed("/") == ("", False)
    assert stopper.feed("b> ##") == ("</b> ", False)
    assert stopper.close() == "##"


STOPS: list[Stop] = ["none", "word", "sentence", "line", "paragraph", "block"]
WRITING = st.text(
    st.sampled_from(
        "ab A.!?…\"'”) \n\t\r:)else雨。\u200d\u0301\U0001f468\U0001f3fd\U0001f1eb\u1112\u0600"
    ),
    max_size=40,
)


@given(
    st.sampled_from(STOPS),
    WRITING,
    WRITING,
    st.integers(1, 5),
    st.lists(st.text(st.sampled_from("ab.\n A\u0301"), min_size=1, max_size=4), max_size=3),
)
def test_the_size_of_the_pieces_makes_no_difference(
    stop: Stop, before: str, text: str, size: int, strings: list[str]
) -> None:
    whole = spoken(stop, text, before, 1, tuple(strings)).removesuffix("|")
    assert spoken(stop, text, before, size, tuple(strings)).removesuffix("|") == whole
    assert text.startswith(whole)
    assert not any(one in whole for one in strings)


@given(st.sampled_from(STOPS), WRITING, WRITING)
def test_a_stop_never_leaves_a_candidate_empty(stop: Stop, before: str, text: str) -> None:
    whole = spoken(stop, text, before)
    assert not whole.endswith("|") or whole.removesuffix("|").strip()


@given(st.sampled_from(STOPS), WRITING)
def test_no_text_ends_inside_a_grapheme(stop: Stop, text: str) -> None:
    shown = spoken(stop, text).removesuffix("|")
    borders = {0}
    for grapheme in wcwidth.iter_graphemes(text):
        borders.add(max(borders) + len(grapheme))
    assert len(shown) in borders


BEGUN = [
    (("\n\n",), "one\n", "\ntwo", "|"),
    (("\n\n",), "one\n", "two\n\n", "two|"),
    (("\n\n",), "one\n\n", "two", "two"),
    (("\n\n",), "one\n\n", "\ntwo", "|"),
    (("the sea",), "by the", " sea wall", "|"),
    (("the sea",), "by the", " shore", " shore"),
    (("the sea", "sh"), "by the", " shore", " |"),
    (("the sea",), "the sea the ", "sand", "sand"),
]


@pytest.mark.parametrize("size", [1, 2, 50])
@pytest.mark.parametrize(("strings", "said", "text", "expected"), BEGUN)
def test_a_string_that_begins_in_what_was_said_before_ends_the_text_there(
    strings: tuple[str, ...], said: str, text: str, expected: str, size: int
) -> None:
    assert spoken("none", text, said, size, strings, said) == expected
