"""A fan is cancelled at any moment, by whoever, and nothing else ends with it."""

import asyncio

import pytest
from msgspec import structs

from jupyter_sim.engine.client import LlamaEngine

from .fan import Fan, agree_until_they_differ, ask, hear, until_column
from .worker import finishes, fresh, run_instead

engine = pytest.fixture(fresh)


async def test_cancel_ends_what_is_open_and_nothing_else(engine: LlamaEngine) -> None:
    other = asyncio.create_task(hear(engine, ask(name="other", max_tokens=40)))
    answers = engine.rollout(ask(max_tokens=1000))
    fan = Fan()
    async for answer in answers:
        fan.take(answer)
        engine.cancel("r")
        engine.cancel("unknown")
    assert fan.finishes == {"cancelled"}
    assert len(fan.candidates) == 5
    assert (await other).finishes <= {"length", "end"}


async def test_leaving_a_rollout_cancels_it(engine: LlamaEngine) -> None:
    answers = engine.rollout(ask(max_tokens=2000))
    await until_column(answers)
    await answers.aclose()  # type: ignore[attr-defined]
    assert (await hear(engine, ask())).finishes <= {"length", "end"}


async def test_a_rollout_that_is_cancelled_while_the_model_loads_ends_at_once() -> None:
    engine = LlamaEngine()
    fan = asyncio.create_task(hear(engine, ask(n=2)))
    while engine.status.state == "idle":
        await asyncio.sleep(0)
    engine.cancel("r")
    assert (await fan).finishes == {"cancelled"}
    assert (await hear(engine, ask(n=2))).finishes <= {"length", "end"}
    await engine.close()


async def test_a_rollout_is_cancelled_by_another_client_while_the_model_loads_for_both() -> None:
    engine = LlamaEngine()
    mine = asyncio.create_task(hear(engine, ask(n=2)))
    other = asyncio.create_task(hear(engine, structs.replace(ask(n=2), id="other")))
    while engine.status.state == "idle":
        await asyncio.sleep(0)

    async def cancel() -> None:
        engine.cancel("r")

    # a loop of its own, on a thread of its own
    await asyncio.to_thread(asyncio.run, cancel())
    assert (await mine).finishes == {"cancelled"}
    assert not other.done()
    assert (await other).finishes <= {"length", "end"}
    await engine.close()


async def test_a_long_prompt_can_be_cancelled_at_any_moment(engine: LlamaEngine) -> None:
    prompt = "The harbour was quiet that evening, and the boats lay still. " * 70
    for waits in range(1, 6):
        running = asyncio.create_task(hear(engine, ask(prompt, max_tokens=100)))
        for _ in range(waits):
            await hear(engine, ask(name="beside", n=1, max_tokens=1))
        engine.cancel("r")
        assert (await running).finishes == {"cancelled"}
    whole = await hear(engine, ask(prompt))
    fresh = LlamaEngine()
    agree_until_they_differ(whole.candidates[0], (await hear(fresh, ask(prompt))).candidates[0])
    await fresh.close()


LATE = """
from queue import SimpleQueue
from jupyter_sim.engine import worker

commands = SimpleQueue()
queues = [commands]
worker.SimpleQueue = lambda: queues.pop() if queues else SimpleQueue()

class Late(worker.Scheduler):
    def __init__(self, *args, **named):
        super().__init__(*args, **named)
        while commands.qsize() < 2:
            pass

worker.Scheduler = Late
worker.main()
"""


async def test_a_request_is_cancelled_before_the_model_has_turned_to_it(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_instead(monkeypatch, LATE)
    await engine.start()
    running = asyncio.create_task(finishes(engine, ask(max_tokens=1000)))
    while not any(call.process for call in engine._calls.values()):
        await asyncio.sleep(0)
    engine.cancel("r")
    assert await running == {"cancelled"}
