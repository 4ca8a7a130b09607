"""A cell's tree as other loom programs see one: segments that each hang at the end of another.

Our nodes are never split, and others may hang anywhere in them; here a node becomes one segment for
each stretch between two such places. A human's edits that went on where the one before ended, with
nothing else hanging there, are one segment, for each pause in typing makes a node of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..runs import cut
from ..tree import Judged, Mark, Node, Tree

Writer = Literal["human", "model", "found", "mixed"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text; `node` made it. `verdict` and `mark` are those of a whole node, and stand
    on its first segment. The text of the cell ends with the one that is `selected`.
    """

    id: str
    parent: str | None
    node: str
    text: str
    writer: Writer
    verdict: Judged | None
    mark: Mark
    selected: bool


def outline(tree: Tree) -> tuple[Segment, ...]:
    """All segments, each after the one that it hangs at, siblings in the order of their making."""
    cuts = _cuts(tree)
    last: dict[tuple[str, int], str] = {}
    segments = []
    for node in tree.nodes.values():
        parent = last[node.at.node, node.at.offset] if node.at else None
        if parent is not None:
            last[node.id, 0] = parent
        for start, stop in _stretches(node, cuts[node.id]):
            id = node.id if not start else f"{node.id}+{start}"
            if start == stop == 0 and node.text:
                id = f"{node.id}+"
            segments.append(_segment(tree, node, start, stop, id, parent))
            last[node.id, stop] = parent = id
    head = tree.head
    selected = last[head.node, head.offset] if head else None
    return tuple(_joined([replace(s, selected=s.id == selected) for s in segments]))


def _cuts(tree: Tree) -> dict[str, set[int]]:
    """Where something hangs, by node; the end of the cell's text counts."""
    cuts: dict[str, set[int]] = {id: set() for id in tree.nodes}
    for place in [*(node.at for node in tree.nodes.values()), tree.head]:
        if place is not None:
            cuts[place.node].add(place.offset)
    return cuts


def _stretches(node: Node, cuts: set[int]) -> Iterator[tuple[int, int]]:
    """The parts of a node. What hangs at its very beginning is its sibling, but nothing can be a
    sibling of the root, so there an empty stretch comes first.
    """
    if node.at is None and 0 in cuts and node.text:
        yield 0, 0
    start = 0
    for stop in sorted({*cuts, len(node.text)} - {0} or {0}):
        yield start, stop
        start = stop


def _segment(tree: Tree, node: Node, start: int, stop: int, id: str, parent: str | None) -> Segment:
    writers = {run.author for run in cut(node.runs, start, stop)} or {
        run.author for run in node.runs
    }
    return Segment(
        id=id,
        parent=parent,
        node=node.id,
        text=node.text[start:stop],
        writer=writers.pop() if len(writers) == 1 else "mixed" if writers else "found",
        verdict=tree.verdicts.get(node.id) if start == 0 else None,
        mark=tree.marks.get(node.id, Mark()) if start == 0 else Mark(),
        selected=False,
    )


def _joined(segments: Sequence[Segment]) -> list[Segment]:
    """The same with each chain of a human's segments as one."""
    children: dict[str | None, int] = {}
    for segment in segments:
        children[segment.parent] = children.get(segment.parent, 0) + 1
    home: dict[str, int] = {}
    kept: list[Segment] = []
    for segment in segments:
        at = home.get(segment.parent or "")
        before = kept[at] if at is not None else None
        if (
            before
            and at is not None
            and children[segment.parent] == 1
            and _goes_on(before, segment)
        ):
            kept[at] = Segment(
                before.id,
                before.parent,
                segment.node,
                before.text + segment.text,
                "human",
                None,
                Mark(),
                segment.selected,
            )
            home[segment.id] = at
        else:
            parent = kept[at].id if at is not None else None
            home[segment.id] = len(kept)
            kept.append(_under(segment, parent))
    return kept


def _goes_on(before: Segment, after: Segment) -> bool:
    plain = before.mark == after.mark == Mark() and before.verdict is after.verdict is None
    return plain and before.writer == after.writer == "human" and not before.selected


def _under(segment: Segment, parent: str | None) -> Segment:
    return segment if segment.parent == parent else replace(segment, parent=parent)
