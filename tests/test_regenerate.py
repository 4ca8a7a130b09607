"""A log run again is the same, and where it is not, the token that parts is found."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from jupyter_sim.engine.messages import Column, Rollout
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.errors import EngineError
from jupyter_sim.events import Event, Generated, Opened, Proposed
from jupyter_sim.formats.redact import redact
from jupyter_sim.formats.simlog import read_log, write_log
from jupyter_sim.regenerate import TOLERANCE, Redrawn, Sidecar, recorded, regenerate

from .judged import Run

SIM = str(Path(sys.executable).with_name("jupyter-sim"))
EXAMPLE = Path(__file__).parent.parent / "examples" / "example.simlog"


def altered(event: Event, candidate: str, index: int, token: int) -> Event:
    """The event, with another token if it is this candidate's."""
    if not isinstance(event, Generated) or event.candidate != candidate:
        return event
    tokens = (*event.tokens[:index], token, *event.tokens[index + 1 :])
    return msgspec.structs.replace(event, tokens=tokens)


async def run_again(
    engine: ScriptedEngine, events: list[Event], sidecar: Sidecar | None = None
) -> list[Redrawn]:
    return [redrawn async for redrawn in regenerate(engine, recorded(events), sidecar)]


async def scripted() -> list[Event]:
    """The example's events, with candidates and a digest of the scripted engine."""
    engine = ScriptedEngine()
    status = await engine.start()
    events = list(read_log(EXAMPLE).events)
    for place, event in enumerate(events):
        if isinstance(event, Proposed):
            source = msgspec.structs.replace(event.source, sha256=status.sha256)
            events[place] = msgspec.structs.replace(event, source=source)
    drawn = {g.candidate: g async for g in said_now(engine, events)}
    return [drawn[e.candidate] if isinstance(e, Generated) else e for e in events]


async def said_now(engine: ScriptedEngine, events: list[Event]) -> AsyncIterator[Generated]:
    """What the engine says to the recorded prompts, as events."""
    for draw in recorded(events):
        p = draw.proposed
        told: dict[str, tuple[list[int], list[float]]] = {id: ([], []) for id in p.candidates}
        rollout = Rollout("again", draw.prompt, p.seeds, p.max_tokens, p.stop, prefix=p.prefix)
        async for said in engine.rollout(rollout):
            if isinstance(said, Column):
                for piece in said.pieces:
                    tokens, logprobs = told[p.candidates[piece.index]]
                    tokens += piece.tokens
                    logprobs += piece.logprobs
        for generated in draw.generated:
            tokens, logprobs = told[generated.candidate]
            yield msgspec.structs.replace(
                generated, tokens=tuple(tokens), logprobs=tuple(logprobs), ends=(), top=()
            )


def test_the_log_that_ships_with_the_project_is_drawn_again_without_a_difference(
    sim: Run, tmp_path: Path
) -> None:
    shutil.copy(EXAMPLE, tmp_path / "example.simlog")
    status, out, err = sim("replay example.simlog --regenerate")
    count = sum(isinstance(event, Generated) for event in read_log(EXAMPLE).events)
    assert (status, err) == (0, "")
    assert f"the model that drew them: {count} candidates" in out
    assert f"{count:>8} with the same" in out
    assert f"{0:>8} part from the record" in out


def test_one_altered_token_is_found(sim: Run) -> None:
    log = read_log(EXAMPLE)
    victim = next(e for e in log.events if isinstance(e, Generated) and len(e.tokens) > 10)
    events = [altered(event, victim.candidate, 7, victim.tokens[7] + 1) for event in log.events]
    write_log(Path("altered.simlog"), log.header, events)
    status, out, _ = sim("replay altered.simlog --regenerate --format json")
    parts = [
        (again["candidate"], again["part"]["index"], again["part"]["now"]["token"])
        for line in out.splitlines()
        for again in json.loads(line)["candidates"]
        if again["part"]
    ]
    assert status == 1
    assert parts == [(victim.candidate, 7, victim.tokens[7])]
    told = sim("replay altered.simlog --regenerate")[1]  # from the sidecar
    assert "in cell letter parts at token 8: “" in told
    assert f"was recorded with {victim.logprobs[7]:.4f} and has" in told


