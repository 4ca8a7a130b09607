"""An event told to a person in one line of plain words.

Candidates are named by their number in the fan, counted from 1 in the order of asking. All text
from the log comes out visible and on one line, whatever is in it.
"""

from collections.abc import Sequence
from typing import assert_never

from ..events import (
    Accepted,
    Branched,
    Cancelled,
    Dismissed,
    Edited,
    Event,
    Framed,
    Generated,
    Marked,
    Moved,
    Opened,
    Placed,
    Proposed,
    Rejected,
    Shown,
    Withdrawn,
    Written,
)
from ..tree import Tree
from .plain import one_line, quoted

_LONG = 1e6
"""Seconds that no candidate takes; a log from elsewhere can say any number."""


def account(event: Event, tree: Tree, fan: Sequence[str]) -> str:
    """Tell what happened. `tree` is the cell's tree after it, `fan` the candidates asked for."""
    match event:
        case Opened():
            return f"recording began with {_count(len(event.text), 'character')}"
        case Edited():
            return _edited(event)
        case Moved():
            return f"went to another place of the tree, {_count(len(tree.text), 'character')}"
        case Placed():
            return f"the cell was {event.how}"
        case Framed():
            return f"put {quoted(event.text)} before prompts from here on"
        case Proposed():
            return _proposed(event)
        case Generated():
            return f"{_name(event.candidate, fan)} is {quoted(event.text)}{_end(event)}"
        case Shown():
            return f"saw {_shown(event.candidates, fan)}"
        case Accepted():
            return f"accepted {_accepted(event, tree, fan)}, having seen {len(event.seen)}"
        case Branched():
            return f"kept {_name(event.candidate, fan)} alive, having seen {len(event.seen)}"
        case Rejected():
            return f"rejected {_name(event.candidate, fan)}, having seen {len(event.seen)}"
        case Withdrawn():
            return f"took back the verdict on {_name(event.candidate, fan)}"
        case Marked():
            return _marked(event)
        case Dismissed():
            return f"dismissed the fan, having seen {len(event.seen)}"
        case Cancelled():
            return "stopped what still ran in the fan"
        case _:
            assert_never(event)


def _edited(event: Edited) -> str:
    written = [span for span in event.spans if isinstance(span, Written)]
    text = "".join(span.text for span in written)
    removed = f"removed {_count(event.removed, 'character')}"
    if not text:
        return removed if event.removed else "moved text that was there"
    found = written[0].author == "found"
    wrote = f"{'found' if found else 'wrote'} {quoted(text)}"
    return f"{removed} and {wrote}" if event.removed else wrote


def _proposed(event: Proposed) -> str:
    n = _count(len(event.candidates), "candidate")
    stop = "" if event.stop == "none" else f", to the end of a {event.stop}"
    more = " in place of another one" if event.replaces else ""
    return (
        f"asked {one_line(event.source.model).strip() or 'the model'} for {n}{more}: up to "
        f"{_count(event.max_tokens, 'token')}{stop}, "
        f"temperature {event.sampling.temperature:g}{_more(event)}"
    )


def _more(event: Proposed) -> str:
    """What is not so in every proposal."""
    recipe = event.recipe
    more = [", distinct"] if event.sampling.distinct else []
    more += [f", beginning with {quoted(event.prefix)}"] if event.prefix else []
    before = ["a voice"] if recipe.voice else []
    before += ["the memory"] if recipe.memory else []
    before += [_count(len(recipe.above), "cell")] if recipe.above else []
    return "".join([*more, f", after {' and '.join(before)}" if before else ""])


def _end(event: Generated) -> str:
    tokens = _count(len(event.tokens), "token")
    ended = {"failed": ", cut off by a failure", "cancelled": ", stopped early"}
    seconds = f"{event.seconds:.1f} s" if abs(event.seconds) < _LONG else "an unlikely time"
    return f": {tokens} in {seconds}{ended.get(event.finish, '')}"


def _marked(event: Marked) -> str:
    marks = ["a pin"] if event.pinned else []
    marks += [f"the tag {quoted(tag)}" for tag in event.tags]
    marks += [f"the note {quoted(event.note)}"] if event.note else []
    return f"marked a text with {', '.join(marks)}" if marks else "took the marks off a text"


def _accepted(event: Accepted, tree: Tree, fan: Sequence[str]) -> str:
    node = tree.nodes.get(event.candidate)
    if node is None:
        return _name(event.candidate, fan)
    whole = event.start == 0 and event.stop == len(node.text)
    part = "all" if whole else quoted(node.text[event.start : event.stop])
    return f"{part} of {_name(event.candidate, fan)}"


def _shown(candidates: Sequence[str], fan: Sequence[str]) -> str:
    if len(candidates) == 1:
        return _name(candidates[0], fan)
    known = [str(fan.index(candidate) + 1) for candidate in candidates if candidate in fan]
    return f"candidates {', '.join(known)}"


def _name(candidate: str, fan: Sequence[str]) -> str:
    return f"candidate {fan.index(candidate) + 1}" if candidate in fan else "an unknown candidate"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
