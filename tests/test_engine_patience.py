"""When a worker is given up: ticks are counted here, and no time passes."""

import pytest

from jupyter_sim.engine.patience import (
    LOADING,
    LONGEST_STEP,
    SILENT,
    SLOWER,
    STARTING,
    STEP,
    TRIAL,
    Patience,
)


def loaded(trial: int = 0) -> Patience:
    """The patience with a worker whose trial took so many ticks."""
    patience = Patience()
    patience.hear()
    patience.load(trying=False)
    patience.load(trying=True)
    for steps in range(trial):
        patience.hear(steps)
        assert patience.tick() is None
    patience.hear()
    patience.stand()
    assert patience.tick() is None
    return patience


def ticks_until_the_end(patience: Patience, *, answers: bool) -> tuple[int, str]:
    """How many ticks a worker gets that stands still, and what is said then."""
    for ticks in range(1, 10 * LONGEST_STEP):
        if answers:
            patience.hear(7)
        if said := patience.tick():
            return ticks, said
    raise AssertionError("it is waited for without end")


def test_a_worker_that_gives_no_sign_is_ended_after_seconds() -> None:
    ticks, said = ticks_until_the_end(loaded(), answers=False)
    assert ticks == SILENT
    assert said == "The model's process gave no sign of life for 8 seconds and was ended."


def test_a_worker_that_has_never_spoken_may_take_longer_to_start() -> None:
    ticks, said = ticks_until_the_end(Patience(), answers=False)
    assert ticks == STARTING and "120 seconds" in said


def test_a_worker_that_answers_but_computes_nothing_is_ended_after_minutes() -> None:
    ticks, said = ticks_until_the_end(loaded(), answers=True)
    assert STEP <= ticks <= STEP + 1
    assert said == "The model computed at one step for 120 seconds and was ended."


@pytest.mark.parametrize(("trial", "most"), [(2, 2 * TRIAL), (1000, LONGEST_STEP)])
def test_a_model_that_was_slow_when_it_was_tried_out_gets_more(trial: int, most: int) -> None:
    ticks, _ = ticks_until_the_end(loaded(trial), answers=True)
    assert most <= ticks <= most + 1


def test_a_step_that_took_long_lets_the_next_take_longer() -> None:
    patience = loaded()
    patience.hear(1)
    for _ in range(100):
        patience.hear(1)
        assert patience.tick() is None
    patience.hear(2)
    assert patience.tick() is None
    ticks, _ = ticks_until_the_end(patience, answers=True)
    assert abs(ticks - SLOWER * 99) <= SLOWER


def test_a_load_that_goes_on_is_waited_for() -> None:
    patience = Patience()
    for steps in range(3 * LOADING):
        patience.hear(steps)
        assert patience.tick() is None
    ticks, said = ticks_until_the_end(patience, answers=True)
    assert LOADING <= ticks <= LOADING + 1 and "1800 seconds" in said


def test_a_worker_with_nothing_to_do_is_not_asked() -> None:
    patience = loaded()
    for _ in range(3):
        for _ in range(SILENT - 1):
            assert patience.tick() is None
        patience.rest()
    assert ticks_until_the_end(patience, answers=False)[0] == SILENT
