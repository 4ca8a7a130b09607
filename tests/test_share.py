"""What leaves is what was written, and nothing that was to stay; what comes in is checked."""

import asyncio
import json
import re
import shlex
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_sim import history, upkeep
from jupyter_sim.cli import main
from jupyter_sim.errors import BadLog
from jupyter_sim.events import (
    Accepted,
    Alternative,
    Branched,
    Dry,
    Edited,
    Event,
    Framed,
    Generated,
    Marked,
    Moved,
    Opened,
    Place,
    Proposed,
    Recipe,
    Rejected,
    Sampling,
    Shown,
    Source,
    Stamp,
    Taken,
    Written,
)
from jupyter_sim.formats import html, parquet
from jupyter_sim.formats.markdown import escaped
from jupyter_sim.formats.outline import outline
from jupyter_sim.formats.pairs import pairs
from jupyter_sim.formats.redact import MASK, redact
from jupyter_sim.formats.simlog import Header, Log, read_log, write_log
from jupyter_sim.history import History
from jupyter_sim.imports import import_log
from jupyter_sim.tree import Tree, fold

DOCUMENT = "11111111-2222"
CANARY = "canary"
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>[x](javascript:alert(3))"
Run = Callable[[str], tuple[int, str, str]]


def stamp(seq: int, cell: str = "cell") -> Stamp:
    return Stamp(f"e{seq}", "w", seq, 1_700_000_000.0 + seq, "ann", DOCUMENT, cell)


