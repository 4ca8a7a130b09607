"""Other looms' trees come in as they are and go out as they were; what is no tree is a sentence."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sim import history, summaries, upkeep
from jupyter_sim.documents import Documents
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.errors import BadInput
from jupyter_sim.events import Edited, Generated, Proposed
from jupyter_sim.formats.deep import parse
from jupyter_sim.formats.foreign import MAX_NODES, Foreign, trees
from jupyter_sim.formats.pyloom import DEEPEST
from jupyter_sim.imports import import_trees
from jupyter_sim.protocol import FromDocument, Hello, Sync
from jupyter_sim.tree import fold

from .judged import Run
from .line import nothing


def node(id: str, text: str, *children: Any, source: str = "prompt", **more: Any) -> dict[str, Any]:
    """A node of pyloom's form."""
    created = {"creation_timestamp": "2021-03-04-05.06.07", "modified": False}
    meta = {**created, "source": source}
    open_ = {"mutable": True, "visited": True, "open": True, "tags": []}
    return {"id": id, "text": text, "children": list(children), "meta": meta, **open_, **more}


PYLOOM = {
    "root": node(
        "root",
        "It was",
        node(
            "a",
            " dark",
            node("c", " and <wet>.", source="mixed"),
            source="AI",
            generation={"id": "r1", "index": 0},
        ),
        node("h", " my own", tags=["bookmark", "keep"]),
        node("b", " late", node("e", ""), source="AI", generation={"id": "r1", "index": 1}),
    ),
    "model_responses": {"r1": {"id": "r1", "model": "davinci", "completions": []}},
    "chapters": {},
    "tags": {},
    "selected_node_id": "c",
}

LOOMSIDIAN = {
    "current": "b",
    "hoisted": [],
    "searchTerm": "",
    "generating": False,
    "nodes": {
        "a": {
            "text": "Once \\<upon\\>",
            "parentId": None,
            "collapsed": False,
            "unread": False,
            "bookmarked": False,
            "searchResultState": None,
        },
        "c": {
            "text": " a rat",
            "parentId": "a",
            "collapsed": True,
            "unread": True,
            "bookmarked": True,
            "lastVisited": 1700000000000,
            "searchResultState": None,
        },
        "b": {
            "text": " a time",
            "parentId": "a",
            "collapsed": False,
            "unread": False,
            "bookmarked": False,
            "searchResultState": None,
        },
        "other": {
            "text": "Another root",
            "parentId": None,
            "collapsed": False,
            "unread": False,
            "bookmarked": False,
            "searchResultState": None,
        },
    },
}

EXOLOOM = {
    "loomType": "Exoloom",
    "schemaVersion": 1,
    "tree": {
        "nodes": {
            "2": {
                "content": " late",
                "authorType": "LLM",
                "authorName": "base",
                "parentId": "0",
                "childrenIds": [],
                "createdAt": 1700000000000,
            },
            "0": {
                "content": "It was",
                "authorType": "USER",
                "authorName": "ann",
                "parentId": None,
                "childrenIds": ["1", "2"],
                "createdAt": "2024-01-02T03:04:05Z",
            },
            "1": {
                "content": " dark",
                "authorType": "LLM",
                "authorName": "base",
                "parentId": "0",
                "childrenIds": [],
                "createdAt": 1700000000000,
            },
        },
        "rootNodeId": "0",
    },
    "lens": {"bookmarks": ["2"], "prunedNodes": ["1"]},
}


def there_and_back(sim: Run, form: str, tree: Any) -> Any:
    """What comes out after a tree went in."""
    Path("tree.json").write_text(json.dumps(tree))
    status, out, err = sim("import tree.json")
    assert (status, err) == (0, "")
    assert f"of {form} into tree.ipynb." in out
    assert sim(f"export tree.ipynb -o again.json --to {form}")[0] == 0
    return json.loads(Path("again.json").read_text())


def test_a_pyloom_tree_comes_back_the_same(sim: Run) -> None:
    def shape(node: Any) -> Any:
        source = "prompt" if node["meta"]["source"] == "mixed" else node["meta"]["source"]
        return node["text"], source, sorted(node["tags"]), [shape(c) for c in node["children"]]

    def find(node: Any, id: str) -> Any:
        found = [node] if node["id"] == id else []
        return found + [hit for child in node["children"] for hit in find(child, id)]

    again = there_and_back(sim, "pyloom", PYLOOM)
    assert shape(again["root"]) == shape(PYLOOM["root"])
    (selected,) = find(again["root"], again["selected_node_id"])
    assert selected["text"] == " and <wet>."
    notebook = json.loads(Path("tree.ipynb").read_text())
    assert [cell["source"] for cell in notebook["cells"]] == ["It was dark and <wet>."]


