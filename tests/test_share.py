"""What leaves is what was written, and a session log comes in as it is."""

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from jupyter_sim import folders, history, summaries, upkeep
from jupyter_sim.errors import BadLog
from jupyter_sim.events import (
    Edited,
    Event,
    Moved,
    Opened,
    Place,
    Written,
)
from jupyter_sim.formats.outline import outline
from jupyter_sim.formats.simlog import read_log, write_log
from jupyter_sim.history import History
from jupyter_sim.imports import import_log
from jupyter_sim.tree import Tree, fold

from .judged import DOCUMENT, Run, header, stamp, story, texts

CANARY = "canary"


def test_a_log_is_not_written_over_itself(sim: Run) -> None:
    write_log(Path("story.simlog"), header(), story())
    before = Path("story.simlog").read_bytes()
    status, _, err = sim("export story.simlog -o ./story.simlog --redact")
    assert (status, err.count("\n")) == (2, 1)
    assert "the log itself" in err
    assert Path("story.simlog").read_bytes() == before


@pytest.mark.parametrize("to", ["", "--to html", "--to simlog"])
def test_an_export_takes_no_notebooks_place(sim: Run, to: str) -> None:
    write_log(Path("story.simlog"), header(), story())
    assert sim("import story.simlog -o story.ipynb")[0] == 0
    before = Path("story.ipynb").read_bytes()
    for source in ("story.ipynb", "story.simlog", DOCUMENT):
        status, _, err = sim(f"export {source} -o ./story.ipynb {to}")
        assert (status, err.count("\n")) == (2, 1)
    assert Path("story.ipynb").read_bytes() == before


@pytest.mark.parametrize(
    ("beside", "to"), [("it.datasheet.md", "pairs"), ("it.tokens.parquet", "parquet")]
)
def test_what_an_export_writes_beside_takes_no_logs_or_notebooks_place(
    sim: Run, beside: str, to: str
) -> None:
    write_log(Path(beside), header(), story())
    before = Path(beside).read_bytes()
    status, _, err = sim(f"export {beside} -o it --to {to}")
    assert (status, err) == (2, f"jupyter sim: {beside} is the log itself; name another file.\n")
    assert Path(beside).read_bytes() == before
    sim(f"import {beside} -o story.ipynb")
    Path(beside).unlink()
    Path(beside).symlink_to("story.ipynb")
    assert f"{beside} is a document's notebook" in sim(f"export {DOCUMENT} -o it --to {to}")[2]


def test_a_text_file_is_not_written_over_by_its_own_history(sim: Run) -> None:
    write_log(Path("story.simlog"), replace(header(), path="story.txt", kind="file"), story())
    sim("import story.simlog")
    Path("story.txt").write_text("the text itself")
    status, _, err = sim("export story.txt -o story.txt --to markdown")
    assert (status, err.count("\n")) == (2, 1)
    assert "the file itself" in err
    assert Path("story.txt").read_text() == "the text itself"


@contextmanager
def open_pipe(data: bytes) -> Iterator[str]:
    """The name of a pipe out of which some bytes come, as a shell's `<(…)` is."""
    out, into = os.pipe()
    os.write(into, data)
    os.close(into)
    yield f"/dev/fd/{out}"
    os.close(out)


FORMS = ("simlog", "html", "markdown", "jsonl", "parquet", "pairs", "pyloom", "loomsidian")


@pytest.mark.parametrize("form", FORMS)
def test_an_export_replaces_no_folder_device_or_pipe_and_no_link(sim: Run, form: str) -> None:
    write_log(Path("story.simlog"), header(), story())
    Path("folder").mkdir()
    for out in (".", "..", "/", "folder"):
        status, _, err = sim(f"export story.simlog -o {out} --to {form}")
        assert (status, err.count("\n")) == (2, 1)
    for path in (Path("a"), Path("b.events.parquet"), Path("b.datasheet.md")):
        os.mkfifo(path)
    status, _, err = sim(
        f"export story.simlog -o {'b' if form in ('parquet', 'pairs') else 'a'} --to {form}"
    )
    assert (status, err.count("\n")) == (2, 1)
    assert "is no file" in err
    assert all(path.is_fifo() for path in (Path("a"), Path("b.events.parquet")))
    assert not list(Path().glob(".*.part"))
    if form != "parquet":
        Path("folder/real").touch()
        Path("link").symlink_to("folder/real")
        assert sim(f"export story.simlog -o link --to {form}")[0] == 0
        assert Path("link").is_symlink()
        assert Path("folder/real").stat().st_size > 0


