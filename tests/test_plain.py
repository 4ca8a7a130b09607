"""Whatever a log holds, in whichever field: nothing that a terminal obeys or hides is printed."""

import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_sim.events import Event
from jupyter_sim.formats.plain import quoted, visible
from jupyter_sim.formats.simlog import read_log, write_log

from .judged import Run

EXAMPLE = Path(__file__).parent.parent / "examples" / "example.simlog"
DOCUMENT = read_log(EXAMPLE).header.document
JOINERS = "\u200c\u200d"
HIDDEN = [
    character
    for character in map(chr, range(sys.maxunicode + 1))
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    and character not in JOINERS
]
SMUGGLED = "\u034f\u115f\u3164\uffa0\ufe00\U000e0100\U000e0fff"
SWEEP = "".join(HIDDEN) + SMUGGLED
ATTACKS = "\x1b[2J\x1b]0;title\x07\x1b]8;;http://evil\x07\x1bP$q\x1b\\\x9b31m\x9d0;x\x9c\r\n\x08\u202e\u2066"
ONES_OWN = {"type", "author", "finish", "stop", "how", "document", "sha256"}


def with_suffix(value: Any, suffix: str, key: str = "") -> Any:
    """The same with a suffix to every text; node ids still follow from the ids of events."""
    if isinstance(value, dict):
        return {name: with_suffix(inner, suffix, name) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [with_suffix(inner, suffix, key) for inner in value]
    if not isinstance(value, str) or key in ONES_OWN:
        return value
    return re.sub(r"(\.\d+)?$", lambda found: suffix + found[0], value, count=1)


def hostile(suffix: str) -> list[Event]:
    """The example's events, every text of which ends in the suffix."""
    return [
        msgspec.convert(with_suffix(msgspec.to_builtins(event), suffix), Event)
        for event in read_log(EXAMPLE).events
    ]


@pytest.mark.parametrize("suffix", [SWEEP, ATTACKS], ids=["sweep", "attacks"])
def test_no_field_of_a_log_reaches_the_terminal_unseen(sim: Run, suffix: str) -> None:
    header = msgspec.structs.replace(read_log(EXAMPLE).header, path=f"story{suffix}.ipynb")
    write_log(Path("hostile.simlog"), header, hostile(suffix))
    commands = [
        "import hostile.simlog",
        "history list",
        f"history show {DOCUMENT}",
        "history verify hostile.simlog",
        "replay hostile.simlog",
        "curation hostile.simlog --no-model",
        "curation hostile.simlog --no-model --format json",
        "replay hostile.simlog --format json",
        "replay hostile.simlog --regenerate",
        "export hostile.simlog -o hostile.md",
    ]
    for command in commands:
        status, out, err = sim(command)
        assert status in (0, 1), err
        unseen = {c for c in out + err if c in SWEEP and c not in "\n\t"}
        assert not unseen, (command, unseen)
    page = Path("hostile.md").read_text()
    assert not {c for c in page if c in SWEEP and c not in "\n\t"}


def test_every_hidden_character_is_shown_by_its_name() -> None:
    for character in SWEEP:
        shown = visible(character)
        if character not in "\n\t":
            assert shown.isprintable()
            assert shown != character
        assert quoted(character).isprintable()


def test_what_people_write_stays_as_it_is() -> None:
    text = "a\n\tb é e\u0301 👩‍👩‍👧 ❤\ufe0f می‌خواهم 雨 ﷺ \u00a0"
    assert visible(text) == text
