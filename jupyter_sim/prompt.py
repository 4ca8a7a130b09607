"""From a branch and what stands before it to the prompt: pure text in, pure text out.

The prompt is the frame (the voice and the memory), then the cells above, then the branch before the
caret. Where that is more than fits, what follows the frame loses its beginning in large steps, at
paragraph borders, so that it begins at the same place from one proposal to the next and the
engine's cache stays valid. How long a text is in tokens is the engine's business: whoever asks here
brings the end of each.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from .errors import BadLog
from .events import Above, Event, Framed, Proposed, Recipe
from .tree import Tree

SPARE = 8
"""Tokens that are kept free: a text's end is not always the same tokens when its beginning goes."""

SPREAD = 16
"""Code points that a token of ordinary text never stands for: what is more than that is not even
counted in tokens."""

_borders = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"\s+"))


@dataclass(frozen=True, slots=True)
class Material:
    """What a prompt is made of: the texts of the voice and the memory, those of the cells above,
    and the branch.
    """

    branch: str
    above: tuple[str, ...] = ()
    voice: str = ""
    memory: str = ""

    @property
    def frame(self) -> str:
        """What is never cut."""
        return self.voice + self.memory

    @property
    def body(self) -> str:
        """The cells above, a blank line after each, and the branch."""
        return "".join(f"{text}\n\n" for text in self.above if text) + self.branch


@dataclass(frozen=True, slots=True)
class Prompt:
    """The exact text for the model, and how many code points of the body were cut."""

    text: str
    cut: int

    @property
    def sha256(self) -> str:
        """The digest that recipes name it by."""
        return sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


def made(material: Material, cut: int) -> Prompt:
    """The prompt with so many code points of the body cut."""
    return Prompt(material.frame + material.body[cut:], cut)


def fits(text: str, budget: int) -> bool:
    """Whether a text is within a budget of tokens whatever the vocabulary: a token is a byte at the
    least.
    """
    most = budget - SPARE
    return len(text) <= most and len(text.encode("utf-8", "surrogatepass")) <= most


def glimpse(body: str, budget: int) -> int:
    """Where the end of a text begins that is worth counting in tokens."""
    return cut_at(body, range(1, len(body) + 1), SPREAD * budget)


def cut_at(text: str, ends: Sequence[int], budget: int) -> int:
    """Where the last `budget` units of a text begin, or fewer of them; `ends` has the code points
    up to the end of each unit. 0 if all fits, else a step of half the budget, moved on to the next
    paragraph, line or word.
    """
    excess = len(ends) - budget
    if excess <= 0:
        return 0
    step = max(1, budget // 2)
    dropped = min(len(ends), -(-excess // step) * step)
    start = ends[dropped - 1]
    limit = ends[min(len(ends), dropped + step // 2) - 1]
    for border in _borders:
        found = border.search(text, start, limit)
        if found:
            return found.end()
    return start


def recipe(
    prompt: Prompt,
    material: Material,
    above: Sequence[Above] = (),
    voice: str | None = None,
    memory: str | None = None,
) -> Recipe:
    """How the prompt is made again. `above` are the places of the material's cells, `voice` and
    `memory` the ids of their events. Cells that were cut whole are left out.
    """
    cut, first = prompt.cut, 0
    for text in material.above:
        length = len(text) + len("\n\n") if text else 0
        if length > cut:
            break
        cut, first = cut - length, first + 1
    kept = zip(above[first:], material.above[first:], strict=True)
    told = tuple(place for place, text in kept if text)
    return Recipe(cut, prompt.sha256, voice, memory, told)


def frames(events: Iterable[Event]) -> dict[str, str]:
    """The texts that are put before prompts, by the ids that recipes name them by."""
    return {event.stamp.id: event.text for event in events if isinstance(event, Framed)}


def recall(proposed: Proposed, trees: Mapping[str, Tree], framed: Mapping[str, str]) -> str:
    """The exact prompt of a proposal, made again. `trees` may have grown since, for places keep
    their meaning. Raises BadLog where an event that it needs is missing or was changed.
    """
    how = proposed.recipe
    try:
        material = Material(
            trees[proposed.stamp.cell].branch(proposed.at),
            tuple(trees[one.cell].branch(one.place) for one in how.above),
            framed[how.voice] if how.voice else "",
            framed[how.memory] if how.memory else "",
        )
    except KeyError as error:
        raise BadLog(
            f"The prompt of draw {proposed.draw} needs {error}, which the history lacks."
        ) from error
    prompt = made(material, how.cut)
    if how.sha256 and prompt.sha256 != how.sha256:
        raise BadLog(
            f"The prompt of draw {proposed.draw} is not the one that was recorded: the text it "
            "stands on was changed, or an event is missing."
        )
    return prompt.text
