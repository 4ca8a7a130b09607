"""Stops find their place across the borders of tokens, and text never says too much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sim.engine.stops import Stopper
from jupyter_sim.events import Stop


def spoken(stop: Stop, text: str, before: str = "", size: int = 1) -> str:
    """What a candidate shows of a text that comes in pieces of `size`, "|" after it if stopped."""
    stopper = Stopper(stop, before)
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


def test_the_halves_of_graphemes_are_held_back() -> None:
    family = "\U0001f468\u200d\U0001f469"
    stopper = Stopper("none", "")
    assert stopper.feed(family[:2]) == ("\U0001f468", False)
    assert stopper.feed(family[2:]) == (family[1:], False)
    assert spoken("none", family[:2]) == "\U0001f468"
    assert spoken("none", "\U0001f1eb\U0001f1f7\U0001f1eb") == "\U0001f1eb\U0001f1f7"


STOPS: list[Stop] = ["none", "word", "sentence", "line", "paragraph", "block"]
WRITING = st.text(st.sampled_from("ab A.!?…\"'”) \n\t:)else雨。\u200d"), max_size=40)


@given(st.sampled_from(STOPS), WRITING, WRITING, st.integers(1, 5))
def test_the_size_of_the_pieces_makes_no_difference(
    stop: Stop, before: str, text: str, size: int
) -> None:
    whole = spoken(stop, text, before, 1)
    assert spoken(stop, text, before, size) == whole
    assert text.startswith(whole.removesuffix("|"))
    assert not whole.endswith("|") or whole.removesuffix("|").strip()
