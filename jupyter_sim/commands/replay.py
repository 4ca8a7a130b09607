"""`jupyter sim replay`: play a session log back."""

import argparse
import json
import sys
from pathlib import Path

import msgspec

from ..errors import BadInput
from ..formats.simlog import read_log
from ..player import play
from ..replay import steps
from .shared import Commands, add_format, new_command, warn

REPLAY = """\
On a terminal the replay waits between steps as the writer did (at most 2 seconds), and shows who
wrote what: bold is human, underlined is the model's, dim was there before. In a pipe it prints the
same without waiting. With --format json, each line is an object with the keys index, event, cell
and text: the text of the event's cell after it.

examples:
  jupyter sim replay story.simlog --speed 4
  jupyter sim replay story.simlog --format json | tail -n 1
"""


def add(commands: Commands) -> None:
    """Add `replay` to the commands."""
    command = new_command(commands, "replay", "play a session log back, step by step", REPLAY)
    command.add_argument("file", type=Path, metavar="NAME.simlog")
    command.add_argument("--speed", type=float, default=1.0, metavar="X", help="default 1")
    add_format(command)
    command.set_defaults(run=_replay)


def _replay(args: argparse.Namespace) -> None:
    if not args.speed > 0:
        raise BadInput(f"{args.speed:g} came for --speed; it must be above 0.")
    log = read_log(args.file)
    if args.format == "text":
        play(steps(log.events), sys.stdout, speed=args.speed, live=sys.stdout.isatty())
        return
    for step in steps(log.events):
        warn([step.problem] if step.problem else [])
        event = msgspec.to_builtins(step.event)
        print(
            json.dumps({"index": step.index, "event": event, "cell": step.cell, "text": step.text})
        )
