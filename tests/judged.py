"""A small history in which everything is judged, for the tests of what leaves as a file."""

from collections.abc import Callable, Sequence

from jupyter_sim.events import (
    Accepted,
    Alternative,
    Bias,
    Branched,
    Dry,
    Edited,
    Event,
    Framed,
    Generated,
    Marked,
    Moved,
    Opened,
    Place,
    Proposed,
    Recipe,
    Rejected,
    Sampling,
    Shown,
    Source,
    Stamp,
    Taken,
    Written,
)
from jupyter_sim.formats.simlog import Header, Log
from jupyter_sim.tree import fold

DOCUMENT = "11111111-2222"
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>[x](javascript:alert(3))"
Run = Callable[..., tuple[int, str, str]]


def stamp(seq: int, cell: str = "cell") -> Stamp:
    return Stamp(f"e{seq}", "w", seq, 1_700_000_000.0 + seq, "ann", DOCUMENT, cell)


def story(never: str = " wet") -> list[Event]:
    """ " dark" of " dark<never>" is accepted, " late" was accepted, and then removed.

    All else that a candidate, a frame or a mark says is `never`, or ends with it.
    """
    at, seen = Place("e1.0", 6), ("a", "b", "c")
    draws = {"one": "e2", "two": "e10"}
    alternatives = ((Alternative(7, never, -2.0),), ())

    def proposed(seq: int, fan: str, at: Place, *ids: str, voice: str | None = None) -> Proposed:
        return Proposed(
            stamp=stamp(seq),
            fan=fan,
            draw=f"e{seq}",
            at=at,
            candidates=ids,
            seeds=tuple(range(70, 70 + len(ids))),
            recipe=Recipe(0, "", voice=voice),
            source=Source("toy", "abc", ""),
            sampling=Sampling(chain=(Dry(1.0, breakers=(never[:60],)), Bias(((4242, 1.0),)))),
            stop="none",
            max_tokens=8,
            prefix=never,
        )

    def generated(seq: int, fan: str, id: str, text: str) -> Generated:
        ends = (len(text) // 2, len(text))
        return Generated(
            stamp(seq),
            fan,
            draws[fan],
            id,
            text,
            (40, 41),
            (-1.0, -0.5),
            "stop",
            0.5,
            ends,
            alternatives,
        )

    return [
        Opened(stamp(1), "It was\n"),
        proposed(2, "one", at, *seen),
        generated(3, "one", "a", " dark" + never),
        generated(4, "one", "b", never),
        generated(5, "one", "c", " never mind" + never),
        Shown(stamp(6), "one", seen),
        Rejected(stamp(7), "one", "b", seen),
        Accepted(stamp(8), "one", "a", seen, at, 0, 5, (Taken("e1.0", 6, 7),)),
        Framed(stamp(9), f"In a voice.{never}", never),
        proposed(10, "two", Place("e8.0", 0), "d", "e", voice="e9"),
        generated(11, "two", "d", " and late"),
        generated(12, "two", "e", never),
        Branched(stamp(13), "two", "e", ("d", "e")),
        Accepted(stamp(14), "two", "d", ("d", "e"), Place("e8.0", 0), 0, 9),
        Edited(stamp(15), Place("d", 4), 5, (Written(" cold.", "human"),)),
        Moved(stamp(16), Place("b", len(never))),
        Moved(stamp(17), Place("e15.0", 6)),
        Marked(stamp(18), "b", True, (never,), never),
        Opened(stamp(19, "other"), "Another cell."),
    ]


def header() -> Header:
    return Header(document=DOCUMENT, path="notes/story.ipynb", kind="notebook", exported=0.0)


def log(never: str = " wet") -> Log:
    return Log(header(), tuple(story(never)))


def texts(events: Sequence[Event]) -> dict[str, str]:
    return {cell: tree.text for cell, tree in fold(events)[0].items()}
