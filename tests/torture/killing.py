"""SIGKILL at a system call: strace waits for one of the calls of an action and kills it there.

    python killing.py ACTION FOLDER STRIDE [BUG]

The action runs once in a copy of FOLDER, to know its calls; then once more for each of them, or
for each STRIDE-th, and is killed as it enters that one. Each time a line of JSON: the copy, the
call, whether it was killed, what was acknowledged to it. Children are forked, so each costs no more
than its few calls.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from planted import BUGS
from steps import ACTIONS


def attach(child: int, trace: Path, call: str = "", count: int = 0) -> "subprocess.Popen[str]":
    """Let strace write down what a process calls from now on, and kill it as it enters a call for
    the count-th time.
    """
    kill = ["-e", f"inject={call}:signal=SIGKILL:when={count}"] if call else []
    command = ["strace", "-e", "trace=all", *kill, "-o", str(trace), "-p", str(child)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert tracer.stderr
    said = tracer.stderr.readline()
    if "attached" not in said:
        sys.exit(f"strace cannot attach to a process here: {said}")
    return tracer


def watched(
    action: str, root: Path, trace: Path, call: str = "", count: int = 0
) -> tuple[bool, list[str]]:
    """Whether the action was killed, and the acknowledgements that it had sent."""
    go, start = os.pipe()
    heard, say = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(go, 1)
        os.dup2(say, 1)
        ACTIONS[action](root)
        os._exit(0)
    for end in (go, say):
        os.close(end)
    tracer = attach(child, trace, call, count)
    # the call that it waits in may be the one that kills it
    with suppress(BrokenPipeError):
        os.write(start, b"!")
    os.close(start)
    with os.fdopen(heard) as file:
        lines = file.read().splitlines()
    _, status = os.waitpid(child, 0)
    tracer.communicate()
    acknowledged = [line.partition(" ")[2] for line in lines if line.startswith("ack ")]
    return os.WIFSIGNALED(status), acknowledged


def calls(trace: Path) -> Iterator[tuple[str, int]]:
    """Each system call of a trace by its name and its number among those of its name."""
    counts: Counter[str] = Counter()
    for name in re.findall(r"^([a-z][a-z0-9_]*)\(", trace.read_text("latin-1"), re.MULTILINE):
        counts[name] += 1
        yield name, counts[name]


def main() -> None:
    action, folder, stride = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    BUGS[sys.argv[4] if len(sys.argv) > 4 else ""]()

    def copy(name: str) -> Path:
        root = folder.with_name(f"{folder.name}-{name}") / "history"
        shutil.copytree(folder, root)
        return root

    trace = folder.with_name(f"{folder.name}.trace")
    watched(action, copy("whole"), trace)
    for call, count in list(calls(trace))[::stride]:
        root = copy(f"{call}-{count}")
        dead, acknowledged = watched(action, root, Path(os.devnull), call, count)
        told = {"root": str(root), "call": f"{call} {count}"}
        print(json.dumps({**told, "killed": dead, "acknowledged": acknowledged}))


if __name__ == "__main__":
    main()
