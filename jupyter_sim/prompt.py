"""From a branch to the prompt: pure text in, pure text out, within a budget of code points.

The prompt is what stands before the caret. Where that is more than fits, it loses its beginning in
large steps, at paragraph borders, so that it begins at the same place from one proposal to the
next and the engine's cache stays valid. Tokens are the engine's business.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from .events import Recipe

PROSE, BYTES = 2.5, 0.3
"""Code points that a token stands for at the least: in prose of mostly ASCII letters, and where a
small vocabulary has to spell other scripts byte by byte. So a prompt within the budget of code
points is within that of tokens too."""

MOSTLY = 0.8

_borders = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"\s+"))


@dataclass(frozen=True, slots=True)
class Prompt:
    """The exact text for the model, and how it follows from the branch."""

    text: str
    recipe: Recipe


def assemble(branch: str, context: int, max_tokens: int) -> Prompt:
    """The prompt for a branch, for a model with a window of `context` tokens of which
    `max_tokens` are to be generated.
    """
    budget = max(1, int((context - max_tokens) * points_per_token(branch)))
    start = cut_at(branch, budget)
    text = branch[start:]
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Prompt(text, Recipe(cut=start, sha256=digest))


def points_per_token(text: str) -> float:
    """How many code points of a text a token stands for, at the least."""
    plain = len(text.encode("ascii", "ignore"))
    return PROSE if plain >= MOSTLY * len(text) else BYTES


def cut_at(text: str, budget: int) -> int:
    """Where the last part of `text` that fits into `budget` code points begins: 0 if all fits,
    else a step of half the budget, moved on to the next paragraph, line or word.
    """
    excess = len(text) - budget
    if excess <= 0:
        return 0
    step = max(1, budget // 2)
    start = -(-excess // step) * step
    for border in _borders:
        found = border.search(text, start, start + step // 2)
        if found:
            return found.end()
    return start
