"""A history, step by step: each event, the tree of its cell after it, and the fan it is about.

Pure: it plays events back and knows no file, terminal or clock. How a step looks is told by
`formats.terminal`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .errors import BadLog
from .events import Cancelled, Dismissed, Event, Generated, Proposed, Shown, Verdict, Withdrawn
from .runs import Run, cut, joined
from .tree import Growth, Node, Tree


@dataclass(frozen=True, slots=True)
class Step:
    """One event and what came of it.

    `seconds` counts from the first event by the recorders' clocks. `fan` has the candidates that
    were asked for in the event's fan so far, in the order of asking. `problem` is a sentence where
    the event refers to what is not in the history; the tree is the one before it then.

    Valid for good are the tree's head, the text and its runs. What else is in the tree (verdicts,
    offers, nodes, heads) is that of the cell's latest step: read it before the next step is taken.
    """

    index: int
    event: Event
    tree: Tree
    text: str
    fan: tuple[str, ...]
    seconds: float
    problem: str = ""

    @property
    def cell(self) -> str:
        """The id of the event's cell."""
        return self.event.stamp.cell

    @property
    def runs(self) -> tuple[Run, ...]:
        """The text by author."""
        return self.runs_between(0, len(self.text))

    def runs_between(self, start: int, stop: int) -> tuple[Run, ...]:
        """Code points `start` to `stop` of the text by author."""
        if self.tree.head is None:
            return ()
        return joined(
            run
            for s in self.tree.path(self.tree.head, start)
            if s.node.start < stop
            for run in cut(s.node.runs, start - s.node.start, min(s.stop, stop - s.node.start))
        )


def steps(events: Iterable[Event]) -> Iterator[Step]:
    """Play events back in the order they are in."""
    cells: dict[str, _Cell] = {}
    fans: dict[str, tuple[str, ...]] = {}
    start: float | None = None
    for index, event in enumerate(events):
        stamp = event.stamp
        start = stamp.time if start is None else start
        cell = cells.setdefault(stamp.cell, _Cell(stamp.cell))
        problem = cell.take(event)
        if isinstance(event, Proposed):
            fans[event.fan] = fans.get(event.fan, ()) + event.candidates
        fan, seconds = _fan(fans, event), stamp.time - start
        yield Step(index, event, cell.growth.tree, cell.text, fan, seconds, problem)


class _Cell:
    """A cell's tree and text, each of them changed by an event and not made again."""

    def __init__(self, cell: str) -> None:
        self.growth = Growth(Tree(cell))
        self.text = ""
        # the nodes on the way to the head, root first
        self._path: dict[str, None] = {}

    def take(self, event: Event) -> str:
        """Play one event; a sentence where it cannot be."""
        head = self.growth.tree.head
        try:
            self.growth.add(event)
        except BadLog as error:
            return str(error)
        if self.growth.tree.head != head:
            self._follow(self.growth.tree)
        return ""

    def _follow(self, tree: Tree) -> None:
        """Go to the tree's head from the nearest node that the text passes through already."""
        place = tree.head
        fresh: list[tuple[Node, int]] = []
        while place is not None:
            node = tree.nodes[place.node]
            fresh.append((node, place.offset))
            place = None if node.id in self._path else node.at
        fork = fresh[-1][0]
        if fork.id not in self._path:
            self._path.clear()
        while fork.id in self._path:
            self._path.popitem()
        self._path.update((node.id, None) for node, _ in reversed(fresh))
        texts = (node.text[:offset] for node, offset in reversed(fresh))
        self.text = self.text[: fork.start] + "".join(texts)


def _fan(fans: dict[str, tuple[str, ...]], event: Event) -> tuple[str, ...]:
    about = Proposed | Generated | Shown | Verdict | Withdrawn | Dismissed | Cancelled
    return fans.get(event.fan, ()) if isinstance(event, about) else ()
