"""The index of a vocabulary says what a look at every token would, and outlives its process."""

import os
import random
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sim.engine import vocabulary
from jupyter_sim.engine.client import LlamaEngine
from jupyter_sim.engine.messages import Rollout
from jupyter_sim.engine.vocabulary import Spellings

PIECES = [b"", *(bytes([byte]) for byte in range(256))]
PIECES += [b" d", b" da", b" dark", b" darker", b"ark", b"rk", b"\xff\xff", b"\xffa", b"", b" da"]
BYTES = st.text("ab\xff d", max_size=4).map(lambda text: text.encode("latin-1"))


def covering(pieces: list[bytes], rest: bytes) -> set[int]:
    return {t for t, piece in enumerate(pieces) if piece and piece.startswith(rest)}


def within(pieces: list[bytes], rest: bytes) -> set[int]:
    return {
        t for t, piece in enumerate(pieces) if piece and rest.startswith(piece) and piece != rest
    }


@pytest.mark.parametrize("rest", [b"", b" ", b" da", b"zz", b"\xff", b"\xff\xff", b" darkerer"])
def test_the_index_finds_what_covers_and_what_lies_within(rest: bytes) -> None:
    spellings = Spellings(PIECES)
    assert set(spellings.covering(rest).tolist()) == covering(PIECES, rest)
    assert set(spellings.within(rest)) == within(PIECES, rest)


@given(st.lists(BYTES, max_size=40), BYTES)
def test_any_vocabulary_is_searched_as_by_hand(pieces: list[bytes], rest: bytes) -> None:
    spellings = Spellings(pieces)
    assert sorted(spellings.covering(rest).tolist()) == sorted(covering(pieces, rest))
    assert sorted(spellings.within(rest)) == sorted(within(pieces, rest))


def test_a_large_vocabulary_is_searched_as_by_hand() -> None:
    dice = random.Random(0)
    pieces = [dice.randbytes(dice.randint(1, 6)) for _ in range(150_000)]
    spellings = Spellings(pieces)
    for rest in (dice.choice(pieces)[: dice.randint(1, 6)] for _ in range(20)):
        assert set(spellings.covering(rest).tolist()) == covering(pieces, rest)
        assert set(spellings.within(rest)) == within(pieces, rest)


def test_the_order_is_kept_for_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "jupyter" / "vocabularies"
    Spellings(PIECES, folder)
    (store,) = folder.iterdir()
    assert store.stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(vocabulary, "_sorted", lambda pieces: pytest.fail("it was sorted again"))
    kept = Spellings(PIECES, folder)
    assert set(kept.covering(b" da").tolist()) == covering(PIECES, b" da")


async def test_a_worker_keeps_the_order_in_jupyters_data_folder(jupyter_directories: Path) -> None:
    engine = LlamaEngine()
    await engine.start()
    async for _ in engine.rollout(Rollout("r", "It was", (1,), 2)):
        pass
    await engine.close()
    (store,) = (jupyter_directories / "data" / "jupyter_sim" / "vocabularies").iterdir()
    assert store.suffix == ".order"
    assert store.stat().st_mode & 0o777 == 0o600


def test_another_vocabulary_gets_a_file_of_its_own(tmp_path: Path) -> None:
    Spellings([b"ab", b"c"], tmp_path)
    moved = Spellings([b"a", b"bc"], tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    assert moved.covering(b"b").tolist() == [1]


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "foreign"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: str) -> None:
    Spellings(PIECES, tmp_path)
    (store,) = tmp_path.iterdir()
    sound = store.read_bytes()
    swapped = np.frombuffer(sound[32:], np.uint32)[::-1].tobytes()
    other = {"cut": sound[:-4], "changed": sound[:32] + swapped, "empty": b"", "foreign": b"x" * 99}
    store.write_bytes(other[damage])
    assert set(Spellings(PIECES, tmp_path).covering(b" da").tolist()) == covering(PIECES, b" da")
    assert store.read_bytes() == sound


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such files")
def test_a_pipe_or_a_link_in_its_place_is_replaced(tmp_path: Path) -> None:
    Spellings(PIECES, tmp_path / "memory")
    (store,) = (tmp_path / "memory").iterdir()
    sound = store.read_bytes()
    (tmp_path / "other").write_bytes(b"mine")
    for link in (True, False):
        store.unlink()
        store.symlink_to(tmp_path / "other") if link else os.mkfifo(store)
        Spellings(PIECES, tmp_path / "memory")
        assert not store.is_symlink() and store.read_bytes() == sound
    assert (tmp_path / "other").read_bytes() == b"mine"


def test_a_folder_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    spellings = Spellings(PIECES, tmp_path / "file" / "folder")
    assert set(spellings.covering(b" da").tolist()) == covering(PIECES, b" da")
