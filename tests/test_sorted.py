"""The cells of a sequence are the same in the row that llama.cpp is built with as in its own tree.

A program with both is built, and makes the changes that are given here.
"""

import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

import pytest

TESTS = Path(__file__).parent
COMPILER = os.environ.get("CXX", "c++")
HARSH = ["-O1", "-D_GLIBCXX_DEBUG"]
MANY = 2000

Change = tuple[str, int, int]
Check = Callable[[Iterable[Change]], None]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    program = tmp_path_factory.mktemp("sorted") / "sorted"
    sources = [f"-I{TESTS.parent / '.ci'}", str(TESTS / "sorted.cpp"), "-o", str(program)]
    subprocess.run([COMPILER, "-std=c++17", *HARSH, *sources], check=True)

    def same(changes: Iterable[Change]) -> None:
        given = "".join(f"{change} {place} {cell}\n" for change, place, cell in changes)
        done = subprocess.run([program], input=given, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "")

    return same


def added(places: Iterable[int]) -> list[Change]:
    return [("+", place, place) for place in places]


def dropped(places: Iterable[int]) -> list[Change]:
    return [("-", place, place) for place in places]


ALL: Change = ("?", MANY // 2, 0)
CUTS = [0, 1, MANY // 2, MANY - 1]


@pytest.mark.parametrize("wide", [1, 2, 10, 100, 10000])
@pytest.mark.parametrize("asked", ["?", ""], ids=["asked between", "asked in the end"])
def test_any_changes_lead_to_the_same_cells(check: Check, wide: int, asked: str) -> None:
    chosen = Random(wide)
    kinds = "++++---" + asked
    changes = [
        (chosen.choice(kinds), chosen.randrange(wide) - wide // 3, chosen.randrange(3))
        for _ in range(MANY)
    ]
    changes[MANY // 2] = ("0", 0, 0)
    check([*changes, ALL])


@pytest.mark.parametrize("first", CUTS)
def test_a_cut_drops_the_end_and_it_can_grow_again(check: Check, first: int) -> None:
    end = range(first, MANY)
    check([*added(range(MANY)), *dropped(end), ALL, *dropped(end), *added(end), ALL])


@pytest.mark.parametrize("end", CUTS)
def test_cells_may_go_from_the_front_and_come_back_in_any_order(check: Check, end: int) -> None:
    front = Random(end).sample(range(end), end)
    check([*added(range(MANY)), *dropped(range(end)), *added(front), ALL, *dropped(front), ALL])


def test_a_window_may_slide(check: Check) -> None:
    slide = [each for at in range(MANY) for each in added([at]) + dropped([at - 100])]
    check([*slide, ALL])


def test_all_cells_may_shift(check: Check) -> None:
    shift = [each for at in range(MANY) for each in (("-", at, at), ("+", at + 5, at))]
    check([*added(range(MANY)), *shift, ALL])


def test_what_is_there_is_added_once_and_what_is_not_cannot_go(check: Check) -> None:
    check([("-", 1, 1), ALL, *added([3, 1, 3, 1, 2, 2]), ALL, *dropped([1, 1, 0, 3, 3]), ALL])
