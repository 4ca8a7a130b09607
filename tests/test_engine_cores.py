"""All cores are used while that is faster, and left alone as soon as it is not."""

import os
from pathlib import Path

import pytest

import jupyter_sim.engine.cores as cores_now
from jupyter_sim.engine.cores import MANY, Threads, cores, unclaimed


def play(threads: Threads, seconds: dict[int, float], steps: int, size: int = 8) -> list[int]:
    """The numbers of threads that steps take which last so long with each number."""
    taken = []
    for _ in range(steps):
        taken.append(threads.now)
        threads.took(size, seconds[threads.now], 0.0)
    return taken


def test_there_is_a_core() -> None:
    assert cores() >= 1


def test_an_idle_machine_soon_computes_on_all_cores() -> None:
    threads = Threads(1, 2)
    taken = play(threads, {1: 0.003, 2: 0.002}, 60)
    assert taken[0] == 1
    assert taken[-20:].count(2) > 14


def test_a_busy_machine_is_tried_ever_more_rarely_and_never_given_up() -> None:
    threads = Threads(1, 2)
    taken = play(threads, {1: 0.003, 2: 0.1}, 2000)
    assert taken.count(2) < 16
    assert 2 <= taken[-1000:].count(2) <= 4


def test_a_machine_that_becomes_busy_is_left_a_core_at_once() -> None:
    threads = Threads(1, 2)
    play(threads, {1: 0.003, 2: 0.002}, 60)
    threads.now = 2
    taken = play(threads, {1: 0.004, 2: 0.05}, 30)
    assert taken.count(2) <= 4


def test_steps_of_different_sizes_are_not_compared() -> None:
    threads = Threads(1, 2)
    for size in range(64):
        assert play(threads, {1: 1.0, 2: 0.1}, 1, size) == [1]


def test_a_number_that_the_user_has_set_stays() -> None:
    assert set(play(Threads(3, 3), {3: 0.003}, 100)) == {3}


def test_a_long_step_is_computed_on_all_cores_and_tells_nothing_of_short_ones() -> None:
    threads = Threads(1, 2)
    for _ in range(100):
        assert threads.to_take(500) == 2
        threads.took(500, 9.0, worked=18.0)
    assert threads.to_take(8) == 1


def read(threads: Threads, worked: float, steps: int = 1) -> list[int]:
    """The numbers of threads of long steps, each of which gets that part of its threads' time."""
    taken = []
    for _ in range(steps):
        taken.append(threads.to_take(64))
        threads.took(64, 1.0, worked * taken[-1])
    return taken


def test_long_steps_leave_to_others_what_they_want_once_one_had_to_wait() -> None:
    free = 8
    threads = Threads(7, 8, lambda: free)
    free = 5
    assert read(threads, worked=0.9, steps=3) == [8, 8, 8]
    assert read(threads, worked=0.3) == [8]
    assert read(threads, worked=0.9, steps=3) == [5, 5, 5]
    free = -2
    assert read(threads, worked=0.4, steps=3) == [1, 1, 1]
    free = 8
    assert read(threads, worked=0.9, steps=3) == [8, 8, 8]


def test_long_steps_keep_the_number_that_the_user_has_set() -> None:
    assert read(Threads(3, 3, lambda: 1), worked=0.1, steps=3) == [3, 3, 3]


@pytest.mark.parametrize("running", [1, 4])
def test_what_others_run_on_is_not_unclaimed(
    running: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "stat"
    monkeypatch.setattr(cores_now, "STATE", state)
    state.write_text(f"cpu0 1 2 3\nprocs_running {running}\nprocs_blocked 0\n")
    assert unclaimed() == os.cpu_count() - (running - 1)
    state.write_text("nothing of the kind")
    assert unclaimed() == MANY
    state.unlink()
    assert unclaimed() == MANY
