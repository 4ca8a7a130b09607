"""The texts of a document, and below them each fan as it was offered and judged: Markdown to read.

Everything from the log is escaped, the final texts too: no mark-up, link or picture in them comes
to life, and what cannot be seen is shown by name. The texts themselves are in the notebook.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from ..choices import Offer, gather
from ..tree import Tree, fold
from .files import write_whole
from .plain import visible
from .simlog import Log

_ANYWHERE = re.compile(r"([\\`*_{}\[\]<>|~&$#@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_AT_START = re.compile(r"^([-+=]|\d{1,9}(?=[.)]))", re.MULTILINE)
_INDENT = re.compile(r"^(?: {4,}| {0,3}\t[ \t]*)", re.MULTILINE)
_WORDS = {"accepted": "accepted", "branched": "kept as a branch", "rejected": "rejected"}


def write_markdown(out: Path, log: Log) -> None:
    """Write the texts and the fans. Raises HistoryError."""
    write_whole(out, _lines(log))


def escaped(text: str) -> str:
    """A text as Markdown that shows it and does nothing else."""
    shown = _ANYWHERE.sub(r"\\\1", visible(text))
    shown = _AT_START.sub(_started, shown)
    shown = _INDENT.sub(lambda found: "&nbsp;" * len(found[0].expandtabs(4)), shown)
    return shown.replace("\n", "\\\n")


def _lines(log: Log) -> Iterator[str]:
    trees, _ = fold(log.events)
    yield f"# {escaped(log.header.path or log.header.document)}\n"
    for cell, tree in trees.items():
        if tree.head is not None:
            yield f"\n## Cell {escaped(cell)}\n\n{_paragraphs(tree.text)}\n"
    offers, _ = gather(log.events)
    if offers:
        yield "\n# What was offered\n"
    for number, (_, fan) in enumerate(groupby(_by_fan(offers), lambda offer: offer.fan), 1):
        yield from _fan(number, list(fan), trees)


def _by_fan(offers: tuple[Offer, ...]) -> list[Offer]:
    order = {fan: n for n, fan in enumerate(dict.fromkeys(offer.fan for offer in offers))}
    return sorted(offers, key=lambda offer: order[offer.fan])


def _fan(number: int, offers: list[Offer], trees: Mapping[str, Tree]) -> Iterator[str]:
    first = offers[0]
    tree = trees[first.cell]
    before = tree.branch(first.at)[-60:] if first.at.node in tree.nodes else ""
    yield f"\n## Fan {number}\n\nAfter “{escaped(before.replace(chr(10), ' '))}” ({first.day}):\n\n"
    for offer in offers:
        text = "(nothing came)" if offer.generated is None else offer.generated.text
        seen = "seen" if offer.shown else "never seen"
        verdict = _WORDS[offer.verdict] if offer.verdict else seen
        yield f"- **{verdict}** “{escaped(text.replace(chr(10), '⏎'))}”\n"


def _paragraphs(text: str) -> str:
    """Blank lines part paragraphs; the breaks of lines stay inside."""
    return "\n\n".join(escaped(part) for part in re.split(r"\n[ \t]*\n", text.strip("\n")))


def _started(found: re.Match[str]) -> str:
    """A list's bullet is escaped itself, a number's dot after it."""
    return f"{found[0]}\\" if found[0][0].isdigit() else f"\\{found[0]}"