def test_what_a_model_wrote_is_a_fan_with_its_name_and_time(sim: Run) -> None:
    there_and_back(sim, "pyloom", PYLOOM)
    (document,) = summaries.documents()
    events, _ = history.read(document.document)
    (proposed,) = (event for event in events if isinstance(event, Proposed))
    drawn = [event for event in events if isinstance(event, Generated)]
    assert proposed.source.model == "davinci"
    assert proposed.candidates == tuple(event.candidate for event in drawn)
    assert [event.text for event in drawn] == [" dark", " late"]
    assert document.first < 1_700_000_000
    assert upkeep.verify(document.document).problems == ()


def test_a_loomsidian_note_comes_back_the_same(sim: Run) -> None:
    def shape(note: Any, parent: str | None = None) -> Any:
        return [
            (node["text"], node["bookmarked"], shape(note, id))
            for id, node in note["nodes"].items()
            if node["parentId"] == parent
        ]

    again = there_and_back(sim, "loomsidian", LOOMSIDIAN)
    assert shape(again) == shape(LOOMSIDIAN)
    assert again["nodes"][again["current"]]["text"] == " a time"
    assert again["nodes"].keys() != LOOMSIDIAN["nodes"]
    assert {*again} == {*LOOMSIDIAN}


def test_the_plugins_own_file_has_a_tree_for_each_root_of_each_note(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text(json.dumps({"settings": {}, "state": {"a.md": LOOMSIDIAN, "b.md": LOOMSIDIAN}}))
    program, came = import_trees(path, tmp_path / "new.ipynb", tmp_path / "history")
    assert program == "loomsidian"
    assert [*came.cells.values()] == ["Once \\<upon\\> a time", "Another root"] * 2


def test_an_exoloom_tree_keeps_its_order_and_its_authors(tmp_path: Path) -> None:
    path = tmp_path / "exo.json"
    path.write_text(json.dumps(EXOLOOM))
    program, came = import_trees(path, tmp_path / "new.ipynb", tmp_path / "history")
    events, _ = history.read(came.document, tmp_path / "history")
    (tree,) = fold(events)[0].values()
    assert program == "exoloom"
    assert [n.text for n in tree.nodes.values()] == ["It was", " dark", " late"]
    assert [n.runs[0].author for n in tree.nodes.values()] == ["found", "model", "model"]
    assert [tree.nodes[id].text for id in tree.marks] == [" late"]
    assert tree.text == "It was dark"


def test_our_own_trees_come_back_through_either_form(sim: Run) -> None:
    there_and_back(sim, "pyloom", PYLOOM)
    assert sim("export tree.ipynb -o flat.json --to loomsidian")[0] == 0
    flat = json.loads(Path("flat.json").read_text())
    texts = {node["text"] for node in flat["nodes"].values()}
    assert texts == {"It was", " dark", " and <wet>.", " my own", " late", ""}
    assert sim("import flat.json")[0] == 0


def flat(*nodes: tuple[str, Any, Any]) -> dict[str, Any]:
    told = {id: {"text": text, "parentId": parent} for id, text, parent in nodes}
    return {"current": None, "nodes": told}


def bomb(depth: int) -> str:
    return '{"root":' + '{"id":"x","text":"","children":[' * depth + "]}" * depth + "}"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "is no JSON"),
        ("[" * 100_000, "more than 40,000 levels deep"),
        (bomb(100_000), "more than 40,000 levels deep"),
        (bomb(600)[:-1], "is no JSON"),
        (bomb(600) + "]", "is no JSON"),
        ("[]", "should be an object"),
        ("{}", "of no program whose trees are known"),
        ('"root"', "should be an object"),
        ({"root": []}, "should be an object"),
        ({"root": {"id": 7, "text": ""}}, "should be a text"),
        ({"root": {"id": "a", "text": ["x"]}}, "should be a text"),
        ({"root": {"id": "a", "text": "", "children": {}}}, "should be a list"),
        ({"root": {"id": "a", "text": "", "tags": [1]}}, "should be a text"),
        ({"root": node("a", "", node("a", ""))}, "two nodes with the id 'a'"),
        (flat(("a", "", "b"), ("b", "", "a"), ("c", "", None)), "goes in a circle"),
        (flat(("a", "", "a")), "goes in a circle"),
        (flat(("a", "", "nowhere")), "which is not there"),
        (flat(("a", 5, None)), "should be a text"),
        (flat(("a", "", 5)), "should be a text"),
        ({"current": None, "nodes": {}}, "has no tree in it"),
        ({"current": None, "nodes": []}, "should be an object"),
        ({"state": {"a.md": 7}}, "should be an object"),
        ({**EXOLOOM, "schemaVersion": 2}, "schema version 2"),
        ({"loomType": "Exoloom", "schemaVersion": 1}, "should be an object"),
        ({"loomType": "Exoloom", "schemaVersion": 1, "tree": {"nodes": {"a": 3}}}, "an object"),
        (flat(*((f"{n}", "x" * 2**20, f"{n - 1}" if n else None) for n in range(20))), "most"),
    ],
)
def test_what_is_no_tree_is_one_sentence_and_leaves_nothing(sim: Run, data: Any, said: str) -> None:
    Path("tree.json").write_text(data if isinstance(data, str) else json.dumps(data))
    status, out, err = sim("import tree.json")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert said in err
    assert len(err) < 600
    assert not Path("tree.ipynb").exists()
    assert summaries.documents() == []


