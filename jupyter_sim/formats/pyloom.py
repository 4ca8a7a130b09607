"""Trees of socketteer's loom: a nested JSON of nodes, each with a text and children.

    {"root": {"id": …, "text": …, "children": […], "meta": {"source": "prompt"|"AI"|"mixed"}, …},
     "model_responses": {…}, "chapters": {…}, "tags": {…}, "selected_node_id": …}

Read: what a node's `meta.source` calls "AI" is the model's, all else is `found`; the tag `bookmark`
is a pin. The simple form, `text` and `children` alone, is read too. A node without an id gets one.

Written: one root. A document of several cells gets a root without text, and its cells are the
root's children. Programs that read this form do so by recursion, so a tree deeper than 300 nodes is
refused; the form of Obsidian's loom is flat.
"""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import BadInput
from ..tree import Tree
from .files import write_whole
from .foreign import Foreign, ForeignTree, list_of, map_of, text_of, time_of, trees
from .outline import Segment, outline

PROGRAM = "pyloom"
DEEPEST = 300

_BOOKMARK = "bookmark"
_TIME = "%Y-%m-%d-%H.%M.%S"


def is_pyloom(data: Mapping[str, Any]) -> bool:
    """Does this look like such a file?"""
    return "root" in data or {"text", "children"} <= data.keys()


def read_pyloom(data: Mapping[str, Any]) -> tuple[ForeignTree, ...]:
    """The tree of a file. Raises BadInput where it is none."""
    root = map_of(data.get("root", data), "The root of the pyloom file")
    models = data.get("model_responses")
    selected = data.get("selected_node_id")
    nodes = _nodes(root, models if isinstance(models, dict) else {})
    return trees(PROGRAM, nodes, selected if isinstance(selected, str) else None)


def write_pyloom(out: Path, cells: Sequence[Tree]) -> None:
    """Write the trees of a document's cells. Raises BadInput for a tree that is too deep,
    HistoryError where the file cannot be written.
    """
    outlines = [outline(tree) for tree in cells]
    roots = [root for segments in outlines if (root := _nested(segments))]
    root = roots[0] if len(roots) == 1 else {**_node("document", None, ""), "children": roots}
    selected = next((s.id for segments in outlines for s in segments if s.selected), root["id"])
    file = {
        "root": root,
        "model_responses": {},
        "chapters": {},
        "tags": {},
        "selected_node_id": selected,
    }
    write_whole(out, [json.dumps(file), "\n"])


def _nodes(root: Mapping[str, Any], models: Mapping[str, Any]) -> Iterator[Foreign]:
    waiting: list[tuple[Mapping[str, Any], str | None]] = [(root, None)]
    while waiting:
        said, parent = waiting.pop()
        node = _foreign(said, parent, models)
        yield node
        children = list_of(said.get("children", []), f"`children` of node {node.id[:80]}")
        waiting += [(map_of(child, "A child node"), node.id) for child in reversed(children)]


def _foreign(said: Mapping[str, Any], parent: str | None, models: Mapping[str, Any]) -> Foreign:
    id = text_of(said.get("id") or uuid.uuid4().hex, "The id of a node")
    meta = said.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    tags = [text_of(t, "A tag") for t in list_of(said.get("tags") or [], f"`tags` of {id[:80]}")]
    return Foreign(
        id=id,
        parent=parent,
        text=text_of(said.get("text", ""), f"`text` of node {id[:80]}"),
        author="model" if meta.get("source") == "AI" and parent is not None else "found",
        model=_model(said.get("generation"), models),
        created=time_of(meta.get("creation_timestamp"), _TIME),
        pinned=_BOOKMARK in tags or said.get("bookmark") is True,
        tags=tuple(tag for tag in tags if tag != _BOOKMARK),
    )


def _model(generation: Any, models: Mapping[str, Any]) -> str:
    id = generation.get("id") if isinstance(generation, dict) else None
    response = models.get(id) if isinstance(id, str) else None
    model = response.get("model") if isinstance(response, dict) else None
    return model if isinstance(model, str) else ""


def _nested(segments: Sequence[Segment]) -> dict[str, Any] | None:
    made: dict[str, dict[str, Any]] = {}
    depth: dict[str, int] = {}
    for segment in segments:
        node = made[segment.id] = _node(segment.id, segment, segment.text)
        depth[segment.id] = 1
        if segment.parent is not None:
            node["parent_id"] = segment.parent
            made[segment.parent]["children"].append(node)
            depth[segment.id] += depth[segment.parent]
        if depth[segment.id] > DEEPEST:
            raise BadInput(
                f"The tree is more than {DEEPEST} nodes deep, which programs that read pyloom's "
                "form do not bear. Export it as loomsidian, which is flat."
            )
    return made[segments[0].id] if segments else None


def _node(id: str, segment: Segment | None, text: str) -> dict[str, Any]:
    mark = segment.mark if segment else None
    tags = [*mark.tags, *([_BOOKMARK] if mark.pinned else [])] if mark else []
    sources = {"model": "AI", "mixed": "mixed"}
    return {
        "id": id,
        "text": text,
        "children": [],
        "mutable": True,
        "visited": True,
        "open": True,
        "tags": tags,
        "meta": {
            "source": sources.get(segment.writer, "prompt") if segment else "prompt",
            "modified": False,
        },
    }
