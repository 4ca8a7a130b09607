"""`jupyter sim propose`: continuations of a text, without a notebook."""

import argparse
import asyncio
import secrets
import sys
import uuid

from ..engine.messages import MAX_CANDIDATES, MAX_TOKENS, MAX_TOP, Rollout
from ..events import Sampling
from ..propose import propose, seeds
from .shared import Commands, add_format, new_command, read_text, show_loading, within

PROPOSE = """\
The prompt is read exactly as it is, from FILE or standard input (UTF-8): a newline at its end is
part of it, so `printf` suits better than `echo`. With --format json, each line is an object with
the keys index, text, tokens, logprobs and finish, and top where --top asks for it: for each token
the likeliest ones in its place, as id, text and log-probability.

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
    add(
        "--stop-string",
        action="append",
        default=[],
        metavar="TEXT",
        help="end each right before this text; may be given several times",
    )
    add("--temperature", type=float, default=1.0, metavar="T", help="0 to 10 (default 1)")
    add("--top-k", type=int, default=0, metavar="K", help="only the K likeliest (default 0: all)")
    add("--top-p", type=float, default=1.0, metavar="P", help="only the likeliest of P in all")
    add("--min-p", type=float, default=0.02, metavar="P", help="of the likeliest's (default 0.02)")
    add("--distinct", action="store_true", help="let no two begin with the same token")
    add("--top", type=int, default=0, metavar="N", help=f"alternatives in json, 0 to {MAX_TOP}")
    add("--seed", type=int, metavar="S", help="the same number gives the same candidates")
    add_format(command)
    command.set_defaults(run=_propose)


def _propose(args: argparse.Namespace) -> None:
    within("candidates (-n)", args.n, 1, MAX_CANDIDATES)
    within("tokens (--max-tokens)", args.max_tokens, 1, MAX_TOKENS)
    within("the temperature (--temperature)", args.temperature, 0, 10)
    within("top-k (--top-k)", args.top_k, 0, 2**31)
    within("top-p (--top-p)", args.top_p, 0, 1)
    within("min-p (--min-p)", args.min_p, 0, 1)
    within("alternatives (--top)", args.top, 0, MAX_TOP)
    seed = secrets.randbits(32) if args.seed is None else args.seed
    rollout = Rollout(
        id=uuid.uuid4().hex,
        prompt=read_text(args.file, "prompt"),
        seeds=seeds(seed, args.n),
        max_tokens=args.max_tokens,
        stop=args.stop,
        sampling=Sampling(args.temperature, args.top_k, args.top_p, args.min_p, args.distinct),
        top=args.top,
        strings=tuple(args.stop_string),
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
