"""Model files are found, checked within bounds, and described, before native code sees them."""

import hashlib
import os
import runpy
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_sim import models
from jupyter_sim.errors import ModelError

SYNTHETIC = runpy.run_path(str(Path(__file__).parent / "bench" / "synthetic.py"))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model with random weights."""
    path = tmp_path_factory.mktemp("models") / "tiny.gguf"
    written: Path = SYNTHETIC["write"](path, SYNTHETIC["TINY"])
    return written


def header(tensors: int = 0, entries: int = 0, version: int = 3, rest: bytes = b"") -> bytes:
    return struct.pack("<4sIQQ", b"GGUF", version, tensors, entries) + rest


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def test_no_name_means_the_starter_model() -> None:
    path = models.resolve()
    assert path == models.STARTER
    about = models.check(path)
    assert about.architecture == "llama"
    assert about.parameters > 1_000_000
    assert about.size == path.stat().st_size < 10_000_000


def test_a_path_is_taken_as_it_is(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny.parent)
    monkeypatch.setenv("HOME", str(tiny.parent))
    assert models.resolve(tiny) == models.resolve("tiny.gguf") == tiny
    assert models.resolve("~/tiny.gguf") == tiny


def test_a_missing_model_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no\.gguf does not exist; name a GGUF file"):
        models.resolve(tmp_path / "no.gguf")
    with pytest.raises(ModelError, match="is a folder"):
        models.resolve(tmp_path)


def test_a_path_that_cannot_even_be_looked_up_is_named() -> None:
    for name in ("~nosuchuser/x.gguf", "x" * 5000):
        with pytest.raises(ModelError, match=r"cannot be read: .*Name a GGUF file"):
            models.resolve(name)


def test_a_file_that_is_gone_before_its_digest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.gguf cannot be read: No such file"):
        models.digest(tmp_path / "gone.gguf")


def test_a_model_is_described(tiny: Path) -> None:
    about = models.check(tiny)
    assert (about.name, about.architecture, about.context) == ("random 2x64", "llama", 512)
    assert about.parameters == 189_760


def test_what_a_name_hides_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    name = text("general.name") + struct.pack("<I", 8) + text(" a\x1b[31m\n\u202eb ")
    path.write_bytes(header(entries=1, rest=name + bytes(64)))
    assert models.check(path).name == "a\ufffd[31m \ufffdb"


BAD = {
    "empty": (b"", "the file is empty"),
    "text": (b"hello " * 100, "not a GGUF file"),
    "old": (header(version=1), "version is 1"),
    "big-endian": (header(version=3 << 24), "version is 50331648"),
    "tensors": (header(tensors=2**60), "claims 1,152,921,504,606,846,976 tensors"),
    "entries": (header(entries=2**40), "metadata entries"),
    "cut": (header(entries=1), "cut short inside its header"),
    "long key": (header(entries=1, rest=struct.pack("<Q", 2**50)), "bytes of a text"),
    "type": (header(entries=1, rest=text("a") + struct.pack("<I", 77)), "unknown type 77"),
    "nested": (header(entries=1, rest=text("a") + struct.pack("<IIQ", 9, 9, 1)), "unknown type 9"),
    "array": (header(entries=1, rest=text("a") + struct.pack("<IIQ", 9, 8, 10**8)), "more than"),
    "items": (header(entries=1, rest=text("a") + struct.pack("<IIQ", 9, 4, 2**63)), "items of"),
    "dimensions": (header(tensors=1, rest=text("a") + struct.pack("<I", 2**31)), "dimensions"),
    "parameters": (
        header(tensors=1, rest=text("a") + struct.pack("<I4QIQ", 4, *(2**62,) * 4, 99, 0)),
        "claims more than 281,474,976,710,656 parameters",
    ),
    "tensor": (
        header(tensors=1, rest=text("a") + struct.pack("<I2QIQ", 2, 2**40, 64, 0, 0)),
        "cut short: .* bytes are needed",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_header_is_refused_with_the_reason(tmp_path: Path, kind: str) -> None:
    content, why = BAD[kind]
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=why) as caught:
        models.check(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("part", [0.001, 0.1, 0.5, 0.99])
def test_a_model_that_is_cut_short_is_refused(tiny: Path, tmp_path: Path, part: float) -> None:
    whole = tiny.read_bytes()
    path = tmp_path / "cut.gguf"
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(ModelError, match=r"cut short.*download it again"):
        models.check(path)


def test_a_model_that_is_cut_while_its_header_is_read_is_refused(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny.read_bytes())
    entry = models._Header._entry

    def cut(self: models._Header) -> tuple[str, object]:
        os.truncate(path, 100)
        return entry(self)

    monkeypatch.setattr(models._Header, "_entry", cut)
    monkeypatch.setattr(models, "BUFFER", 16)
    with pytest.raises(ModelError, match="cut short just now"):
        models.check(path)


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, 60_000), damage=st.binary(min_size=1, max_size=12))
def test_damage_is_refused_or_harmless(
    tiny: Path, tmp_path_factory: pytest.TempPathFactory, place: int, damage: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.gguf"
    content = bytearray(tiny.read_bytes())
    content[place : place + len(damage)] = damage
    path.write_bytes(content)
    try:
        assert models.check(path).parameters >= 0
    except ModelError as error:
        assert str(path) in str(error)


def test_a_digest_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"one")
    first = models.digest(path)
    assert first == hashlib.sha256(b"one").hexdigest()
    stat = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert models.digest(path) == first
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert models.digest(path) == hashlib.sha256(b"two").hexdigest()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_what_is_remembered_is_for_its_owner_alone(
    tmp_path: Path, jupyter_directories: Path
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"one")
    models.digest(path)
    store = jupyter_directories / "data" / "jupyter_sim" / "digests.json"
    assert (store.stat().st_mode & 0o777, store.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_digest_needs_no_memory(tmp_path: Path, jupyter_directories: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"one")
    store = jupyter_directories / "data" / "jupyter_sim" / "digests.json"
    store.parent.mkdir(parents=True)
    store.write_bytes(b"garbage")
    assert models.digest(path) == hashlib.sha256(b"one").hexdigest()
    store.unlink()
    store.mkdir()
    assert models.digest(path) == hashlib.sha256(b"one").hexdigest()
