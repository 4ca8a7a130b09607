"""The protocol is written once: the TypeScript types are made from it, and bytes survive a trip."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sim.errors import BadInput
from jupyter_sim.protocol import (
    FromDocument,
    FromFront,
    Grown,
    Refused,
    Sync,
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


@given(st.binary())
def test_arbitrary_bytes_are_refused_and_never_anything_worse(data: bytes) -> None:
    with pytest.raises(BadInput):
        decode(data)


def test_answers_are_json_with_their_type() -> None:
    assert encode(Refused("", "bad_input", "No.")) == (
        b'{"type":"refused","id":"","code":"bad_input","message":"No."}'
    )
    assert b'"type":"grown"' in encode(Grown("f", "d", ()))
