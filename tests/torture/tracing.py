"""What a trace of system calls promises: which bytes and names were on disk, and since when.

strace's lines become calls that begin and end; from these a `Disk` keeps what a power cut at that
moment could not take away: the bytes that were written before a sync of their file began, once it
has returned, and names in folders likewise. It knows no history.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CALLS = "write,fdatasync,fsync,openat,mkdir,ftruncate,rename,close"
STRACE = ["strace", "-f", "-y", "-s", "1000000", "-e", f"trace={CALLS}"]

_LINE = re.compile(
    r"(?P<thread>[0-9]+) +"
    r"(?:<\.\.\. (?P<resumed>\w+) resumed>(?P<rest>.*)|(?P<name>\w+)\((?P<begun>.*))"
)
_UNFINISHED = " <unfinished ...>"
_RESULT = re.compile(r"\) += (?P<result>-?[0-9]+)[^)]*(?:\([^)]*\))*[^)]*$")
_FD = re.compile(r"(?P<fd>[0-9]+)<(?P<path>[^>]*)>")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Call:
    """A system call as it begins, or as it ends with a result."""

    thread: str
    name: str
    arguments: str
    result: int | None = None

    @property
    def path(self) -> str:
        """The file that the first argument is open for."""
        match = _FD.match(self.arguments)
        return match["path"] if match else ""

    @property
    def fd(self) -> str:
        """The number of that file in the process."""
        match = _FD.match(self.arguments)
        return match["fd"] if match else ""

    @property
    def string(self) -> bytes:
        """The first string among the arguments."""
        return next(iter(self.strings), b"")

    @property
    def strings(self) -> list[bytes]:
        """All of them."""
        found = _STRING.findall(self.arguments)
        return [one.encode("latin-1").decode("unicode_escape").encode("latin-1") for one in found]

    @property
    def names(self) -> list[Path]:
        """They as paths."""
        return [Path(one.decode()) for one in self.strings]


def read_trace(trace: Path) -> Iterator[Call]:
    """The calls of a trace, each twice: where it begins and where it ends."""
    begun: dict[str, tuple[str, str]] = {}
    for line in trace.read_text("latin-1").splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        thread, name = match["thread"], match["name"] or match["resumed"]
        if match["name"]:
            arguments = match["begun"].removesuffix(_UNFINISHED)
            yield Call(thread, name, arguments)
            begun[thread] = name, arguments
            if match["begun"].endswith(_UNFINISHED):
                continue
        arguments = begun.pop(thread)[1] + (match["rest"] or "")
        result = _RESULT.search(arguments)
        if result:
            yield Call(thread, name, arguments[: result.start()], int(result["result"]))


@dataclass(slots=True)
class Held:
    """A file: its bytes, how many of them are on disk, how many will be when a sync returns."""

    data: bytearray = field(default_factory=bytearray)
    synced: int = 0
    syncing: dict[str, int] = field(default_factory=dict)


class Disk:
    """What is on disk below a folder that was empty when the trace began."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[Path, Held] = {}
        self._names: set[Path] = set()
        self._durable: set[Path] = set()
        self._syncing: dict[str, set[Path]] = {}

    def see(self, call: Call) -> None:
        """Take a call in."""
        if call.result is None:
            self._begin(call)
        elif call.result >= 0:
            self._end(call)

    def safe(self, path: Path) -> bool:
        """Whether a file's name, and those of its folders, are on disk; of one that was renamed,
        that it has this name no more.
        """
        names = (path, *path.parents)
        return all(name in self._durable for name in names if name in self._names)

    def certain(self) -> dict[Path, bytes]:
        """The files that a power cut leaves for sure, with the bytes that it leaves."""
        return {
            path: bytes(held.data[: held.synced])
            for path, held in self.files.items()
            if self.safe(path)
        }

    def possible(self) -> dict[Path, bytes]:
        """The files that it may leave, with half of what was not synced."""
        return {
            path: bytes(held.data[: (held.synced + len(held.data)) // 2])
            for path, held in self.files.items()
        }

    def _begin(self, call: Call) -> None:
        if call.name in ("fsync", "fdatasync"):
            path = Path(call.path)
            if path in self.files:
                held = self.files[path]
                held.syncing[call.thread] = len(held.data)
            self._syncing[call.thread] = {name for name in self._names if name.parent == path}

    def _end(self, call: Call) -> None:
        path = Path(call.path)
        match call.name:
            case "openat" if "O_CREAT" in call.arguments:
                self._name(call.names[0], file=True)
            case "mkdir":
                self._name(call.names[0], file=False)
            case "rename":
                self._rename(*call.names)
            case "write" if path in self.files and call.result:
                self.files[path].data += call.string[: call.result]
            case "ftruncate" if path in self.files:
                size = int(call.arguments.rpartition(",")[2])
                del self.files[path].data[size:]
                self.files[path].synced = min(size, self.files[path].synced)
            case "fsync" | "fdatasync":
                if path in self.files:
                    self.files[path].synced = self.files[path].syncing.pop(call.thread)
                self._durable |= self._syncing.pop(call.thread)
            case _:
                pass

    def _name(self, path: Path, *, file: bool) -> None:
        if path.is_relative_to(self.root):
            self._names.add(path)
            if file:
                self.files[path] = Held()

    def _rename(self, old: Path, new: Path) -> None:
        held = self.files.pop(old, None)
        for name in (old, new):
            self._durable.discard(name)
            self._name(name, file=False)
        if held:
            self.files[new] = held