def story(never: str = " wet") -> list[Event]:
    """ " dark" of " dark<never>" is accepted, " late" was accepted, and then removed.

    All else that a candidate, a frame or a mark says is `never`, or ends with it.
    """
    at, seen = Place("e1.0", 6), ("a", "b", "c")
    draws = {"one": "e2", "two": "e10"}
    alternatives = ((Alternative(7, never, -2.0),), ())

    def proposed(seq: int, fan: str, at: Place, *ids: str, voice: str | None = None) -> Proposed:
        return Proposed(
            stamp=stamp(seq),
            fan=fan,
            draw=f"e{seq}",
            at=at,
            candidates=ids,
            seeds=tuple(range(70, 70 + len(ids))),
            recipe=Recipe(0, "", voice=voice),
            source=Source("toy", "abc", ""),
            sampling=Sampling(chain=(Dry(1.0, breakers=(never[:60],)),)),
            stop="none",
            max_tokens=8,
        )

    def generated(seq: int, fan: str, id: str, text: str) -> Generated:
        ends = (len(text) // 2, len(text))
        return Generated(
            stamp(seq),
            fan,
            draws[fan],
            id,
            text,
            (40, 41),
            (-1.0, -0.5),
            "stop",
            0.5,
            ends,
            alternatives,
        )

    return [
        Opened(stamp(1), "It was\n"),
        proposed(2, "one", at, *seen),
        generated(3, "one", "a", " dark" + never),
        generated(4, "one", "b", never),
        generated(5, "one", "c", " never mind" + never),
        Shown(stamp(6), "one", seen),
        Rejected(stamp(7), "one", "b", seen),
        Accepted(stamp(8), "one", "a", seen, at, 0, 5, (Taken("e1.0", 6, 7),)),
        Framed(stamp(9), f"In a voice.{never}", never),
        proposed(10, "two", Place("e8.0", 0), "d", "e", voice="e9"),
        generated(11, "two", "d", " and late"),
        generated(12, "two", "e", never),
        Branched(stamp(13), "two", "e", ("d", "e")),
        Accepted(stamp(14), "two", "d", ("d", "e"), Place("e8.0", 0), 0, 9),
        Edited(stamp(15), Place("d", 4), 5, (Written(" cold.", "human"),)),
        Moved(stamp(16), Place("b", len(never))),
        Moved(stamp(17), Place("e15.0", 6)),
        Marked(stamp(18), "b", True, (never,), never),
        Opened(stamp(19, "other"), "Another cell."),
    ]


def header() -> Header:
    return Header(document=DOCUMENT, path="notes/story.ipynb", kind="notebook", exported=0.0)


def log(never: str = " wet") -> Log:
    return Log(header(), tuple(story(never)))


@pytest.fixture
def sim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in an empty folder with a data folder of its own: status, output, errors."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def run(command: str) -> tuple[int, str, str]:
        return main(shlex.split(command)), *capsys.readouterr()

    return run


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A replay's script that needs no build."""
    (tmp_path / "static").mkdir()
    script = 'document.title = "</script>";\n'
    (tmp_path / "static" / "replay.js").write_text(script)
    monkeypatch.setattr(html, "STATIC", tmp_path / "static")
    return script


def texts(events: Sequence[Event]) -> dict[str, str]:
    return {cell: tree.text for cell, tree in fold(events)[0].items()}


def test_a_redacted_history_folds_to_the_same_texts_and_lengths() -> None:
    plain, bare = story(), redact(story())
    assert (
        texts(bare) == texts(plain) == {"cell": "It was dark and cold.", "other": "Another cell."}
    )
    trees = fold(bare)[0]["cell"], fold(plain)[0]["cell"]
    assert [len(node.text) for node in trees[0].nodes.values()] == [
        len(node.text) for node in trees[1].nodes.values()
    ]
    assert trees[0].verdicts == trees[1].verdicts
    assert fold(bare)[1] == ()


def test_redaction_keeps_what_stood_in_a_text_and_masks_the_rest() -> None:
    drawn = {e.candidate: e for e in redact(story(" wet")) if isinstance(e, Generated)}
    assert drawn["a"].text == " dark" + MASK * 4
    assert drawn["b"].text == MASK * 4  # walked into, and never accepted
    assert drawn["d"].text == " and late"  # removed again, but it was accepted
    assert drawn["a"].logprobs == (0.0, 0.0)
    assert drawn["d"].logprobs == (-1.0, -0.5)
    assert {e.tokens for e in drawn.values()} == {(0, 0)}
    assert all(
        e.seeds == (0,) * len(e.candidates) for e in redact(story()) if isinstance(e, Proposed)
    )


@pytest.mark.parametrize("form", ["simlog", "html", "markdown", "jsonl", "pyloom", "loomsidian"])
def test_no_redacted_export_has_a_canary_that_was_never_accepted(
    sim: Run, built: str, form: str
) -> None:
    write_log(Path("story.simlog"), header(), story(CANARY))
    for option, there in (("", True), ("--redact", False)):
        assert sim(f"export story.simlog -o out --to {form} {option}")[0] == 0
        assert (CANARY in Path("out").read_text().lower()) is there
        assert " dark" in Path("out").read_text()


def test_no_redacted_table_has_a_canary_that_was_never_accepted(sim: Run) -> None:
    import pandas

    write_log(Path("story.simlog"), header(), story(CANARY))
    for option, there in (("", True), ("--redact", False)):
        assert sim(f"export story.simlog -o out.parquet {option}")[0] == 0
        tables = (pandas.read_parquet(path) for path in sorted(Path().glob("out.*.parquet")))
        assert (CANARY in "".join(table.to_json() for table in tables)) is there


def test_a_redacted_log_is_whole_and_is_replayed(sim: Run) -> None:
    write_log(Path("story.simlog"), header(), story())
    assert sim("export story.simlog -o bare.simlog --redact")[0] == 0
    assert sim("history verify bare.simlog")[0] == 0
    status, out, err = sim("replay bare.simlog")
    assert (status, err) == (0, "")
    assert "It was dark and cold." in out


def test_a_log_is_not_written_over_itself(sim: Run) -> None:
    write_log(Path("story.simlog"), header(), story())
    before = Path("story.simlog").read_bytes()
    status, _, err = sim("export story.simlog -o ./story.simlog --redact")
    assert (status, err.count("\n")) == (2, 1)
    assert "the log itself" in err
    assert Path("story.simlog").read_bytes() == before


def test_walking_through_the_tree_takes_nothing_in_even_with_a_tail() -> None:
    events = story(CANARY)
    tail = Edited(stamp(20), Place("b", len(CANARY)), 0, (Taken("e1.0", 6, 7),))
    home = Moved(stamp(21), Place("e15.0", 6))
    assert CANARY not in str(redact([*events, tail, home]))
    assert CANARY in str(redact([*events, tail]))  # the text ends with it


def test_no_digest_of_a_prompt_stays() -> None:
    events = story()
    recipe = Recipe(0, "0" * 64)
    events[1] = msgspec.structs.replace(events[1], recipe=recipe)
    assert {e.recipe.sha256 for e in redact(events) if isinstance(e, Proposed)} == {""}


def test_pairs_refuse_to_be_redacted(sim: Run) -> None:
    write_log(Path("story.simlog"), header(), story())
    status, _, err = sim("export story.simlog -o pairs.jsonl --to pairs --redact")
    assert (status, err.count("\n")) == (2, 1)
    assert "nothing to redact" in err


def test_pairs_are_made_of_what_was_seen_and_told_apart_by_their_prompt() -> None:
    made = [(p.prompt, p.chosen, p.rejected, p.spoken) for p in pairs(story())]
    assert made == [
        ("It was", " dark", " wet", True),
        ("It was", " dark", " never mind wet", False),
    ]


def test_pairs_leave_out_what_was_not_seen_and_what_is_the_same() -> None:
    events = story(" dark")
    seen = ("a", "b")
    events[7] = msgspec.structs.replace(events[7], seen=seen)
    assert pairs(events) == ()


def test_pairs_load_in_datasets_with_the_columns_of_trl(sim: Run) -> None:
    write_log(Path("story.simlog"), header(), story())
    status, out, _ = sim("export story.simlog -o pairs.jsonl --to pairs")
    assert (status, out) == (0, "Wrote 2 pairs to pairs.jsonl and pairs.datasheet.md.\n")
    sheet = Path("pairs.datasheet.md").read_text()
    assert "2 pairs" in sheet
    assert "toy (sha256 abc)" in sheet
    load = (
        "from datasets import load_dataset\n"
        "rows = load_dataset('json', data_files='pairs.jsonl', cache_dir='cache')['train']\n"
        "print(rows.column_names, {str(f.dtype) for f in rows.features.values()}, len(rows))"
    )
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(Path("home").absolute()), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", load], capture_output=True, text=True, check=True, env=offline
    )
    assert done.stdout == "['prompt', 'chosen', 'rejected'] {'string'} 2\n"


