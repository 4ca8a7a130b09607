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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    Span,
    Taken,
    Withdrawn,
    Written,
    node_id,
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
        self._made: dict[str, list[_Source]] = {}
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
            case Edited():
                self._make(event, growth.tree, event.spans)
                if any(isinstance(span, Written) for span in event.spans):
                    self._hold(growth.tree)
            case Accepted():
                accepted = Taken(event.candidate, event.start, event.stop)
                self._make(event, growth.tree, (accepted, *event.tail))
                self._hold(growth.tree)
            case Opened():
                self._hold(growth.tree)
            case _:
                pass

    def end(self) -> Mapping[str, Ranges]:
        """The ranges of each node that stay: what stood on a branch, and what that was taken from.
        A node takes from earlier ones only.
        """
        for growth in self._cells.values():
            self._hold(growth.tree)
        for node, stop in self._prefix.items():
            self._keep(node, 0, stop)
        for node in reversed(self._made):
            for source in self._made[node]:
                self._keep_source(source, _united(self._ranges.get(node, [])))
        return self._ranges

    def _make(self, event: Edited | Accepted, tree: Tree, spans: Sequence[Span]) -> None:
        """Note what the node of an event took from others. Its text is that of the spans, or the
        end of it: an acceptance may make a node of the tail alone.
        """
        node = tree.nodes.get(node_id(event.stamp.id))
        if node is None:
            return
        place, sources = len(node.text), []
        for span in reversed(spans):
            match span:
                case Written():
                    place -= len(span.text)
                case Taken():
                    place -= span.stop - span.start
                    sources.append(_Source(place, span))
                case _:
                    assert_never(span)
        self._made[node.id] = sources

    def _keep_source(self, source: "_Source", ranges: Ranges) -> None:
        span = source.span
        shift = span.start - source.place
        for start, stop in ranges:
            self._keep(span.node, max(start + shift, span.start), min(stop + shift, span.stop))

    def _keep(self, node: str, start: int, stop: int) -> None:
        if start < stop:
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


@dataclass(frozen=True, slots=True)
class _Source:
    """What stands at a code point of a node was taken from another."""

    place: int
    span: Taken


def _united(ranges: Ranges) -> Ranges:
    """The same code points in the fewest ranges, in order."""
    united: Ranges = []
    for start, stop in sorted(ranges):
        if united and start <= united[-1][1]:
            united[-1] = united[-1][0], max(stop, united[-1][1])
        else:
            united.append((start, stop))
    return united


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
    for start, stop in _united(kept):
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
