"""Model files: which one is meant, whether it can be a model at all, and what it says it is.

Headers are read here in plain Python, within fixed bounds, before native code sees a file: a wrong
or damaged file costs a sentence and not a process. No engine and no network is known here. The
format is described at https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

import hashlib
import os
import struct
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import BinaryIO

import msgspec
from jupyter_core.paths import jupyter_data_dir

from .errors import ModelError
from .events import Value

STARTER = Path(__file__).parent / "data" / "starter.gguf"

BUFFER = 1 << 20

MAX_ENTRIES = 65_536
MAX_TENSORS = 65_536
MAX_TEXTS = 2_000_000
MAX_ITEMS = 1 << 28
MAX_STRING = 1 << 26
MAX_DIMENSIONS = 4
MAX_PARAMETERS = 1 << 48

SCALARS = dict(enumerate(("B", "b", "H", "h", "I", "i", "f", "?"))) | {10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9

# elements in a block of a tensor: ggml's number of the type: bytes of the block
_SIZES = {
    1: {0: 4, 1: 2, 24: 1, 25: 2, 26: 4, 27: 8, 28: 8, 30: 2},
    32: {2: 18, 3: 20, 6: 22, 7: 24, 8: 34, 9: 40, 20: 18, 39: 17},
    64: {40: 36},
    128: {41: 18},
    256: {10: 84, 11: 110, 12: 144, 13: 176, 14: 210, 15: 292, 16: 66, 17: 74}
    | {18: 98, 19: 50, 21: 110, 22: 82, 23: 136, 29: 56, 34: 54, 35: 66},
}
BLOCKS = {kind: (block, size) for block, kinds in _SIZES.items() for kind, size in kinds.items()}


class ModelFile(Value, frozen=True):
    """What a model file says of itself. `context` is 0 where the file does not say.

    `read` are the bytes of the weights that every step needs: all of them but a table of embeddings
    that does not serve as the output too.
    """

    path: str
    name: str
    architecture: str
    parameters: int
    context: int
    size: int
    read: int


class _Digest(Value, frozen=True):
    """A digest with the marks of the file that it was computed from."""

    inode: int
    size: int
    mtime: int
    sha256: str


def resolve(model: str | Path | None = None) -> Path:
    """Return the file of `model`; None means the bundled starter model.

    Raises ModelError where there is no such file.
    """
    try:
        path = STARTER if model is None else Path(model).expanduser().absolute()
        if path.is_file():
            return path
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise ModelError(
            f"The model {model} cannot be read: {why}. Name a GGUF file by its whole path."
        ) from error
    if model is None:
        raise ModelError(
            f"The starter model is missing from this installation ({path}); reinstall jupyter-sim "
            "or name a GGUF file as the model."
        )
    found = "is a folder" if path.is_dir() else "does not exist"
    raise ModelError(f"The model {path} {found}; name a GGUF file that this machine can read.")


def check(path: Path) -> ModelFile:
    """Read the header of a GGUF file, and see that it is sound and that all tensors are there.

    Raises ModelError that names the file and what is wrong with it.
    """
    try:
        with path.open("rb", BUFFER) as file:
            return _Header(path, file).read()
    except (OSError, ValueError) as error:
        raise ModelError(f"The model {path} cannot be read: {error}.") from error


def digest(path: Path) -> str:
    """Return the SHA-256 of a file; Jupyter's data folder remembers it until the file changes.

    Raises ModelError where the file cannot be read.
    """
    try:
        return _digest(path)
    except OSError as error:
        raise ModelError(
            f"The model {path} cannot be read: {error.strerror}. See that the file stays where it "
            "is and may be read, and try again."
        ) from error


def _digest(path: Path) -> str:
    stat = path.stat()
    store = Path(jupyter_data_dir()) / "jupyter_sim" / "digests.json"
    known: dict[str, _Digest] = {}
    with suppress(OSError, msgspec.MsgspecError):
        known = msgspec.json.decode(store.read_bytes(), type=dict[str, _Digest])
    mine = known.get(str(path))
    marks = stat.st_ino, stat.st_size, stat.st_mtime_ns
    if mine is not None and (mine.inode, mine.size, mine.mtime) == marks:
        return mine.sha256
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    known[str(path)] = _Digest(*marks, sha256)
    remember(store, msgspec.json.encode(known))
    return sha256


def remember(store: Path, content: bytes) -> None:
    """Replace a small file of remembered facts, which only its owner may read.

    Where that cannot be, they are found out again.
    """
    with suppress(OSError):
        store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = store.with_name(f"{store.name}.{hashlib.sha256(content).hexdigest()[:16]}")
        # it names paths, which are nobody else's business
        fresh.touch(mode=0o600)
        fresh.write_bytes(content)
        fresh.replace(store)


class _Header:
    """A walk over the bytes of one GGUF header; every step is checked against the file's end.

    They are read and not mapped: a mapped file that is cut meanwhile ends the process.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._at = 0
        self._texts = 0

    def read(self) -> ModelFile:
        if not self._size:
            raise self._bad("the file is empty; download it again")
        if self._size < 4 or self._take(4) != b"GGUF":
            raise self._bad("it is not a GGUF file")
        version = self._number("I")
        if version not in (2, 3):
            raise self._bad(f"its GGUF version is {version}, and 2 and 3 are understood")
        tensors = self._count("Q", MAX_TENSORS, "tensors")
        entries = self._count("Q", MAX_ENTRIES, "metadata entries")
        facts = dict(self._entry() for _ in range(entries))
        architecture = str(facts.get("general.architecture", ""))
        alignment = _whole(facts.get("general.alignment", 32)) or 32
        parameters, read = self._tensors(tensors, alignment)
        name = _plain(str(facts.get("general.name") or ""))
        return ModelFile(
            path=str(self._path),
            name=name[:100] or _plain(self._path.stem),
            architecture=architecture,
            parameters=parameters,
            context=_whole(facts.get(f"{architecture}.context_length")),
            size=self._size,
            read=read,
        )

    def _tensors(self, count: int, alignment: int) -> tuple[int, int]:
        """Walk over the table of tensors; how many parameters they hold, and bytes to be read."""
        parameters = end = 0
        sizes: dict[str, int] = {}
        for _ in range(count):
            name = self._string()
            dimensions = self._count("I", MAX_DIMENSIONS, "dimensions of a tensor")
            elements = prod(self._number("Q") for _ in range(dimensions))
            kind, offset = self._number("I"), self._number("Q")
            block, size = BLOCKS.get(kind, (1, 0))
            sizes[name] = elements // block * size
            end = max(end, offset + sizes[name])
            parameters += elements
            if parameters > MAX_PARAMETERS:
                raise self._bad(f"it claims more than {MAX_PARAMETERS:,} parameters")
        start = -(-self._at // alignment) * alignment
        if start + end > self._size:
            raise self._bad(
                f"it is cut short: {start + end:,} bytes are needed and there are "
                f"{self._size:,}; download it again"
            )
        looked_up = sizes.get("token_embd.weight", 0) if "output.weight" in sizes else 0
        return parameters, sum(sizes.values()) - looked_up

    def _entry(self) -> tuple[str, object]:
        key = self._string()
        return key, self._value(self._number("I"))

    def _value(self, kind: int) -> object:
        if kind in SCALARS:
            return self._number(SCALARS[kind])
        if kind == STRING:
            return self._string()
        if kind == ARRAY:
            self._array()
            return None
        raise self._bad(f"a metadata entry has the unknown type {kind}")

    def _array(self) -> None:
        """Step over an array; none of them is needed here."""
        kind = self._number("I")
        items = self._count("Q", MAX_ITEMS, "items of an array")
        if kind in SCALARS:
            self._skip(items * struct.calcsize(f"<{SCALARS[kind]}"))
        elif kind == STRING:
            self._texts += items
            if self._texts > MAX_TEXTS:
                raise self._bad(f"its lists hold more than {MAX_TEXTS:,} texts")
            for _ in range(items):
                self._skip(self._count("Q", MAX_STRING, "bytes of a text"))
        else:
            raise self._bad(f"an array holds the unknown type {kind}")

    def _string(self) -> str:
        return self._take(self._count("Q", MAX_STRING, "bytes of a text")).decode(
            "utf-8", "replace"
        )

    def _number(self, code: str) -> int:
        """Return the next number, and 0 for a float, which nothing here needs."""
        value = struct.unpack(f"<{code}", self._take(struct.calcsize(f"<{code}")))[0]
        return value if isinstance(value, int) else 0

    def _count(self, code: str, most: int, what: str) -> int:
        count = self._number(code)
        if count > most:
            raise self._bad(f"it claims {count:,} {what}, and {most:,} are the most")
        return count

    def _take(self, size: int) -> bytes:
        """Return the next `size` bytes, which must be there."""
        self._move(size)
        found = self._file.read(size)
        if len(found) < size:
            raise self._bad("it was cut short just now; see that nobody writes it, and try again")
        return found

    def _skip(self, size: int) -> None:
        """Step over `size` bytes that must be there."""
        self._move(size)
        self._file.seek(self._at)

    def _move(self, size: int) -> None:
        self._at += size
        if self._at > self._size:
            raise self._bad("it is cut short inside its header; download it again")

    def _bad(self, why: str) -> ModelError:
        cut = "download it again" in why
        then = "" if cut else " Choose another GGUF file, or download it again."
        return ModelError(f"The model {self._path} cannot be used: {why}.{then}")


def _whole(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _plain(name: str) -> str:
    """Return a name on one line, with a mark for each character that cannot be seen."""
    line = " ".join(name.split())
    return "".join(character if character.isprintable() else "\ufffd" for character in line)
