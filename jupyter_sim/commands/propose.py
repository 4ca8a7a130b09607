"""`jupyter sim propose`: continuations of a text, without a notebook."""

import argparse
import asyncio
import secrets
import sys
import uuid

from ..engine.messages import MAX_CANDIDATES, MAX_TOKENS, Rollout
from ..events import Sampling
from ..propose import propose, seeds
from .shared import Commands, add_format, new_command, read_text, show_loading, within

PROPOSE = """\
The prompt is read exactly as it is, from FILE or standard input (UTF-8): a newline at its end is
part of it, so `printf` suits better than `echo`. With --format json, each line is an object with
the keys index, text, tokens, logprobs and finish.

examples:
  printf 'It was a dark and ' | jupyter sim propose
  jupyter sim propose --stop sentence -n 8 --seed 1 chapter.txt
  jupyter sim propose --model ~/models/base.gguf --format json chapter.txt > candidates.jsonl
"""

STOPS = ("paragraph", "sentence", "line", "word", "none")


def add(commands: Commands) -> None:
    """Add `propose` to the commands."""
    command = new_command(commands, "propose", "print several continuations of a text", PROPOSE)
    add = command.add_argument
    add("file", nargs="?", default="-", metavar="FILE", help="the prompt; - is standard input")
    add("-n", type=int, default=5, help=f"how many candidates, 1 to {MAX_CANDIDATES} (default 5)")
    add("--model", metavar="PATH", help="a GGUF file (default: the starter model)")
    add("--max-tokens", type=int, default=48, metavar="N", help="most tokens of each (default 48)")
    add("--stop", default="none", choices=STOPS, help="end each at the end of one (default none)")
    add("--temperature", type=float, default=1.0, metavar="T", help="0 to 10 (default 1)")
    add("--seed", type=int, metavar="S", help="the same number gives the same candidates")
    add_format(command)
    command.set_defaults(run=_propose)


def _propose(args: argparse.Namespace) -> None:
    within("candidates (-n)", args.n, 1, MAX_CANDIDATES)
    within("tokens (--max-tokens)", args.max_tokens, 1, MAX_TOKENS)
    within("the temperature (--temperature)", args.temperature, 0, 10)
    seed = secrets.randbits(32) if args.seed is None else args.seed
    rollout = Rollout(
        id=uuid.uuid4().hex,
        prompt=read_text(args.file, "prompt"),
        seeds=seeds(seed, args.n),
        max_tokens=args.max_tokens,
        stop=args.stop,
        sampling=Sampling(temperature=args.temperature),
    )
    asyncio.run(_run(args, rollout))
    if args.seed is None and sys.stderr.isatty():
        print(f"(--seed {seed} gives the same again)", file=sys.stderr)


async def _run(args: argparse.Namespace, rollout: Rollout) -> None:
    from ..engine.client import LlamaEngine

    engine = LlamaEngine(args.model)
    if sys.stderr.isatty():
        engine.watch(show_loading)
    try:
        await propose(engine, rollout, sys.stdout, args.format)
    finally:
        await engine.close()
