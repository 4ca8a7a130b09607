"""The tree of everything that was written and offered in one cell, and the text that is one path
through it.

Pure: `Tree.apply(event) -> Tree`, and an unchanged tree is the same object. Nodes are immutable,
know their parent place only, and are never split: heads, forks and partial acceptances are places
(node, offset). The tree knows text, authors and verdicts; seeds, models and clocks stay on the
events. It reads no disk, and it never looks at the head to understand an event, so histories of
several writers fold in any interleaving that keeps each writer's order.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, assert_never

from msgspec import Struct

from .errors import BadLog
from .events import (
    Accepted,
    Branched,
    Cancelled,
    Dismissed,
    Edited,
    Event,
    Framed,
    Generated,
    Marked,
    Moved,
    Opened,
    Place,
    Placed,
    Proposed,
    Rejected,
    Shown,
    Span,
    Taken,
    Withdrawn,
    Written,
    node_id,
)
from .runs import Run, cut, joined

MAX_TEXT = 1 << 24
"""The most code points of a branch. A log that takes its own text twice doubles it with each event,
so a few lines could fill any memory."""

MAX_TREE = 1 << 30
"""The most code points by which a cell's tree grows while a history is read."""

Judged = Literal["accepted", "branched", "rejected"]


class Node(Struct, frozen=True, gc=False):
    """Immutable text that hangs at a place; the root hangs at none. `start` code points of the
    branch stand before it.
    """

    id: str
    at: Place | None
    start: int
    runs: tuple[Run, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What the reader marked a node with."""

    pinned: bool = False
    tags: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of a node that a branch passes through: code points `start` to `stop`."""

    node: Node
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Tree:
    """One cell's tree. `offered` has the place of every candidate asked for, `verdicts` the latest
    verdict on each that was not withdrawn, `heads` all that were heads, in order, and `marks` the
    marks of the nodes that have any.
    """

    cell: str
    head: Place | None = None
    nodes: Mapping[str, Node] = field(default_factory=dict)
    offered: Mapping[str, Place] = field(default_factory=dict)
    verdicts: Mapping[str, Judged] = field(default_factory=dict)
    heads: Sequence[Place] = ()
    marks: Mapping[str, Mark] = field(default_factory=dict)

    def apply(self, event: Event) -> "Tree":
        """The tree after one more event. Raises BadLog if the event refers to what is not there."""
        return grow(self, (event,))

    @property
    def text(self) -> str:
        """The cell's text: the branch to the head."""
        return "" if self.head is None else self.branch(self.head)

    def branch(self, place: Place) -> str:
        """The text from the root to a place."""
        return "".join(self._back(place, None))

    def onward(self, text: str, start: Place, stop: Place) -> str:
        """The text to `stop`, where `text` is that to `start`: quick for places close together."""
        fork = self.fork(start, stop)
        if fork is None:
            return self.branch(stop)
        return text[: self.end(fork)] + "".join(self._back(stop, fork))

    def fork(self, one: Place, other: Place) -> Place | None:
        """Where the branches to two places part; none where they have different roots."""
        old: Place | None = one
        new: Place | None = other
        while old and new and old.node != new.node:
            if self._node(old).start > self._node(new).start:
                old = self._node(old).at
            else:
                new = self._node(new).at
        return min(old, new, key=lambda place: place.offset) if old and new else None

    def path(self, place: Place, start: int = 0) -> tuple[Stretch, ...]:
        """The stretches from the root, or the one with code point `start`, to a place, in order."""
        stretches = []
        at: Place | None = place
        while at is not None:
            node = self._node(at)
            stretches.append(Stretch(node, 0, at.offset))
            at = node.at if node.start > start else None
        return tuple(reversed(stretches))

    def runs(self, place: Place, start: int = 0) -> tuple[Run, ...]:
        """The text from code point `start` to a place by author; neighbours of one author are one
        run.
        """
        return joined(
            run
            for s in self.path(place, start)
            for run in cut(s.node.runs, max(0, start - s.node.start), s.stop)
        )

    def place(self, offset: int) -> Place:
        """The place at a code-point offset of the cell's text: between two nodes, the end of the
        first. Raises IndexError outside the text.
        """
        at = self.head
        length = 0 if at is None else self.end(at)
        if at is None or not 0 <= offset <= length:
            raise IndexError(f"offset {offset} in a text of {length} code points")
        node = self._node(at)
        while node.at is not None and offset <= node.start:
            node = self._node(node.at)
        return Place(node.id, offset - node.start)

    def tail(self, offset: int) -> tuple[Taken, ...]:
        """The cell's text from a code-point offset on, by reference."""
        return () if self.head is None else self.taken(self.head, offset, self.end(self.head))

    def taken(self, place: Place, start: int, stop: int) -> tuple[Taken, ...]:
        """Code points `start` to `stop` of the branch to a place, by reference."""
        return tuple(taken(self.path(place, start), start, stop))

    def earlier(self, text: str) -> Place | None:
        """The latest head that showed this text, if there was one."""
        same = (h for h in reversed(self.heads) if self.end(h) == len(text))
        return next((h for h in same if self.branch(h) == text), None)

    def carried(self, to: Place, tail: Sequence[Taken]) -> Place | None:
        """The latest head that showed the branch to a place and this tail behind it, by the same
        authors, if there was one.
        """
        cuts = (cut(self.nodes[span.node].runs, span.start, span.stop) for span in tail)
        runs = joined(run for runs in cuts for run in runs)
        start = self.end(to)
        length = start + sum(len(run.text) for run in runs)
        same = (head for head in reversed(self.heads) if self.end(head) == length)
        through = (head for head in same if self._passes(head, to))
        return next((head for head in through if self.runs(head, start) == runs), None)

    def end(self, place: Place) -> int:
        """The length of the branch to a place, in code points."""
        return self._node(place).start + place.offset

    def _back(self, place: Place, fork: Place | None) -> Iterator[str]:
        """What stands between a place on the branch, or the root, and another place, in order."""
        parts = []
        at: Place | None = place
        while at is not None:
            node = self._node(at)
            last = fork is not None and fork.node == at.node
            parts.append(node.text[fork.offset if fork and last else 0 : at.offset])
            at = None if last else node.at
        return reversed(parts)

    def _passes(self, place: Place, point: Place) -> bool:
        """Whether a point lies on the branch to a place."""
        at: Place | None = place
        while at is not None and at.node != point.node:
            at = self._node(at).at
        return at is not None and point.offset <= at.offset

    def _node(self, place: Place) -> Node:
        node = self.nodes.get(place.node)
        if node is None or place.offset > len(node.text):
            raise BadLog(
                f"Cell {self.cell} has no place {place.node} + {place.offset}: the event that made "
                "it is missing. Run `jupyter sim history show` on the document to see what is left."
            )
        return node


def taken(path: Sequence[Stretch], start: int, stop: int) -> Iterator[Taken]:
    """Code points `start` to `stop` of a branch by reference. `path` may begin where they do."""
    first = bisect_right(path, start, key=lambda stretch: stretch.node.start) - 1
    for index in range(max(0, first), len(path)):
        node = path[index].node
        if node.start >= stop:
            return
        end = min(path[index].stop, stop - node.start)
        span = Taken(node.id, max(0, start - node.start), end)
        if span.start < span.stop:
            yield span


def grow(tree: Tree, events: Iterable[Event]) -> Tree:
    """The tree after several events of its cell, copied once and not once an event."""
    growth = Growth(tree)
    for event in events:
        growth.add(event)
    return growth.tree


def fold(events: Iterable[Event]) -> tuple[dict[str, Tree], tuple[str, ...]]:
    """The trees of all cells after all events, by cell; and a sentence for each event that was left
    out, because it refers to what is not there.
    """
    cells: dict[str, Growth] = {}
    problems = []
    for event in events:
        cell = event.stamp.cell
        if cell not in cells:
            cells[cell] = Growth(Tree(cell))
        try:
            cells[cell].add(event)
        except BadLog as error:
            problems.append(str(error))
    return {cell: growth.tree for cell, growth in cells.items()}, tuple(problems)


class Growth:
    """A tree while it grows: `tree` is as it stands now.

    All trees of one growth share their nodes, offers, verdicts, heads and marks; only the head, and
    with it the text, of an earlier one stays what it was.
    """

    def __init__(self, tree: Tree) -> None:
        self.nodes = dict(tree.nodes)
        self.offered = dict(tree.offered)
        self.verdicts = dict(tree.verdicts)
        self.heads = list(tree.heads)
        self.marks = dict(tree.marks)
        self._grown = 0
        self.tree = self._with(tree.cell, tree.head)

    def add(self, event: Event) -> None:
        """Take an event in. Raises BadLog, unchanged, if it refers to what is not there."""
        match event:
            case Opened():
                self._root(event)
            case Edited():
                self._edit(event)
            case Moved():
                self._show(event.to)
            case Proposed():
                self.tree._node(event.at)
                self.offered.update(dict.fromkeys(event.candidates, event.at))
            case Generated():
                self._offer(event)
            case Accepted():
                self._accept(event)
                self.verdicts[event.candidate] = "accepted"
            case Branched():
                self.verdicts[event.candidate] = "branched"
            case Rejected():
                self.verdicts[event.candidate] = "rejected"
            case Withdrawn():
                self.verdicts.pop(event.candidate, None)
            case Marked():
                self._mark(event)
            case Placed() | Framed() | Shown() | Dismissed() | Cancelled():
                pass
            case _:
                assert_never(event)

    def check(self, event: Edited | Accepted) -> None:
        """Raise BadLog if what the event makes would be too long."""
        made = event.tail if isinstance(event, Accepted) else event.spans
        more = event.stop - event.start if isinstance(event, Accepted) else 0
        self._room(self.tree.end(event.at), more + sum(map(_length, made)))

    def _root(self, event: Opened) -> None:
        runs = joined(Run(span.text, span.author) for span in event.runs)
        if not runs:
            runs = (Run(event.text, "found"),)
        elif "".join(run.text for run in runs) != event.text:
            raise BadLog(
                f"The text that cell {self.tree.cell} was opened with is not that of its authors: "
                "the log was changed."
            )
        self._hang(event.stamp.id, None, runs)

    def _mark(self, event: Marked) -> None:
        if event.node not in self.nodes and event.node not in self.offered:
            raise BadLog(
                f"Text {event.node} of cell {self.tree.cell} was marked, and is not there."
            )
        mark = Mark(event.pinned, event.tags, event.note)
        self.marks.pop(event.node, None)
        if mark != Mark():
            self.marks[event.node] = mark

    def _edit(self, event: Edited) -> None:
        if event.spans:
            self._hang(event.stamp.id, event.at, self._resolve(event.spans))
        else:
            self._show(event.at)

    def _offer(self, event: Generated) -> None:
        at = self.offered.get(event.candidate)
        if at is None:
            raise BadLog(
                f"Candidate {event.candidate} of cell {self.tree.cell} was generated, but no "
                "proposal asked for it: the history lacks an event."
            )
        self.nodes[event.candidate] = self._new(event.candidate, at, (Run(event.text, "model"),))

    def _accept(self, event: Accepted) -> None:
        stop = Place(event.candidate, event.stop)
        here = {Place(event.candidate, event.start)}
        if event.start == 0 and event.candidate in self.offered:
            here.add(self.offered[event.candidate])
        span = Taken(event.candidate, event.start, event.stop)
        if event.at not in here:
            self._hang(event.stamp.id, event.at, self._resolve((span, *event.tail)))
        elif event.tail:
            self._hang(event.stamp.id, stop, self._resolve(event.tail))
        else:
            self._show(stop)

    def _hang(self, event: str, at: Place | None, runs: tuple[Run, ...]) -> None:
        node = self._new(node_id(event), at, runs)
        self.nodes[node.id] = node
        self._show(Place(node.id, len(node.text)))

    def _show(self, head: Place) -> None:
        self.tree._node(head)
        self.heads.append(head)
        self.tree = self._with(self.tree.cell, head)

    def _with(self, cell: str, head: Place | None) -> Tree:
        return Tree(cell, head, self.nodes, self.offered, self.verdicts, self.heads, self.marks)

    def _new(self, id: str, at: Place | None, runs: tuple[Run, ...]) -> Node:
        if id in self.nodes:
            raise BadLog(f"Text {id} of cell {self.tree.cell} comes twice; the first one counts.")
        start = 0 if at is None else self.tree.end(at)
        length = sum(len(run.text) for run in runs)
        self._room(start, length)
        self._grown += length
        text = runs[0].text if len(runs) == 1 else "".join(run.text for run in runs)
        return Node(id, at, start, runs, text)

    def _resolve(self, spans: Sequence[Span]) -> tuple[Run, ...]:
        self._limit(sum(map(_length, spans)), MAX_TEXT)
        return joined(run for span in spans for run in self._runs(span))

    def _room(self, start: int, length: int) -> None:
        self._limit(start + length, MAX_TEXT)
        self._limit(self._grown + length, MAX_TREE)

    def _limit(self, length: int, most: int) -> None:
        if length > most:
            raise BadLog(
                f"An event makes {length:,} characters in cell {self.tree.cell}, and {most:,} are "
                "the most: the log is damaged, or the text is to be split into several cells."
            )

    def _runs(self, span: Span) -> Iterator[Run]:
        match span:
            case Written():
                yield Run(span.text, span.author)
            case Taken():
                node = self.tree._node(Place(span.node, span.stop))
                yield from cut(node.runs, span.start, span.stop)
            case _:
                assert_never(span)


def _length(span: Span) -> int:
    match span:
        case Written():
            return len(span.text)
        case Taken():
            return max(0, span.stop - span.start)
        case _:
            assert_never(span)
