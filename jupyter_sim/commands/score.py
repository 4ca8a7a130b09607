"""`jupyter sim score`: how likely a model finds a text, token by token."""

import argparse
import asyncio
import json
import math
import sys
import uuid
from collections.abc import Iterator, Sequence

from ..engine.messages import MAX_TOP, ScoredToken, Scoring
from ..errors import BadInput, EngineError
from ..formats.plain import quoted, visible
from .shared import (
    Commands,
    add_format,
    new_command,
    read_text,
    show_loading,
    show_progress,
    within,
)

SCORE = """\
The text is read exactly as it is, from FILE or standard input (UTF-8); a NUL is a character like
any other. The first token is judged as the beginning of a text. A text that is longer than the
model's window is read in windows that overlap: each token is judged from all that stands before it,
or from at least half a window of it.

With --format json, it is one object with the keys bits, bytes, bits_per_byte and tokens; each token
has id, text, logprob (natural) and top: the likeliest tokens in its place, with id, text, logprob.

examples:
  jupyter sim score chapter.txt
  printf 'It was a dark and stormy night.' | jupyter sim score --format json --top 3
"""

SURPRISES = 20


def add(commands: Commands) -> None:
    """Add `score` to the commands."""
    command = new_command(commands, "score", "tell how likely a model finds a text", SCORE)
    add = command.add_argument
    add("file", nargs="?", default="-", metavar="FILE", help="the text; - is standard input")
    add("--model", metavar="PATH", help="a GGUF file (default: the starter model)")
    add("--top", type=int, default=5, metavar="N", help=f"alternatives, 0 to {MAX_TOP} (default 5)")
    add_format(command)
    command.set_defaults(run=_score)


def _score(args: argparse.Namespace) -> None:
    within("alternatives (--top)", args.top, 0, MAX_TOP)
    text = read_text(args.file, "text")
    if not text:
        raise BadInput("The text is empty, so there is nothing to score; name a file with text.")
    tokens = asyncio.run(_judge(args.model, Scoring(uuid.uuid4().hex, text, top=args.top)))
    if args.format == "json":
        print(json.dumps(_as_json(text, tokens)))
    else:
        print("\n".join(_as_text(text, tokens)))


async def _judge(model: str | None, request: Scoring) -> list[ScoredToken]:
    from ..engine.client import LlamaEngine

    engine = LlamaEngine(model)
    live = sys.stderr.isatty()
    if live:
        engine.watch(show_loading)
    tokens: list[ScoredToken] = []
    whole = False
    try:
        async for scored in engine.score(request):
            tokens += scored.tokens
            whole = scored.whole
            if live and tokens:
                show_progress(f"Scoring: {tokens[-1].end / len(request.text):.0%}")
    finally:
        if live:
            show_progress("")
        await engine.close()
    if not whole:
        raise EngineError("The scoring ended before the text did; try again.")
    return tokens


def _bits(tokens: Sequence[ScoredToken]) -> float:
    return sum(-token.logprob for token in tokens) / math.log(2)


def _as_json(text: str, tokens: Sequence[ScoredToken]) -> dict[str, object]:
    bits, size = _bits(tokens), len(text.encode())
    return {
        "bits": bits,
        "bytes": size,
        "bits_per_byte": bits / size,
        "tokens": [
            {
                "id": token.token,
                "text": token.text,
                "logprob": token.logprob,
                "top": [
                    {"id": other.token, "text": other.text, "logprob": other.logprob}
                    for other in token.top
                ],
            }
            for token in tokens
        ],
    }


def _as_text(text: str, tokens: Sequence[ScoredToken]) -> Iterator[str]:
    """Yield the totals, then the tokens that surprised most, each where it stands."""
    bits, size = _bits(tokens), len(text.encode())
    yield f"{bits / size:.3f} bits per byte: {bits:,.1f} bits for {size:,} bytes."
    yield f"The most surprising of {len(tokens):,} tokens:"
    yield ""
    yield "  bits  line:column  token               likelier"
    for token in sorted(tokens, key=lambda token: token.logprob)[:SURPRISES]:
        start = token.end - len(token.text)
        line = text.count("\n", 0, start) + 1
        place = f"{line}:{start - text.rfind(chr(10), 0, start)}"
        spelled = quoted(token.text, 18)
        likelier = "  ".join(
            f"{quoted(other.text, 18) if other.text else '(end)'} {math.exp(other.logprob):.0%}"
            for other in token.top
            if other.logprob > token.logprob
        )
        yield visible(f"{_bits([token]):6.1f}  {place:>11}  {spelled:<18}  {likelier}".rstrip())
