"""Preference pairs and tables open where they are meant to, with what was promised."""

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from jupyter_sim.events import Branched
from jupyter_sim.formats import parquet
from jupyter_sim.formats.pairs import pairs
from jupyter_sim.formats.simlog import write_log

from .judged import Run, header, stamp, story

CANARY = "canary"


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


def test_a_text_that_was_chosen_is_never_the_rejected_one_too() -> None:
    events = story()
    events[4] = msgspec.structs.replace(events[4], text=" wet")
    events.insert(7, Branched(stamp(7), "one", "b", ("a", "b", "c")))
    assert [pair for pair in pairs(events) if " wet" in pair.rejected] == []


def test_pairs_load_in_datasets_with_the_columns_of_trl(sim: Run) -> None:
    write_log(Path("story.simlog"), header(), story("\ud800\0\u2028 雨👩‍👩‍👧"))
    status, out, _ = sim("export story.simlog -o pairs.jsonl --to pairs")
    assert (status, out) == (0, "Wrote 2 pairs to pairs.jsonl and pairs.datasheet.md.\n")
    sheet = Path("pairs.datasheet.md").read_text()
    assert "2 pairs" in sheet
    assert "toy (sha256 abc)" in sheet
    load = (
        "from datasets import load_dataset\n"
        "rows = load_dataset('json', data_files='pairs.jsonl', cache_dir='cache')['train']\n"
        "print(rows.column_names, {str(f.dtype) for f in rows.features.values()}, len(rows))\n"
        "print(ascii(rows[0]['rejected']))"
    )
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(Path("home").absolute()), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", load], capture_output=True, text=True, check=True, env=offline
    )
    columns, rejected = done.stdout.splitlines()
    assert columns == "['prompt', 'chosen', 'rejected'] {'string'} 2"
    assert rejected == ascii("?\0\u2028 雨👩‍👩‍👧")


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


def test_a_number_that_no_column_holds_is_one_sentence_and_leaves_no_file(sim: Run) -> None:
    for odd in (2**31, 2**64):
        events = story()
        events[2] = msgspec.structs.replace(events[2], tokens=(odd, 41))
        write_log(Path("story.simlog"), header(), events)
        status, _, err = sim("export story.simlog -o story.parquet")
        assert (status, err.count("\n")) == (2, 1)
        assert "table of tokens" in err
    assert sorted(path.name for path in Path().glob("*tokens*")) == []


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
