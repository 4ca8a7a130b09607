"""Continuations of a prompt on a stream, without a notebook and without a history.

The candidates grow side by side and are told one after another, so that the output reads the same
on a terminal, where it streams, and in a pipe.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Literal, TextIO

from msgspec import structs, to_builtins

from .engine.messages import Column, Engine, Piece, Rollout
from .events import Alternative, Finish
from .formats.plain import visible

Format = Literal["text", "json"]

REDRAWS = 4
"""How often a candidate that repeats another is drawn again."""


@dataclass(slots=True)
class Candidate:
    """A candidate while it grows; its fields are the keys of the JSON form."""

    index: int
    text: str = ""
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish: Finish | None = None
    top: list[tuple[Alternative, ...]] = field(default_factory=list)

    def gain(self, piece: Piece) -> None:
        """Take a piece in."""
        self.text += piece.text
        self.tokens += piece.tokens
        self.logprobs += piece.logprobs
        self.top += piece.top
        self.finish = piece.finish

    def line(self) -> str:
        """The whole candidate as one JSON object."""
        told = {
            "index": self.index,
            "text": self.text,
            "tokens": self.tokens,
            "logprobs": self.logprobs,
            "finish": self.finish,
        }
        if self.top:
            told["top"] = to_builtins(self.top)
        return json.dumps(told)


def seeds(seed: int, n: int) -> tuple[int, ...]:
    """The seeds of n candidates: from one number, unlike each other and unlike a neighbour's."""
    digests = (sha256(f"{seed} {i}".encode()).digest() for i in range(n))
    return tuple(int.from_bytes(digest[:4], "little") for digest in digests)


async def propose(engine: Engine, rollout: Rollout, out: TextIO, form: Format) -> None:
    """Run one rollout and print its candidates; distinct ones when all are whole. Raises what the
    engine raises.
    """
    teller = _Teller(len(rollout.seeds), out, form)
    if rollout.sampling.distinct:
        for candidate in await _unlike(engine, rollout):
            teller.take_whole(candidate)
        return
    async for answer in engine.rollout(rollout):
        if isinstance(answer, Column):
            teller.take(answer)


async def _unlike(engine: Engine, rollout: Rollout) -> list[Candidate]:
    """The candidates of a rollout when all are whole. What says the same as one before it is drawn
    again, a few times, with a seed that follows from its own.
    """
    candidates = await _whole(engine, rollout)
    for turn in range(REDRAWS):
        repeats = _repeats(candidates)
        if not repeats:
            break
        again = tuple(seeds(rollout.seeds[index] + turn, 1)[0] for index in repeats)
        id = f"{rollout.id}-{turn}"
        fresh = await _whole(engine, structs.replace(rollout, id=id, seeds=again))
        for index, candidate in zip(repeats, fresh, strict=True):
            candidates[index] = replace(candidate, index=index)
    return candidates


async def _whole(engine: Engine, rollout: Rollout) -> list[Candidate]:
    candidates = [Candidate(index) for index in range(len(rollout.seeds))]
    async for answer in engine.rollout(rollout):
        if isinstance(answer, Column):
            for piece in answer.pieces:
                candidates[piece.index].gain(piece)
    return candidates


def _repeats(candidates: Sequence[Candidate]) -> list[int]:
    """The candidates that say what one before them says."""
    first: dict[str, int] = {}
    return [c.index for c in candidates if first.setdefault(c.text, c.index) != c.index]


class _Teller:
    """Prints the candidates in order, each as soon as those before it are whole."""

    def __init__(self, n: int, out: TextIO, form: Format) -> None:
        self._candidates = [Candidate(i) for i in range(n)]
        self._out = out
        self._tell = self._as_json if form == "json" else self._as_text
        self._at = 0
        self._told = 0

    def take(self, column: Column) -> None:
        """Let the candidates grow, and print what can be."""
        for piece in column.pieces:
            self._candidates[piece.index].gain(piece)
        while self._at < len(self._candidates):
            candidate = self._candidates[self._at]
            self._tell(candidate)
            if candidate.finish is None:
                break
            self._at += 1
            self._told = 0
        self._out.flush()

    def take_whole(self, candidate: Candidate) -> None:
        """Print a candidate that is whole."""
        self._told = 0
        self._tell(candidate)

    def _as_json(self, candidate: Candidate) -> None:
        if candidate.finish:
            print(candidate.line(), file=self._out)

    def _as_text(self, candidate: Candidate) -> None:
        if not self._told and (candidate.text or candidate.finish):
            print(f"── {candidate.index + 1} of {len(self._candidates)}", file=self._out)
        print(visible(candidate.text[self._told :]), end="", file=self._out)
        self._told = len(candidate.text)
        if candidate.finish:
            print(file=self._out)
