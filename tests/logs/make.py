"""Writes the golden log of this version: every type of event, in segments and as a session log.

    python tests/logs/make.py FOLDER

The logs of earlier versions stay as they are: what was once written is read for ever.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from jupyter_sim import history
from jupyter_sim.events import (
    Above,
    Accepted,
    Alternative,
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
    Mirostat,
    Moved,
    Opened,
    Origin,
    Penalties,
    Place,
    Placed,
    Proposed,
    Recipe,
    Rejected,
    Sampling,
    Shown,
    Source,
    Stamp,
    Taken,
    Typical,
    Withdrawn,
    Written,
    Xtc,
)
from jupyter_sim.formats import simlog
from jupyter_sim.formats.chain import dump
from jupyter_sim.formats.header import VERSION, Header
from jupyter_sim.formats.writer import Writer
from jupyter_sim.tree import fold

DOCUMENT = "0b0e0a5e-golden"
PATH = "notes/story \u2014 Kopie.ipynb"
CHAIN = (
    Typical(0.9),
    Xtc(0.5, 0.1),
    Dry(0.8, 1.75, 2, -1, ("\n", ":")),
    Penalties(64, 1.1, 0.0, 0.5),
    Bias(((5, -1.5), (7, 2.0))),
    Mirostat(5.0, 0.1),
)
VOICE = "The diary of a lighthouse keeper.\n\n"
MEMORY = "It is 1887.\n\n"


class Scribe:
    """A writer with a clock of its own, which may be wrong by years."""

    def __init__(self, name: str, clock: float) -> None:
        self.name = name
        self.events: list[Event] = []
        self._clock = clock

    def write(self, kind: Callable[..., Event], cell: str, seq: int, *rest: object) -> str:
        """Record an event; its id."""
        id = f"{self.name}-{seq:02}"
        self._clock += 1.25
        stamp = Stamp(id, self.name, seq, self._clock, "ann", DOCUMENT, cell)
        self.events.append(kind(stamp, *rest))
        return id


def proposed(
    fan: str, at: Place, ids: Sequence[str], recipe: Recipe, sampling: Sampling
) -> tuple[object, ...]:
    source = Source("starter", "5e" * 32, "llama.cpp 0.3.36")
    seeds = tuple(4_000_000_000 + number for number in range(len(ids)))
    return fan, fan, at, tuple(ids), seeds, recipe, source, sampling, "sentence", 48


def first() -> list[Event]:
    """What the first writer recorded."""
    w = Scribe("first", 1.7e9)
    top = ((Alternative(9, "night", -0.5), Alternative(11, "day\ud83d", -1.75)),) * 2
    title = w.write(Opened, "title", 1, "# A story")
    story = w.write(Opened, "story", 2, "It was a dark and ")
    at = Place(f"{story}.0", 18)
    voice = w.write(Framed, "story", 3, VOICE, "keeper")
    memory = w.write(Framed, "story", 4, MEMORY)
    prompt = VOICE + MEMORY + "# A story\n\n" + "It was a dark and "
    above = (Above("title", Place(f"{title}.0", 9)),)
    recipe = Recipe(0, sha256(prompt.encode()).hexdigest(), voice, memory, above)
    g = [f"g{number}.0" for number in range(3)]
    w.write(Proposed, "story", 5, *proposed("fan-1", at, g, recipe, Sampling(chain=CHAIN)))
    texts = (
        "stormy night\u2014",
        "quiet \U0001f469\u200d\U0001f680 night",
        "\u202eevil\x00 \ud800",
    )
    for number, text in enumerate(texts):
        fan = ("fan-1", "fan-1", g[number], text, (5, 9), (-0.25, -1.5), "stop", 0.5)
        w.write(Generated, "story", 6 + number, *fan, (1, len(text)), top)
    w.write(Shown, "story", 9, "fan-1", (g[0], g[1]))
    w.write(Branched, "story", 10, "fan-1", g[1], (g[0], g[1]))
    w.write(Rejected, "story", 11, "fan-1", g[2], tuple(g))
    w.write(Accepted, "story", 12, "fan-1", g[0], tuple(g), at, 0, 6)
    w.write(Accepted, "story", 13, "fan-1", g[0], tuple(g), Place(g[0], 6), 6, 12)
    edit = (Written("!", "human"), Taken(g[0], 6, 12))
    edited = w.write(Edited, "story", 14, Place(g[0], 6), 0, edit)
    w.write(Marked, "story", 15, g[1], True, ("keep", "später"), "for the end")
    end = Place(f"{edited}.0", 7)
    more = ["g3.0"]
    once = Recipe(2, "00" * 32)
    w.write(Proposed, "story", 16, *proposed("fan-2", end, more, once, Sampling(0.7)), None, "And")
    w.write(Cancelled, "story", 17, "fan-2")
    ended = ("fan-2", "fan-2", "g3.0", "And", (3,), (-2.5,), "cancelled", 0.1)
    w.write(Generated, "story", 18, *ended)
    w.write(Dismissed, "story", 19, "fan-2", ("g3.0",))
    return w.events


def second() -> list[Event]:
    """What the second one recorded, who had read the first, and whose clock is ten years behind."""
    w = Scribe("second", 1.385e9)
    at, tail = Place("second-20.0", 9), (Taken("second-20.0", 9, 13),)
    w.write(Opened, "notes", 20, "He saw it all.")
    w.write(Proposed, "notes", 21, *proposed("fan-3", at, ["g4.0"], Recipe(0, ""), Sampling()))
    w.write(Generated, "notes", 22, "fan-3", "fan-3", "g4.0", " and told", (1,), (0.0,), "end", 1.0)
    w.write(Accepted, "notes", 23, "fan-3", "g4.0", ("g4.0",), at, 0, 9, tail)
    w.write(Withdrawn, "notes", 24, "fan-3", "g4.0")
    w.write(Moved, "notes", 25, Place("second-20.0", 14))
    runs = (Written("It was a dark and ", "found"), Written("stormy", "model"))
    origins = (Origin("story", Place("g0.0", 6)),)
    w.write(Opened, "half", 26, "It was a dark and stormy", runs, origins)
    w.write(Placed, "title", 27, "removed")
    return w.events


def main(folder: Path) -> None:
    """Write the log, and what a reader must find in it."""
    root, version = folder / f"v{VERSION}", f"v{VERSION}"
    for events in (first(), second()):
        name = events[0].stamp.writer
        header = Header(document=DOCUMENT, writer=name, path=PATH, kind="notebook")
        writer = Writer([root / DOCUMENT], header, limit=4000)
        for event in events:
            writer.write([dump(event)])
        writer.close()
    merged = history.read(DOCUMENT, root)[0]
    log = simlog.Header(document=DOCUMENT, path=PATH, kind="notebook", exported=1.7e9)
    simlog.write_log(folder / f"{version}.simlog", log, merged)
    summary = json.dumps(summarised(merged), indent=1)
    (folder / f"{version}.json").write_text(summary + "\n", encoding="ascii")


def summarised(events: Sequence[Event]) -> dict[str, object]:
    """What must come of a log: how many of each type, and each cell's text, verdicts and marks."""
    trees, problems = fold(events)
    return {
        "events": dict(sorted(Counter(type(event).__name__.lower() for event in events).items())),
        "problems": list(problems),
        "cells": {
            cell: {
                "text": tree.text,
                "verdicts": dict(tree.verdicts),
                "marks": {node: [m.pinned, list(m.tags), m.note] for node, m in tree.marks.items()},
                "nodes": len(tree.nodes),
            }
            for cell, tree in trees.items()
        },
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