def test_parquet_opens_in_pandas_with_the_documented_types(sim: Run) -> None:
    import pandas

    write_log(Path("story.simlog"), header(), story("\ud800"))
    assert sim("export story.simlog -o story.parquet")[0] == 0
    tables = {
        name: pandas.read_parquet(f"story.{name}.parquet")
        for name in ("events", "candidates", "tokens")
    }
    assert {name: len(table) for name, table in tables.items()} == {
        "events": 19,
        "candidates": 5,
        "tokens": 10,
    }
    assert documented() == {name: arrow_types(f"story.{name}.parquet") for name in tables}
    candidates = tables["candidates"].set_index("candidate")
    assert candidates.loc["a", ["prompt", "verdict", "accepted"]].tolist() == [
        "It was",
        "accepted",
        5,
    ]
    assert candidates.loc["c", "seed"] == 72
    assert str(tables["events"]["time"].dtype) == "datetime64[us, UTC]"
    assert tables["tokens"]["top"][0][0]["token"] == 7


def documented() -> dict[str, dict[str, str]]:
    """The columns that the module's docstring promises, by table: name and type."""
    found: dict[str, dict[str, str]] = {}
    for line in (parquet.__doc__ or "").splitlines():
        if re.fullmatch(r"    \w+", line):
            columns = found[line.strip()] = {}
        elif line.startswith("      "):
            kind, _, names = line.strip().rpartition(": ")
            columns.update(dict.fromkeys(names.split(", "), kind))
    return found