def test_a_token_that_was_altered_together_with_its_log_probability_is_found(sim: Run) -> None:
    log = read_log(EXAMPLE)
    place, victim = next(
        (n, e)
        for n, e in enumerate(log.events)
        if isinstance(e, Generated) and len(e.tokens) > 10 and len(e.top[7]) > 1
    )
    other = next(a for a in victim.top[7] if a.token != victim.tokens[7])
    changed = altered(victim, victim.candidate, 7, other.token)
    assert isinstance(changed, Generated)
    logprobs = (*victim.logprobs[:7], other.logprob)
    changed = msgspec.structs.replace(changed, tokens=changed.tokens[:8], logprobs=logprobs)
    write_log(Path("altered.simlog"), log.header, [*log.events[:place], changed])
    status, out, _ = sim("replay altered.simlog --regenerate --format json")
    (part,) = (
        a["part"] for line in out.splitlines() for a in json.loads(line)["candidates"] if a["part"]
    )
    assert (status, part["index"]) == (1, 7)
    assert (part["recorded"]["token"], part["now"]["token"]) == (other.token, victim.tokens[7])
    assert part["recorded"]["logprob"] == pytest.approx(part["logprob"], abs=TOLERANCE)


@pytest.mark.parametrize("token", [4096, 10**8, 2**40, -5])
def test_a_token_that_no_model_has_is_found_too(sim: Run, token: int) -> None:
    log = read_log(EXAMPLE)
    victim = next(e for e in log.events if isinstance(e, Generated) and len(e.tokens) > 10)
    events = [altered(event, victim.candidate, 3, token) for event in log.events]
    write_log(Path("altered.simlog"), log.header, events)
    status, out, _ = sim("replay altered.simlog --regenerate")
    assert status == 1
    assert f"{1:>8} part from the record" in out
    assert "parts at token 4: a token that the model does not have was recorded with" in out


async def test_the_scripted_engine_says_the_same_again() -> None:
    events = await scripted()
    done = await run_again(ScriptedEngine(), events)
    assert len(done) == sum(isinstance(event, Proposed) for event in events)
    assert all(redrawn.same for redrawn in done)
    assert not any(again.part or again.problem for r in done for again in r.candidates)


async def test_a_log_probability_beyond_the_tolerance_is_found() -> None:
    events = await scripted()
    place, victim = next((n, e) for n, e in enumerate(events) if isinstance(e, Generated))
    for off, parts in ((0.01, 0), (0.2, 1)):
        logprobs = (victim.logprobs[0], victim.logprobs[1] - off, *victim.logprobs[2:])
        events[place] = msgspec.structs.replace(victim, logprobs=logprobs)
        done = await run_again(ScriptedEngine(), events)
        found = [again.part for r in done for again in r.candidates if again.part]
        assert [(part.index, part.now) for part in found] == [(1, None)] * parts


async def test_another_model_reads_what_was_chosen_and_what_was_rejected() -> None:
    done = await run_again(ScriptedEngine(), list(read_log(EXAMPLE).events))
    assert not any(redrawn.same for redrawn in done)
    agains = [again for redrawn in done for again in redrawn.candidates]
    assert all(again.bits is not None and again.bits > 0 for again in agains)
    assert {again.part for again in agains} == {None}


def test_another_model_is_told_side_by_side(sim: Run, tmp_path: Path) -> None:
    log = read_log(EXAMPLE)
    events = [
        msgspec.structs.replace(
            event, source=msgspec.structs.replace(event.source, sha256="another")
        )
        if isinstance(event, Proposed)
        else event
        for event in log.events
    ]
    write_log(Path("other.simlog"), log.header, events)
    status, out, _ = sim("replay other.simlog --regenerate")
    rows = {line.split()[0]: line.split()[-1] for line in out.splitlines()[2:]}
    assert status == 0
    assert {"accepted", "branched", "rejected", "seen"} == rows.keys()
    assert all(0 < float(bits) < 10 for bits in rows.values())


