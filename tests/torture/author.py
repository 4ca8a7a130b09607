"""A front end that writes without a rest, and sends again what was not acknowledged.

It knows what its cell's text must be, and which of its requests were acknowledged.
"""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import msgspec

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
)


class Author:
    """One cell's author. `text` is what the cell holds, `acknowledged` has the ids that were, and
    `waiting` the requests that were not.
    """

    def __init__(self, name: str, document: str, dice: random.Random) -> None:
        self.cell = f"cell-{name}"
        self.text = ""
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self._document = document
        self._dice = dice
        self._name = name
        self._count = 0
        self.waiting: dict[str, FromFront] = {}
        self._offers: dict[str, tuple[str, int, str]] = {}
        self._drawn: dict[str, str] = {}
        self._fans: dict[str, int] = {}
        self._writer: asyncio.StreamWriter | None = None

    async def work(self, socket: Path, until: asyncio.Event) -> None:
        """Write until told to stop, or until the server is gone; then all waits here."""
        try:
            reader, self._writer = await asyncio.open_unix_connection(socket)
            self._send(Hello(self._id(), "notebook", "story.ipynb", self._document))
            for request in tuple(self.waiting.values()):
                self._send(request)
            await self._go_on(reader, until)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._offers.clear()
            if self._writer:
                self._writer.close()

    async def _go_on(self, reader: asyncio.StreamReader, until: asyncio.Event) -> None:
        while not (until.is_set() and not self.waiting):
            if not until.is_set() and len(self.waiting) < 4:
                self._act()
            self._hear(json.loads(await reader.readuntil(b"\n")))

    def _act(self) -> None:
        """Do one thing that an author does."""
        if not self._offers or not self.text:
            self.text += f"{self._name}{self._count} "
            self._ask(Sync(self._id(), self.cell, self.text))
            fan = f"fan-{self._id()}"
            self._fans[fan] = len(self.text)
            self._send(Propose(self._id(), self.cell, fan, len(self.text), 2, "none", 8))
            return
        candidate, (fan, at, words) = self._offers.popitem()
        request = self._dice.choice((Branch, Reject, See, Dismiss, Cancel, Accept))
        if request is Accept and at == len(self.text):
            self.text += words
            accept = (candidate, (candidate,), at, 0, len(words), True)
            self._ask(Accept(self._id(), self.cell, fan, *accept))
        elif request in (Branch, Reject):
            self._ask(request(self._id(), self.cell, fan, candidate, (candidate,)))
        elif request in (See, Dismiss):
            self._ask(request(self._id(), self.cell, fan, (candidate,)))
        else:
            self._ask(Cancel(self._id(), self.cell, fan))

    def _hear(self, answer: dict[str, Any]) -> None:
        match answer["type"]:
            case "acknowledged":
                self.acknowledged.append(answer["id"])
                self.waiting.pop(answer["id"], None)
            case "refused" if answer["code"] != "cancelled":
                self.refused.append(answer["message"])
                self.waiting.pop(answer["id"], None)
            case "drawing":
                self._drawn |= dict.fromkeys(answer["candidates"], "")
            case "grown":
                for gain in answer["gains"]:
                    self._drawn[gain["candidate"]] += gain["text"]
            case "ended":
                fan, candidate = answer["fan"], answer["candidate"]
                self._offers[candidate] = (fan, self._fans[fan], self._drawn.pop(candidate))

    def _ask(self, request: FromFront) -> None:
        self.waiting[request.id] = request
        self._send(request)

    def _send(self, request: FromFront) -> None:
        assert self._writer
        self._writer.write(msgspec.json.encode(request) + b"\n")

    def _id(self) -> str:
        self._count += 1
        return f"{self._document}-{self._name}-{self._count}"
