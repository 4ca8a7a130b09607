"""The cells of a document as they are recorded: their trees, their texts and their events.

It takes in events that are on disk and answers questions about them. It knows no front end, no
engine and no disk.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from .edits import FAR, Ground
from .errors import BadInput, BadLog
from .events import Accepted, Edited, Event, Framed, Moved, Place, Placed
from .runs import cut
from .tree import Growth, Tree

RECENT = 4
"""So many of a cell's last losses are looked through, however short, for what a cell is made of."""

LOST = 64
"""So many longer passages that cells lost are looked through for what comes into any of them."""


@dataclass(frozen=True)
class Loss:
    """Code points `start` to `stop` of the branch to a place, which a cell showed once."""

    tree: Tree
    place: Place
    start: int
    stop: int

    @cached_property
    def ground(self) -> Ground:
        """It as a text that others may come from."""
        runs = cut(self.tree.runs(self.place, self.start), 0, self.stop - self.start)
        return Ground(self.tree, self.place, "".join(run.text for run in runs), self.start)


class Cells:
    """The cells of one document. `trees` are as they stand now, by cell: valid of an earlier one is
    its head and its text. `damage` are sentences about events that fit nothing.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        self._growths: dict[str, Growth] = {}
        self.trees: dict[str, Tree] = {}
        self.frames: dict[tuple[str, str], str] = {}
        self._framed: list[Event] = []
        self._events: dict[str, list[Event]] = {}
        self._now: dict[str, Ground] = {}
        self._recent: defaultdict[str, deque[Loss]] = defaultdict(lambda: deque(maxlen=RECENT))
        self._lost: deque[Loss] = deque(maxlen=LOST)
        problems = []
        for event in events:
            try:
                self._grow(event)
            except BadLog as error:
                problems.append(str(error))
            self._list(event)
        self.damage = tuple(problems)

    def add(self, event: Event) -> None:
        """Take in one more event. Raises BadLog if it refers to what is not there."""
        self._grow(event)
        self._list(event)

    def check(self, event: Event) -> None:
        """Raise BadInput where a cell has no room for what is to be recorded."""
        growth = self._growths.get(event.stamp.cell)
        if growth and isinstance(event, Edited | Accepted):
            try:
                growth.check(event)
            except BadLog as error:
                raise BadInput(str(error)) from error

    def events(self, cell: str) -> Sequence[Event]:
        """What happened in a cell, and the frames that any cell's recipes may name, in order."""
        return self._listed(cell)

    def tree(self, cell: str) -> Tree:
        """A cell's tree. Raises BadInput for a cell that is not recorded."""
        tree = self.trees.get(cell)
        if tree is None:
            raise BadInput(f"Cell {cell} is not known here; send its text first.")
        return tree

    def place(self, cell: str, at: int | Place) -> Place:
        """The place at an offset of a cell's text, or that place itself. Raises BadInput where the
        tree has none.
        """
        tree = self.tree(cell)
        try:
            if isinstance(at, int):
                return tree.place(at)
            tree.end(at)
        except (IndexError, BadLog) as error:
            raise BadInput(f"The cell's text has no such point: {error}") from error
        return at

    def now(self, cell: str) -> Ground | None:
        """A cell's text as it is now, unless it has none yet."""
        tree = self.trees.get(cell)
        if tree is None or tree.head is None:
            return None
        known = self._now.get(cell)
        if known is None:
            known = self._now[cell] = Ground(tree, tree.head, tree.text)
        elif known.place != tree.head:
            text = tree.onward(known.text, known.place, tree.head)
            known = self._now[cell] = Ground(tree, tree.head, text)
        return known

    def recent(self, cell: str) -> list[Ground]:
        """A cell's text and what it lost last, the latest first."""
        now = self.now(cell)
        return [*([now] if now else []), *(loss.ground for loss in self._recent[cell])]

    def lost(self) -> list[Ground]:
        """What any of the cells lost, the latest first."""
        return [loss.ground for loss in self._lost]

    def others(self, cell: str) -> list[Ground]:
        """The texts of all cells but one."""
        texts = (self.now(other) for other in self.trees if other != cell)
        return [text for text in texts if text]

    def _grow(self, event: Event) -> None:
        cell = event.stamp.cell
        if cell not in self._growths:
            self._growths[cell] = Growth(Tree(cell))
        growth = self._growths[cell]
        before = growth.tree.head
        growth.add(event)
        self.trees[cell] = growth.tree
        loss = _loss(event, growth.tree, before) if before else None
        if loss and loss.start < loss.stop:
            self._recent[cell].appendleft(loss)
            if loss.stop - loss.start >= FAR:
                self._lost.appendleft(loss)

    def _list(self, event: Event) -> None:
        listed = self._listed(event.stamp.cell)
        if not isinstance(event, Framed):
            listed.append(event)
            return
        self.frames.setdefault((event.name, event.text), event.stamp.id)
        self._framed.append(event)
        for events in self._events.values():
            events.append(event)

    def _listed(self, cell: str) -> list[Event]:
        if cell not in self._events:
            self._events[cell] = list(self._framed)
        return self._events[cell]


def _loss(event: Event, tree: Tree, before: Place) -> Loss | None:
    """What an event took out of the text that ended at `before`, perhaps nothing."""
    match event:
        case Edited() if event.at.node == before.node and not event.removed:
            return None
        case Edited():
            start = _fork(tree, before, event.at)
            inside = start == tree.end(event.at)
            return Loss(tree, before, start, start + event.removed if inside else tree.end(before))
        case Moved():
            return Loss(tree, before, _fork(tree, before, event.to), tree.end(before))
        case Placed(how="removed"):
            return Loss(tree, before, 0, tree.end(before))
        case _:
            return None


def _fork(tree: Tree, one: Place, other: Place) -> int:
    """How many code points the branches to two places share."""
    fork = tree.fork(one, other)
    return 0 if fork is None else tree.end(fork)
