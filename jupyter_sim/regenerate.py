"""A recorded history run again: the same prompts, by the same model or by another.

Under the same model (by its sha256) each draw is *drawn* and *forced*. Drawn, its rollout is run
again with the recorded seeds. Forced, the recorded tokens are read after the recorded prompt, and
each log-probability is compared with the recorded one. The first token where either parts from the
record is told, with what the model gives the recorded token and the one it draws now. The order in
which sequences lie in the KV cache shifts the last bits of logits: hence a tolerance, and an engine
in its deterministic mode.

Under another model the *texts* are read: how many bits each candidate costs after its prompt.

A sidecar file keeps what is done, a line for each draw, so that a run that was ended goes on where
it was; a line counts as long as the draw and the model are what they were. Nothing here knows a
terminal.
"""

import json
import math
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from .engine.messages import Column, Engine, Rollout, ScoredToken, Scoring, Started, Survey
from .errors import BadInput, BadLog, ContextFull
from .events import Event, Generated, Proposed, Value
from .formats.chain import dump, load
from .prompt import frames, recall
from .tree import fold

TOLERANCE = 0.05
"""By how much a log-probability may differ: the KV cache shifts it by less, another token by more.
It is more than the largest difference that tests/test_engine_deterministic.py allows."""

_NEAR = 64
"""Code points before the end of a prompt in which a text that goes on may have other tokens."""


class Part(Value, frozen=True):
    """Where a candidate parts from its record: token `index`. `recorded` and `now` are the tokens,
    with their texts and the log-probabilities that the model gives them now; `logprob` is the
    recorded one. `recorded` is None where the model has no such token, `now` where it draws the
    same one, or none any more.
    """

    index: int
    logprob: float
    recorded: ScoredToken | None
    now: ScoredToken | None


class Again(Value, frozen=True):
    """A candidate that was run again. Under its own model `part` says where it parts, if it does,
    and `shift` the largest difference of log-probabilities before that; under another, `bits` are
    what the text cost. `problem` is a sentence where it could not be run.
    """

    candidate: str
    characters: int
    tokens: int = 0
    part: Part | None = None
    shift: float = 0.0
    bits: float | None = None
    problem: str = ""


