"""What leaves the worker, and when; time is told by the test."""

from jupyter_sim.engine.messages import Column, Piece, Started
from jupyter_sim.engine.outbox import FRAME, Outbox

STARTED = Started("r", (1,), 0)


def column(text: str, index: int = 0, token: int = 7, rollout: str = "r") -> Column:
    return Column(rollout, (Piece(index, text, (token,), (-0.5,), ends=(len(text),)),))


class Desk:
    """An outbox, the time, and what has gone out."""

    def __init__(self) -> None:
        self.now = 0.0
        self.out: list[tuple[int, Started | Column]] = []
        self.box: Outbox[Started] = Outbox(lambda *sent: self.out.append(sent), lambda: self.now)

    def step(self, seconds: float, *columns: Column, last: bool = False) -> None:
        self.now += seconds
        for told in columns:
            self.box.tell(1, told)
        self.box.end_step(last=last)


def test_the_first_column_goes_out_at_the_end_of_its_step() -> None:
    desk = Desk()
    desk.step(0.002, column("a"))
    assert desk.out == [(1, column("a"))]


def test_the_columns_of_quick_steps_are_joined_until_their_frame_comes() -> None:
    desk = Desk()
    desk.step(0.001, column("a"))
    desk.step(0.002, column("b"))
    desk.step(0.002, column("c", token=8))
    assert len(desk.out) == 1
    desk.step(FRAME, column("d", index=1))
    joined = Piece(0, "bc", (7, 8), (-0.5, -0.5), ends=(1, 1))
    assert desk.out[1:] == [(1, Column("r", (joined, *column("d", index=1).pieces)))]


def test_the_columns_of_slow_steps_go_out_as_they_come() -> None:
    desk = Desk()
    for text in "abc":
        desk.step(2 * FRAME, column(text))
    assert desk.out == [(1, column(text)) for text in "abc"]


def test_two_rollouts_of_one_step_go_out_together() -> None:
    desk = Desk()
    desk.box.tell(1, column("a"))
    desk.box.tell(2, column("b", rollout="s"))
    assert desk.out == []
    desk.box.end_step(last=False)
    assert desk.out == [(1, column("a")), (2, column("b", rollout="s"))]


def test_nothing_is_held_when_no_other_step_follows() -> None:
    desk = Desk()
    desk.step(0.001, column("a"))
    desk.step(0.001, column("b"), last=True)
    assert desk.out == [(1, column("a")), (1, column("b"))]


def test_other_messages_go_out_at_once_behind_what_their_rollout_said_before() -> None:
    desk = Desk()
    desk.step(0.001, column("a"))
    desk.box.tell(1, column("b"))
    desk.box.tell(1, STARTED)
    assert desk.out == [(1, column("a")), (1, column("b")), (1, STARTED)]
