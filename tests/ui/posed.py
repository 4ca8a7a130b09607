"""A cell's history to take pictures of: drawn by the starter model with fixed seeds, and judged.

Of many candidates those are kept that are asked for; where the model draws others, some of those
that read well.
"""

import asyncio
import hashlib
import json
import re
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from jupyter_sim.events import (
    Accepted,
    Branched,
    Edited,
    Event,
    Framed,
    Generated,
    Marked,
    Opened,
    Place,
    Proposed,
    Recipe,
    Rejected,
    Sampling,
    Shown,
    Source,
    Stamp,
    Written,
    node_id,
)
from jupyter_sim.history import History
from jupyter_sim.tree import Growth, Tree

from .lab import Lab

CELL = "cell-1"
TEMPERATURE = 0.7
BEGINNING, PACE = 1_795_000_000.0, 2.5
"""When the writing began, and how long each event takes; in seconds."""


class Posed:
    """Writes what happened in one cell, one event after another."""

    def __init__(self, lab: Lab, name: str, opening: str) -> None:
        self._lab = lab
        self._document = uuid.uuid4().hex
        root = lab.home / "data" / "jupyter_sim" / "history"
        self._history = History.open(self._document, path=name, root=root)
        self._growth = Growth(Tree(CELL))
        self._events: list[Event] = []
        self._model = lab.status()
        self._tell(Opened(self._stamp(), opening))
        path = lab.root / name
        notebook = json.loads(path.read_text())
        notebook["metadata"]["jupyter_sim"] = {"document": self._document}
        path.write_text(json.dumps(notebook))

    @property
    def text(self) -> str:
        return self._growth.tree.text

    @property
    def _head(self) -> Place:
        head = self._growth.tree.head
        assert head
        return head

    def fan(self, *wanted: str, seed: int, voices: Iterable[tuple[str, str]] = ()) -> list[str]:
        """Offer candidates at the text's end, dealt round the voices; their ids."""
        fan, head = uuid.uuid4().hex, self._head
        voices = tuple(voices) or (("", ""),)
        ids = [""] * len(wanted)
        for turn, (name, frame) in enumerate(voices):
            mine = slice(turn, None, len(voices))
            drafts = chosen(self._drafts(frame + self.text, seed + turn), wanted[mine])
            ids[mine] = self._draw(fan, head, name, frame, drafts)
        self._tell(Shown(self._stamp(), fan, tuple(ids)))
        return ids

    def judge(self, kind: type[Branched | Rejected], candidate: str) -> None:
        self._tell(kind(self._stamp(), self._fan(candidate), candidate, self._seen(candidate)))

    def accept(self, candidate: str) -> None:
        fan, seen = self._fan(candidate), self._seen(candidate)
        length = len(self._growth.tree.nodes[candidate].text)
        self._tell(Accepted(self._stamp(), fan, candidate, seen, self._head, 0, length))

    def write(self, text: str) -> None:
        self._tell(Edited(self._stamp(), self._head, 0, (Written(text, "human"),)))

    def mark(self, node: str, note: str, *tags: str) -> None:
        self._tell(Marked(self._stamp(), node, True, tags, note))

    def end(self) -> None:
        """Write the history, and the text into the notebook."""
        with ThreadPoolExecutor() as pool:
            pool.submit(asyncio.run, self._close()).result()
        path = self._lab.root / self._history.path
        notebook = json.loads(path.read_text())
        notebook["cells"][1]["source"] = self.text
        path.write_text(json.dumps(notebook))

    async def _close(self) -> None:
        await self._history.append(*self._events)
        await self._history.close()

    def _draw(
        self, fan: str, at: Place, name: str, frame: str, drafts: list[dict[str, Any]]
    ) -> list[str]:
        voice = self._frame(name, frame) if frame else None
        recipe = Recipe(0, hashlib.sha256((frame + self.text).encode()).hexdigest(), voice)
        stamp, ids = self._stamp(), [node_id(uuid.uuid4().hex) for _ in drafts]
        model = self._model
        source = Source(model["model"], model["sha256"], model["engine"])
        seeds = tuple(draft["index"] for draft in drafts)
        how = (seeds, recipe, source, Sampling(temperature=TEMPERATURE), "sentence", 48)
        self._tell(Proposed(stamp, fan, stamp.id, at, tuple(ids), *how))
        for id, draft in zip(ids, drafts, strict=True):
            tokens, logprobs = tuple(draft["tokens"]), tuple(draft["logprobs"])
            end = (draft["text"], tokens, logprobs, draft["finish"], 0.2)
            self._tell(Generated(self._stamp(), fan, stamp.id, id, *end))
        return ids

    def _frame(self, name: str, frame: str) -> str:
        stamp = self._stamp()
        self._tell(Framed(stamp, frame, name))
        return stamp.id

    def _drafts(self, prompt: str, seed: int) -> list[dict[str, Any]]:
        (self._lab.root / "prompt.txt").write_text(prompt)
        how = ("-n", "32", "--seed", str(seed), "--temperature", str(TEMPERATURE))
        lines = self._lab.sim(
            "propose", *how, "--stop", "sentence", "--format", "json", "prompt.txt"
        )
        return [json.loads(line) for line in lines.splitlines()]

    def _fan(self, candidate: str) -> str:
        return next(
            e.fan for e in self._events if isinstance(e, Generated) and e.candidate == candidate
        )

    def _seen(self, candidate: str) -> tuple[str, ...]:
        fan = self._fan(candidate)
        shown = (e.candidates for e in self._events if isinstance(e, Shown) and e.fan == fan)
        return next(shown, (candidate,))

    def _stamp(self) -> Stamp:
        stamp = self._history.stamp(CELL)
        return msgspec.structs.replace(stamp, time=BEGINNING + PACE * len(self._events))

    def _tell(self, event: Event) -> None:
        self._growth.add(event)
        self._events.append(event)


def chosen(drafts: list[dict[str, Any]], wanted: tuple[str, ...]) -> list[dict[str, Any]]:
    """As many drafts as are wanted: those, or others, first of all such as read well."""
    known = {draft["text"]: draft for draft in reversed(drafts)}
    others = sorted((text for text in known if text not in wanted), key=reads_well)
    return [known[text] if text in known else known[others.pop()] for text in wanted]


def reads_well(text: str) -> bool:
    """Whether a text is a plain sentence that fits into a row."""
    return re.fullmatch(r"[\s]*[A-Za-z ,']+\.", text) is not None and 15 < len(text) < 70
