"""`jupyter sim history`: look at what was recorded, and keep it in order."""

import argparse
import errno
import json
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from .. import history, summaries, upkeep
from ..errors import BadInput
from ..formats.account import account
from ..formats.plain import one_line
from ..player import clock
from ..replay import steps
from .shared import DOCUMENT, Commands, add_format, date, find_document, new_command, noted_in, warn

_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)

REPAIR = """\
Each damaged segment gets a new name that tells so, and stays; what can be read of it is on disk in
a new segment before that. Stopped anywhere, it can be run again.

"""

NAMED = """\
FILE is a session log or a segment, whatever its name. Without either, all documents are checked.
The exit status is 1 where anything is wrong. Of what is named and whole, the last link of each
file's chain is told, the digest of the line of its last event: who keeps that somewhere else can
see later that nobody made the chain anew.
"""

GC = """\
It shows documents whose notebook or file is not under ROOT any more (neither the id in a notebook
nor the path), histories without any event, and copies of damaged lines older than 30 days. What
you confirm is moved to a folder `archive` beside the histories and can be moved back from there.
Nothing is deleted, and documents that are open are left alone. Without --root, the folder that one
stands in is ROOT, if any of the documents is in it.
"""


def add(commands: Commands) -> None:
    """Add `history` to the commands."""
    command = new_command(commands, "history", "look at what was recorded, check it, keep it whole")
    inner = command.add_subparsers(metavar="COMMAND", required=True)
    listing = new_command(inner, "list", "list the documents that have a history")
    add_format(listing)
    listing.set_defaults(run=_list)
    show = new_command(inner, "show", "tell what happened in a document", DOCUMENT)
    show.add_argument("document", metavar="DOCUMENT")
    add_format(show)
    show.set_defaults(run=_show)
    check = new_command(inner, "verify", "check that a history is whole", DOCUMENT + NAMED)
    check.add_argument("name", nargs="?", metavar="DOCUMENT|FILE")
    add_format(check)
    check.set_defaults(run=_verify)
    mend = new_command(inner, "repair", "set what is damaged aside, and keep the rest", REPAIR)
    mend.add_argument("document", metavar="DOCUMENT")
    mend.set_defaults(run=_repair)
    tidy = new_command(inner, "gc", "put what is not needed any more into an archive", GC)
    tidy.add_argument("--root", type=Path, help="the Jupyter server's folder")
    tidy.add_argument("--yes", action="store_true", help="do not ask")
    tidy.set_defaults(run=_gc)


def _list(args: argparse.Namespace) -> None:
    found = summaries.documents()
    if not found and args.format == "text":
        print("No document has a history yet: one begins with a document's first proposal.")
    for s in found:
        count = summaries.count(s.document)
        if args.format == "json":
            print(json.dumps({**msgspec.to_builtins(s), "events": count}))
        else:
            print(f"{date(s.last)}  {count:>7,} events  {s.document}  {one_line(s.path)}")


def _show(args: argparse.Namespace) -> None:
    document = find_document(args.document)
    events, damage = history.read(document)
    warn(damage)
    if args.format == "json":
        for event in events:
            print(json.dumps(msgspec.to_builtins(event)))
        return
    print(f"document {document}, from {date(events[0].stamp.time)}" if events else document)
    for step in steps(events):
        where = one_line(step.cell)
        print(f"{step.index + 1:>6}  {clock(step.seconds):>8}  {where}  ", end="")
        print(account(step.event, step.tree, step.fan), end="")
        print(f" ({one_line(step.problem)})" if step.problem else "")


def _verify(args: argparse.Namespace) -> int:
    whole = True
    for report in _reports(args.name):
        whole = whole and not report.problems
        if args.format == "json":
            print(json.dumps(_builtins(report)))
            continue
        held = f"{_counted(report.events, 'event')} in {_counted(report.files, 'file')}"
        wrong = f"{_counted(len(report.problems), 'problem')}, first:"
        print(f"{one_line(report.name)}  {held}: {wrong if report.problems else 'whole'}")
        for problem in report.problems[:1]:
            print(f"  {one_line(str(problem))}")
        for path, link in report.links if args.name and not report.problems else ():
            print(f"  last link {link} of {one_line(path.name)}")
    return 0 if whole else 1


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _reports(name: str | None) -> Iterator[upkeep.Report]:
    if name and upkeep.is_history(Path(name)):
        yield upkeep.verify_file(Path(name))
    elif name:
        yield upkeep.verify(find_document(name))
    else:
        yield from upkeep.verify_all()


