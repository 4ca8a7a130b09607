"""The command line: `jupyter sim`. Each command is a module of `commands`.

Every error that is meant for a person is one sentence on standard error with exit status 2.
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
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status or 0


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
    for module in COMMANDS:
        module.add(commands)
    return top
