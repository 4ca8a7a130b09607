"""What a change of a cell's text is recorded as: pure, from the text before and the text after.

A front end tells whole texts. Here they become events that keep every character's author: what both
texts have stays where it is, and what is new in one place and stands or stood in another, of this
cell or another, comes from there. Who says so, and when it is on disk, is `document`'s business.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from .events import Author, Edited, Opened, Origin, Place, Span, Stamp, Taken, Written
from .runs import cut, joined
from .tree import Stretch, Tree, taken

NEAR, FAR, NAMED = 12, 20, 4
"""How many code points make a passage that is known again: between the ends of one edit, in what
any cell has or has lost, and in a cell that is named as the source."""

REACH = 1024
"""So far behind a known passage the next one is looked for first."""

CHOICE = 16
"""So often, at most, a passage is looked at in one text to find where it is longest."""

SHIFT = 64
"""So many code points earlier, at most, a paste may have begun than the texts tell."""

PATIENCE = 4096
"""After so many code points that stand nowhere, larger steps are taken."""

LABOUR = 5_000_000
"""How many code points are looked through for one edit, about; for more, only longer passages are
found."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A text that others may come from: the branch to a place, or the part of it that begins at
    code point `start`.
    """

    tree: Tree
    place: Place
    text: str
    start: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a new text; where it stood at code point `at` of a ground's text, that too."""

    text: str
    ground: Ground | None = None
    at: int = 0


def opened(stamp: Stamp, text: str, grounds: Sequence[Ground], least: int = FAR) -> Opened:
    """A cell's first text, with the authors of what it has from the grounds."""
    passages = _passages(text, grounds, least, _stride(text, grounds))
    origins = _origins(stamp.cell, passages)
    if not origins:
        return Opened(stamp, text)
    spans = _spans(passages, stamp.cell, "found")
    return Opened(stamp, text, tuple(s for s in spans if isinstance(s, Written)), origins)


def edited(
    stamp: Stamp,
    now: Ground,
    text: str,
    author: Author,
    rounds: Sequence[Sequence[Ground]] = (),
    least: int = FAR,
) -> Edited:
    """The edit that leads from the cell's text `now` to another. What is new is looked for in the
    grounds of each round, if those before did not have it; what is nowhere is the author's.
    """
    tree = now.tree
    start, old, new = difference(now.text, text)
    if start == old:
        shift = _shift(text, start, new, least, rounds)
        start, old, new = start - shift, old - shift, new - shift
    fresh, within = text[start:new], [Ground(tree, now.place, now.text[start:old], start)]
    near = _stride(fresh, within), Passage("", within[0])
    passages = _entire(fresh, least, rounds) or _passages(fresh, within, NEAR, *near)
    for grounds in rounds:
        passages = [*chain.from_iterable(_known(p, grounds, least) for p in passages)]
    spans = tuple(_spans(passages, stamp.cell, author)) + tree.tail(old)
    origins = _origins(stamp.cell, passages)
    return Edited(stamp, tree.place(start), old - start, spans, origins)


def difference(old: str, new: str) -> tuple[int, int, int]:
    """Where two texts part and meet again: `old[start:o]` gave way to `new[start:n]`, as short as
    can be.
    """
    start = _agree(old, 0, new, 0)
    same = _agree(old[start:][::-1], 0, new[start:][::-1], 0)
    return start, len(old) - same, len(new) - same


def _spans(passages: Sequence[Passage], cell: str, author: Author) -> Iterator[Span]:
    """What the passages are to a cell's tree: its own by reference, others by their authors."""
    paths: dict[int, tuple[Stretch, ...]] = {}
    for passage in passages:
        ground = passage.ground
        if ground is None:
            yield Written(passage.text, author)
            continue
        if id(ground) not in paths:
            paths[id(ground)] = ground.tree.path(ground.place, ground.start)
        start = ground.start + passage.at
        spans = taken(paths[id(ground)], start, start + len(passage.text))
        if ground.tree.cell == cell:
            yield from spans
        else:
            yield from _written(ground.tree, spans)


def _written(tree: Tree, spans: Iterable[Taken]) -> Iterator[Written]:
    runs = (cut(tree.nodes[span.node].runs, span.start, span.stop) for span in spans)
    for run in joined(chain.from_iterable(runs)):
        yield Written(run.text, run.author)


def _origins(cell: str, passages: Sequence[Passage]) -> tuple[Origin, ...]:
    grounds = (passage.ground for passage in passages)
    strange = (g for g in grounds if g and g.tree.cell != cell)
    return tuple(dict.fromkeys(Origin(g.tree.cell, g.place) for g in strange))


