"""All cores are used while that is faster, and left alone as soon as it is not."""

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import jupyter_sim.engine.cores as cores_now
from jupyter_sim.engine.cores import MANY, Threads, cores, unclaimed


def play(threads: Threads, seconds: dict[int, float], steps: int, size: int = 8) -> list[int]:
    """The numbers of threads that steps take which last so long with each number."""
    taken = []
    for _ in range(steps):
        taken.append(threads.now)
        threads.took(size, seconds[threads.now])
    return taken


def quiet(fewer: int, most: int, **more: Any) -> Threads:
    """Threads on a machine on which nobody else runs."""
    return Threads(fewer, most, lambda: MANY, **more)


def test_there_is_a_core() -> None:
    assert cores() >= 1


def test_an_idle_machine_computes_on_all_cores() -> None:
    taken = play(quiet(1, 2), {1: 0.003, 2: 0.002}, 60)
    assert taken.count(1) < 4


def test_a_busy_machine_is_soon_left_a_core() -> None:
    taken = play(quiet(1, 2), {1: 0.003, 2: 0.02}, 60)
    assert taken[-50:].count(1) > 45


@pytest.mark.parametrize("seconds", [{1: 0.003, 2: 0.1}, {1: 0.16, 2: 0.08}])
def test_the_slower_number_is_tried_ever_more_rarely_and_never_given_up(
    seconds: dict[int, float],
) -> None:
    threads = quiet(1, 2)
    play(threads, seconds, 20)
    slower = max(seconds, key=seconds.__getitem__)
    taken = play(threads, seconds, 4000)
    lost = taken.count(slower) * (seconds[slower] - min(seconds.values()))
    assert taken.count(slower)
    assert lost < 0.03 * sum(map(seconds.__getitem__, taken))


def test_a_machine_that_becomes_busy_is_left_a_core_at_once() -> None:
    threads = quiet(1, 2)
    play(threads, {1: 0.003, 2: 0.002}, 60)
    taken = play(threads, {1: 0.004, 2: 0.05}, 30)
    assert taken.count(2) <= 4


@pytest.mark.parametrize("sizes", [(8, 7, 5), (8,), range(1, 60)])
def test_a_busy_machine_is_left_a_core_however_short_the_fans_are(sizes: Sequence[int]) -> None:
    threads = quiet(1, 2)
    taken = []
    for size in 40 * [*sizes]:
        taken += play(threads, {1: 0.001 * (4 + size), 2: 0.02 * (4 + size)}, 1, size)
    assert taken[-len(taken) // 2 :].count(2) < 0.05 * len(taken)


def test_one_step_that_stalls_in_a_trial_does_not_put_off_the_next_for_long() -> None:
    threads = quiet(1, 2)
    play(threads, {1: 0.004, 2: 0.002}, 200)
    while threads.now == 2:
        play(threads, {2: 0.002}, 1)
    threads.took(8, 20.0)
    taken = play(threads, {1: 0.004, 2: 0.007}, 2000)
    assert taken[-100:].count(1) > 90


def test_a_number_that_the_user_has_set_stays() -> None:
    assert set(play(quiet(3, 3), {3: 0.003}, 100)) == {3}


def test_a_long_step_is_computed_on_all_cores_and_tells_nothing_of_short_ones() -> None:
    threads = quiet(1, 2, worked=count(step=18.0).__next__)
    for _ in range(100):
        assert threads.to_take(500) == 2
        threads.took(500, 9.0)
    assert play(threads, {1: 0.003, 2: 0.02}, 8)[-1] == 1
    assert threads.to_take(500) == 2


class Machine:
    """So many free processors, and the time that a process has had of them."""

    def __init__(self, fewer: int, most: int, free: int) -> None:
        self.free = free
        self._seconds = 0.0
        self.threads = Threads(fewer, most, lambda: self.free, lambda: self._seconds)

    def read(self, worked: float, steps: int = 1) -> list[int]:
        """The numbers of threads of long steps, each of which gets that part of their time."""
        taken = []
        for _ in range(steps):
            taken.append(self.threads.to_take(64))
            self._seconds += worked * taken[-1]
            self.threads.took(64, 1.0)
        return taken


def test_long_steps_leave_to_others_what_they_want_once_one_had_to_wait() -> None:
    machine = Machine(7, 8, free=5)
    assert machine.read(worked=0.9, steps=3) == [8, 8, 8]
    assert machine.read(worked=0.3) == [8]
    assert machine.read(worked=0.9, steps=3) == [5, 5, 5]
    machine.free = -2
    assert machine.read(worked=0.4, steps=3) == [1, 1, 1]
    machine.free = 8
    assert machine.read(worked=0.9, steps=3) == [8, 8, 8]


def test_all_cores_are_tried_again_only_when_others_have_left_them() -> None:
    machine = Machine(1, 2, free=1)
    play(machine.threads, {1: 0.003, 2: 0.1}, 20)
    assert play(machine.threads, {1: 0.003, 2: 0.1}, 4000) == 4000 * [1]
    machine.free = 2
    assert play(machine.threads, {1: 0.003, 2: 0.002}, 300)[-200:].count(2) > 190


def test_long_steps_keep_the_number_that_the_user_has_set() -> None:
    assert Machine(3, 3, free=1).read(worked=0.1, steps=3) == [3, 3, 3]


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
