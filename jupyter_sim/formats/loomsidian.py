r"""Trees of the loom for Obsidian: one flat JSON object of nodes for a note.

    {"current": id, "hoisted": [], "searchTerm": "", "generating": false,
     "nodes": {id: {"text": …, "parentId": id or null, "collapsed": …, "unread": …,
                    "bookmarked": …, "searchResultState": null}}}

Read: such an object, or the plugin's `data.json`, which has one for each note under `state`. Each
root is a cell of its own. Who wrote a node is not told, so all is `found`, and kept as it stands.

Written: one object for the document, a root for each cell. Obsidian renders what it shows, so the
loom writes a backslash before each `<` and `[` of a model; so do we.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..tree import Tree
from .files import write_whole
from .foreign import Foreign, ForeignTree, map_of, text_of, trees
from .outline import Segment, outline

PROGRAM = "loomsidian"


def is_loomsidian(data: Mapping[str, Any]) -> bool:
    """Does this look like such a file?"""
    return ("nodes" in data and "current" in data) or isinstance(data.get("state"), dict)


def read_loomsidian(data: Mapping[str, Any]) -> tuple[ForeignTree, ...]:
    """The trees of all notes in a file. Raises BadInput where they are none."""
    notes = [data] if "nodes" in data else list(map_of(data["state"], "`state`").values())
    return tuple(tree for note in notes for tree in _note(map_of(note, "A note's state")))


def write_loomsidian(out: Path, cells: Sequence[Tree]) -> None:
    """Write the trees of a document's cells. Raises HistoryError."""
    segments = [segment for tree in cells for segment in outline(tree)]
    note: dict[str, Any] = {
        "current": next((s.id for s in segments if s.selected), None),
        "hoisted": [],
        "searchTerm": "",
        "generating": False,
        "nodes": {segment.id: _node(segment) for segment in segments},
    }
    write_whole(out, [json.dumps(note, indent=1), "\n"])


def _note(note: Mapping[str, Any]) -> tuple[ForeignTree, ...]:
    nodes = map_of(note.get("nodes", {}), "`nodes` of a note")
    current = note.get("current")
    if not nodes:
        return ()
    return trees(PROGRAM, _nodes(nodes), current if isinstance(current, str) else None)


def _nodes(nodes: Mapping[str, Any]) -> Iterator[Foreign]:
    for id, said in nodes.items():
        node = map_of(said, f"Node {id[:80]}")
        parent = node.get("parentId")
        yield Foreign(
            id=id,
            parent=None if parent is None else text_of(parent, f"`parentId` of node {id[:80]}"),
            text=text_of(node.get("text", ""), f"`text` of node {id[:80]}"),
            pinned=node.get("bookmarked") is True,
        )


def _node(segment: Segment) -> dict[str, Any]:
    text = segment.text
    if segment.writer == "model":
        text = text.replace("<", "\\<").replace("[", "\\[")
    return {
        "text": text,
        "parentId": segment.parent,
        "collapsed": False,
        "unread": False,
        "bookmarked": segment.mark.pinned,
        "searchResultState": None,
    }
