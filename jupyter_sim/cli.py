"""The command line: `jupyter sim`. Arguments in, calls to the rest of the house, lines out.

Every error that is meant for a person is one sentence on standard error with exit status 2.
"""

import argparse
import asyncio
import io
import json
import os
import secrets
import sys
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import msgspec

from . import __version__, history
from .engine.messages import MAX_CANDIDATES, MAX_TOKENS, Rollout, Status
from .errors import BadInput, SimError
from .events import Sampling
from .formats.account import account
from .formats.plain import visible
from .formats.simlog import read_log
from .player import clock, play
from .propose import propose, seeds
from .replay import steps

DESCRIPTION = "Write with a base model: several continuations, your verdicts, a history of both."

EPILOG = """\
examples:
  printf 'It was a dark and ' | jupyter sim propose -n 8 --seed 1
  jupyter sim history list
  jupyter sim history show examples/welcome.ipynb
  jupyter sim export examples/welcome.ipynb -o welcome.simlog
  jupyter sim replay welcome.simlog --speed 4

`jupyter sim COMMAND --help` tells more. Writing itself is done in JupyterLab: `jupyter lab`.
"""

PROPOSE = """\
The prompt is read exactly as it is, from FILE or standard input (UTF-8): a newline at its end is
part of it, so `printf` suits better than `echo`. With --format json, each line is an object with
the keys index, text, tokens, logprobs and finish.

examples:
  printf 'It was a dark and ' | jupyter sim propose
  jupyter sim propose --stop sentence -n 8 --seed 1 chapter.txt
  jupyter sim propose --model ~/models/base.gguf --format json chapter.txt > candidates.jsonl
"""

DOCUMENT = """\
DOCUMENT is a document's id, the beginning of one, or the path of its notebook or file.
"""

REPLAY = """\
On a terminal the replay waits between steps as the writer did (at most 2 seconds), and shows who
wrote what: bold is human, underlined is the model's, dim was there before. In a pipe it prints the
same without waiting. With --format json, each line is an object with the keys index, event, cell
and text: the text of the event's cell after it.

examples:
  jupyter sim replay story.simlog --speed 4
  jupyter sim replay story.simlog --format json | tail -n 1
"""


STOPS = ("paragraph", "sentence", "line", "word", "none")


class _Sim(msgspec.Struct):
    document: str


class _Metadata(msgspec.Struct):
    jupyter_sim: _Sim


