"""What goes out of the worker, at the pace at which it can be looked at. No pipe or model is known.

Steps of a small model take a millisecond or two, and whoever reads each of them at once takes the
processor from the next. So the columns of quick steps are joined, piece by piece, until a screen
could show them; those of slow steps, the first one, and all that is no column go out at once.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Generic, TypeVar

from .messages import Column, Piece

FRAME = 1 / 60
"""Seconds between two pictures of a common screen."""

T = TypeVar("T")


class Outbox(Generic[T]):
    """Joins columns; `send` gets what goes out, in order for each serial number."""

    def __init__(self, send: Callable[[int, T | Column], None], clock: Callable[[], float]) -> None:
        self._send = send
        self._clock = clock
        self._due = clock()
        self._held: dict[int, list[Column]] = {}

    def tell(self, serial: int, message: T | Column) -> None:
        """Hold a column for the end of its step, and send anything else after what is held."""
        if isinstance(message, Column):
            self._held.setdefault(serial, []).append(message)
            return
        if serial in self._held:
            self._send(serial, join(self._held.pop(serial)))
        self._send(serial, message)

    def end_step(self, *, last: bool) -> None:
        """Send what is held, if its frame has come or this was the last step for now."""
        if last or self._clock() >= self._due:
            held, self._held = self._held, {}
            for serial, columns in held.items():
                self._send(serial, join(columns))
            self._due = self._clock() + FRAME


def join(columns: Sequence[Column]) -> Column:
    """One column that says what some of a rollout said one after another."""
    if len(columns) == 1:
        return columns[0]
    gained: dict[int, list[Piece]] = {}
    for column in columns:
        for piece in column.pieces:
            gained.setdefault(piece.index, []).append(piece)
    return Column(columns[0].rollout, tuple(map(join_pieces, gained.values())))


def join_pieces(pieces: Sequence[Piece]) -> Piece:
    """One piece that says what some of a candidate said one after another."""
    return Piece(
        index=pieces[0].index,
        text="".join([piece.text for piece in pieces]),
        tokens=tuple(chain.from_iterable([piece.tokens for piece in pieces])),
        logprobs=tuple(chain.from_iterable([piece.logprobs for piece in pieces])),
        finish=pieces[-1].finish,
        ends=tuple(chain.from_iterable([piece.ends for piece in pieces])),
        top=tuple(chain.from_iterable([piece.top for piece in pieces])),
    )
