"""How much of a text is the human's doing: bits, ratios and times, from events alone.

Pure: no model, file or clock is known here. What a model thinks of the texts comes in as scores.
The formulas stand, with their sources, in docs/curation.md; the names there are the names here.

A fan counts by what was *seen* of it. Candidates of one fan with the same text count once. The
latest verdict on a candidate counts, and one that was withdrawn does not.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from math import ceil, fsum, log
from statistics import median
from typing import TypeVar

from .choices import Choice, Offer, gather
from .events import Author, Event, Place
from .runs import Run
from .tree import fold

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a cell's final text under a model: the code points up to its end, and its
    log-probability.
    """

    end: int
    logprob: float


Scores = Mapping[str, Sequence[Token]]
"""The tokens of the final text of each cell that was scored."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a document or a part of it. None where the part does not have that figure, or
    where it takes scores that were not given. Lengths are in code points.
    """

    fans: int
    unseen_fans: int
    choices: int
    fans_without_choice: int
    selection_bits: float
    distinct_bits: float
    generated: int
    generated_tokens: int
    kept: int
    kept_tokens: int
    kept_share: float | None
    selection_bits_per_token: float | None
    branching: float | None
    median_seconds: float | None
    p90_seconds: float | None
    text: int | None = None
    human: int | None = None
    model: int | None = None
    found: int | None = None
    text_tokens: int | None = None
    intervention_bits: float | None = None
    bits_per_token: float | None = None


@dataclass(frozen=True, slots=True)
class Curation:
    """The figures of a document, and of its parts by name; and all choices in order of time."""

    total: Figures
    cells: Mapping[str, Figures]
    voices: Mapping[str, Figures]
    days: Mapping[str, Figures]
    choices: tuple[Choice, ...]


def curation(events: Iterable[Event], scores: Scores | None = None) -> Curation:
    """The figures that follow from events in their order, and from scores where there are any.
    What refers to something that is not in the history is left out.
    """
    events = tuple(events)
    offers, choices = gather(events)
    trees, _ = fold(events)
    runs = {cell: tree.runs(tree.head) for cell, tree in trees.items() if tree.head}
    return Curation(
        total=_written(judged(offers, choices), runs, scores),
        cells=_cells(offers, choices, runs, scores),
        voices=_voices(offers, choices),
        days=_days(offers, choices),
        choices=choices,
    )


def intervention_bits(runs: Sequence[Run], tokens: Sequence[Token], author: Author) -> float:
    """What a model pays for an author's part of a text: the sum of -log2 p over the tokens, each in
    proportion to its code points by that author. Tokens that spell one character together are one.
    """
    starts = [0, *accumulate(len(run.text) for run in runs)]
    before = [0, *accumulate(len(run.text) * (run.author == author) for run in runs)]

    def points(end: int) -> int:
        """The author's code points up to an offset."""
        run = bisect_right(starts, end) - 1
        mine = run < len(runs) and runs[run].author == author
        return before[run] + (end - starts[run] if mine else 0)

    bits, waiting, start = 0.0, 0.0, 0
    for token in tokens:
        waiting -= token.logprob / log(2)
        stop = min(token.end, starts[-1])
        if stop > start:  # else it is a part of a character, which is whole later
            bits += waiting * (points(stop) - points(start)) / (stop - start)
            waiting, start = 0.0, stop
    return bits


def nearest_rank(values: Sequence[float], share: float) -> float:
    """The least value that `share` of all values do not exceed."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def judged(offers: Sequence[Offer], choices: Sequence[Choice]) -> Figures:
    """The figures of some candidates and of the choices among them, without those of a text."""
    fans = {o.fan for o in offers}
    seen = {o.fan for o in offers if o.shown}
    bits = fsum(c.bits for c in choices)
    kept = [o.kept() for o in offers]
    generated = sum(len(o.generated.text) for o in offers if o.generated)
    kept_points, kept_tokens = sum(k for k, _ in kept), sum(k for _, k in kept)
    seconds = [o.seconds for o in offers if o.seconds is not None]
    chosen = {c.fan for c in choices}
    return Figures(
        fans=len(seen),
        unseen_fans=len(fans - seen),
        choices=len(choices),
        fans_without_choice=len(seen - chosen),
        selection_bits=bits,
        distinct_bits=fsum(c.bits for c in choices if c.distinct),
        generated=generated,
        generated_tokens=sum(len(o.generated.tokens) for o in offers if o.generated),
        kept=kept_points,
        kept_tokens=kept_tokens,
        kept_share=kept_points / generated if generated else None,
        selection_bits_per_token=bits / kept_tokens if kept_tokens else None,
        branching=_branching(offers),
        median_seconds=median(seconds) if seconds else None,
        p90_seconds=nearest_rank(seconds, 0.9) if seconds else None,
    )


def _cells(
    offers: Sequence[Offer],
    choices: Sequence[Choice],
    runs: Mapping[str, Sequence[Run]],
    scores: Scores | None,
) -> dict[str, Figures]:
    offered = _grouped(offers, lambda offer: (offer.cell,))
    chosen = _grouped(choices, lambda choice: (choice.cell,))
    return {
        cell: _written(judged(offered[cell], chosen[cell]), {cell: runs[cell]}, scores)
        for cell in runs
    }


def _voices(offers: Sequence[Offer], choices: Sequence[Choice]) -> dict[str, Figures]:
    """The bits of a choice belong to the voices of what was chosen, in equal parts."""
    offered = _grouped(offers, lambda offer: (offer.voice,))
    chosen = _grouped(choices, lambda choice: choice.voices)
    return {
        voice: judged(
            mine,
            [replace(c, bits=c.bits * c.voices.count(voice) / c.m) for c in chosen[voice]],
        )
        for voice, mine in offered.items()
    }


def _days(offers: Sequence[Offer], choices: Sequence[Choice]) -> dict[str, Figures]:
    offered = _grouped(offers, lambda offer: (offer.day,))
    chosen = _grouped(choices, lambda choice: (choice.day,))
    return {day: judged(mine, chosen[day]) for day, mine in offered.items()}


def _grouped(items: Iterable[T], names: Callable[[T], Iterable[str]]) -> defaultdict[str, list[T]]:
    """The items by each of their names, in order."""
    groups: defaultdict[str, list[T]] = defaultdict(list)
    for item in items:
        for name in dict.fromkeys(names(item)):
            groups[name].append(item)
    return groups


def _written(figures: Figures, runs: Mapping[str, Sequence[Run]], scores: Scores | None) -> Figures:
    """The same with the figures of the final texts."""
    lengths = Counter[Author]()
    for run in chain.from_iterable(runs.values()):
        lengths[run.author] += len(run.text)
    figures = replace(
        figures,
        text=lengths.total(),
        human=lengths["human"],
        model=lengths["model"],
        found=lengths["found"],
    )
    if scores is None or not runs.keys() <= scores.keys():
        return figures
    tokens = sum(len(scores[cell]) for cell in runs)
    bits = sum(intervention_bits(runs[cell], scores[cell], "human") for cell in runs)
    return replace(
        figures,
        text_tokens=tokens,
        intervention_bits=bits,
        bits_per_token=(figures.selection_bits + bits) / tokens if tokens else None,
    )


def _branching(offers: Sequence[Offer]) -> float | None:
    """How many different candidates hang at a place where any does, in the mean."""
    places: dict[tuple[str, Place], set[str]] = {}
    for offer in offers:
        if offer.generated:
            places.setdefault((offer.cell, offer.at), set()).add(offer.text)
    return sum(map(len, places.values())) / len(places) if places else None