class _Notebook(msgspec.Struct):
    """As much of a notebook file as tells its document."""

    metadata: _Metadata


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    _print_anything()
    args = parser().parse_args(argv)
    try:
        args.run(args)
        sys.stdout.flush()
    except SimError as error:
        print(f"jupyter sim: {visible(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _print_anything() -> None:
    """Let a terminal that is not UTF-8 show an escape for a character that it does not have."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(
        prog="jupyter sim",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    _add_propose(commands)
    _add_history(commands)
    _add_export(commands)
    _add_replay(commands)
    return top


_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _command(commands: _Commands, name: str, about: str, more: str = "") -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_propose(commands: _Commands) -> None:
    command = _command(commands, "propose", "print several continuations of a text", PROPOSE)
    add = command.add_argument
    add("file", nargs="?", default="-", metavar="FILE", help="the prompt; - is standard input")
    add("-n", type=int, default=5, help=f"how many candidates, 1 to {MAX_CANDIDATES} (default 5)")
    add("--model", metavar="PATH", help="a GGUF file (default: the starter model)")
    add("--max-tokens", type=int, default=48, metavar="N", help="most tokens of each (default 48)")
    add("--stop", default="none", choices=STOPS, help="end each at the end of one (default none)")
    add("--temperature", type=float, default=1.0, metavar="T", help="0 to 10 (default 1)")
    add("--seed", type=int, metavar="S", help="the same number gives the same candidates")
    _add_format(command)
    command.set_defaults(run=_propose)


def _add_history(commands: _Commands) -> None:
    command = _command(commands, "history", "look at what was recorded")
    inner = command.add_subparsers(metavar="COMMAND", required=True)
    listing = _command(inner, "list", "list the documents that have a history")
    _add_format(listing)
    listing.set_defaults(run=_list)
    show = _command(inner, "show", "tell what happened in a document", DOCUMENT)
    show.add_argument("document", metavar="DOCUMENT")
    _add_format(show)
    show.set_defaults(run=_show)


def _add_export(commands: _Commands) -> None:
    command = _command(commands, "export", "write a document's history to one file", DOCUMENT)
    command.add_argument("document", metavar="DOCUMENT")
    command.add_argument("-o", "--out", type=Path, required=True, metavar="NAME.simlog")
    command.set_defaults(run=_export)


def _add_replay(commands: _Commands) -> None:
    command = _command(commands, "replay", "play a session log back, step by step", REPLAY)
    command.add_argument("file", type=Path, metavar="NAME.simlog")
    command.add_argument("--speed", type=float, default=1.0, metavar="X", help="default 1")
    _add_format(command)
    command.set_defaults(run=_replay)


def _add_format(command: argparse.ArgumentParser) -> None:
    command.add_argument("--format", choices=("text", "json"), default="text")


def _propose(args: argparse.Namespace) -> None:
    _within("candidates (-n)", args.n, 1, MAX_CANDIDATES)
    _within("tokens (--max-tokens)", args.max_tokens, 1, MAX_TOKENS)
    _within("the temperature (--temperature)", args.temperature, 0, 10)
    seed = secrets.randbits(32) if args.seed is None else args.seed
    rollout = Rollout(
        id=uuid.uuid4().hex,
        prompt=_prompt(args.file),
        seeds=seeds(seed, args.n),
        max_tokens=args.max_tokens,
        stop=args.stop,
        sampling=Sampling(temperature=args.temperature),
    )
    asyncio.run(_run(args, rollout))
    if args.seed is None and sys.stderr.isatty():
        print(f"(--seed {seed} gives the same again)", file=sys.stderr)


async def _run(args: argparse.Namespace, rollout: Rollout) -> None:
    from .engine.client import LlamaEngine

    engine = LlamaEngine(args.model)
    if sys.stderr.isatty():
        engine.watch(_show_loading)
    try:
        await propose(engine, rollout, sys.stdout, args.format)
    finally:
        await engine.close()


def _show_loading(status: Status) -> None:
    loading = f"Loading {visible(status.model)}: {status.progress:.0%}"
    print(f"\r\x1b[K{loading if status.state == 'loading' else ''}", end="", file=sys.stderr)
    sys.stderr.flush()


def _prompt(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8")
    except OSError as error:
        raise BadInput(f"The prompt {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(
            f"The prompt is not UTF-8: byte {error.start:,} is {data[error.start]:#04x}. "
            "Save the file as UTF-8 and try again."
        ) from error


def _within(what: str, value: float, low: int, high: int) -> None:
    if not low <= value <= high:
        raise BadInput(f"{value:,} came for {what}; it must be from {low} to {high:,}.")


def _list(args: argparse.Namespace) -> None:
    found = history.documents()
    if not found and args.format == "text":
        print("No document has a history yet: one begins with a document's first proposal.")
    for s in found:
        count = history.count(s.document)
        if args.format == "json":
            print(json.dumps({**msgspec.to_builtins(s), "events": count}))
        else:
            print(f"{_date(s.last)}  {count:>7,} events  {s.document}  {visible(s.path)}")


def _show(args: argparse.Namespace) -> None:
    document = _document(args.document)
    events, damage = history.read(document)
    _warn(damage)
    if args.format == "json":
        for event in events:
            print(json.dumps(msgspec.to_builtins(event)))
        return
    print(f"document {document}, from {_date(events[0].stamp.time)}" if events else document)
    for step in steps(events):
        where = visible(step.cell)
        print(f"{step.index + 1:>6}  {clock(step.seconds):>8}  {where}  ", end="")
        print(account(step.event, step.tree, step.fan), end="")
        print(f" ({visible(step.problem)})" if step.problem else "")


def _export(args: argparse.Namespace) -> None:
    count, damage = history.export(_document(args.document), args.out)
    _warn(damage)
    print(f"Wrote {count:,} events to {visible(str(args.out))}.")


def _replay(args: argparse.Namespace) -> None:
    if not args.speed > 0:
        raise BadInput(f"{args.speed:g} came for --speed; it must be above 0.")
    log = read_log(args.file)
    if args.format == "text":
        play(steps(log.events), sys.stdout, speed=args.speed, live=sys.stdout.isatty())
        return
    for step in steps(log.events):
        _warn([step.problem] if step.problem else [])
        event = msgspec.to_builtins(step.event)
        print(
            json.dumps({"index": step.index, "event": event, "cell": step.cell, "text": step.text})
        )


def _document(name: str) -> str:
    """The id of the document that the user means: its id, the beginning of it, or its path."""
    known = history.documents()
    noted = _noted(Path(name))
    found = [s for s in known if s.document == (noted or name)]
    if noted and not found:
        raise BadInput(
            f"The notebook {name} belongs to the document {noted}, which has no history here. "
            "`jupyter sim history list` shows what has one."
        )
    found = found or [s for s in known if _ends_with(Path(name), s.path)]
    found = found or [s for s in known if name and s.document.startswith(name)]
    if len(found) == 1:
        return found[0].document
    if found:
        several = ", ".join(s.document for s in found[:5])
        raise BadInput(f"{name!r} means {len(found)} documents ({several}); name one by its id.")
    raise BadInput(f"{name!r} has no history. `jupyter sim history list` shows what has one.")


def _noted(path: Path) -> str | None:
    """The document id that a notebook holds in its metadata."""
    with suppress(OSError, ValueError, msgspec.MsgspecError):
        return msgspec.json.decode(path.read_bytes(), type=_Notebook).metadata.jupyter_sim.document
    return None


def _ends_with(path: Path, recorded: str) -> bool:
    """Is this the file that the server, which may have another root, recorded so?"""
    parts = Path(recorded).parts
    return bool(parts) and Path(path).absolute().parts[-len(parts) :] == parts


def _warn(sentences: Sequence[str]) -> None:
    for sentence in sentences:
        print(f"jupyter sim: {visible(sentence)}", file=sys.stderr)


def _date(seconds: float) -> str:
    with suppress(OverflowError, ValueError, OSError):
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
    return "(no known date)"
