"""`jupyter sim replay`: play a session log back, or run it again."""

import argparse
import json
import sys
from pathlib import Path

import msgspec

from ..errors import BadInput
from ..player import play
from ..replay import steps
from .regenerate import run_again
from .shared import Commands, add_format, new_command, warn
from .sources import SOURCE, is_log, read_source

REPLAY = (
    SOURCE
    + """
On a terminal the replay waits between steps as the writer did (at most 2 seconds), and shows who
wrote what: bold is human, underlined is the model's, dim was there before. In a pipe it prints the
same without waiting. With --format json, each line is an object with the keys index, event, cell
and text: the text of the event's cell after it.

--regenerate runs the recorded prompts again. The model that drew a candidate (by its sha256) draws
it again with its seed, and reads the recorded tokens: the first token that parts is told, and the
exit status is 1 where anything parts or cannot be run. --model OTHER reads the recorded texts: how
many bits a character it pays for what was chosen and for what was rejected. What is done stands in
NAME.regenerated.jsonl beside the log (of a document: here): stopped with Ctrl-C, the same command
goes on there. With --format json, each line is a draw.

examples:
  jupyter sim replay story.simlog --speed 4
  jupyter sim replay story.simlog --format json | tail -n 1
  jupyter sim replay examples/example.simlog --regenerate
  jupyter sim replay story.simlog --regenerate --model ~/models/base.gguf
"""
)


def add(commands: Commands) -> None:
    """Add `replay` to the commands."""
    command = new_command(commands, "replay", "play a history back, step by step", REPLAY)
    command.add_argument("source", metavar="SOURCE")
    command.add_argument("--speed", type=float, default=1.0, metavar="X", help="default 1")
    command.add_argument("--regenerate", action="store_true", help="run the prompts again")
    command.add_argument("--model", metavar="PATH", help="a GGUF file (default: the starter model)")
    add_format(command)
    command.set_defaults(run=_replay)


def _replay(args: argparse.Namespace) -> int:
    if not args.speed > 0:
        raise BadInput(f"{args.speed:g} came for --speed; it must be above 0.")
    if args.model and not args.regenerate:
        raise BadInput("--model came without --regenerate; a replay alone needs no model.")
    log = read_source(args.source)
    if args.regenerate:
        name = Path(args.source) if is_log(Path(args.source)) else Path(log.header.document)
        return run_again(name, log.events, args.model, args.format)
    if args.format == "text":
        try:
            play(steps(log.events), sys.stdout, speed=args.speed, live=sys.stdout.isatty())
        except KeyboardInterrupt:
            return 130  # that is how one stops watching, so nothing is said
        return 0
    for step in steps(log.events):
        warn([step.problem] if step.problem else [])
        event = msgspec.to_builtins(step.event)
        print(
            json.dumps({"index": step.index, "event": event, "cell": step.cell, "text": step.text})
        )
    return 0
