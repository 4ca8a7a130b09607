"""A history without the text that was never accepted, of the same structure, lengths and counts.

What stays: all that a cell's text held when it was opened, written in or accepted into, and what it
holds in the end, text that was removed later among it. What goes: candidates, and the parts of
them, that never came into a text but by walking through the tree; token ids, alternatives and seeds
of all candidates, and the tokens that a sampler is biased to, because with the model they spell or
draw a text; log-probabilities, except of candidates that stay whole; digests of prompts, which
could prove a guess; frames, memory, prefixes, stop strings of samplers, tags and notes, which stand
beside the text. In place of each code point that goes stands █.

Who wrote, when, in which cell and with which model stays: that is no text.
"""

from collections.abc import Iterable, Mapping
from typing import assert_never

from msgspec.structs import replace

from ..errors import BadLog
from ..events import (
    Accepted,
    Bias,
    Branched,
    Cancelled,
    Dismissed,
    Dry,
    Edited,
    Event,
    Framed,
    Generated,
    Marked,
    Moved,
    Opened,
    Place,
    Placed,
    Proposed,
    Rejected,
    Sampler,
    Sampling,
    Shown,
    Taken,
    Withdrawn,
    Written,
)
from ..tree import Growth, Tree

MASK = "█"

Ranges = list[tuple[int, int]]


def redact(events: Iterable[Event]) -> list[Event]:
    """The same events less what was never accepted."""
    events = tuple(events)
    kept = _Kept()
    for event in events:
        kept.take(event)
    ranges = kept.end()
    return [_redacted(event, ranges) for event in events]


class _Kept:
    """Which code points of each node came into a text."""

    def __init__(self) -> None:
        self._cells: dict[str, Growth] = {}
        self._prefix: dict[str, int] = {}
        self._ranges: dict[str, Ranges] = {}

    def take(self, event: Event) -> None:
        """Take one event in; one that refers to what is not there keeps nothing."""
        cell = event.stamp.cell
        growth = self._cells.setdefault(cell, Growth(Tree(cell)))
        try:
            growth.add(event)
        except BadLog:
            return
        match event:
            case Edited() if any(isinstance(span, Written) for span in event.spans):
                self._take_spans(event.spans)
                self._hold(growth.tree)
            case Accepted():
                self._keep(event.candidate, event.start, event.stop)
                self._take_spans(event.tail)
                self._hold(growth.tree)
            case Opened():
                self._hold(growth.tree)
            case _:
                pass

    def end(self) -> Mapping[str, Ranges]:
        """The ranges of each node that stay."""
        for growth in self._cells.values():
            self._hold(growth.tree)
        for node, stop in self._prefix.items():
            self._keep(node, 0, stop)
        return self._ranges

    def _take_spans(self, spans: Iterable[object]) -> None:
        for span in spans:
            if isinstance(span, Taken):
                self._keep(span.node, span.start, span.stop)

    def _keep(self, node: str, start: int, stop: int) -> None:
        self._ranges.setdefault(node, []).append((start, stop))

    def _hold(self, tree: Tree) -> None:
        """The text to the head stays; above a node that was held before, all that is needed does
        already.
        """
        at: Place | None = tree.head
        while at is not None:
            known = at.node in self._prefix
            self._prefix[at.node] = max(at.offset, self._prefix.get(at.node, 0))
            at = None if known else tree.nodes[at.node].at


def _redacted(event: Event, kept: Mapping[str, Ranges]) -> Event:
    match event:
        case Generated():
            return _generated(event, kept.get(event.candidate, []))
        case Proposed():
            return replace(
                event,
                seeds=(0,) * len(event.seeds),
                sampling=_sampling(event.sampling),
                recipe=replace(event.recipe, sha256=""),
                prefix=MASK * len(event.prefix),
            )
        case Framed():
            return replace(event, text=MASK * len(event.text), name="")
        case Marked():
            tags = tuple(MASK * len(tag) for tag in event.tags)
            return replace(event, tags=tags, note=MASK * len(event.note))
        case Opened() | Edited() | Moved() | Placed() | Shown() | Accepted() | Branched():
            return event
        case Rejected() | Withdrawn() | Dismissed() | Cancelled():
            return event
        case _:
            assert_never(event)


def _generated(event: Generated, kept: Ranges) -> Generated:
    text = _masked(event.text, kept)
    n = len(event.tokens)
    return replace(
        event,
        text=text,
        tokens=(0,) * n,
        logprobs=event.logprobs if text == event.text else (0.0,) * len(event.logprobs),
        top=((),) * len(event.top),
    )


def _masked(text: str, kept: Ranges) -> str:
    shown, place = [], 0
    for start, stop in sorted(kept):
        start, stop = max(start, place), min(stop, len(text))
        if stop > start:
            shown += [MASK * (start - place), text[start:stop]]
            place = stop
    return "".join([*shown, MASK * (len(text) - place)])


def _sampling(sampling: Sampling) -> Sampling:
    return replace(sampling, chain=tuple(map(_sampler, sampling.chain)))


def _sampler(sampler: Sampler) -> Sampler:
    if isinstance(sampler, Dry):
        return replace(sampler, breakers=tuple(MASK * len(b) for b in sampler.breakers))
    if isinstance(sampler, Bias):
        return replace(sampler, tokens=tuple((0, bias) for _, bias in sampler.tokens))
    return sampler