def test_an_export_does_not_follow_a_link_in_circles(sim: Run) -> None:
    write_log(Path("story.simlog"), header(), story())
    Path("here").symlink_to("there")
    Path("there").symlink_to("here")
    status, _, err = sim("export story.simlog -o here --to simlog")
    assert (status, err.count("\n")) == (2, 1)
    assert "here cannot be written: Too many levels of symbolic links" in err
    assert Path("here").is_symlink()


@pytest.mark.parametrize("form", FORMS)
def test_the_name_of_an_export_is_on_disk_before_it_is_told(
    sim: Run, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    write_log(Path("story.simlog"), header(), story())
    Path("out").mkdir()
    synced: list[tuple[int, list[str]]] = []

    def names() -> list[str]:
        return sorted(path.name for path in Path("out").iterdir())

    monkeypatch.setattr(os, "fsync", lambda fd: synced.append((os.fstat(fd).st_ino, names())))
    assert sim(f"export story.simlog -o out/it --to {form}")[0] == 0
    assert synced[-1] == (Path("out").stat().st_ino, names())


@pytest.mark.parametrize("out", ["story.csv", "story", "-"])
def test_an_ending_that_means_no_format_is_not_guessed_at(sim: Run, out: str) -> None:
    write_log(Path("story.simlog"), header(), story())
    status, _, err = sim(f"export story.simlog -o {out}")
    assert status == 2
    assert "--to" in err
    assert not Path(out).exists()


def test_where_the_notebook_cannot_go_nothing_is_imported(sim: Run) -> None:
    Path("tree.json").write_text('{"text": "a", "children": []}')
    write_log(Path("story.simlog"), header(), story())
    for file in ("tree.json", "story.simlog"):
        status, _, err = sim(f"import {file} -o none/story.ipynb")
        assert (status, err.count("\n")) == (2, 1)
    assert summaries.documents() == []


def test_an_import_tells_of_events_that_say_something_else_here(sim: Run) -> None:
    write_log(Path("story.simlog"), header(), story())
    sim("export story.simlog -o redacted.html --redact")
    sim("import redacted.html")
    kept = history.read(DOCUMENT)[0]
    others = sum(one != other for one, other in zip(kept, story(), strict=True))
    status, out, err = sim("import story.simlog")
    assert (status, out) == (0, f"Took 0 new events into the history of {DOCUMENT}.\n")
    assert others > 1
    assert f"{others} events of story.simlog are there already and say something else" in err
    assert history.read(DOCUMENT)[0] == kept
    assert sim("import redacted.html")[2] == ""


def test_a_pipe_is_read_by_nobody_but_the_one_who_imports_it(sim: Run) -> None:
    with open_pipe(b'{"text": "a", "children": []}') as name:
        assert sim(f"import {name} -o tree.ipynb")[0] == 0
    assert "a" in Path("tree.ipynb").read_text()


def test_jsonl_has_an_event_a_line(sim: Run) -> None:
    write_log(Path("story.simlog"), header(), story())
    assert sim("export story.simlog -o story.jsonl")[0] == 0
    lines = Path("story.jsonl").read_text().splitlines()
    assert [msgspec.convert(json.loads(line), Event) for line in lines] == story()


def record(events: Sequence[Event]) -> None:
    async def write() -> None:
        made = History.open(DOCUMENT, path="notes/story.ipynb")
        await made.append(*events)
        await made.close()

    asyncio.run(write())


def test_a_session_log_goes_into_an_empty_folder_and_comes_out_the_same(
    sim: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    two = [
        msgspec.structs.replace(
            e, stamp=msgspec.structs.replace(e.stamp, writer="w" if n % 2 else "v")
        )
        for n, e in enumerate(story())
    ]
    write_log(Path("story.simlog"), header(), two)
    status, out, err = sim("import story.simlog")
    assert (status, out, err) == (0, f"Took 19 new events into the history of {DOCUMENT}.\n", "")
    assert sim(f"export {DOCUMENT} -o again.simlog")[0] == 0
    first, again = read_log(Path("story.simlog")), read_log(Path("again.simlog"))
    assert again.events == first.events
    assert again.header == msgspec.structs.replace(first.header, exported=again.header.exported)
    write_log(Path("same.simlog"), first.header, again.events)
    assert Path("same.simlog").read_bytes() == Path("story.simlog").read_bytes()
    assert texts(again.events) == texts(first.events)
    assert upkeep.verify(DOCUMENT).problems == ()


def test_what_is_verified_ends_with_a_link_to_keep_and_compare(sim: Run) -> None:
    write_log(Path("story.simlog"), header(), story())
    sim("import story.simlog")
    (segment,) = (folders.default_root() / DOCUMENT).glob("*.jsonl")
    event, end = Path("story.simlog").read_bytes().splitlines()[-2:]
    ends = {"story.simlog": event, str(segment): segment.read_bytes().splitlines()[-1]}
    links = {name: sha256(line).hexdigest() for name, line in ends.items()}
    assert json.loads(end)["prev"] == links["story.simlog"]
    log = Path("story.simlog")
    for name, kept in ((log, log), (segment, segment), (DOCUMENT, segment)):
        link = links[str(kept)]
        _, out, _ = sim(f"history verify {name}")
        assert out.splitlines()[1:] == [f"  last link {link} of {kept.name}"]
        _, out, _ = sim(f"history verify {name} --format json")
        assert json.loads(out)["links"] == [{"file": str(kept), "digest": link}]


def test_what_is_there_already_is_not_imported_again(sim: Run) -> None:
    write_log(Path("half.simlog"), header(), story()[:9])
    write_log(Path("story.simlog"), header(), story())
    assert "Took 9 new" in sim("import half.simlog")[1]
    assert "Took 10 new" in sim("import story.simlog -o story.ipynb")[1]
    assert "Took 0 new" in sim("import story.simlog")[1]
    assert history.read(DOCUMENT)[0] == story()
    notebook = json.loads(Path("story.ipynb").read_text())
    assert [cell["source"] for cell in notebook["cells"]] == [
        "It was dark and cold.",
        "Another cell.",
    ]
    assert notebook["metadata"] == {"jupyter_sim": {"document": DOCUMENT}}


def test_a_log_that_speaks_of_two_documents_is_refused(tmp_path: Path) -> None:
    other = msgspec.structs.replace(header(), document="0000-1111")
    write_log(tmp_path / "odd.simlog", other, story())
    with pytest.raises(BadLog, match="nothing was imported"):
        import_log(tmp_path / "odd.simlog", tmp_path / "history")
    assert summaries.documents(tmp_path / "history") == []


def shape(tree: Tree) -> list[Any]:
    """A tree as nested lists of text, writer and children."""
    made: dict[str | None, list[Any]] = {None: []}
    for segment in outline(tree):
        children: list[Any] = []
        made[segment.id] = children
        made[segment.parent].append([segment.text, segment.writer, children])
    return made[None]


def test_a_node_is_cut_where_others_hang_in_it() -> None:
    (cell, *_) = fold(story())[0].values()
    (root,) = shape(cell)
    text, writer, children = root
    assert (text, writer) == ("It was", "found")
    assert [child[:2] for child in children] == [
        ["\n", "found"],
        [" dark", "model"],
        [" wet", "model"],
        [" never mind wet", "model"],
    ]


@settings(deadline=None)
@given(st.data())
def test_the_segments_from_the_root_are_the_text_of_every_node(data: st.DataObject) -> None:
    tree = Tree("cell").apply(Opened(stamp(1), data.draw(st.sampled_from(("", "ab")))))
    for seq in range(2, data.draw(st.integers(2, 20))):
        node = data.draw(st.sampled_from(sorted(tree.nodes)))
        place = Place(node, data.draw(st.integers(0, len(tree.nodes[node].text))))
        text = data.draw(st.sampled_from(("", "x", "yz")))
        author = data.draw(st.sampled_from(("human", "found")))
        moved, written = Moved(stamp(seq), place), Written(text, author)
        edited = Edited(stamp(seq), place, 0, (written,))
        tree = tree.apply(data.draw(st.sampled_from((moved, edited))))
    segments = outline(tree)
    assert len({segment.id for segment in segments}) == len(segments)
    texts: dict[str | None, str] = {None: ""}
    for segment in segments:
        texts[segment.id] = texts[segment.parent] + segment.text
    branches = {tree.branch(Place(id, len(node.text))) for id, node in tree.nodes.items()}
    leaves = {segment.id for segment in segments} - {segment.parent for segment in segments}
    assert {texts[leaf] for leaf in leaves} <= branches
    assert all(any(text.startswith(branch) for text in texts.values()) for branch in branches)
    assert [texts[segment.id] for segment in segments if segment.selected] == [tree.text]


def test_typing_is_one_segment_however_often_one_paused() -> None:
    events: list[Event] = [Opened(stamp(1), "")]
    for seq in range(2, 1200):
        at = Place(f"e{seq - 1}.0", min(1, seq - 2))
        events.append(Edited(stamp(seq), at, 0, (Written("y", "human"),)))
    (tree,) = fold(events)[0].values()
    assert shape(tree) == [["", "found", [["y" * 1198, "human", []]]]]
