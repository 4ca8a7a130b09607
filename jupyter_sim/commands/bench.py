"""`jupyter sim bench`: how fast a model is on this machine."""

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from ..engine.messages import MAX_CANDIDATES, MAX_TOKENS
from ..formats.plain import visible
from .shared import Commands, new_command, within

if TYPE_CHECKING:
    from ..bench import Report

BENCH = """\
The candidates are drawn all together, as jupyter-sim does, and then one after another by
llama_cpp.Llama, in turns and with the same prompts, so busy neighbours slow down both. Still, close
what else computes. With --format json, one object tells everything; times are in seconds, and null
stands for what cannot be measured here.

examples:
  jupyter sim bench
  jupyter sim bench --model ~/models/base.gguf -n 5 --prompt-tokens 1500
  jupyter sim bench --format json > bench.json
"""

MOST_PROMPT_TOKENS = 1 << 20


def add(commands: Commands) -> None:
    """Add `bench` to the commands."""
    command = new_command(commands, "bench", "measure how fast a model is on this machine", BENCH)
    add = command.add_argument
    add("--model", metavar="PATH", help="a GGUF file (default: the starter model)")
    add("-n", type=int, default=8, help=f"candidates together, 1 to {MAX_CANDIDATES} (default 8)")
    add("--prompt-tokens", type=int, default=512, metavar="N", help="the prompt's (default 512)")
    add("--max-tokens", type=int, default=48, metavar="N", help="each candidate's (default 48)")
    add("--format", choices=("table", "json"), default="table")
    command.set_defaults(run=_bench)


def _bench(args: argparse.Namespace) -> None:
    within("candidates (-n)", args.n, 1, MAX_CANDIDATES)
    within("tokens of the prompt (--prompt-tokens)", args.prompt_tokens, 8, MOST_PROMPT_TOKENS)
    within("tokens (--max-tokens)", args.max_tokens, 2, MAX_TOKENS)
    from ..bench import Plan, measure
    from ..models import resolve

    plan = Plan(resolve(args.model), args.n, args.prompt_tokens, args.max_tokens)
    try:
        report = measure(plan, _show if sys.stderr.isatty() else lambda doing: None)
    finally:
        if sys.stderr.isatty():
            _show("")
    if args.format == "json":
        print(msgspec.json.encode(report).decode())
    else:
        print("\n".join(_table(report)))


def _show(doing: str) -> None:
    print(f"\r\x1b[K{doing and f'Measuring: {doing}'}", end="", file=sys.stderr, flush=True)


def _table(report: "Report") -> Iterator[str]:
    """Yield the lines of a report: a head, then one figure and one sentence a line."""
    yield (
        f"{visible(report.model)}, {report.parameters / 1e6:,.0f} million parameters, "
        f"on {visible(report.device)} ({report.threads} threads at most)"
    )
    yield (
        f"{report.candidates} candidates of {report.max_tokens} tokens after a prompt of "
        f"{report.prompt_tokens}; medians of {report.rounds} rounds; {visible(report.engine)}"
    )
    yield ""
    for figure, meaning in _figures(report):
        yield f"{figure:>11}  {meaning}"


def _figures(report: "Report") -> Iterator[tuple[str, str]]:
    many = f"{report.candidates} candidates"
    yield (
        f"{report.prompt_tokens_per_second:,.0f} /s",
        "prompt tokens are read, before there is any text",
    )
    yield _time(report.first_tokens), f"pass until all {many} of a new prompt begin"
    yield f"{report.tokens_per_second:,.0f} /s", f"tokens are written, all {many} together"
    yield f"{report.tokens_per_second_alone:,.0f} /s", "tokens are written by one candidate alone"
    yield _time(report.next_fan), f"pass until {many} begin after one was accepted"
    yield (
        f"{report.next_fan_steps:.1f} steps",
        f"is that; a step decodes one token, in {_time(report.step)}",
    )
    against = "than llama_cpp.Llama, which draws one after another"
    yield _times(report.speedup_cold), f"faster, prompt and all, {against}"
    yield _times(report.speedup_generation), f"faster, after the first tokens, {against}"
    yield f"{report.overhead:.1%}", "of llama.cpp's own time is added by everything else"
    if report.roofline is not None and report.bandwidth is not None:
        width = f"{report.bandwidth / 1e9:,.0f} GB/s"
        yield (
            f"{report.roofline:.0%}",
            f"of the memory's {width} go into a step, which reads all weights",
        )


def _time(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def _times(ratio: float | None) -> str:
    return "not known" if ratio is None else f"{ratio:.1f} times"
