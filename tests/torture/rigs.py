"""The rigs: each does something dreadful to a history, and says what it found broken.

A rig returns sentences, none where every promise was kept. Each takes the name of a bug to plant.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from jupyter_sim import history, upkeep
from jupyter_sim.errors import SimError
from jupyter_sim.formats.segment import read_segments
from jupyter_sim.formats.simlog import read_log
from jupyter_sim.imports import import_log

from .tracing import STRACE, Call, Disk, read_trace

HERE = Path(__file__).parent
DOCUMENT = "torture"


def tool(name: str) -> str:
    """The path of a program that a rig needs."""
    found = shutil.which(name)
    assert found, f"The rigs need {name}: run `sh .ci/strace.sh`, or install it."
    return found


def step(*arguments: str, wrap: tuple[str, ...] = (), **environment: str) -> list[list[str]]:
    """Run steps.py, and split what it says into words and the rest."""
    command = [*wrap, sys.executable, str(HERE / "steps.py"), *arguments]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **environment}
    )
    return [line.split(" ", 1) for line in done.stdout.splitlines()]


def recorded(root: Path) -> list[str]:
    """The ids on disk; each line counts, even one with the id of another."""
    segments = read_segments([root / DOCUMENT])
    return [event.stamp.id for segment in segments for event in segment.events]


def killed_everywhere(
    action: str, folder: Path, stride: int, bug: str = ""
) -> Iterator[tuple[Path, str, list[str]]]:
    """Kill an action at its system calls: the folder as each left it, where, what was acknowledged.
    `folder` is what each begins with.
    """
    tool("strace")
    command = [sys.executable, str(HERE / "killing.py"), action, str(folder), str(stride), bug]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    lines = done.stdout.splitlines()
    print(f"{action}: killed at {len(lines)} system calls")
    for line in lines:
        told = json.loads(line)
        where = f"{action} at {told['call']}{'' if told['killed'] else ' (it lived)'}"
        yield Path(told["root"]), where, told["acknowledged"]


def append_killed(action: str, folder: Path, stride: int, bug: str = "") -> list[str]:
    """Kill an append or a rotation; what was acknowledged is there, once, and writing goes on."""
    folder.mkdir()
    broken = []
    for root, where, acknowledged in killed_everywhere(action, folder, stride, bug):
        found = Counter(recorded(root))
        lost = [id for id in acknowledged if found[id] != 1]
        if lost:
            broken.append(f"{where}: acknowledged but recorded other than once: {lost}")
        if list((root / DOCUMENT).glob("*.jsonl")):
            problems = upkeep.verify(DOCUMENT, root).problems
            broken += [f"{where}: {p}" for p in problems if "never acknowledged" not in p.message]
    return broken


def repair_killed(folder: Path, stride: int, bug: str = "") -> list[str]:
    """Kill a repair; what could be read before can be read, no byte is lost, it can be redone."""
    before = sorted(recorded(folder))
    damaged = {path.read_bytes() for path in (folder / DOCUMENT).glob("*.jsonl")}
    broken = []
    for root, where, _ in killed_everywhere("repair", folder, stride, bug):
        for moment in ("then", "after another repair"):
            if sorted(set(recorded(root))) != before:
                broken.append(f"{where}: not all that was readable is readable {moment}")
            kept = {path.read_bytes() for path in (root / DOCUMENT).iterdir()}
            if not damaged <= kept:
                broken.append(f"{where}: bytes of a damaged segment are gone {moment}")
            try:
                upkeep.repair(DOCUMENT, root)
            except SimError as error:
                broken.append(f"{where}: {error}")
        if recorded(root) and upkeep.verify(DOCUMENT, root).problems:
            broken.append(f"{where}: the repaired history is not whole")
    return broken


def archive_killed(folder: Path, stride: int) -> list[str]:
    """Kill a move to the archive; every file is in one of the two places."""
    files = {path.name: path.read_bytes() for path in (folder / DOCUMENT).iterdir()}
    broken = []
    for root, where, _ in killed_everywhere("archive", folder, stride):
        places = (root, root.with_name("archive"))
        found = {p.name: p.read_bytes() for place in places for p in place.glob("*/*")}
        if found != files:
            broken.append(f"{where}: a file is gone")
    return broken


def import_killed(folder: Path, stride: int) -> list[str]:
    """Kill an import of `in.simlog`; done again, each event is there once, and nothing else."""
    log = read_log(folder / "in.simlog")
    document = log.header.document
    broken = []
    for root, where, _ in killed_everywhere("import", folder, stride):
        import_log(root / "in.simlog", root)
        events, _ = history.read(document, root)
        if tuple(events) != log.events:
            broken.append(f"{where}: imported again, it is not the log")
        problems = upkeep.verify(document, root).problems
        broken += [f"{where}: {p}" for p in problems if "never acknowledged" not in p.message]
        segments = read_segments([root / document])
        lines = Counter(event.stamp.id for segment in segments for event in segment.events)
        if max(lines.values()) > 1:
            broken.append(f"{where}: an event is recorded twice")
    return broken


def traced(action: str, root: Path, trace: Path, bug: str = "", *inject: str) -> list[Call]:
    """Record under strace; the calls."""
    wrap = (tool("strace"), *STRACE[1:], *inject, "-o", str(trace))
    step(action, str(root), bug, wrap=wrap)
    return list(read_trace(trace))


def acknowledged_early(action: str, root: Path, trace: Path, bug: str = "") -> list[str]:
    """For each event: was its line on disk, and its file's name, before it was acknowledged? And
    is it read again from what a power cut leaves at that moment?
    """
    disk, broken, acknowledged = Disk(root), [], []
    for call in traced(action, root, trace, bug):
        said = call.string if call.name == "write" and call.result is None else b""
        if said.startswith(b"ack "):
            id = said.split()[1].decode()
            acknowledged.append(id)
            holds = [path for path, data in disk.certain().items() if f'"{id}"'.encode() in data]
            if not holds:
                broken.append(f"{id} was acknowledged before it was on disk")
            for cut, files in (("", disk.certain()), (" and more", disk.possible())):
                place = trace.with_name(f"cut-{len(acknowledged)}{cut}")
                broken += _not_recovered(files, place, root, acknowledged, cut)
        disk.see(call)
    if len(acknowledged) != 24:
        broken.append(f"{len(acknowledged)} of 24 events were acknowledged")
    return broken


def renamed_early(action: str, root: Path, trace: Path, bug: str = "") -> list[str]:
    """For each file that was given another name: were both names' folders synced before that was
    told? And was each event that could be read in it on disk elsewhere, if it is none any more?
    """
    readable = {
        segment.path: [event.stamp.id for event in segment.events]
        for segment in read_segments([root / DOCUMENT])
    }
    disk, renamed, broken = Disk(root.parent), list[Path](), []
    for call in traced(action, root, trace, bug):
        if call.name == "rename" and call.result is None:
            elsewhere = b"".join(disk.certain().values())
            ids = readable.get(call.names[0], [])
            lost = [id for id in ids if f'"{id}"'.encode() not in elsewhere]
            if lost:
                broken.append(f"{call.names[0]} was set aside with {lost}, which are nowhere else")
            renamed += call.names
        if call.name == "write" and call.result is None and call.string.startswith(b"ack "):
            broken += [f"{name} may come back" for name in renamed if not disk.safe(name)]
        disk.see(call)
    return broken if renamed else ["nothing was renamed"]


def archive_unsynced(root: Path, trace: Path, number: int) -> str:
    """Let a sync of a folder fail while a document is archived; what was told."""
    inject = ("-e", "trace=fsync", "-e", f"inject=fsync:error=EIO:when={number}")
    wrap = (tool("strace"), "-f", *inject, "-o", str(trace))
    return next(sentence for word, sentence in step("archive", str(root), wrap=wrap))


def _not_recovered(
    files: dict[Path, bytes], place: Path, root: Path, acknowledged: list[str], cut: str
) -> list[str]:
    for path, data in files.items():
        copy = place / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data)
    lost = set(acknowledged) - set(recorded(place))
    return [f"after a cut with what was synced{cut}: {lost} lost"] if lost else []


def sync_fails(
    root: Path, trace: Path, when: str, bug: str = "", name: str = "fdatasync"
) -> list[str]:
    """Let syncs of files, or of folders (`fsync`), fail with EIO, as strace reads `when`: what is
    refused is not there, and a file whose sync failed is never written or synced again.
    """
    inject = ("-e", f"inject={name}:error=EIO:when={when}")
    failed: set[str] = set()
    said: dict[bytes, list[str]] = {b"ack": [], b"no": []}
    broken = []
    for call in traced("record", root, trace, bug, *inject):
        if call.name == "write" and call.result is None and call.string[:3] in (b"ack", b"no "):
            word, id = call.string.split()
            said[word].append(id.decode())
        if call.name in ("write", "fdatasync") and call.result is None and call.path in failed:
            broken.append(f"{call.path} was used again after its sync failed")
        if call.name == "fdatasync" and call.result == -1:
            failed.add(call.path)
    if not said[b"no"]:
        broken.append("no sync failed, so nothing was tried")
    return broken + _differ(root, said[b"ack"])


def _differ(root: Path, acknowledged: list[str]) -> list[str]:
    """What is on disk is what was acknowledged, each once, and the files are without damage."""
    broken = [str(problem) for problem in upkeep.verify(DOCUMENT, root).problems]
    if sorted(recorded(root)) != sorted(acknowledged):
        broken.append("what is recorded is not what was acknowledged")
    return broken


def disk_fills(root: Path, trace: Path, bug: str = "") -> list[str]:
    """Fill a small disk; then what is recorded is what was acknowledged, and with room it goes on.

    A file system of 256 KiB in a namespace of its own, where this user may have one; else a limit
    on the size of files, which like a full disk comes after a short write.
    """
    mounts = may_mount()
    if mounts:
        keep = f'mount -t tmpfs -o size=256k tmpfs {root} && "$@"; cp -r {root}/. {trace}'
        wrap = ("unshare", "-mr", "sh", "-ec", keep, "sh")
    else:
        wrap = ("sh", "-ec", 'ulimit -f 180; exec "$@"', "sh")
    root.mkdir()
    trace.mkdir()
    said = step("fill", str(root), bug, wrap=wrap)
    acknowledged = [id for word, id in said if word == "ack"]
    broken = [] if any(word == "no" for word, _ in said) else ["the disk was never full"]
    if said[-1][0] != "ack":
        broken.append("with room again nothing was recorded")
    return broken + _differ(trace if mounts else root, acknowledged)


def may_mount() -> bool:
    """Whether this user may mount in a namespace of its own."""
    command = ["unshare", "-mr", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(command, capture_output=True).returncode == 0
