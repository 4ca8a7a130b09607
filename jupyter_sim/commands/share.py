"""`jupyter sim export`: a history as one file."""

import argparse
from pathlib import Path

from .. import history
from ..formats.plain import visible
from .shared import DOCUMENT, Commands, find_document, new_command, warn


def add(commands: Commands) -> None:
    """Add `export` to the commands."""
    command = new_command(commands, "export", "write a document's history to one file", DOCUMENT)
    command.add_argument("document", metavar="DOCUMENT")
    command.add_argument("-o", "--out", type=Path, required=True, metavar="NAME.simlog")
    command.set_defaults(run=_export)


def _export(args: argparse.Namespace) -> None:
    count, damage = history.export(find_document(args.document), args.out)
    warn(damage)
    print(f"Wrote {count:,} events to {visible(str(args.out))}.")
