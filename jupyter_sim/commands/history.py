"""`jupyter sim history`: look at what was recorded."""

import argparse
import json

import msgspec

from .. import history
from ..formats.account import account
from ..formats.plain import visible
from ..player import clock
from ..replay import steps
from .shared import DOCUMENT, Commands, add_format, date, find_document, new_command, warn


def add(commands: Commands) -> None:
    """Add `history` to the commands."""
    command = new_command(commands, "history", "look at what was recorded")
    inner = command.add_subparsers(metavar="COMMAND", required=True)
    listing = new_command(inner, "list", "list the documents that have a history")
    add_format(listing)
    listing.set_defaults(run=_list)
    show = new_command(inner, "show", "tell what happened in a document", DOCUMENT)
    show.add_argument("document", metavar="DOCUMENT")
    add_format(show)
    show.set_defaults(run=_show)


def _list(args: argparse.Namespace) -> None:
    found = history.documents()
    if not found and args.format == "text":
        print("No document has a history yet: one begins with a document's first proposal.")
    for s in found:
        count = history.count(s.document)
        if args.format == "json":
            print(json.dumps({**msgspec.to_builtins(s), "events": count}))
        else:
            print(f"{date(s.last)}  {count:>7,} events  {s.document}  {visible(s.path)}")


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
        where = visible(step.cell)
        print(f"{step.index + 1:>6}  {clock(step.seconds):>8}  {where}  ", end="")
        print(account(step.event, step.tree, step.fan), end="")
        print(f" ({visible(step.problem)})" if step.problem else "")