def arrow_types(path: str) -> dict[str, str]:
    from pyarrow.parquet import read_schema

    said = {}
    for field in read_schema(path):
        kind = re.sub(r"double", "float64", str(field.type))
        kind = re.sub(r"tz=", "", re.sub(r"element: |item: ", "", kind))
        said[field.name] = kind + ("?" if field.nullable else "")
    return said


def test_without_pyarrow_one_sentence_says_how_to_install_it(
    sim: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(Path("story.simlog"), header(), story())
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    status, _, err = sim("export story.simlog -o story.parquet")
    assert (status, err.count("\n")) == (2, 1)
    assert "pip install 'jupyter-sim[parquet]'" in err


def test_jsonl_has_an_event_a_line(sim: Run) -> None:
    write_log(Path("story.simlog"), header(), story())
    assert sim("export story.simlog -o story.jsonl")[0] == 0
    lines = Path("story.jsonl").read_text().splitlines()
    assert [msgspec.convert(json.loads(line), Event) for line in lines] == story()


def test_markdown_shows_the_texts_and_each_fan() -> None:
    from jupyter_sim.formats.markdown import _lines

    said = "".join(_lines(log()))
    assert "# notes/story.ipynb\n" in said
    assert "## Cell cell\n\nIt was dark and cold.\n" in said
    assert (
        "- **accepted** “ dark wet”\n- **rejected** “ wet”\n- **seen** “ never mind wet”\n" in said
    )


@pytest.mark.parametrize(
    "text",
    [
        EVIL,
        "# not a heading",
        "1. no item",
        "- none",
        "    no code",
        "**x** _y_ `z` ~~s~~ | a |",
        "$x$",
    ],
)
def test_nothing_in_a_log_is_mark_up_in_markdown(text: str) -> None:
    from mistune import html as rendered

    page = rendered(escaped(text))
    assert isinstance(page, str)
    assert not re.search(r"<(?!/?p>|br ?/?>)", page)


def test_markdown_makes_no_link_of_an_address() -> None:
    assert escaped("see http://a.b www.a.b a@b.c") == "see http\\://a.b www\\.a.b a\\@b.c"
    assert escaped("a\u202eb\x1b") == "a\\<U+202E\\>b␛"


def test_a_page_has_only_our_script_and_inert_data(built: str) -> None:
    page = "".join(html.page(log(EVIL), built))
    scripts = re.findall(
        r"<script( type='application/json' id='simlog')?>(.*?)</script>", page, re.S
    )
    assert [bool(kind) for kind, _ in scripts] == [True, False]
    data = json.loads(scripts[0][1])
    assert msgspec.convert(data["events"], list[Event]) == story(EVIL)
    ours = b64encode(sha256(scripts[1][1].encode()).digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{ours}'; style-src 'sha256-" in page
    assert "<img" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<script") == page.count("</script>") == 2
    assert "<pre>It was dark and cold.</pre>" in page


def test_a_page_without_the_built_script_is_a_sentence(
    sim: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(Path("story.simlog"), header(), story())
    monkeypatch.setattr(html, "STATIC", tmp_path / "none")
    status, _, err = sim("export story.simlog -o story.html")
    assert (status, err.count("\n")) == (2, 1)
    assert "replay.js" in err


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
    assert history.documents(tmp_path / "history") == []


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


def test_typing_is_one_segment_however_often_one_paused() -> None:
    events: list[Event] = [Opened(stamp(1), "")]
    for seq in range(2, 1200):
        at = Place(f"e{seq - 1}.0", min(1, seq - 2))
        events.append(Edited(stamp(seq), at, 0, (Written("y", "human"),)))
    (tree,) = fold(events)[0].values()
    assert shape(tree) == [["", "found", [["y" * 1198, "human", []]]]]
