"""A redacted history is the same less what was never accepted."""

from pathlib import Path

import msgspec
import pytest

from jupyter_sim.events import (
    Bias,
    Edited,
    Framed,
    Generated,
    Marked,
    Moved,
    Place,
    Proposed,
    Recipe,
    Taken,
)
from jupyter_sim.formats import html
from jupyter_sim.formats.redact import MASK, redact
from jupyter_sim.formats.simlog import write_log
from jupyter_sim.tree import fold

from .judged import Run, header, stamp, story, texts

CANARY = "ⰰⰱⰲⰳⰴⰵ"
"""Letters that nothing else here has, so that each piece of it is found."""


def left(text: str) -> bool:
    """Whether any letter of the canary is in what was written, as it is or escaped."""
    return any(c in text or f"\\u{ord(c):04x}" in text.lower() for c in CANARY)


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A replay's script that needs no build."""
    (tmp_path / "static").mkdir()
    script = 'document.title = "</script>";\n'
    (tmp_path / "static" / "replay.js").write_text(script)
    monkeypatch.setattr(html, "STATIC", tmp_path / "static")
    return script


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
    assert drawn["c"].text == MASK * len(" never mind wet")
    assert drawn["d"].text == " and late"  # removed again, but it was accepted
    assert drawn["a"].logprobs == (0.0, 0.0)
    assert drawn["d"].logprobs == (-1.0, -0.5)
    assert {e.tokens for e in drawn.values()} == {(0, 0)}
    (framed,) = (e for e in redact(story(" wet")) if isinstance(e, Framed))
    assert (framed.text, framed.name) == (MASK * len("In a voice. wet"), "")
    (marked,) = (e for e in redact(story(" wet")) if isinstance(e, Marked))
    assert (marked.tags, marked.note) == ((MASK * 4,), MASK * 4)
    for asked in (e for e in redact(story()) if isinstance(e, Proposed)):
        assert asked.seeds == (0,) * len(asked.candidates)
        assert asked.prefix == MASK * 4
        assert asked.sampling.chain[1] == Bias(((0, 1.0),))


@pytest.mark.parametrize("form", ["simlog", "html", "markdown", "jsonl", "pyloom", "loomsidian"])
def test_no_redacted_export_has_a_canary_that_was_never_accepted(
    sim: Run, built: str, form: str
) -> None:
    write_log(Path("story.simlog"), header(), story(CANARY))
    for option, there in (("", True), ("--redact", False)):
        assert sim(f"export story.simlog -o out --to {form} {option}")[0] == 0
        assert left(Path("out").read_text()) is there
        assert " dark" in Path("out").read_text()


def test_no_redacted_table_has_a_canary_that_was_never_accepted(sim: Run) -> None:
    import pandas

    write_log(Path("story.simlog"), header(), story(CANARY))
    for option, there in (("", True), ("--redact", False)):
        assert sim(f"export story.simlog -o out.parquet {option}")[0] == 0
        tables = (pandas.read_parquet(path) for path in sorted(Path().glob("out.*.parquet")))
        assert left("".join(table.to_json() for table in tables)) is there


def test_a_redacted_log_is_whole_and_is_replayed(sim: Run) -> None:
    write_log(Path("story.simlog"), header(), story())
    assert sim("export story.simlog -o bare.simlog --redact")[0] == 0
    assert sim("history verify bare.simlog")[0] == 0
    status, out, err = sim("replay bare.simlog")
    assert (status, err) == (0, "")
    assert "It was dark and cold." in out


def test_walking_through_the_tree_takes_nothing_in_even_with_a_tail() -> None:
    events = story(CANARY)
    tail = Edited(stamp(20), Place("b", len(CANARY)), 0, (Taken("e1.0", 6, 7),))
    home = Moved(stamp(21), Place("e15.0", 6))
    assert not left(str(redact([*events, tail, home])))
    assert left(str(redact([*events, tail])))  # the text ends with it


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
