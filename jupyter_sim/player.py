"""Plays a replay in a terminal, or prints it: the writing as it went on, and each fan as it was.

It writes lines and never moves the cursor, so that the same output can be piped and scrolled. Only
a terminal gets styles and the waits between the steps.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

from .edits import difference
from .events import Accepted, Branched, Dismissed, Rejected, Withdrawn
from .formats.account import account
from .formats.plain import one_line, visible
from .replay import Step
from .runs import Run

LONGEST_WAIT = 2.0
"""Seconds that a step waits at most, however long the writer did."""

_LONGEST_TIME = 1e10
_NEAR = 200
_RESET = "\x1b[0m"
_STYLES = {"human": "\x1b[1m", "model": "\x1b[4;36m", "found": "\x1b[2m"}
_MARKS = {"accepted": "▸", "branched": "+", "rejected": "×"}


def play(
    steps: Iterable[Step],
    out: TextIO,
    *,
    speed: float = 1.0,
    live: bool = False,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Print what happened at each step, and each cell's text at the end.

    `live` adds styles by author and the waits: the recorded ones divided by `speed`.
    """
    player = _Player(live)
    now = 0.0
    for step in steps:
        if live:
            out.flush()
            wait(min(max(0.0, step.seconds - now) / speed, LONGEST_WAIT))
        now = step.seconds
        for line in player.tell(step):
            print(line, file=out)
    for line in player.end():
        print(line, file=out)


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds; what is no time of a clock is told as such."""
    if not seconds < _LONGEST_TIME:
        return "(?)"
    minutes, rest = divmod(max(0.0, seconds), 60)
    return f"{int(minutes)}:{rest:04.1f}"


class _Player:
    """What was told so far: the latest step of each cell, and the cell told of last."""

    def __init__(self, styled: bool) -> None:
        self._styled = styled
        self._latest: dict[str, Step] = {}
        self._cell = ""

    def tell(self, step: Step) -> Iterator[str]:
        """One step: a line for the event, the fan it judges, and the text where it changed."""
        if step.cell != self._cell:
            self._cell = step.cell
            yield f"── cell {one_line(step.cell)}"
        yield f"{clock(step.seconds):>8}  {account(step.event, step.tree, step.fan)}"
        if step.problem:
            yield f"{'':10}! {one_line(step.problem)}"
        if isinstance(step.event, Accepted | Branched | Rejected | Withdrawn | Dismissed):
            yield from self._fan(step)
        before = self._latest.get(step.cell)
        old = before.text if before else ""
        self._latest[step.cell] = step
        if step.text != old:
            yield from self._text(_around(step, old))

    def end(self) -> Iterator[str]:
        """The text that each cell has in the end."""
        for cell, step in self._latest.items():
            yield f"── cell {one_line(cell)}, in the end"
            yield from self._text(step.runs)

    def _fan(self, step: Step) -> Iterator[str]:
        for number, candidate in enumerate(step.fan, 1):
            node = step.tree.nodes.get(candidate)
            mark = _MARKS.get(step.tree.verdicts.get(candidate, ""), " ")
            text = one_line(node.text) if node else "(nothing came)"
            yield f"{'':10}{mark} {number}  {self._style(Run(text, 'model'))}"

    def _text(self, runs: Iterable[Run]) -> Iterator[str]:
        styled = "".join(self._style(Run(visible(run.text), run.author)) for run in runs)
        for line in styled.split("\n"):
            yield f"{'':10}│ {line}"

    def _style(self, run: Run) -> str:
        if not self._styled:
            return run.text
        lines = run.text.split("\n")
        return "\n".join(_STYLES[run.author] + line + _RESET if line else "" for line in lines)


def _around(step: Step, old: str) -> tuple[Run, ...]:
    """The lines that changed, or what is near the change where they are long."""
    text = step.text
    start, _, stop = difference(old, text)
    line_end = text.find("\n", stop)
    first = max(text.rfind("\n", 0, start) + 1, start - _NEAR)
    last = min(len(text) if line_end < 0 else line_end, stop + _NEAR)
    return step.runs_between(first, last)
