"""The figures of a small log are those that its arithmetic, written out here, comes to."""

from math import isclose, log, log2
from typing import Any

import msgspec
import pytest

from jupyter_sim.curation import Curation, Token, curation, intervention_bits, nearest_rank
from jupyter_sim.events import (
    Accepted,
    Branched,
    Dismissed,
    Edited,
    Event,
    Framed,
    Generated,
    Opened,
    Place,
    Proposed,
    Recipe,
    Rejected,
    Sampling,
    Shown,
    Source,
    Stamp,
    Withdrawn,
    Written,
)
from jupyter_sim.runs import Run

NOON = 1_700_000_000.0  # 2023-11-14, 22:13:20 UTC
DAY = 86_400.0


class Log:
    """A history that grows by one event a call; `at` is the clock of the next ones."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.at = NOON

    def stamp(self, cell: str = "cell") -> Stamp:
        seq = len(self.events) + 1
        return Stamp(f"e{seq}", "w", seq, self.at, "", "d", cell)

    def add(self, event: Event) -> str:
        self.events.append(event)
        return event.stamp.id

    def propose(
        self, fan: str, at: Place, *ids: str, voice: str = "", distinct: bool = False
    ) -> None:
        self.add(
            Proposed(
                stamp=self.stamp(),
                fan=fan,
                draw=f"draw-{len(self.events)}",
                at=at,
                candidates=ids,
                seeds=tuple(range(len(ids))),
                recipe=Recipe(0, "", voice=voice or None),
                source=Source("toy", "", ""),
                sampling=Sampling(distinct=distinct),
                stop="none",
                max_tokens=8,
            )
        )

    def generate(self, fan: str, id: str, text: str, *logprobs: float, ends: Any = ()) -> None:
        tokens = tuple(range(len(logprobs)))
        self.add(
            Generated(self.stamp(), fan, "", id, text, tokens, logprobs, "stop", 1.0, tuple(ends))
        )


@pytest.fixture
def log_() -> Log:
    """Two fans in one cell, a third on the next day that nothing came of, a fourth never seen.

    The text, "It was" by nobody we know, becomes "It was dark and so": " dark" is the model's, and
    " and so" the human's.
    """
    log = Log()
    log.add(Opened(log.stamp(), "It was"))
    root = Place("e1.0", 6)
    # five candidates, two with the same text: n = 4 of them are different and seen
    log.propose("one", root, "a", "b", "c", "d", "x")
    log.generate("one", "a", " dark and odd", -1.0, -2.0, -3.0, ends=(5, 9, 13))
    log.generate("one", "b", " late", -0.5, -0.5)
    log.generate("one", "c", " late", -0.5, -0.5)
    log.generate("one", "d", " wet", -4.0)
    log.generate("one", "x", "!", -9.0)
    log.at += 1
    log.add(Shown(log.stamp(), "one", ("a", "b", "c", "d", "x")))
    log.at += 2
    log.add(Rejected(log.stamp(), "one", "d", ("a", "b", "c", "d", "x")))
    log.at += 4
    log.add(Accepted(log.stamp(), "one", "a", ("a", "b", "c", "d", "x"), root, 0, 5))
    log.add(Edited(log.stamp(), Place("a", 5), 0, (Written(" and so", "human"),)))
    # one voice each; both of the two acceptable ones of four, hence one bit
    dark = log.add(Framed(log.stamp(), "Darkly:", "dark"))
    light = log.add(Framed(log.stamp(), "Lightly:", "light"))
    end = Place("e11.0", 7)
    log.propose("two", end, "e", "f", voice=dark, distinct=True)
    log.propose("two", end, "g", "h", voice=light, distinct=True)
    for id in "efgh":
        log.generate("two", id, f" {id}", -1.0)
    log.at += 8
    seen = ("e", "f", "g", "h")
    log.add(Branched(log.stamp(), "two", "e", seen))
    log.at += 8
    log.add(Branched(log.stamp(), "two", "g", seen))
    # and a day later
    log.at = NOON + DAY
    log.propose("three", end, "i", "j")
    log.generate("three", "i", " then", -1.0)
    log.add(Dismissed(log.stamp(), "three", ("i",)))
    log.propose("four", end, "k")
    log.generate("four", "k", " never", -1.0)
    return log


def figures(log: Log, **scores: list[Token]) -> Curation:
    return curation(log.events, scores or None)


def test_selection_bits_are_log2_of_seen_and_different_over_acceptable(log_: Log) -> None:
    told = figures(log_)
    assert [(c.fan, c.n, c.m) for c in told.choices] == [("one", 4, 1), ("two", 4, 2)]
    assert [c.bits for c in told.choices] == [log2(4 / 1), log2(4 / 2)]
    assert told.total.selection_bits == 2 + 1


def test_bits_from_distinct_draws_are_told_apart(log_: Log) -> None:
    told = figures(log_)
    assert [c.distinct for c in told.choices] == [False, True]
    assert told.total.distinct_bits == 1


def test_fans_are_counted_by_what_was_seen_of_them(log_: Log) -> None:
    total = figures(log_).total
    assert (total.fans, total.unseen_fans) == (3, 1)
    assert (total.choices, total.fans_without_choice) == (2, 1)


def test_kept_counts_what_was_accepted_and_generated_all_that_came(log_: Log) -> None:
    total = figures(log_).total
    # one: 13 + 5 + 5 + 4 + 1; two: 4 * 2; three: 5; four: 6
    assert total.generated == 28 + 8 + 5 + 6
    # one: 3 + 2 + 2 + 1 + 1; two: 4; three: 1; four: 1
    assert total.generated_tokens == 9 + 4 + 1 + 1
    # " dark" of " dark and odd", whose first token ends there
    assert (total.kept, total.kept_tokens) == (5, 1)
    assert total.kept_share == 5 / 47
    assert total.selection_bits_per_token == 3 / 1


def test_without_the_ends_of_tokens_they_are_kept_in_proportion(log_: Log) -> None:
    log_.events = [
        msgspec.structs.replace(event, ends=()) if isinstance(event, Generated) else event
        for event in log_.events
    ]
    assert figures(log_).total.kept_tokens == round(3 * 5 / 13)


def test_what_is_accepted_twice_is_kept_once(log_: Log) -> None:
    seen, root = ("a", "b", "c", "d", "x"), Place("e1.0", 6)
    for start, stop in ((3, 9), (0, 2), (12, 99)):
        log_.add(Accepted(log_.stamp(), "one", "a", seen, root, start, stop))
    total = figures(log_).total
    # code points 0 to 9 and 12 to 13 of " dark and odd", whose tokens end at 5, 9 and 13
    assert (total.kept, total.kept_tokens) == (10, 3)


def test_the_branching_factor_counts_what_is_different_at_each_place(log_: Log) -> None:
    # after "It was": dark…, late, wet, !; at the end: e, f, g, h, then, never
    assert figures(log_).total.branching == (4 + 6) / 2


def test_times_run_from_being_shown_or_being_whole_to_the_first_verdict(log_: Log) -> None:
    total = figures(log_).total
    # d after 2 s of being shown, a after 6; e and g, whose showing is not recorded, after 8 and 16
    assert total.median_seconds == (6 + 8) / 2
    assert total.p90_seconds == 16


def test_authors_share_the_final_text(log_: Log) -> None:
    total = figures(log_).total
    assert (total.text, total.found, total.model, total.human) == (18, 6, 5, 7)


def test_a_voice_has_its_candidates_and_its_part_of_the_bits(log_: Log) -> None:
    voices = figures(log_).voices
    assert list(voices) == ["", "dark", "light"]
    assert [voice.selection_bits for voice in voices.values()] == [2, 0.5, 0.5]
    assert [voice.generated_tokens for voice in voices.values()] == [11, 2, 2]
    assert voices["dark"].text is None


def test_a_day_has_the_fans_that_began_on_it(log_: Log) -> None:
    days = figures(log_).days
    assert list(days) == ["2023-11-14", "2023-11-15"]
    assert [(day.fans, day.selection_bits) for day in days.values()] == [(2, 3), (1, 0)]
    assert days["2023-11-15"].fans_without_choice == 1


def test_the_choice_tells_its_number_and_how_likely_the_model_found_it(log_: Log) -> None:
    first = figures(log_).choices[0]
    # means of -2 (dark), -0.5 (late, once), -4 (wet) and -9 (!): dark is the second likeliest
    assert (first.number, first.rank) == (1, 2)
    assert first.chosen == ("a",)


def test_intervention_bits_are_the_humans_share_of_each_token(log_: Log) -> None:
    # "It" " was" " dar" "k an" "d so": of "k an" 3 of 4 code points are the human's
    tokens = [
        Token(end, -log(2) * bits) for end, bits in ((2, 9), (6, 9), (10, 9), (14, 8), (18, 5))
    ]
    told = figures(log_, cell=tokens).total
    assert told.intervention_bits is not None
    assert told.bits_per_token is not None
    assert isclose(told.intervention_bits, 8 * 3 / 4 + 5)
    assert told.text_tokens == 5
    assert isclose(told.bits_per_token, (3 + 11) / 5)
    assert figures(log_).total.intervention_bits is None


def test_the_tokens_of_one_character_are_one_and_what_follows_a_text_costs_nothing() -> None:
    runs = [Run("aé", "human"), Run("cd", "model")]
    # "a" costs 1 bit; "é" is two tokens of 2 and 3 bits, the second of which has "c" as well
    ends = ((1, 1), (1, 2), (3, 3), (9, 7), (12, 7))
    tokens = [Token(end, -log(2) * bits) for end, bits in ends]
    assert isclose(intervention_bits(runs, tokens, "human"), 1 + (2 + 3) / 2)
    assert isclose(intervention_bits(runs, tokens, "model"), (2 + 3) / 2 + 7)


def test_a_withdrawn_verdict_is_no_choice_and_the_latest_one_counts(log_: Log) -> None:
    log_.add(Withdrawn(log_.stamp(), "one", "a"))
    log_.add(Rejected(log_.stamp(), "two", "g", ("e", "f", "g", "h")))
    told = figures(log_)
    assert [(c.fan, c.n, c.m) for c in told.choices] == [("two", 4, 1)]
    assert told.total.kept == 0


def test_n_is_frozen_at_the_verdict(log_: Log) -> None:
    log_.propose("one", Place("e1.0", 6), "late")
    log_.generate("one", "late", " another", -1.0)
    log_.add(Shown(log_.stamp(), "one", ("late",)))
    assert figures(log_).choices[0].n == 4


def test_a_verdict_on_what_was_never_offered_is_left_out(log_: Log) -> None:
    before = figures(log_)
    log_.add(Accepted(log_.stamp(), "one", "lost", (), Place("lost", 0), 0, 3))
    log_.add(Generated(log_.stamp(), "one", "", "lost", "x", (), (), "stop", 1.0))
    assert figures(log_) == before


def test_a_time_that_no_calendar_has_and_an_empty_log_have_figures(log_: Log) -> None:
    log_.at = 1e300
    log_.propose("odd", Place("e1.0", 6), "z")
    assert "(no known date)" in figures(log_).days
    nothing = curation([])
    assert (nothing.total.fans, nothing.total.text, nothing.total.branching) == (0, 0, None)


def test_the_ninetieth_of_a_hundred_is_the_least_that_ninety_do_not_exceed() -> None:
    assert nearest_rank([float(n) for n in range(1, 101)], 0.9) == 90
    assert nearest_rank([7.0], 0.9) == 7
