"""A tree from another program, checked, and what it is in our events.

Nothing in such a file is trusted: ids that come twice, parents that are missing or go in a circle,
and trees of any depth end in a sentence or are walked without recursion. What the program says a
model wrote becomes a candidate in a fan of its parent, without tokens or seeds, for those are not
ours to know; all else becomes `found` text. The prompt of such a fan is not known, and its digest
is empty.
"""

import math
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from msgspec.structs import replace

from ..errors import BadInput
from ..events import (
    Edited,
    Event,
    Generated,
    Marked,
    Moved,
    Opened,
    Place,
    Proposed,
    Recipe,
    Sampling,
    Source,
    Stamp,
    Written,
    event_id,
    node_id,
)

MAX_NODES = 200_000
"""The most nodes of a tree that are taken over."""

_LONG = 80


@dataclass(frozen=True, slots=True)
class Foreign:
    """A node of another program's tree. `model` names the one that wrote it, if one did; `created`
    are seconds since 1970, UTC.
    """

    id: str
    parent: str | None
    text: str
    author: Literal["found", "model"] = "found"
    model: str = ""
    created: float | None = None
    pinned: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForeignTree:
    """A tree with one root, each node after its parent; `selected` is the id of the node that the
    text ended with.
    """

    program: str
    nodes: tuple[Foreign, ...]
    selected: str | None = None


class Stamps(Protocol):
    """What makes the stamps of new events: `History.stamp`."""

    def __call__(self, cell: str, *, id: str | None = None) -> Stamp:
        """The stamp of the next event."""


def trees(program: str, nodes: Iterable[Foreign], selected: str | None) -> tuple[ForeignTree, ...]:
    """The nodes as trees with one root each. Raises BadInput where they are none."""
    by_id: dict[str, Foreign] = {}
    for node in nodes:
        if node.id in by_id:
            raise BadInput(f"The {program} tree has two nodes with the id {_short(node.id)}.")
        if len(by_id) == MAX_NODES:
            raise BadInput(
                f"The {program} tree has more than {MAX_NODES:,} nodes, the most there are."
            )
        by_id[node.id] = node
    children = _children(program, by_id)
    found = tuple(
        ForeignTree(program, tuple(_below(root, children)), selected) for root in children[None]
    )
    if sum(len(tree.nodes) for tree in found) < len(by_id):
        raise BadInput(f"The {program} tree goes in a circle: some nodes are their own ancestors.")
    if not found:
        raise BadInput(f"The {program} file has no tree: there is no node without a parent.")
    return found


def grafted(tree: ForeignTree, cell: str, stamps: Stamps) -> Iterator[Event]:
    """The events that make a cell of a tree, in order."""
    graft = _Graft(tree, cell, stamps)
    for node in tree.nodes:
        yield from graft.add(node)
    yield Moved(stamps(cell), graft.places[_shown(tree)])


def text_of(value: Any, what: str) -> str:
    """A text from a file. Raises BadInput for anything else."""
    if not isinstance(value, str):
        raise BadInput(f"{what} is {_short(value)}, and should be a text.")
    return value


def map_of(value: Any, what: str) -> Mapping[str, Any]:
    """An object from a file. Raises BadInput for anything else."""
    if not isinstance(value, dict):
        raise BadInput(f"{what} is {_short(value)}, and should be an object.")
    return value


def list_of(value: Any, what: str) -> list[Any]:
    """A list from a file. Raises BadInput for anything else."""
    if not isinstance(value, list):
        raise BadInput(f"{what} is {_short(value)}, and should be a list.")
    return value