async def test_what_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    events = await scripted()
    draws = recorded(events)
    path = tmp_path / "story.regenerated.jsonl"
    async for redrawn in regenerate(ScriptedEngine(), draws, Sidecar(path)):
        if redrawn.draw == draws[1].proposed.draw:
            break
    path.write_bytes(path.read_bytes() + b'{"key":"torn')
    engine = ScriptedEngine()
    done = await run_again(engine, events, Sidecar(path))
    assert len(done) == len(draws)
    assert len(engine.requests) == len(draws) - 2
    again = ScriptedEngine()
    assert await run_again(again, events, Sidecar(path)) == done
    assert again.requests == []


async def test_a_draw_that_was_changed_is_run_again(tmp_path: Path) -> None:
    events = await scripted()
    path = tmp_path / "story.regenerated.jsonl"
    await run_again(ScriptedEngine(), events, Sidecar(path))
    victim = next(e for e in events if isinstance(e, Generated))
    changed = [altered(event, victim.candidate, 0, 3) for event in events]
    engine = ScriptedEngine()
    await run_again(engine, changed, Sidecar(path))
    assert len(engine.requests) == 1


async def test_an_engine_that_fails_leaves_what_is_done(tmp_path: Path) -> None:
    events = await scripted()
    engine = ScriptedEngine(held=True)
    path = tmp_path / "story.regenerated.jsonl"
    running = asyncio.create_task(run_again(engine, events, Sidecar(path)))
    await engine.begun(1)
    while len(engine.requests) == 1:
        await engine.step(10)
    engine.fail(EngineError("The engine is gone."))
    with pytest.raises(EngineError):
        await running
    assert len(Sidecar(path).done) == 1


async def test_what_cannot_be_run_is_told_and_the_rest_goes_on() -> None:
    events = await scripted()
    place = next(n for n, e in enumerate(events) if isinstance(e, Opened))
    changed = msgspec.structs.replace(events[place], text="changed" + "x" * 73)
    done = await run_again(ScriptedEngine(), [*events[:place], changed, *events[place + 1 :]])
    assert "is not the one that was recorded" in done[0].candidates[0].problem
    odd = next(n for n, e in enumerate(events) if isinstance(e, Proposed))
    events[odd] = msgspec.structs.replace(events[odd], seeds=())
    done = await run_again(ScriptedEngine(), events)
    problems = [again.problem for redrawn in done for again in redrawn.candidates]
    assert "not one seed for each candidate" in problems[0]
    assert problems[-1] == ""


async def test_a_redacted_log_is_not_run_again() -> None:
    done = await run_again(ScriptedEngine(), redact(await scripted()))
    problems = {again.problem for redrawn in done for again in redrawn.candidates}
    assert all("redacted" in problem or "not the one that" in problem for problem in problems)


def test_refusals_are_one_sentence(sim: Run, tmp_path: Path) -> None:
    log = read_log(EXAMPLE)
    write_log(Path("empty.simlog"), log.header, log.events[:1])
    shutil.copy(EXAMPLE, "story.simlog")
    Path("story.regenerated.jsonl").mkdir()
    for command, said in (
        ("replay empty.simlog --regenerate", "nothing to run again"),
        ("replay story.simlog --model x.gguf", "without --regenerate"),
        ("replay story.simlog --regenerate", "cannot be used"),
    ):
        status, out, err = sim(command)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert said in err


def test_an_interrupted_run_says_how_to_go_on_and_goes_on_there(tmp_path: Path) -> None:
    log = read_log(EXAMPLE)
    long = [
        msgspec.structs.replace(event, max_tokens=150, stop="none")
        if isinstance(event, Proposed)
        else event
        for event in log.events
    ]
    write_log(tmp_path / "long.simlog", log.header, long)
    sidecar = tmp_path / "long.regenerated.jsonl"
    before = b""
    for _ in range(2):
        child = subprocess.Popen(
            [SIM, "replay", str(tmp_path / "long.simlog"), "--regenerate"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        while not sidecar.exists() or len(sidecar.read_bytes()) == len(before):
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        _, err = child.communicate()
        assert child.returncode == 130
        assert b"the same command goes on where it was" in err
        assert err.count(b"\n") == 1
        done = sidecar.read_bytes()
        assert done.startswith(before)
        before = done
    draws = [json.loads(line)["draw"] for line in before.splitlines()]
    assert draws == [draw.proposed.draw for draw in recorded(long)][: len(draws)]
