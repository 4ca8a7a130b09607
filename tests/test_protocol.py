"""The protocol is written once: the TypeScript types are made from it, and bytes survive a trip."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sim.errors import BadInput
from jupyter_sim.events import Mirostat, Place, Sampling, Taken
from jupyter_sim.protocol import (
    Accept,
    Branch,
    Cancel,
    Context,
    Dismiss,
    Explore,
    Follow,
    FromDocument,
    FromFront,
    Grown,
    Hello,
    Inspect,
    Mark,
    Measure,
    Move,
    Propose,
    Put,
    Refused,
    Reject,
    Score,
    See,
    Sync,
    Voice,
    Withdraw,
    decode,
    encode,
    schema,
)

ROOT = Path(__file__).parent.parent


def test_the_typescript_types_are_those_of_the_schema() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "jupyter_sim.protocol"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    made = subprocess.run(
        ["node", "js/protocol.mjs"], cwd=ROOT, input=printed, capture_output=True, check=True
    ).stdout
    committed = (ROOT / "js/src/protocol.ts").read_bytes()
    assert made == committed, "The protocol has changed: run `make protocol` and commit the result."


def test_every_message_of_both_directions_is_in_the_schema() -> None:
    definitions = schema()["$defs"]
    assert isinstance(definitions, dict)
    for kind in (*FromFront.__args__, *FromDocument.__args__):
        assert kind.__name__ in definitions


@given(st.text())
def test_any_text_survives_the_trip_but_lone_surrogates(text: str) -> None:
    request = Sync("request-1", "cell", text)
    assert decode(msgspec.json.encode(request)) == request


PLACE = Place("event-1.0", 3)
REQUESTS: tuple[FromFront, ...] = (
    Hello("request-1", "notebook", "a.ipynb"),
    Sync("request-1", "cell", "It was", undo=True, found=True),
    Put("request-1", "cell", "made", "It was", ("other",)),
    Propose(
        "request-1",
        "cell",
        "fan-00001",
        PLACE,
        5,
        "sentence",
        48,
        Sampling(chain=(Mirostat(),), distinct=True),
        context=Context(Voice("Ann", "A letter:"), "[Rain]", ("other",), 512),
        priority="prefetch",
        prefix=" a",
    ),
    Accept("request-1", "cell", "fan-00001", "event-1.0", (), 7, 0, 3, closes=True),
    Branch("request-1", "cell", "fan-00001", "event-1.0", ()),
    Reject("request-1", "cell", "fan-00001", "event-1.0", ()),
    Withdraw("request-1", "cell", "fan-00001", "event-1.0"),
    Move("request-1", "cell", PLACE, (Taken("event-1.0", 0, 3),)),
    Mark("request-1", "cell", "event-1.0", pinned=True, tags=("best",), note="keep"),
    Dismiss("request-1", "cell", "fan-00001", ("event-1.0",)),
    See("request-1", "cell", "fan-00001", ("event-1.0",)),
    Measure("request-1"),
    Cancel("request-1", "cell", "fan-00001"),
    Follow("request-1", ("cell", "other")),
    Score("request-1", "cell", 20),
    Inspect("request-1", "cell", 7),
    Explore("request-1", "cell", 7, 3, 2, 500, "none", 24, question="Is it raining?"),
)


def test_every_kind_of_request_is_tried_here() -> None:
    assert {type(request) for request in REQUESTS} == set(FromFront.__args__)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: type(request).__name__)
def test_a_request_is_read_as_it_was_written(request_: FromFront) -> None:
    assert decode(msgspec.json.encode(request_)) == request_


@pytest.mark.parametrize(
    "wrong",
    [
        b'{"type":"move","id":"request-1","cell":"c","to":{"node":"n","offset":-1}}',
        b'{"type":"propose","id":"request-1","cell":"c","fan":"fan-00001","at":-1,"n":1,'
        b'"stop":"none","max_tokens":8}',
        b'{"type":"explore","id":"request-1","cell":"c","at":0,"depth":0,"breadth":1,'
        b'"tokens":1,"stop":"none","max_tokens":8}',
        b'{"type":"mark","id":"request-1","cell":"c","node":"event-1.0","tags":[""]}',
        b'{"type":"put","id":"request-1","cell":"c","how":"eaten"}',
        b'{"type":"score","id":"request-1","cell":"c","top":21}',
    ],
)
def test_what_is_out_of_range_is_refused(wrong: bytes) -> None:
    with pytest.raises(BadInput, match="not one of this protocol"):
        decode(wrong)


@given(st.binary())
def test_arbitrary_bytes_are_refused_and_never_anything_worse(data: bytes) -> None:
    with pytest.raises(BadInput):
        decode(data)


def test_answers_are_json_with_their_type() -> None:
    assert encode(Refused("", "bad_input", "No.")) == (
        b'{"type":"refused","id":"","code":"bad_input","message":"No."}'
    )
    assert b'"type":"grown"' in encode(Grown("f", "d", ()))
