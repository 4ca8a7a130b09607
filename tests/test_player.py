"""A history as a person reads it: plain words, nothing hidden, and time that passes as it did."""

import io
import re
import unicodedata

import msgspec
import pytest

from jupyter_sim.events import (
    Above,
    Accepted,
    Branched,
    Cancelled,
    Dismissed,
    Edited,
    Event,
    Finish,
    Generated,
    Moved,
    Opened,
    Place,
    Proposed,
    Recipe,
    Rejected,
    Sampling,
    Shown,
    Source,
    Stamp,
    Written,
)
from jupyter_sim.formats.account import account
from jupyter_sim.formats.plain import quoted, visible
from jupyter_sim.player import play
from jupyter_sim.replay import steps

HOSTILE = "\x1b[31m\x1b]0;title\x07 \u202eesrever \U000e0041 \x9b1m \u2028 \ud800 \x00\r\x7f"


def stamp(seq: int) -> Stamp:
    return Stamp(f"e{seq}", "w", seq, 1.5 * seq, "ann", "d", "cell")


def story(hostile: str = "") -> list[Event]:
    """A fan of three in which all that can be judged is judged."""
    seen = ("a.0", "b.0", "c.0")
    at = Place("e1.0", 6 + len(hostile))
    source = Source(f"starter{hostile}", "", "")
    proposed = Proposed(
        stamp(2), "fan", "e2", at, seen, (1, 2, 3), Recipe(0, ""), source, Sampling(), "sentence", 9
    )
    drawn: tuple[tuple[int, str, str, Finish], ...] = (
        (3, "a.0", " dark", "stop"),
        (4, "b.0", " late\nand cold", "cancelled"),
        (5, "c.0", " odd", "failed"),
    )
    return [
        Opened(stamp(1), f"It was{hostile}"),
        proposed,
        *(
            Generated(stamp(n), "fan", "e2", id, text + hostile, (1,) * n, (-1.0,) * n, end, 0.5)
            for n, id, text, end in drawn
        ),
        Shown(stamp(6), "fan", seen),
        Rejected(stamp(7), "fan", "a.0", seen),
        Branched(stamp(8), "fan", "c.0", seen),
        Accepted(stamp(9), "fan", "b.0", seen, at, 0, 5),
        Edited(stamp(10), Place("b.0", 5), 0, (Written(f" and so{hostile}", "human"),)),
        Moved(stamp(11), at),
        Dismissed(stamp(12), "fan", seen),
        Cancelled(stamp(13), "fan"),
        Edited(stamp(14), at, 0, (Written("!", "human"),)),
    ]


def played(events: list[Event], live: bool = False, speed: float = 1.0) -> tuple[str, list[float]]:
    out, waits = io.StringIO(), list[float]()
    play(steps(events), out, live=live, speed=speed, wait=waits.append)
    return out.getvalue(), waits


def test_every_event_is_told_in_plain_words() -> None:
    told = [account(step.event, step.tree, step.fan) for step in steps(story())]
    assert told == [
        "recording began with 6 characters",
        "asked starter for 3 candidates: up to 9 tokens, to the end of a sentence, temperature 1",
        "candidate 1 is “ dark”: 3 tokens in 0.5 s",
        "candidate 2 is “ late⏎and cold”: 4 tokens in 0.5 s, stopped early",
        "candidate 3 is “ odd”: 5 tokens in 0.5 s, cut off by a failure",
        "saw candidates 1, 2, 3",
        "rejected candidate 1, having seen 3",
        "kept candidate 3 alive, having seen 3",
        "accepted “ late” of candidate 2, having seen 3",
        "wrote “ and so”",
        "went to another place of the tree, 6 characters",
        "dismissed the fan, having seen 3",
        "stopped what still ran in the fan",
        "wrote “!”",
    ]


def test_what_is_not_so_in_every_proposal_is_told_too() -> None:
    events = story()
    recipe = Recipe(0, "", "e1", "e1", (Above("other", Place("e1.0", 2)),))
    changed = {"sampling": Sampling(distinct=True), "prefix": " d", "recipe": recipe}
    (step,) = list(steps([events[0], msgspec.structs.replace(events[1], **changed)]))[1:]
    told = account(step.event, step.tree, step.fan)
    assert told.endswith(
        "temperature 1, distinct, beginning with “ d”, after a voice and the memory and 1 cell"
    )


def test_a_fan_is_shown_as_it_was_offered_with_every_verdict_so_far() -> None:
    text, _ = played(story())
    accepted = text[text.index("accepted") :]
    assert accepted.splitlines()[1:5] == [
        "          × 1   dark",
        "          ▸ 2   late⏎and cold",
        "          + 3   odd",
        "          │ It was late",
    ]


def test_the_text_of_each_cell_stands_at_the_end() -> None:
    text, _ = played(story())
    assert text.endswith("── cell cell, in the end\n          │ It was!\n")


def test_without_a_terminal_there_is_no_style_and_no_wait() -> None:
    text, waits = played(story())
    assert "\x1b" not in text
    assert waits == []


def test_a_terminal_gets_styles_by_author_around_the_same_text() -> None:
    styled, _ = played(story(), live=True)
    plain, _ = played(story())
    assert "\x1b[2mIt was\x1b[0m\x1b[4;36m late\x1b[0m\x1b[1m and so\x1b[0m\n" in styled
    assert re.sub(r"\x1b\[[0-9;]*m", "", styled) == plain


@pytest.mark.parametrize(("speed", "each"), [(1.0, 1.5), (3.0, 0.5), (0.1, 2.0)])
def test_a_terminal_waits_as_the_writer_did_but_never_long(speed: float, each: float) -> None:
    _, waits = played(story(), live=True, speed=speed)
    assert waits == [0.0] + [each] * 13


def test_a_clock_that_went_back_makes_no_wait() -> None:
    events = story()[:2]
    early = msgspec.structs.replace(events[1].stamp, time=-1000.0)
    _, waits = played([events[0], msgspec.structs.replace(events[1], stamp=early)], live=True)
    assert waits == [0.0, 0.0]


def test_nothing_in_a_log_reaches_the_terminal_unseen() -> None:
    text, _ = played(story(HOSTILE))
    told = [account(step.event, step.tree, step.fan) for step in steps(story(HOSTILE))]
    assert all("\n" not in line for line in told)
    for character in "".join([text, *told]):
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl")
    assert "␛[31m" in text
    assert "<U+202E>esrever" in text


def test_only_the_lines_that_changed_are_shown_between() -> None:
    page = "first line\n" + "x" * 5000 + "\nlast line"
    end = Place("e1.0", len(page))
    text, _ = played([Opened(stamp(1), page), Edited(stamp(2), end, 0, (Written("!", "human"),))])
    assert "wrote “!”\n          │ last line!\n── cell" in text


def test_visible_text_keeps_lines_tabs_emoji_and_joined_scripts() -> None:
    text = "a\n\tb é 👩‍👩‍👧 می‌خواهم"
    assert visible(text) == text
    assert visible("\x85\u200b\ufeff") == "<U+0085><U+200B><U+FEFF>"


def test_a_long_quotation_loses_its_middle() -> None:
    line = quoted("a" * 100 + "b" * 100)
    assert len(line) < 70
    assert line.startswith("“aaa")
    assert line.endswith("bbb”")
