"""The cells of a document as they are recorded: their trees, their texts and their events.

It takes in events that are on disk and answers questions about them. It knows no front end, no
engine and no disk.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

from .edits import FAR, Ground
from .errors import BadInput, BadLog
from .events import Accepted, Edited, Event, Framed, Moved, Place, Placed
from .tree import Growth, Tree, growths

RECENT = 4
"""So many earlier texts of a cell are looked through for what comes back into it."""

LATELY = 8
"""So many texts that cells lost are looked through for what comes into another cell."""


class Cells:
    """The cells of one document. `trees` are as they stand now, by cell: valid of an earlier one is
    its head and its text. `damage` are sentences about events that fit nothing.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        told = list(events)
        self._growths, self.damage = growths(told)
        self.trees = {cell: growth.tree for cell, growth in self._growths.items()}
        self.frames: dict[tuple[str, str], str] = {}
        self._framed: list[Event] = []
        self._events: dict[str, list[Event]] = {}
        self._now: dict[str, Ground] = {}
        self._recent: defaultdict[str, deque[Ground]] = defaultdict(lambda: deque(maxlen=RECENT))
        self._lately: deque[Ground] = deque(maxlen=LATELY)
        for event in told:
            self._list(event)

    def add(self, event: Event) -> None:
        """Take in one more event. Raises BadLog if it refers to what is not there."""
        cell = event.stamp.cell
        growth = self._growths.setdefault(cell, Growth(Tree(cell)))
        changes = isinstance(event, Edited | Moved | Accepted | Placed)
        before = self.now(cell) if changes else None
        growth.add(event)
        self.trees[cell] = growth.tree
        self._list(event)
        if before and growth.tree.head != before.place:
            self._recent[cell].appendleft(before)
        if before and _loses(event):
            self._lately.appendleft(before)

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
        """A cell's text and its latest earlier ones, the latest first."""
        now = self.now(cell)
        return [*([now] if now else []), *self._recent[cell]]

    def lately(self, cell: str) -> list[Ground]:
        """Texts that cells lost something of, but for one cell; the latest first."""
        return [ground for ground in self._lately if ground.tree.cell != cell]

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


def _loses(event: Event) -> bool:
    match event:
        case Edited():
            return event.removed >= FAR
        case Placed():
            return event.how == "removed"
        case _:
            return isinstance(event, Moved)
