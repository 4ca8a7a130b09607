"""What goes out of the worker, at the pace at which it can be looked at. No pipe or model is known.

Steps of a small model take a millisecond or two, and whoever reads each of them at once takes the
processor from the next. So the columns of quick steps are joined, piece by piece, until a screen
could show them; those of slow steps, the first one, and all that is no column go out at once.
"""

from collections.abc import Callable
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
        self._held: dict[int, Column] = {}

    def tell(self, serial: int, message: T | Column) -> None:
        """Hold a column for the end of its step, and send anything else after what is held."""
        held = self._held.pop(serial, None)
        if isinstance(message, Column):
            self._held[serial] = message if held is None else join(held, message)
            return
        if held is not None:
            self._send(serial, held)
        self._send(serial, message)

    def end_step(self, *, last: bool) -> None:
        """Send what is held, if its frame has come or this was the last step for now."""
        if last or self._clock() >= self._due:
            held, self._held = self._held, {}
            for serial, column in held.items():
                self._send(serial, column)
            self._due = self._clock() + FRAME


def join(first: Column, second: Column) -> Column:
    """One column that says what two said one after another."""
    pieces = {piece.index: piece for piece in first.pieces}
    for piece in second.pieces:
        before = pieces.get(piece.index)
        pieces[piece.index] = piece if before is None else after(before, piece)
    return Column(first.rollout, tuple(pieces.values()))


def after(first: Piece, second: Piece) -> Piece:
    """One piece that says what two of a candidate said one after another."""
    return Piece(
        index=first.index,
        text=first.text + second.text,
        tokens=first.tokens + second.tokens,
        logprobs=first.logprobs + second.logprobs,
        finish=second.finish,
        ends=first.ends + second.ends,
        top=first.top + second.top,
    )
