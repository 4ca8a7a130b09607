"""`jupyter sim export` and `import`: histories as files, for others and from others."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from ..errors import BadInput
from ..formats.html import write_html
from ..formats.jsonl import write_jsonl
from ..formats.loomsidian import write_loomsidian
from ..formats.markdown import write_markdown
from ..formats.notebook import write_notebook
from ..formats.pairs import sheet_of, write_pairs
from ..formats.parquet import tables_of, write_parquet
from ..formats.plain import one_line
from ..formats.pyloom import write_pyloom
from ..formats.redact import redact
from ..formats.simlog import Log, write_log
from ..imports import import_log, import_trees
from ..tree import fold
from .shared import Commands, new_command, noted, warn
from .sources import SOURCE, is_log, read_source

EXPORT = (
    SOURCE
    + """
formats, and the endings that mean them:
  simlog      .simlog    all events, each line proving the one before: to replay, import, verify
  html        .html      a replay in one file that needs no network, to put next to a paper; its
                         log can be verified and imported
  markdown    .md        the texts, and each fan as it was offered, to read
  jsonl       .jsonl     the events, one a line
  parquet     .parquet   NAME.events, NAME.candidates and NAME.tokens as tables, for pandas
  pairs                  preference data (prompt, chosen, rejected) and a datasheet, for TRL
  pyloom      .json      the trees, for socketteer's loom
  loomsidian             the trees, for the loom of Obsidian

--redact leaves out what was never accepted: what stood in a text stays, removed or not; of all else
only structure, lengths and counts do.

examples:
  jupyter sim export examples/welcome.ipynb -o welcome.simlog
  jupyter sim export welcome.simlog -o welcome.md --redact
  jupyter sim export welcome.simlog -o pairs.jsonl --to pairs
"""
)

IMPORT = """\
FILE is a session log, or a page that was exported with its log, whose events come into the
histories as they are; or the JSON of socketteer's loom, of the loom for Obsidian or of Exoloom,
whose trees become the cells of a new notebook, NAME.ipynb beside you or where -o says.

examples:
  jupyter sim import welcome.simlog
  jupyter sim import tree.json -o tree.ipynb
"""

SUFFIXES = {
    ".simlog": "simlog",
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".jsonl": "jsonl",
    ".parquet": "parquet",
    ".json": "pyloom",
}


def add(commands: Commands) -> None:
    """Add `export` and `import` to the commands."""
    export = new_command(commands, "export", "write a document's history to a file", EXPORT)
    export.add_argument("source", metavar="SOURCE")
    export.add_argument("-o", "--out", type=Path, required=True, metavar="FILE")
    export.add_argument("--to", choices=tuple(WRITERS), help="default: what FILE ends in")
    export.add_argument("--redact", action="store_true", help="leave out what was never accepted")
    export.set_defaults(run=_export)
    taken = new_command(commands, "import", "take in a session log or another loom's trees", IMPORT)
    taken.add_argument("file", type=Path, metavar="FILE")
    taken.add_argument("-o", "--out", type=Path, metavar="NAME.ipynb", help="the notebook to write")
    taken.set_defaults(run=_import)


def _export(args: argparse.Namespace) -> None:
    form = args.to or SUFFIXES.get(args.out.suffix.lower())
    if form is None:
        raise BadInput(
            f"The ending of {args.out} means no format; say one with --to, or name a file that "
            f"ends in {', '.join(SUFFIXES)}."
        )
    if form == "pairs" and args.redact:
        raise BadInput(
            "Preference pairs consist of texts that were not accepted, so there is nothing to "
            "redact to; export without --redact, or to another format."
        )
    log = read_source(args.source)
    _refuse_to_destroy(args.out, Path(args.source))
    for beside in BESIDE[form](args.out) if form in BESIDE else ():
        _refuse_to_destroy(beside, Path(args.source))
    if args.redact:
        log = Log(log.header, tuple(redact(log.events)))
    print(WRITERS[form](args.out, log))


def _refuse_to_destroy(out: Path, source: Path) -> None:
    """An export never takes the place of what it is made of, nor of any document's notebook."""
    if out.exists() and not out.is_file():
        raise BadInput(f"{out} is no file; name the file to write, such as story.simlog.")
    if noted(out) is not None:
        raise BadInput(f"{out} is a document's notebook; name another file with -o.")
    if out.exists() and source.exists() and out.samefile(source):
        raise BadInput(
            f"{out} is the {'log' if is_log(out) else 'file'} itself; name another file."
        )


def _simlog(out: Path, log: Log) -> str:
    write_log(out, msgspec.structs.replace(log.header, exported=time.time()), log.events)
    return _wrote(len(log.events), "events", out)


def _html(out: Path, log: Log) -> str:
    write_html(out, log)
    return _wrote(len(log.events), "events", out)


def _markdown(out: Path, log: Log) -> str:
    write_markdown(out, log)
    return _wrote(len(log.events), "events", out)


def _jsonl(out: Path, log: Log) -> str:
    write_jsonl(out, log.events)
    return _wrote(len(log.events), "events", out)


def _parquet(out: Path, log: Log) -> str:
    paths = write_parquet(out, log.events)
    return _wrote(len(log.events), "events", *paths)


def _pairs(out: Path, log: Log) -> str:
    count, sheet = write_pairs(out, log)
    return _wrote(count, "pairs", out, sheet)


def _pyloom(out: Path, log: Log) -> str:
    trees = tuple(fold(log.events)[0].values())
    write_pyloom(out, trees)
    return _wrote(len(trees), "trees", out)


def _loomsidian(out: Path, log: Log) -> str:
    trees = tuple(fold(log.events)[0].values())
    write_loomsidian(out, trees)
    return _wrote(len(trees), "trees", out)


WRITERS: dict[str, Callable[[Path, Log], str]] = {
    "simlog": _simlog,
    "html": _html,
    "markdown": _markdown,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "pairs": _pairs,
    "pyloom": _pyloom,
    "loomsidian": _loomsidian,
}


BESIDE: dict[str, Callable[[Path], tuple[Path, ...]]] = {
    "parquet": tables_of,
    "pairs": lambda out: (sheet_of(out),),
}


def _wrote(count: int, what: str, *paths: Path) -> str:
    where = " and ".join(one_line(str(path)) for path in paths)
    return f"Wrote {count:,} {what if count != 1 else what.removesuffix('s')} to {where}."


def _import(args: argparse.Namespace) -> None:
    if is_log(args.file):
        _import_log(args.file, args.out)
        return
    out = args.out or Path(f"{args.file.stem}.ipynb")
    _refuse_to_replace(out)
    program, came = import_trees(args.file, out)
    print(f"Took {_count(len(came.cells), 'tree')} of {program} into {one_line(str(out))}.")


def _import_log(path: Path, out: Path | None) -> None:
    if out is not None:
        _refuse_to_replace(out)
    came = import_log(path)
    print(f"Took {_count(came.events, 'new event')} into the history of {came.document}.")
    if came.other:
        warn(
            [
                f"{_count(came.other, 'event')} of {path} are there already and say "
                "something else, as after a redaction. Those that were there were kept."
            ]
        )
    if out is not None:
        write_notebook(out, came.document, came.cells)
        print(f"Wrote the notebook {one_line(str(out))}.")


def _refuse_to_replace(out: Path) -> None:
    if out.exists():
        raise BadInput(f"{out} exists already; name another notebook with -o.")
    if not out.absolute().parent.is_dir():
        raise BadInput(
            f"{out.parent} is no folder that is there; make it, or name another with -o."
        )


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