def _builtins(report: upkeep.Report) -> dict[str, object]:
    problems = [
        {"file": str(problem.path), "line": problem.line, "message": problem.message}
        for problem in report.problems
    ]
    return {
        "name": report.name,
        "events": report.events,
        "files": report.files,
        "problems": problems,
        "links": [{"file": str(path), "digest": link} for path, link in report.links],
    }


def _repair(args: argparse.Namespace) -> None:
    document = find_document(args.document)
    mended = upkeep.repair(document)
    for one in mended:
        for problem in one.problems:
            print(one_line(str(problem)))
        print(f"  set aside as {one_line(one.aside.name)}")
        print(f"  {_counted(one.events, 'event')} could be read: {one_line(one.fresh.name)}")
    left = upkeep.verify(document).problems
    if left:
        print(f"{_counted(len(left), 'problem')} that no repair can mend, first:")
        print(f"  {one_line(str(left[0]))}")
    elif not mended:
        print("Nothing is damaged.")


def _gc(args: argparse.Namespace) -> None:
    root = (args.root or Path()).absolute()
    there = _Root(root)
    known = summaries.documents()
    print(f"ROOT is {one_line(str(root))}")
    if known and args.root is None and not any(map(there.holds, known)):
        raise BadInput(
            f"None of the {len(known):,} documents that have a history is in {root}, so it is "
            "hardly the folder of the Jupyter server. Name that with --root."
        )
    found = list(upkeep.spare(known, there.lacks, None))
    for one in found:
        print(f"{one_line(str(one.path))}  {one_line(one.why)}")
    if not found:
        print("There is nothing for the archive.")
    elif args.yes or _agreed(len(found)):
        _put_away(found)


def _put_away(found: Sequence[upkeep.Spare]) -> None:
    for one in found:
        print(f"moved to {one_line(str(upkeep.put_away(one)))}")


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        print("Nothing was moved. Say --yes to move them to the archive.")
        return False
    print(f"Move these {count} to the archive? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


class _Root:
    """The Jupyter server's folder: which documents are in it. Raises BadInput where that cannot be
    seen, for what cannot be seen is not gone.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        try:
            self._noted = {noted_in(path) for path in _notebooks(root)}
        except OSError as error:
            raise BadInput(
                f"{error.filename} cannot be searched ({error.strerror}), so which documents are "
                "gone is not known; nothing was moved. Name the Jupyter server's folder with "
                "--root, and let its owner search it."
            ) from error

    def holds(self, summary: summaries.Summary) -> bool:
        """Whether a document's notebook or file is there, under any name."""
        named = summary.kind != "widget" and summary.path
        return summary.document in self._noted or bool(named and self._stands(summary.path))

    def lacks(self, summary: summaries.Summary) -> bool:
        """Whether a document had a notebook or a file, and it is gone."""
        return bool(summary.path) and summary.kind != "widget" and not self.holds(summary)

    def _stands(self, path: str) -> bool:
        try:
            (self._root / path).lstat()
        except ValueError:
            return False
        except OSError as error:
            return error.errno not in _GONE
        return True


def _notebooks(root: Path) -> Iterator[Path]:
    """All notebooks in a folder, but hidden ones, also behind links. Raises OSError."""

    def refuse(error: OSError) -> None:
        raise error

    seen = set()
    for folder, inner, names in os.walk(root, onerror=refuse, followlinks=True):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in seen:
            inner.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        inner[:] = [name for name in inner if not name.startswith(".") and name != "node_modules"]
        found = (Path(folder, name) for name in names if name.endswith(".ipynb"))
        yield from (path for path in found if stat.S_ISREG(path.stat().st_mode))
