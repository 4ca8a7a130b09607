"""A front end that writes without a rest, and sends again what was not acknowledged.

It knows what its cell's text must be, and which of its requests were acknowledged. It judges
candidates that are whole and, if it is told to, some that still grow.
"""

import asyncio
import json
import random
from collections import Counter
from typing import Any

import msgspec

from jupyter_sim.events import event_id
from jupyter_sim.protocol import (
    Accept,
    Branch,
    Cancel,
    Dismiss,
    FromFront,
    Hello,
    Propose,
    Reject,
    See,
    Sync,
    Withdraw,
)

from .lines import Connect, Line

DRAWS = 2
"""As many run for an author at once."""

LENGTH = 60
"""So much of its text an author keeps as it goes on."""


class Author:
    """One cell's author. `text` is what the cell holds, `verdicts` all that it told, `acknowledged`
    has the ids of what must be on disk, and `waiting` the requests whose ids are not among them.
    `refused` tells what should not have been, `failed` the codes of proposals that came to
    nothing; `heard` counts what candidates gained. `early` is how likely it is that a candidate is
    judged at a step of its growth, `leaves` that the author hangs up at an answer, and comes again.
    """

    def __init__(
        self,
        name: str,
        document: str,
        dice: random.Random,
        *,
        tokens: int = 8,
        early: float = 0.0,
        leaves: float = 0.0,
    ) -> None:
        self.cell = f"cell-{name}"
        self.text = ""
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self.failed: Counter[str] = Counter()
        self.waiting: dict[str, FromFront] = {}
        self.verdicts: list[FromFront] = []
        self.heard = 0
        self._document = document
        self._dice = dice
        self._name = name
        self._tokens = tokens
        self._early = early
        self._leaves = leaves
        self._count = 0
        self._draws: dict[str, set[str]] = {}
        self._offers: dict[str, str] = {}
        self._drawn: dict[str, str] = {}
        self._fans: dict[str, int] = {}

    async def work(self, connect: Connect, until: asyncio.Event) -> bool:
        """Write until told to stop, or until the server is gone; then all waits here. Whether there
        was a server.
        """
        try:
            line = await connect()
        except ConnectionError:
            return False
        try:
            self._ask_once(line, Hello(self._id(), "notebook", "story.ipynb", self._document))
            for request in tuple(self.waiting.values()):
                self._ask_once(line, request)
            await self._go_on(line, until)
        except ConnectionError:
            pass
        finally:
            for known in (self._draws, self._offers, self._drawn):
                known.clear()
            line.close()
        return True

    async def stay(self, connect: Connect, until: asyncio.Event) -> None:
        """Write until told to stop, and come again whenever the line is cut and a server there."""
        while (not until.is_set() or self.waiting) and await self.work(connect, until):
            pass

    async def _go_on(self, line: Line, until: asyncio.Event) -> None:
        while not (until.is_set() and not self.waiting and not self._draws):
            if not until.is_set() and len(self.waiting) < 4:
                self._act(line)
            self._take(json.loads(await line.hear()))
            if self._dice.random() < self._leaves and not until.is_set():
                return

    def _act(self, line: Line) -> None:
        """Do one thing that an author does."""
        if self._offers and self.text:
            self._judge(line, *self._offers.popitem())
        elif len(self._draws) < DRAWS:
            self.text = self.text[-LENGTH:] + f"{self._name}{self._count} "
            self._ask(line, Sync(self._id(), self.cell, self.text))
            draw, fan, at = self._id(), f"fan-{self._id()}", len(self.text)
            self._fans[fan] = at
            self._draws[draw] = set()
            self._ask_once(line, Propose(draw, self.cell, fan, at, 2, "none", self._tokens))

    def _judge(self, line: Line, candidate: str, fan: str) -> None:
        verdict = self._verdict(self._id(), candidate, fan)
        self.verdicts.append(verdict)
        self._ask(line, verdict)

    def _verdict(self, id: str, candidate: str, fan: str) -> FromFront:
        kind = self._dice.choice((Branch, Reject, See, Dismiss, Cancel, Withdraw, Accept))
        at, words = self._fans[fan], self._drawn[candidate]
        if kind is Accept and at <= len(self.text):
            stop = self._dice.randint(0, len(words))
            self.text = self.text[:at] + words[:stop] + self.text[at:]
            return Accept(id, self.cell, fan, candidate, (candidate,), at, 0, stop, True)
        if kind in (Branch, Reject):
            return kind(id, self.cell, fan, candidate, (candidate,))
        if kind in (See, Dismiss):
            return kind(id, self.cell, fan, (candidate,))
        if kind is Withdraw:
            return Withdraw(id, self.cell, fan, candidate)
        return Cancel(id, self.cell, fan)

    def _take(self, answer: dict[str, Any]) -> None:
        match answer["type"]:
            case "acknowledged":
                self.acknowledged.append(answer["id"])
                self.waiting.pop(answer["id"], None)
            case "refused":
                self._lose(answer)
            case "drawing":
                self._draws[answer["draw"]] = set(answer["candidates"])
                self._drawn |= dict.fromkeys(answer["candidates"], "")
            case "grown":
                for gain in answer["gains"]:
                    self.heard += 1
                    self._drawn[gain["candidate"]] += gain["text"]
                    if self._dice.random() < self._early:
                        self._offers[gain["candidate"]] = answer["fan"]
            case "ended":
                self._end(answer["draw"], answer["fan"], answer["candidate"])
            case "failed":
                self._fail(answer)

    def _lose(self, answer: dict[str, Any]) -> None:
        """A request came to nothing. What was called off tells no more."""
        if self.waiting.pop(answer["id"], None):
            self.refused.append(answer["message"])
            return
        self._draws.pop(answer["id"], None)
        if answer["code"] != "cancelled":
            self.failed[answer["code"]] += 1

    def _fail(self, answer: dict[str, Any]) -> None:
        self.failed[answer["code"]] += 1
        left = self._draws.pop(answer["draw"], None)
        if left:
            self.refused.append(f"{left} grew, and were left when their draw failed")

    def _end(self, draw: str, fan: str, candidate: str) -> None:
        self.acknowledged.append(event_id(candidate))
        self._offers[candidate] = fan
        self._draws[draw].discard(candidate)
        if not self._draws[draw]:
            del self._draws[draw]

    def _ask(self, line: Line, request: FromFront) -> None:
        self.waiting[request.id] = request
        self._ask_once(line, request)

    def _ask_once(self, line: Line, request: FromFront) -> None:
        line.send(msgspec.json.encode(request))

    def _id(self) -> str:
        self._count += 1
        return f"{self._document}-{self._name}-{self._count}"
