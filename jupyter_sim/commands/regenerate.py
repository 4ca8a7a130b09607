"""What `jupyter sim replay --regenerate` does and tells."""

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from ..choices import Offer, gather
from ..engine.messages import Status
from ..errors import BadInput
from ..events import Event
from ..formats.plain import one_line, quoted
from ..regenerate import Again, Part, Recorded, Redrawn, Sidecar, recorded, regenerate
from .shared import show_loading, show_progress

_FATES = ("accepted", "branched", "rejected", "seen only", "never seen")
_BAR = 24


def run_again(log: Path, events: Sequence[Event], model: str | None, form: str) -> int:
    """Regenerate a log and tell what came of it; the exit status is 1 where something parts or
    cannot be run.
    """
    draws = recorded(events)
    if not draws:
        raise BadInput(f"{log} has no proposal, so there is nothing to run again.")
    sidecar = Sidecar(log.with_name(f"{log.stem}.regenerated.jsonl"))
    try:
        status, done = asyncio.run(_run(model, draws, sidecar))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped; the same command goes on where it was, from {sidecar.path}."
        ) from None
    if form == "json":
        for redrawn in done:
            print(json.dumps(msgspec.to_builtins(redrawn)))
    else:
        offers, _ = gather(events)
        for line in told(status, {offer.id: offer for offer in offers}, done):
            print(line)
    return int(any(again.part or again.problem for redrawn in done for again in redrawn.candidates))


async def _run(
    model: str | None, draws: list[Recorded], sidecar: Sidecar
) -> tuple[Status, list[Redrawn]]:
    from ..engine.client import LlamaEngine, Settings

    engine = LlamaEngine(model, Settings(deterministic=True))
    live = sys.stderr.isatty()
    if live:
        engine.watch(show_loading)
    done: list[Redrawn] = []
    try:
        async for redrawn in regenerate(engine, draws, sidecar):
            done.append(redrawn)
            if live:
                full = _BAR * len(done) // len(draws)
                bar = "█" * full + "░" * (_BAR - full)
                show_progress(f"{bar} {len(done):,} of {len(draws):,} draws")
        return engine.status, done
    finally:
        if live:
            show_progress("")
        await engine.close()


def told(status: Status, offers: dict[str, Offer], done: Sequence[Redrawn]) -> Iterator[str]:
    """What came of it, in lines."""
    same = [again for redrawn in done if redrawn.same for again in redrawn.candidates]
    other = [again for redrawn in done if not redrawn.same for again in redrawn.candidates]
    name = one_line(status.model)
    if same:
        yield from _same(name, offers, same)
    if other:
        yield from _other(name, offers, other)
    for problem in dict.fromkeys(again.problem for again in [*same, *other] if again.problem):
        yield f"not run again: {one_line(problem)}"


def _same(name: str, offers: dict[str, Offer], all_: Sequence[Again]) -> Iterator[str]:
    run = [again for again in all_ if not again.problem]
    alike = [again for again in run if again.part is None]
    tokens = sum(again.tokens for again in alike)
    shift = max((again.shift for again in alike), default=0.0)
    yield f"drawn again by {name}, the model that drew them: {len(run):,} candidates"
    yield f"{len(alike):>8,} with the same {tokens:,} tokens"
    yield f"         (log-probabilities are off by {shift:.4f} at most)"
    yield f"{len(run) - len(alike):>8,} part from the record"
    for again in run:
        if again.part is not None:
            yield f"{'':9}{_where(again, offers)} {_part(again.part)}"


def _part(part: Part) -> str:
    if part.recorded is None:
        found = f"a token that the model does not have was recorded with {part.logprob:.4f}"
    else:
        recorded = f"{quoted(part.recorded.text)} was recorded with {part.logprob:.4f}"
        found = f"{recorded} and has {part.recorded.logprob:.4f} now"
    if part.now is None:
        return f"parts at token {part.index + 1}: {found}"
    drawn = f"{quoted(part.now.text)} ({part.now.logprob:.4f})"
    return f"parts at token {part.index + 1}: {found}; drawn is {drawn}"


def _other(name: str, offers: dict[str, Offer], all_: Sequence[Again]) -> Iterator[str]:
    fates: dict[str, list[Again]] = defaultdict(list)
    for again in all_:
        if again.bits is not None:
            fates[_fate(offers.get(again.candidate))].append(again)
    yield f"read by {name}, another model than drew them:"
    yield f"{'':9}{'':<12}{'candidates':>12}{'characters':>12}{'bits a character':>18}"
    for fate in _FATES:
        if fate in fates:
            characters = sum(again.characters for again in fates[fate])
            bits = sum(again.bits or 0.0 for again in fates[fate])
            per = f"{bits / characters:.3f}" if characters else "-"
            yield f"{'':9}{fate:<12}{len(fates[fate]):>12,}{characters:>12,}{per:>18}"


def _fate(offer: Offer | None) -> str:
    if offer is None or not offer.shown:
        return "never seen"
    return offer.verdict or "seen only"


def _where(again: Again, offers: dict[str, Offer]) -> str:
    offer = offers.get(again.candidate)
    if offer is None:
        return f"candidate {one_line(again.candidate)}"
    return f"candidate {offer.number} of fan {one_line(offer.fan)} in cell {one_line(offer.cell)}"
