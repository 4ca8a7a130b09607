"""The command line: `jupyter sim`. Each command is a module of `commands`.

Every error that is meant for a person is one sentence on standard error with exit status 2. What
the operating system refuses, and no command has words for, is told here.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence

from . import __version__
from .commands import bench, curation, history, propose, replay, score, share
from .errors import SimError
from .formats.plain import one_line

COMMANDS = (propose, score, bench, history, share, replay, curation)

DESCRIPTION = "Write with a base model: several continuations, your verdicts, a history of both."

EPILOG = """\
examples:
  printf 'It was a dark and ' | jupyter sim propose -n 8 --seed 1
  jupyter sim history list
  jupyter sim history show examples/welcome.ipynb
  jupyter sim export examples/welcome.ipynb -o welcome.simlog
  jupyter sim replay welcome.simlog --speed 4
  jupyter sim curation welcome.simlog --no-model

`jupyter sim COMMAND --help` tells more. Writing itself is done in JupyterLab: `jupyter lab`.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    _print_anything()
    args = parser().parse_args(argv)
    try:
        status: int | None = args.run(args)
        sys.stdout.flush()
    except SimError as error:
        print(f"jupyter sim: {one_line(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stopped:
        print(f"jupyter sim: {one_line(str(stopped)) or 'Stopped.'}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _print_no_more()
        return 1
    except OSError as error:
        what = one_line(str(error.filename)) if error.filename else "The output"
        print(f"jupyter sim: {what}: {error.strerror or error}.", file=sys.stderr)
        if not error.filename:
            _print_no_more()
        return 2
    return status or 0


def _print_no_more() -> None:
    """Nobody reads what is left to print, or it has no room: let it go."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_anything() -> None:
    """Let a terminal that is not UTF-8 show an escape for a character that it does not have, and
    let go what is printed to a stream that the caller closed.
    """
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, PTH123 - as long as we run
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123
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
    for module in COMMANDS:
        module.add(commands)
    return top
