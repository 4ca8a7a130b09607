"""Threads, loops and requests at once, and whatever may happen between: nobody waits for ever."""

import asyncio
import os
import random
import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import pytest

from jupyter_sim.engine import client
from jupyter_sim.engine.client import LlamaEngine, Settings
from jupyter_sim.errors import BadInput, SimError

from .worker import ask, finishes, fresh, ours, run_instead, until

engine = pytest.fixture(fresh)
T = TypeVar("T")


def in_a_loop_of_its_own(work: Callable[[], Awaitable[T]]) -> tuple[threading.Thread, list[T]]:
    results: list[T] = []

    async def run() -> None:
        results.append(await work())

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    return thread, results


def test_two_loops_use_one_engine(engine: LlamaEngine) -> None:
    pairs = [
        in_a_loop_of_its_own(lambda name=name: finishes(engine, ask(name)))  # type: ignore[misc]
        for name in "abcd"
    ]
    for thread, results in pairs:
        thread.join()
        assert results == [{"length"}]


def test_a_loop_that_closes_takes_its_rollout_along(engine: LlamaEngine) -> None:
    answers = engine.rollout(ask(max_tokens=2000))
    loop = asyncio.new_event_loop()
    loop.run_until_complete(anext(answers))
    loop.close()
    assert asyncio.run(finishes(engine, ask("beside"))) == {"length"}

    async def again() -> set[str | None]:
        while True:
            try:
                return await finishes(engine, ask())
            except BadInput:
                await asyncio.sleep(0)

    assert asyncio.run(again()) == {"length"}


HURRIED = """
import os
from threading import Event
from jupyter_sim.engine import worker
begun, enter, hurry = Event(), worker.Scheduler.enter, worker.Scheduler.hurry
def entered(self, serial, made):
    enter(self, serial, made)
    begun.set()
def hurried(self, request):
    hurry(self, request)
    # whatever gives way finds the command in the queue, however slowly this thread goes on
    if not begun.wait(20):
        os._exit(9)
    begun.clear()
worker.Scheduler.enter, worker.Scheduler.hurry = entered, hurried
worker.main()
"""


async def test_who_gives_way_finds_what_it_gives_way_to(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_instead(monkeypatch, HURRIED)
    await engine.start()
    assert await finishes(engine, ask()) <= {"length", "end"}


SCRIPTED = """
import os, random, sys
from jupyter_sim.engine.messages import Column, Piece, Started
from jupyter_sim.engine.wire import *
import msgspec
commands, replies, dice = os.fdopen(0, "rb"), os.fdopen(1, "wb"), random.Random(os.getpid())
running = {}
def column(serial, finish):
    seeds = range(len(running[serial].seeds))
    pieces = tuple(Piece(index, "a", (1,), (-1.0,), finish) for index in seeds)
    send(replies, Answer(serial, Column(running[serial].id, pieces)))
while body := receive(commands):
    command = msgspec.msgpack.decode(body, type=Command)
    if dice.random() < 0.02:
        os._exit(7)
    match command:
        case Load():
            for step in range(3):
                send(replies, Loading(step / 2))
            send(replies, Loaded("CPU", "scripted", 512, 1))
        case Ping():
            send(replies, Pong(dice.randrange(1 << 30)))
        case Begin(serial, request):
            running[serial] = request
            send(replies, Answer(serial, Started(request.id, (1,), 0)))
        case Cancel(serial) if serial in running:
            column(serial, "cancelled")
            del running[serial]
    for serial in list(running):
        finish = dice.choice((None, None, "length"))
        column(serial, finish)
        if finish:
            del running[serial]
"""


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_at_once_nobody_waits_for_ever(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_instead(monkeypatch, SCRIPTED)
    monkeypatch.setattr(client, "BACK_OFF", (0.0,) * 5)
    monkeypatch.setattr(client, "TICK", 0.005)
    threads = ours()
    dice = random.Random(seed)
    engine = LlamaEngine(settings=Settings(idle=0.05))
    tasks: dict[str, asyncio.Task[object]] = {}

    async def propose(name: str) -> object:
        try:
            return await finishes(engine, ask(name))
        except SimError as error:
            return type(error)

    for number in range(150):
        match dice.randrange(10):
            case 0 | 1 | 2 | 3 | 4:
                tasks[f"{number}"] = asyncio.create_task(propose(f"{number}"))
            case 5 if tasks:
                engine.cancel(dice.choice(list(tasks)))
            case 6 if tasks:
                dice.choice(list(tasks.values())).cancel()
            case 7 if engine.pid and dice.random() < 0.4:
                with suppress(ProcessLookupError):
                    os.kill(engine.pid, signal.SIGKILL)
            case 8 if dice.random() < 0.3:
                await engine.close()
            case 9:
                engine.tick()
        for _ in range(dice.choice((0, 1, 2, 2000, 8000))):
            await asyncio.sleep(0)
    async with asyncio.timeout(60):
        outcomes = await asyncio.gather(*tasks.values(), return_exceptions=True)
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    assert {"cancelled"} in outcomes
    async with asyncio.timeout(60):
        while await propose("at last") != {"length"}:
            await engine.close()
    await engine.close()
    assert engine.pid is None and engine.status.state == "idle"
    async with asyncio.timeout(60):
        await until(lambda: ours() <= threads)