def _shift(text: str, start: int, stop: int, least: int, rounds: Sequence[Sequence[Ground]]) -> int:
    """By how much what was put in began earlier: where one pastes before characters that it begins
    with, the texts alone do not tell, but all of it stands somewhere.
    """
    shift = 0
    while not _entire(text[start - shift : stop - shift], least, rounds):
        shift += 1
        if shift > min(start, SHIFT) or text[start - shift] != text[stop - shift]:
            return 0
    return shift


def _entire(text: str, least: int, rounds: Sequence[Sequence[Ground]]) -> list[Passage]:
    """The text as one passage, if all of it stands somewhere."""
    grounds = [*chain.from_iterable(rounds)] if len(text) >= least else []
    found = _anywhere(text, 0, len(text), grounds)
    return [Passage(text, *found)] if found else []


def _known(passage: Passage, grounds: Sequence[Ground], least: int) -> list[Passage]:
    """A passage in parts, if it stands nowhere yet."""
    if passage.ground or len(passage.text) < least:
        return [passage]
    return _passages(passage.text, grounds, least, _stride(passage.text, grounds))


def _stride(text: str, grounds: Sequence[Ground]) -> int:
    """In steps of how many code points a text is compared with all of the grounds."""
    return 1 + len(text) * sum(len(ground.text) for ground in grounds) // LABOUR


def _passages(
    text: str,
    grounds: Sequence[Ground],
    least: int,
    stride: int,
    last: Passage | None = None,
) -> list[Passage]:
    """The text in parts, those that stand in the grounds and those that do not.

    A passage of `least` code points is found soon behind the `last` one, or where the stride is 1
    anywhere; with a longer stride one of twice that.
    """
    parts: list[Passage] = []
    done = at = afar = 0
    while grounds and at + least <= len(text):
        found = _soon(text[at : at + least], last) if last else None
        if found is None and at >= afar:
            found = _anywhere(text, at, max(least, stride), grounds)
            afar = at + stride
        if found is None:
            at += 1 if at - done < PATIENCE else stride
            continue
        start, last = _whole(text, done, at, *found)
        if start > done:
            parts.append(Passage(text[done:start]))
        parts.append(last)
        done = at = start + len(last.text)
    return [*parts, Passage(text[done:])] if done < len(text) else parts


def _soon(gram: str, last: Passage) -> tuple[Ground, int] | None:
    """Where a few characters stand not far behind a passage."""
    if last.ground is None:
        return None
    end = last.at + len(last.text)
    at = last.ground.text.find(gram, end, end + REACH)
    return None if at < 0 else (last.ground, at)


def _anywhere(
    text: str, at: int, least: int, grounds: Sequence[Ground]
) -> tuple[Ground, int] | None:
    """Where a few characters of the text stand and what follows goes on like it for longest."""
    gram = text[at : at + least]
    found = ((ground, stands) for ground in grounds for stands in _finds(ground.text, gram))
    return max(found, key=lambda one: _agree(text, at, one[0].text, one[1]), default=None)


def _finds(text: str, gram: str) -> Iterator[int]:
    """Where a few characters stand in a text: the first few times."""
    at = text.find(gram)
    for _ in range(CHOICE):
        if at < 0:
            return
        yield at
        at = text.find(gram, at + 1)


def _whole(text: str, done: int, at: int, ground: Ground, stands: int) -> tuple[int, Passage]:
    """All that text and ground have in common around a point, and where that begins in the text:
    not before `done`.
    """
    most = min(at - done, stands)
    before = text[at - most : at][::-1], 0, ground.text[stands - most : stands][::-1], 0
    start = at - _agree(*before)
    stop = at + _agree(text, at, ground.text, stands)
    return start, Passage(text[start:stop], ground, stands - (at - start))


def _agree(one: str, i: int, other: str, j: int) -> int:
    """How many characters two texts have in common from `i` and `j` on."""
    most = min(len(one) - i, len(other) - j)
    same, step = 0, 64
    while (
        same < most
        and one[i + same : i + min(most, same + step)]
        == (other[j + same : j + min(most, same + step)])
    ):
        same, step = min(most, same + step), step * 2
    high = min(most, same + step)
    while same < high:
        middle = (same + high + 1) // 2
        if one[i + same : i + middle] == other[j + same : j + middle]:
            same = middle
        else:
            high = middle - 1
    return same
