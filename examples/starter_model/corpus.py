"""The novels the starter model is trained on, and the five it never sees.

Knows the layout of the corpus file (one JSON object a line, xz) and how typography is varied.
Does not know about tokens.
"""

import hashlib
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HELD_OUT_NOVELS = 5
PASSAGE_CHARACTERS = 60_000

# What a plain keyboard writes for the printer's marks.
_PLAIN_QUOTES = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "`": "'"})
_PLAIN_DASHES = str.maketrans({"—": "--", "–": "-", "‐": "-", "‑": "-"})


@dataclass(frozen=True)
class Novel:
    """One whole novel; paragraphs are separated by blank lines."""

    id: str
    author: str
    title: str
    text: str


def read_novels(path: Path) -> list[Novel]:
    """All novels of the corpus file, ordered by id."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    novels = [Novel(row["id"], row["author"], row["title"], row["text"].strip()) for row in rows]
    return sorted(novels, key=lambda novel: novel.id)


def split_novels(novels: list[Novel]) -> tuple[list[Novel], list[Novel]]:
    """Training novels and held-out novels.

    Held out are the five novels, each by another author, whose ids have the smallest SHA-256:
    an arbitrary choice that nobody can tune and that never changes.
    """
    held_out: dict[str, Novel] = {}
    for novel in sorted(novels, key=lambda n: hashlib.sha256(n.id.encode()).hexdigest()):
        if len(held_out) < HELD_OUT_NOVELS:
            held_out.setdefault(novel.author, novel)
    kept = set(held_out.values())
    return [n for n in novels if n not in kept], [n for n in novels if n in kept]


def passages(novel: Novel) -> Iterator[str]:
    """Cut a novel at paragraph ends into passages of about 60,000 characters, typography varied.

    Of four passages, two stay as printed, one gets straight quotes, and one straight quotes
    and typewriter dashes ("--"): people type all of these.
    """
    for number, passage in enumerate(_cut(novel.text)):
        match number % 4:
            case 1:
                yield passage.translate(_PLAIN_QUOTES)
            case 3:
                yield passage.translate(_PLAIN_QUOTES).translate(_PLAIN_DASHES)
            case _:
                yield passage


def _cut(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = text.find("\n\n", start + PASSAGE_CHARACTERS)
        end = len(text) if end < 0 else end
        yield text[start:end].strip()
        start = end + 2