def test_a_tree_of_many_nodes_is_refused_by_their_number() -> None:
    with pytest.raises(BadInput, match="more than 200,000 nodes"):
        trees("any", (Foreign(str(n), None, "") for n in range(MAX_NODES + 1)), None)


def test_a_deep_chain_comes_in_and_goes_out_flat_but_not_nested(sim: Run) -> None:
    chain = flat(*((f"{n}", "x", f"{n - 1}" if n else None) for n in range(5000)))
    again = there_and_back(sim, "loomsidian", chain)
    assert len(again["nodes"]) == 5000
    status, _, err = sim("export tree.ipynb -o deep.json --to pyloom")
    assert (status, err.count("\n")) == (2, 1)
    assert f"more than {DEEPEST} nodes deep" in err


def test_a_nested_tree_of_any_depth_comes_in_up_to_the_one_that_is_told(sim: Run) -> None:
    for depth in (500, 19_999):
        begin = (f'{{"text":"{n % 10}\\u00e9","children":[' for n in range(depth))
        Path("tree.json").write_text(f"{''.join(begin)}{']}' * depth}")
        assert sim(f"import tree.json -o {depth}.ipynb")[0] == 0
        document = json.loads(Path(f"{depth}.ipynb").read_text())["metadata"]["jupyter_sim"]
        (tree,) = fold(history.read(document["document"])[0])[0].values()
        assert tree.text == "".join(f"{n % 10}é" for n in range(depth))


@pytest.mark.parametrize(
    "text",
    [*("", "[1", "[1,]", "[,1]", '{"a"}', '{"a":}', '{"a":1,}', "{1:2}", "[1}", "[1 2]", "tru")],
)
def test_what_is_no_json_is_none_however_it_is_read(text: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        parse(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_reads_the_same_without_recursion(value: Any) -> None:
    assert parse(json.dumps(value)) == value
    assert parse(json.dumps(value, indent=1, ensure_ascii=False)) == value


def test_lone_surrogates_nulls_and_odd_times_are_taken_as_they_are(sim: Run) -> None:
    odd = node("r", "a\ud800\u0000b", node("k", "c", source="AI", generation={"id": ["x"]}))
    odd["meta"]["creation_timestamp"] = 5
    odd["children"][0]["meta"]["creation_timestamp"] = "9999-99-99-00.00.00"
    Path("odd.json").write_text(json.dumps({"root": odd}))
    assert sim("import odd.json")[0] == 0
    (document,) = summaries.documents()
    (tree,) = fold(history.read(document.document)[0])[0].values()
    assert tree.text == "a\ud800\u0000bc"


def test_an_import_replaces_no_notebook(sim: Run) -> None:
    Path("tree.json").write_text(json.dumps(PYLOOM))
    Path("tree.ipynb").write_text("mine")
    status, _, err = sim("import tree.json")
    assert status == 2
    assert "exists already" in err
    assert Path("tree.ipynb").read_text() == "mine"
    assert sim("import tree.json -o other.ipynb")[0] == 0


async def test_an_imported_notebook_is_the_document_that_its_history_tells(tmp_path: Path) -> None:
    path, root = tmp_path / "tree.json", tmp_path / "history"
    path.write_text(json.dumps(PYLOOM))
    _, came = await asyncio.to_thread(import_trees, path, tmp_path / "new.ipynb", root)
    documents = Documents(ScriptedEngine(), root)

    def hear(answer: FromDocument) -> None:
        heard.append(answer)

    heard: list[FromDocument] = []
    hello = Hello("request-00001", "notebook", "notes/tree.ipynb", came.document)
    document = await documents.open(hello, hear, nothing)
    assert document.history.document == came.document
    assert {cell: tree.text for cell, tree in document.trees.items()} == came.cells
    (cell,) = came.cells
    await document.handle(Sync("request-00002", cell, came.cells[cell] + " More."), hear)
    last = document.history.events[-1]
    assert isinstance(last, Edited)
    assert last.stamp.seq > document.history.events[-2].stamp.seq
    await documents.close()
