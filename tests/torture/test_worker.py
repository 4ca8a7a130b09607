"""SIGKILLs of the worker under load from eight clients in two event loops: none of them hangs. And
models with damaged headers: each is refused with a sentence, or works.
"""

import asyncio
import os
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jupyter_sim.engine import client
from jupyter_sim.engine.client import LlamaEngine
from jupyter_sim.engine.messages import Column, Rollout
from jupyter_sim.errors import EngineError, ModelError, WorkerDied
from jupyter_sim.models import resolve

from .scale import scale

KILLS = scale(10, 1000)
MUTANTS = scale(12, 500)
LOOPS, CLIENTS = 2, 4
PATIENCE = 60.0
WORDS = "The harbour was quiet that evening, and the boats lay still. " * 20


@dataclass
class Load:
    """What the clients have heard, and whether they are to go on."""

    columns: int = 0
    on: bool = True
    ends: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0


async def propose(engine: LlamaEngine, dice: random.Random, name: str, load: Load) -> str:
    """Run one rollout, or a part of it; how it ended."""
    prompt = WORDS[: dice.choice((3, 80, len(WORDS)))]
    seeds = tuple(range(dice.choice((1, 2, 8))))
    patience = dice.choice((1, 5, 10_000, 10_000))
    answers = engine.rollout(Rollout(name, prompt, seeds, dice.choice((1, 20, 200))))
    heard = 0
    async for said in answers:
        load.columns += isinstance(said, Column)
        heard += 1
        if heard == patience:
            if dice.random() < 0.5:
                await answers.aclose()  # type: ignore[attr-defined]
                return "left"
            engine.cancel(name)
    return "whole"


async def live(engine: LlamaEngine, name: str, load: Load) -> None:
    """Propose again and again; no proposal may take longer than a patient person waits."""
    dice = random.Random(name)
    number = 0
    while load.on:
        number += 1
        began = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE):
                end = await propose(engine, dice, f"{name}.{number}", load)
        except (WorkerDied, ModelError):
            end = "died"
        except EngineError as error:
            assert "without a token between" in str(error) or "closed while" in str(error), error
            end = "given up"
            await engine.close()
        load.ends[end] += 1
        load.longest = max(load.longest, time.perf_counter() - began)


async def clients(engine: LlamaEngine, loop: int, load: Load) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(live(engine, f"{loop}.{number}", load))


def kill(engine: LlamaEngine, times: int, load: Load) -> None:
    """Kill each worker once: as it starts, or after so many columns that it said."""
    dice = random.Random(0)
    killed = None
    for _ in range(times):
        goal = load.columns + dice.choice((0, 1, 1, 3, 10, 30, 100))
        until = time.monotonic() + PATIENCE
        while (pid := engine.pid) in (None, killed) or load.columns < goal:
            assert time.monotonic() < until, f"nothing goes on: {engine.status}"
            time.sleep(0.002)
        killed = pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)


def opened() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0


@pytest.mark.timeout(60 + 6 * KILLS)
def test_no_client_hangs_when_the_worker_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "BACK_OFF", (0.0,) * 5)
    files, threads = opened(), threading.active_count()
    engine, load = LlamaEngine(), Load()
    loops = [
        threading.Thread(target=lambda loop=loop: asyncio.run(clients(engine, loop, load)))
        for loop in range(LOOPS)
    ]
    began = time.perf_counter()
    for loop in loops:
        loop.start()
    try:
        kill(engine, KILLS, load)
    finally:
        load.on = False
        for loop in loops:
            loop.join(2 * PATIENCE)
    print(
        f"\n{KILLS} kills in {time.perf_counter() - began:.0f} s; {dict(load.ends)}; "
        f"{load.columns} columns; the longest proposal took {load.longest:.1f} s"
    )
    assert not any(loop.is_alive() for loop in loops)
    assert load.ends["died"] and load.ends["whole"]
    asyncio.run(engine.close())
    until = time.monotonic() + PATIENCE
    while (opened(), threading.active_count()) > (files, threads) and time.monotonic() < until:
        time.sleep(0.01)
    assert (opened(), threading.active_count()) <= (files, threads)


def mutant(number: int) -> bytes:
    """The starter model with some bytes changed where it says what it is."""
    dice = random.Random(number)
    damaged = bytearray(resolve().read_bytes())
    table = damaged.index(b"token_embd.weight")
    places = dice.choice((range(4, 2500), range(table - 200, table + 4000)))
    for _ in range(dice.choice((1, 1, 2, 8))):
        damaged[dice.choice(places)] ^= 1 << dice.randrange(8)
    return bytes(damaged)


async def test_a_model_with_a_damaged_header_is_refused_or_works(tmp_path: Path) -> None:
    path = tmp_path / "mutant.gguf"
    ends: Counter[str] = Counter()
    for number in range(MUTANTS):
        path.write_bytes(mutant(number))
        engine = LlamaEngine(path)
        try:
            async with asyncio.timeout(PATIENCE):
                await propose(engine, random.Random(number), "r", Load())
            ends["works"] += 1
        except (ModelError, EngineError) as error:
            assert str(error).endswith((".", "llama-cpp-python"))
            ends[type(error).__name__] += 1
        finally:
            await engine.close()
    print(f"\n{MUTANTS} damaged models: {dict(ends)}")
    assert ends["ModelError"]
