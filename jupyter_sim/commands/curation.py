"""`jupyter sim curation`: how much of a text is the human's doing."""

import argparse
import asyncio
import sys
from pathlib import Path

from ..curation import Curation, Scores, Token, curation
from ..engine.messages import Scoring
from ..errors import BadInput
from ..formats.figures import as_csv, as_json, as_table
from ..formats.files import write_whole
from ..formats.plots import svg
from ..tree import fold
from .shared import Commands, new_command, show_loading, show_progress
from .sources import SOURCE, read_source

CURATION = (
    SOURCE
    + """
Selection bits are log2 of how many different candidates were seen over how many of them were
accepted or branched. Intervention bits are what a model pays for the human's own text, so that a
model has to read the text: the starter model, or --model; --no-model leaves them out. What each
figure means, and where its formula comes from, is in docs/curation.md.

examples:
  jupyter sim curation welcome.simlog --no-model
  jupyter sim curation examples/welcome.ipynb --format csv > figures.csv
  jupyter sim curation welcome.simlog --plot figures.svg --no-model
"""
)


def add(commands: Commands) -> None:
    """Add `curation` to the commands."""
    command = new_command(commands, "curation", "measure how much is the human's doing", CURATION)
    add = command.add_argument
    add("source", metavar="SOURCE")
    add("--format", choices=("table", "json", "csv"), default="table")
    add("--model", metavar="PATH", help="the GGUF file that reads the text (default: the starter)")
    add("--no-model", action="store_true", help="leave out what takes a model")
    add("--plot", type=Path, metavar="FILE.svg", help="draw bits, authors and choices as well")
    command.set_defaults(run=_curation)


def _curation(args: argparse.Namespace) -> None:
    if args.plot and args.plot.suffix.lower() != ".svg":
        raise BadInput(
            f"{args.plot} came for --plot, which draws SVG; name a file that ends in .svg, and "
            "convert it with a program of your choice."
        )
    log = read_source(args.source)
    model, scores = "", None
    if not args.no_model:
        texts = {cell: tree.text for cell, tree in fold(log.events)[0].items() if tree.head}
        model, scores = asyncio.run(_scores(args.model, texts))
    figures = curation(log.events, scores)
    if args.plot:
        write_whole(args.plot, [svg(figures)])
    sys.stdout.write(_told(figures, args.format, model))


def _told(figures: Curation, form: str, model: str) -> str:
    match form:
        case "json":
            return as_json(figures, model) + "\n"
        case "csv":
            return as_csv(figures)
        case _:
            return as_table(figures, model) + "\n"


async def _scores(model: str | None, texts: dict[str, str]) -> tuple[str, Scores]:
    """The name of the model, and its scores of the texts."""
    from ..engine.client import LlamaEngine

    engine = LlamaEngine(model)
    live = sys.stderr.isatty()
    if live:
        engine.watch(show_loading)
    scores: dict[str, list[Token]] = {}
    try:
        for cell, text in texts.items():
            tokens = scores.setdefault(cell, [])
            # half a surrogate pair cannot be sent; a question mark has the same length
            clean = text.encode("utf-8", "replace").decode()
            if clean:
                async for scored in engine.score(Scoring(f"cell-{len(scores)}", clean)):
                    tokens += [Token(token.end, token.logprob) for token in scored.tokens]
            if live:
                show_progress(f"Scoring: {len(scores)} of {len(texts)} cells")
        return engine.status.model, scores
    finally:
        if live:
            show_progress("")
        await engine.close()