def time_of(value: Any, form: str = "") -> float | None:
    """A time from a file: milliseconds since 1970, ISO 8601, or the program's own form. What is
    none of these is not known.
    """
    try:
        if isinstance(value, str):
            parsed = datetime.strptime(value, form) if form else datetime.fromisoformat(value)
            return parsed.timestamp()
        seconds = float(value) / 1000
        return seconds if math.isfinite(seconds) else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _children(program: str, nodes: Mapping[str, Foreign]) -> dict[str | None, list[Foreign]]:
    children: dict[str | None, list[Foreign]] = {None: []}
    for node in nodes.values():
        if node.parent is not None and node.parent not in nodes:
            raise BadInput(
                f"Node {_short(node.id)} of the {program} tree hangs at {_short(node.parent)}, "
                "which is not there."
            )
        children.setdefault(node.parent, []).append(node)
    return children


def _below(root: Foreign, children: Mapping[str | None, list[Foreign]]) -> Iterator[Foreign]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(children.get(node.id, ()))


class _Graft:
    """A cell while a tree is taken over: where each of its nodes stands."""

    def __init__(self, tree: ForeignTree, cell: str, stamps: Stamps) -> None:
        self.places: dict[str, Place] = {}
        self._program = tree.program
        self._cell = cell
        self._stamps = stamps
        self._fans: dict[str, Proposed] = {}
        self._drawn: dict[str, list[Foreign]] = {}
        self._ids: dict[str, str] = {}
        for node in tree.nodes:
            if node.author == "model" and node.parent is not None:
                self._drawn.setdefault(node.parent, []).append(node)
                self._ids[node.id] = node_id(uuid.uuid4().hex)

    def add(self, node: Foreign) -> Iterator[Event]:
        """The events of one node, whose parent was added before."""
        if node.parent is None:
            event: Event = Opened(self._stamp(node), node.text)
        elif node.author == "found":
            span = Written(node.text, "found")
            event = Edited(self._stamp(node), self.places[node.parent], 0, (span,))
        else:
            if node.parent not in self._fans:
                self._fans[node.parent] = self._proposed(node.parent)
                yield self._fans[node.parent]
            event = self._generated(node, self._fans[node.parent])
        yield event
        place = Place(self._ids.get(node.id) or node_id(event.stamp.id), len(node.text))
        self.places[node.id] = place
        if node.pinned or node.tags:
            yield Marked(self._stamps(self._cell), place.node, node.pinned, node.tags)

    def _stamp(self, node: Foreign, id: str | None = None) -> Stamp:
        stamp = self._stamps(self._cell, id=id)
        return stamp if node.created is None else replace(stamp, time=node.created)

    def _proposed(self, parent: str) -> Proposed:
        drawn = self._drawn[parent]
        stamp = self._stamp(drawn[0])
        models = sorted({node.model for node in drawn} - {""})
        return Proposed(
            stamp=stamp,
            fan=uuid.uuid4().hex,
            draw=stamp.id,
            at=self.places[parent],
            candidates=tuple(self._ids[node.id] for node in drawn),
            seeds=(0,) * len(drawn),
            recipe=Recipe(0, ""),
            source=Source(", ".join(models), "", self._program),
            sampling=Sampling(),
            stop="none",
            max_tokens=1,
        )

    def _generated(self, node: Foreign, proposed: Proposed) -> Generated:
        id = self._ids[node.id]
        return Generated(
            stamp=self._stamp(node, event_id(id)),
            fan=proposed.fan,
            draw=proposed.draw,
            candidate=id,
            text=node.text,
            tokens=(),
            logprobs=(),
            finish="stop",
            seconds=0.0,
        )


def _shown(tree: ForeignTree) -> str:
    """The node that the cell's text ends with: the selected one, else down the first children."""
    ids = {node.id for node in tree.nodes}
    if tree.selected in ids and tree.selected is not None:
        return tree.selected
    first: dict[str | None, str] = {}
    for node in tree.nodes:
        first.setdefault(node.parent, node.id)
    at = tree.nodes[0].id
    while at in first:
        at = first[at]
    return at


def _short(value: object) -> str:
    said = repr(value)
    return said if len(said) <= _LONG else f"{said[:_LONG]}…"