class Redrawn(Value, frozen=True):
    """A draw that was run again; `same` says by the same model. `key` is a digest of all that it
    follows from.
    """

    key: str
    fan: str
    draw: str
    same: bool
    candidates: tuple[Again, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A draw as it was recorded. `problem` is a sentence where it cannot be run again."""

    proposed: Proposed
    generated: tuple[Generated, ...]
    prompt: str
    problem: str = ""

    def key(self, model: str) -> str:
        """What tells this draw under a model from any other."""
        p = self.proposed
        asked = [p.seeds, msgspec.to_builtins(p.sampling), p.stop, p.max_tokens, p.prefix]
        drawn = [(g.candidate, g.text, g.tokens, g.logprobs) for g in self.generated]
        said = json.dumps([model, self.prompt, asked, drawn])
        return sha256(said.encode("ascii")).hexdigest()


class Sidecar:
    """The file of what is done. It is read once, and then only added to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: dict[str, Redrawn] = {}
        try:
            data = path.read_bytes() if path.exists() else b""
        except OSError as error:
            raise _unusable(path, error) from error
        for line in data.splitlines():
            try:
                redrawn = load(line, Redrawn)
            except BadLog:
                continue  # torn, or of another version: that draw is run again
            self.done[redrawn.key] = redrawn
        self._torn = bool(data) and not data.endswith(b"\n")

    def add(self, redrawn: Redrawn) -> None:
        """Write a line. Raises BadInput."""
        line = dump(redrawn) + b"\n"
        try:
            with self.path.open("ab") as file:
                file.write(b"\n" + line if self._torn else line)
        except OSError as error:
            raise _unusable(self.path, error) from error
        self._torn = False
        self.done[redrawn.key] = redrawn


def recorded(events: Iterable[Event]) -> list[Recorded]:
    """The draws of a history with their prompts, in order."""
    events = tuple(events)
    trees, _ = fold(events)
    framed = frames(events)
    made: dict[str, list[Generated]] = {}
    for event in events:
        if isinstance(event, Generated):
            made.setdefault(event.draw, []).append(event)
    found = []
    for event in events:
        if isinstance(event, Proposed):
            prompt, problem = "", ""
            try:
                prompt = recall(event, trees, framed)
            except BadLog as error:
                problem = str(error)
            known = {g.candidate: g for g in made.get(event.draw, ())}
            generated = tuple(known[id] for id in event.candidates if id in known)
            found.append(Recorded(event, generated, prompt, problem))
    return found


async def regenerate(
    engine: Engine, draws: Sequence[Recorded], sidecar: Sidecar | None = None
) -> AsyncIterator[Redrawn]:
    """Run draws again, in order; what the sidecar has is taken from there.

    Raises ModelError, EngineError, or BadInput where the sidecar cannot be written.
    """
    status = await engine.start()
    for draw in draws:
        key = draw.key(status.sha256)
        done = sidecar.done.get(key) if sidecar else None
        if done is None:
            same = draw.proposed.source.sha256 == status.sha256
            run = _redraw if same else _reread
            done = Redrawn(
                key, draw.proposed.fan, draw.proposed.draw, same, await run(engine, draw)
            )
            if sidecar:
                sidecar.add(done)
        yield done


async def _redraw(engine: Engine, draw: Recorded) -> tuple[Again, ...]:
    """Draw and force a draw's candidates under the model that drew them first."""
    if not draw.generated:
        return ()
    problem = draw.problem or _lacking(draw)
    if problem:
        return _failed(draw, problem)
    try:
        before, drawn = await _drawn(engine, draw)
        return tuple(
            [
                await _compared(engine, before, generated, drawn[index])
                for index, generated in _indexed(draw)
            ]
        )
    except (BadInput, ContextFull) as error:
        return _failed(draw, str(error))


async def _drawn(engine: Engine, draw: Recorded) -> tuple[tuple[int, ...], list[list[int]]]:
    """The tokens that stand before the candidates', and those that each draws now."""
    p = draw.proposed
    before: tuple[int, ...] = ()
    drawn: list[list[int]] = [[] for _ in p.seeds]
    rollout = Rollout(
        id=uuid.uuid4().hex,
        prompt=draw.prompt,
        seeds=p.seeds,
        max_tokens=p.max_tokens,
        stop=p.stop,
        sampling=p.sampling,
        prefix=p.prefix,
    )
    async for said in engine.rollout(rollout):
        if isinstance(said, Started):
            before = said.prompt_tokens
        if isinstance(said, Column):
            for piece in said.pieces:
                drawn[piece.index] += piece.tokens
    return before, drawn


async def _compared(
    engine: Engine, before: tuple[int, ...], generated: Generated, drawn: Sequence[int]
) -> Again:
    forced = await _recorded_now(engine, before, generated.tokens, drawn)
    part, shift = None, 0.0
    for index, logprob in enumerate(generated.logprobs):
        token = forced[index] if index < len(forced) else None
        now = drawn[index] if index < len(drawn) else None
        off = abs(token.logprob - logprob) if token else 0.0
        if token is None or now != token.token or off > TOLERANCE:
            part = Part(index, logprob, token, await _token(engine, before, drawn, index, token))
            break
        shift = max(shift, off)
    return Again(generated.candidate, len(generated.text), len(generated.tokens), part, shift)


async def _recorded_now(
    engine: Engine, before: tuple[int, ...], tokens: Sequence[int], drawn: Sequence[int]
) -> list[ScoredToken]:
    """What the model thinks of the recorded tokens; where it lacks one, of those before."""
    try:
        return await _forced(engine, before, tokens)
    except BadInput:
        parts = (
            i for i, (one, other) in enumerate(zip(tokens, drawn, strict=False)) if one != other
        )
        return await _forced(engine, before, drawn[: next(parts, 0)])


async def _token(
    engine: Engine,
    before: tuple[int, ...],
    drawn: Sequence[int],
    index: int,
    other: ScoredToken | None,
) -> ScoredToken | None:
    """The token that is drawn now, if it is another one."""
    if index >= len(drawn) or (other and drawn[index] == other.token):
        return None
    return (await _forced(engine, before, drawn[: index + 1]))[index]


async def _forced(
    engine: Engine, before: tuple[int, ...], tokens: Sequence[int]
) -> list[ScoredToken]:
    """The log-probabilities of these tokens after those before them."""
    request = Scoring(uuid.uuid4().hex, tokens=(*before, *tokens), start=len(before))
    return [token async for scored in engine.score(request) for token in scored.tokens]


async def _reread(engine: Engine, draw: Recorded) -> tuple[Again, ...]:
    """What another model thinks of the candidates' texts."""
    if draw.problem:
        return _failed(draw, draw.problem)
    try:
        prompt = await engine.survey(Survey(uuid.uuid4().hex, draw.prompt))
        start = sum(end <= len(draw.prompt) - _NEAR for end in prompt.ends)
        return tuple(
            [
                Again(
                    generated.candidate,
                    len(generated.text),
                    bits=await _bits(engine, draw.prompt, generated.text, start),
                )
                for _, generated in _indexed(draw)
            ]
        )
    except (BadInput, ContextFull) as error:
        return _failed(draw, str(error))


async def _bits(engine: Engine, prompt: str, text: str, start: int) -> float:
    """The bits of a text after a prompt: a token across the border counts in proportion to its code
    points on this side. Tokens before `start` are only read.
    """
    request = Scoring(uuid.uuid4().hex, prompt + text, start=start)
    bits, waiting, before = 0.0, 0.0, max(0, len(prompt) - _NEAR) if start else 0
    async for scored in engine.score(request):
        for token in scored.tokens:
            waiting -= token.logprob / math.log(2)
            if token.end > before:  # else it is a part of a character, which is whole later
                mine = max(0, token.end - max(before, len(prompt)))
                bits += waiting * mine / (token.end - before)
                waiting, before = 0.0, token.end
    return bits


def _indexed(draw: Recorded) -> list[tuple[int, Generated]]:
    """The candidates that came, each with its number in the draw."""
    numbers = {id: index for index, id in enumerate(draw.proposed.candidates)}
    return [(numbers[generated.candidate], generated) for generated in draw.generated]


def _lacking(draw: Recorded) -> str:
    """A sentence where the record holds too little to draw it again."""
    if len(draw.proposed.seeds) != len(draw.proposed.candidates):
        return f"Draw {draw.proposed.draw} has not one seed for each candidate."
    if any(g.tokens and not any(g.tokens) for g in draw.generated):
        return f"The tokens of draw {draw.proposed.draw} were redacted."
    if any(len(g.tokens) != len(g.logprobs) for g in draw.generated):
        return f"Draw {draw.proposed.draw} has not one log-probability for each token."
    return ""


def _failed(draw: Recorded, problem: str) -> tuple[Again, ...]:
    return tuple(Again(g.candidate, len(g.text), problem=problem) for g in draw.generated)


def _unusable(path: Path, error: OSError) -> BadInput:
    return BadInput(
        f"{path}, which keeps what is done, cannot be used: {error.strerror}. Copy the log to a "
        "folder that is writable."
    )
