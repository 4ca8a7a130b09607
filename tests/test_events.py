"""Events as they are kept: every kind comes back exactly, and nothing loose is let in."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sim.errors import BadInput, BadLog
from jupyter_sim.events import (
    Above,
    Accepted,
    Alternative,
    Bias,
    Branched,
    Cancelled,
    Dismissed,
    Dry,
    Edited,
    Event,
    Framed,
    Generated,
    Marked,
    Mirostat,
    Moved,
    Opened,
    Origin,
    Penalties,
    Place,
    Placed,
    Proposed,
    Recipe,
    Rejected,
    Sampling,
    Shown,
    Source,
    Stamp,
    Taken,
    Typical,
    Withdrawn,
    Written,
    Xtc,
    event_id,
    node_id,
)
from jupyter_sim.formats.chain import MAX_LINE, Line, digest, dump, link, load

STAMP = Stamp("e1", "w1", 1, 1_700_000_000.5, "ann", "d1", "c1")
AT = Place("e0.0", 3)
KINDS: dict[str, Event] = {
    "opened": Opened(STAMP, "It", (Written("It", "model"),), (Origin("c0", AT),)),
    "edited": Edited(STAMP, AT, 2, (Written("x", "human"), Taken("e0.0", 5, 7))),
    "moved": Moved(STAMP, AT),
    "placed": Placed(STAMP, "retyped"),
    "framed": Framed(STAMP, "A letter:\n", "Ann"),
    "proposed": Proposed(
        STAMP,
        "f1",
        "e1",
        AT,
        ("g1.0", "g2.0"),
        (1, 2**32 - 1),
        Recipe(0, "00", "e0", None, (Above("c0", AT),)),
        Source("starter", "ff", "llama.cpp"),
        Sampling(
            distinct=True,
            chain=(
                Typical(0.9),
                Xtc(0.5, 0.1),
                Dry(0.8, breakers=("\n",)),
                Penalties(repeat=1.1),
                Bias(((7, -1.5),)),
                Mirostat(),
            ),
        ),
        "sentence",
        48,
    ),
    "generated": Generated(
        STAMP,
        "f1",
        "e1",
        "g1.0",
        " a dark",
        (7, 8),
        (-0.1, -2.5),
        "stop",
        0.25,
        (2, 7),
        ((Alternative(7, " a", -0.1), Alternative(9, " the", -3.0)), ()),
    ),
    "shown": Shown(STAMP, "f1", ("g1.0",)),
    "accepted": Accepted(STAMP, "f1", "g1.0", ("g1.0",), AT, 0, 2, (Taken("e0.0", 3, 4),)),
    "branched": Branched(STAMP, "f1", "g1.0", ("g1.0",)),
    "rejected": Rejected(STAMP, "f1", "g1.0", ()),
    "withdrawn": Withdrawn(STAMP, "f1", "g1.0"),
    "marked": Marked(STAMP, "g1.0", True, ("best",), "keep"),
    "dismissed": Dismissed(STAMP, "f1", ()),
    "cancelled": Cancelled(STAMP, "f1"),
}

# JSON has one way to write a high surrogate and then a low one: as the character they make.
texts = st.text(st.characters(exclude_categories=())).filter(
    lambda text: text == text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)


def test_every_kind_of_event_is_tried_here() -> None:
    assert {type(event) for event in KINDS.values()} == set(Event.__args__)


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_written_under_its_own_name_and_comes_back(kind: str) -> None:
    line = dump(KINDS[kind])
    assert json.loads(line)["type"] == kind
    assert load(link("", line), Line) == Line("", KINDS[kind])


@given(texts, texts)
def test_any_text_comes_back_exactly_lone_surrogates_and_all(text: str, cell: str) -> None:
    stamp = msgspec.structs.replace(STAMP, cell=cell)
    event = Edited(stamp, AT, 0, (Written(text, "human"),))
    line = dump(event)
    assert line.isascii()
    assert b"\n" not in line
    assert load(link("", line), Line).event == event


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)).map(tuple))
def test_log_probabilities_come_back_to_the_last_bit(logprobs: tuple[float, ...]) -> None:
    event = msgspec.structs.replace(KINDS["generated"], logprobs=logprobs)
    assert load(link("", dump(event)), Line).event == event


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_lacks_is_refused_before_it_is_written(number: float) -> None:
    with pytest.raises(BadInput, match="not finite"):
        dump(msgspec.structs.replace(KINDS["generated"], logprobs=(number,)))


def test_an_event_longer_than_a_line_may_be_is_refused() -> None:
    with pytest.raises(BadInput, match="Split the text"):
        dump(Opened(STAMP, "x" * MAX_LINE))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"removed":2', b'"removed":-1'),
        (b'"removed":2', b'"removed":2.5'),
        (b'"removed":2', b'"removed":"2"'),
        (b'"removed":2', b'"removed":2,"more":1'),
        (b'"removed":2,', b""),
        (b'"removed":2', b'"removed":' + b"9" * 5000),
        (b'"edited"', b'"invented"'),
        (b'"author":"human"', b'"author":"ghost"'),
        (b'"text":"x"', b'"text":NaN'),
        (b'"text":"x"', b'"text":' + b"[" * 100_000),
        (b'"text":"x"', b'"text":"\xff"'),
        (b'"text":"x"', b'"text":"\\ud800","more":NaN'),
        (b'"text":"x"', b'"text":"\\ud800","more":1e999'),
        (b'"text":"x"', b'"text":"\\ud800","more":' + b"[" * 100_000),
        (b'"text":"x"', b'"text":"\\ud800","more":' + b"9" * 5000),
        (b'"text":"x"', b'"text":"\\ud800"}'),
        (b'"seq":1', b'"seq":0'),
    ],
)
def test_a_line_with_something_loose_is_refused(old: bytes, new: bytes) -> None:
    line = link("", dump(KINDS["edited"]))
    assert old in line
    with pytest.raises(BadLog):
        load(line.replace(old, new), Line)


def test_the_proof_of_a_line_is_the_digest_of_its_bytes() -> None:
    line = link(digest(b""), dump(KINDS["cancelled"]))
    assert line.startswith(
        b'{"prev":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","event":'
    )


def test_a_node_leads_back_to_its_event() -> None:
    assert event_id(node_id("3f-a", 2)) == "3f-a"
