"""Trees of Exoloom, read only: flat nodes that name their author.

    {"loomType": "Exoloom", "schemaVersion": 1,
     "tree": {"nodes": {id: {"content": …, "authorType": "USER"|"LLM", "authorName": …,
                             "parentId": …, "childrenIds": […], "createdAt": …}}, "rootNodeId": id},
     "lens": {"bookmarks": […], "prunedNodes": […]}}

What an LLM wrote is the model's, by its name; a user's text is `found`. Bookmarks are pins, and
pruned nodes come along, for nothing that was offered is dropped. Siblings stand as `childrenIds`
has them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import BadInput
from .foreign import Foreign, ForeignTree, list_of, map_of, text_of, time_of, trees

PROGRAM = "exoloom"


def is_exoloom(data: Mapping[str, Any]) -> bool:
    """Does this look like such a file?"""
    return data.get("loomType") == "Exoloom"


def read_exoloom(data: Mapping[str, Any]) -> tuple[ForeignTree, ...]:
    """The tree of a file. Raises BadInput where it is none, or of another version."""
    if data.get("schemaVersion") != 1:
        raise BadInput(
            f"The Exoloom file is of schema version {data.get('schemaVersion')!r}; version 1 is "
            "read. Save it again from an Exoloom that writes version 1."
        )
    tree = map_of(data.get("tree"), "`tree` of the Exoloom file")
    lens = data.get("lens")
    marks = lens.get("bookmarks", []) if isinstance(lens, dict) else []
    marks = marks if isinstance(marks, list | dict) else []
    nodes = map_of(tree.get("nodes"), "`nodes` of the Exoloom file")
    return trees(PROGRAM, _nodes(nodes, {m for m in marks if isinstance(m, str)}), None)


def _nodes(nodes: Mapping[str, Any], marks: set[str]) -> Iterator[Foreign]:
    said = {id: map_of(node, f"Node {id[:80]}") for id, node in nodes.items()}
    ranks = {
        child: rank
        for id, node in said.items()
        for rank, child in enumerate(list_of(node.get("childrenIds", []), f"Children of {id[:80]}"))
        if isinstance(child, str)
    }
    for id in sorted(said, key=lambda id: ranks.get(id, 0)):
        node = said[id]
        parent = node.get("parentId")
        by_model = node.get("authorType") == "LLM" and parent is not None
        name = node.get("authorName")
        yield Foreign(
            id=id,
            parent=None if parent is None else text_of(parent, f"`parentId` of node {id[:80]}"),
            text=text_of(node.get("content", ""), f"`content` of node {id[:80]}"),
            author="model" if by_model else "found",
            model=name if isinstance(name, str) else "",
            created=time_of(node.get("createdAt")),
            pinned=id in marks,
        )
