"""The worker's life: hung, stopped, starved, orphaned, let go; and clients that leave anyhow."""

import asyncio
import io
import os
import random
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest

from jupyter_sim import models
from jupyter_sim.engine import calls, client, patience, process, worker
from jupyter_sim.engine.client import LlamaEngine, Settings
from jupyter_sim.engine.llama import Llama
from jupyter_sim.engine.messages import Column, Rollout, Status
from jupyter_sim.engine.rollout import Scheduler
from jupyter_sim.errors import BadInput, EngineError, ModelError, SimError, WorkerDied
from jupyter_sim.models import resolve

LIMITS = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": 1 << 28, "RLIMIT_NOFILE": 1024}

T = TypeVar("T")
needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads what Linux tells")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[LlamaEngine]:
    monkeypatch.setattr(client, "BACK_OFF", (0.0,) * 5)
    engine = LlamaEngine()
    yield engine
    asyncio.run(engine.close())


def ask(name: str = "r", n: int = 2, max_tokens: int = 4, prompt: str = "It was a ") -> Rollout:
    return Rollout(name, prompt, tuple(range(n)), max_tokens)


async def finishes(engine: LlamaEngine, request: Rollout) -> set[str | None]:
    """Run a rollout to its end."""
    return {
        piece.finish
        async for said in engine.rollout(request)
        if isinstance(said, Column)
        for piece in said.pieces
    } - {None}


async def begun(engine: LlamaEngine, request: Rollout) -> asyncio.Task[set[str | None]]:
    """Run a rollout beside; it has said something already."""
    heard = asyncio.Event()

    async def run() -> set[str | None]:
        ends = set()
        async for said in engine.rollout(request):
            heard.set()
            if isinstance(said, Column):
                ends |= {piece.finish for piece in said.pieces}
        return ends - {None}

    task = asyncio.create_task(run())
    await heard.wait()
    return task


async def kill(engine: LlamaEngine) -> None:
    """Kill a worker that stands ready, and wait until that is known."""
    gone = asyncio.Event()
    end = engine.watch(lambda status: gone.set() if status.state == "failed" else None)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    await gone.wait()
    end()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ours() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("jupyter-sim")}


async def test_a_stopped_worker_is_noticed_ended_and_started_again(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TICK", 0.02)
    running = await begun(engine, ask(max_tokens=1000))
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSTOP)
    with pytest.raises(WorkerDied, match=r"gave no sign of life.* starts again with the next"):
        await running
    assert engine.status.state == "failed" and "no sign of life" in engine.status.message
    monkeypatch.setattr(client, "TICK", 1.0)
    assert await finishes(engine, ask()) == {"length"}


LOOPING = """
import ctypes
from jupyter_sim.engine import worker
worker.Scheduler.step = lambda self: ctypes.CDLL(None).pause()
worker.main()
"""


async def test_a_model_that_hangs_in_native_code_is_noticed(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", LOOPING))
    monkeypatch.setattr(client, "TICK", 0.02)
    monkeypatch.setattr(patience, "STEP", 5)
    monkeypatch.setattr(patience, "TRIAL", 0)
    monkeypatch.setattr(patience, "SILENT", 1000)
    with pytest.raises(WorkerDied, match="computed at one step for"):
        await finishes(engine, ask())


async def test_a_healthy_worker_is_waited_for(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TICK", 0.05)
    monkeypatch.setattr(patience, "STEP", 100)
    monkeypatch.setattr(patience, "SILENT", 200)
    long = "The harbour was quiet that evening, and the boats lay still. " * 50
    assert await finishes(engine, ask(prompt=long, max_tokens=100)) <= {"length", "end"}


def test_a_long_prompt_is_waited_for_as_long_as_the_model_makes_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many it takes: nothing is said until the prompt stands."""
    for name, ticks in (("STEP", 2), ("TRIAL", 0), ("SLOWER", 0)):
        monkeypatch.setattr(patience, name, ticks)
    waiting = patience.Patience()
    waiting.hear()
    waiting.stand()
    said: list[object] = []
    scheduler = Scheduler(Llama(resolve(), Settings()), lambda _, message: said.append(message))
    scheduler.begin(1, ask(prompt="The harbour was quiet that evening. " * 200, max_tokens=1))
    working = worker.Worker(io.BytesIO(), io.BytesIO())
    steps = 0
    while not said:
        working._work(scheduler)
        waiting.hear(working._steps)
        assert waiting.tick() is None
        steps += 1
    assert steps > 4


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
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", LATE))
    await engine.start()
    running = asyncio.create_task(finishes(engine, ask(max_tokens=1000)))
    while not any(call.process for call in engine._calls.values()):
        await asyncio.sleep(0)
    engine.cancel("r")
    assert await running == {"cancelled"}


SILENT_WORKER = (sys.executable, "-c", "import signal; signal.pause()")


async def until(done: Callable[[], bool]) -> None:
    while not done():
        await asyncio.sleep(0)


async def test_closing_ends_a_load_at_once_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "COMMAND", SILENT_WORKER)
    threads = ours()
    engine = LlamaEngine()
    starting = asyncio.create_task(engine.start())
    await until(lambda: engine.pid is not None)
    pid = engine.pid
    assert pid is not None
    await engine.close()
    with pytest.raises(EngineError, match="closed while the model was loading"):
        await starting
    assert engine.status == Status("idle", "jupyter-sim starter")
    assert not is_alive(pid)
    await until(lambda: ours() <= threads)


async def test_a_load_that_was_closed_does_not_disturb_the_next(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "COMMAND", SILENT_WORKER)
    old = asyncio.create_task(engine.start())
    await until(lambda: engine.pid is not None)
    await engine.close()
    monkeypatch.undo()
    seen: list[Status] = []
    engine.watch(seen.append)
    assert await finishes(engine, ask()) == {"length"}
    with pytest.raises(EngineError):
        await old
    assert [status.state for status in seen if status.state != "loading"] == ["ready"]


async def test_deaths_while_loading_count(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
    for _ in range(5):
        with pytest.raises(ModelError, match="with status 3"):
            await finishes(engine, ask())
    with pytest.raises(EngineError, match="ended 5 times without a token between"):
        await finishes(engine, ask())


async def test_a_model_that_is_refused_by_name_is_no_death(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_DEATHS", 1)
    path = tmp_path / "odd.gguf"
    path.write_bytes(resolve().read_bytes().replace(b"llama", b"lzama"))
    engine = LlamaEngine(path)
    for _ in range(3):
        with pytest.raises(ModelError, match="unknown model architecture"):
            await engine.start()
        assert engine.pid is None


async def test_a_token_between_two_deaths_starts_the_count_anew(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_DEATHS", 2)
    for _ in range(3):
        await finishes(engine, ask())
        await kill(engine)
    await engine.start()
    await kill(engine)
    with pytest.raises(EngineError, match="ended 2 times"):
        await engine.start()


async def test_a_cancelled_candidate_is_no_token(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_DEATHS", 2)
    for _ in range(2):
        await engine.start()
        running = asyncio.create_task(finishes(engine, ask(prompt="word " * 1500)))
        while not running.done():
            engine.cancel("r")
            await asyncio.sleep(0)
        assert await running == {"cancelled"}
        await kill(engine)
    with pytest.raises(EngineError, match="ended 2 times"):
        await engine.start()


async def test_a_model_that_is_not_used_is_let_go_and_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "TICK", 3600.0)
    engine = LlamaEngine(settings=Settings(idle=7200))
    running = await begun(engine, ask(max_tokens=1000))
    pid = engine.pid
    for _ in range(3):
        engine.tick()
    assert engine.pid == pid
    engine.cancel("r")
    await running
    engine.tick()
    assert engine.pid == pid
    engine.tick()
    assert engine.pid is None and engine.status.state == "idle"
    assert engine.status.message == (
        "The model was let go after 7200 seconds without work; the next proposal loads it again."
    )
    assert await finishes(engine, ask()) == {"length"}
    assert engine.pid not in (None, pid)
    await engine.close()


async def test_without_a_setting_a_model_stays(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TICK", 3600.0)
    await engine.start()
    for _ in range(100):
        engine.tick()
    assert engine.status.state == "ready"


async def test_a_context_that_the_model_was_not_made_for_is_named() -> None:
    with pytest.raises(ModelError, match=r"context of 16,777,215 tokens.*at most that, or 0"):
        await LlamaEngine(settings=Settings(context=2**24 - 1)).start()


SHORT_OF_MEMORY = """
import resource, sys
from jupyter_sim.engine import worker
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]) << 20,) * 2)
worker.main()
"""


def with_context(path: Path, context: int) -> Path:
    """Write a starter model that says it was made for another context."""
    whole = bytearray(resolve().read_bytes())
    at = whole.index(b"llama.context_length") + len("llama.context_length") + 4
    whole[at : at + 4] = context.to_bytes(4, "little")
    path.write_bytes(whole)
    return path


@needs_proc
async def test_a_window_that_memory_does_not_hold_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = (sys.executable, "-c", SHORT_OF_MEMORY, "4000")
    monkeypatch.setattr(process, "COMMAND", command)
    path = with_context(tmp_path / "large.gguf", 2**24)
    with pytest.raises(ModelError, match=r"no memory for a window of \d+ tokens.*smaller context"):
        await LlamaEngine(path, Settings(context=2**24 - 1)).start()


async def test_a_model_file_that_is_cut_while_it_is_used_is_named_at_the_next_load(
    tmp_path: Path,
) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(resolve().read_bytes())
    engine = LlamaEngine(path)
    await finishes(engine, ask())
    os.truncate(path, 100_000)
    with suppress(WorkerDied):
        # what is copied into memory goes on, what is mapped ends by SIGBUS
        assert await finishes(engine, ask(prompt="She ")) == {"length"}
    await engine.close()
    with pytest.raises(ModelError, match=r"cut\.gguf cannot be used: it is cut short"):
        await engine.start()


async def test_nobody_waits_for_a_digest_in_vain(
    engine: LlamaEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = threading.Event()
    monkeypatch.setattr(models, "digest", lambda path: str(slow.wait()))
    path = tmp_path / "odd.gguf"
    path.write_bytes(resolve().read_bytes().replace(b"llama", b"lzama"))
    with pytest.raises(ModelError, match="unknown model architecture"):
        await LlamaEngine(path).start()
    starting = asyncio.create_task(engine.start())
    await until(lambda: engine.status.progress == 1)
    await engine.close()
    with pytest.raises(EngineError, match="closed while the model was loading"):
        await starting
    slow.set()


async def test_a_load_that_is_killed_from_outside_speaks_of_memory(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", killed))
    with pytest.raises(ModelError, match=r"by SIGKILL.*Perhaps memory ran out: set a smaller"):
        await engine.start()


@needs_proc
async def test_the_worker_reaches_no_secret_of_its_parent(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CANARY", "canary")
    canary = os.open(tmp_path / "canary", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(canary, True)
    await engine.start()
    there = Path(f"/proc/{engine.pid}")
    assert b"canary" not in (there / "environ").read_bytes()
    opened = {str(link.readlink()) for link in (there / "fd").iterdir()}
    assert not any("canary" in name for name in opened)
    mine = {str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    # two pipes and the file for its last words
    assert len(opened & mine - {"/dev/null"}) <= 3
    os.close(canary)


@needs_proc
async def test_the_worker_has_limits(engine: LlamaEngine) -> None:
    import resource

    await engine.start()
    assert engine.pid is not None
    for name, most in LIMITS.items():
        soft, hard = resource.prlimit(engine.pid, getattr(resource, name))
        assert soft == hard <= most
    assert Path(f"/proc/{engine.pid}/oom_score_adj").read_text() == "500\n"


FORKING_PARENT = """
import asyncio, os, sys
from jupyter_sim.engine.client import LlamaEngine
from jupyter_sim.errors import EngineError
async def main():
    engine = LlamaEngine()
    await engine.start()
    if not os.fork():
        try:
            asyncio.new_event_loop().run_until_complete(engine.start())
        except EngineError as error:
            os.write(1, f"{error}\\n".encode())
        os.read(0, 1)
        os._exit(0)
    os.write(1, f"{engine.pid}\\n".encode())
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits on a process by its descriptor")
def test_a_fork_can_neither_use_the_worker_nor_keep_it_alive() -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKING_PARENT]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as parent:
        assert parent.stdout is not None
        lines = sorted(parent.stdout.readline() for _ in range(2))
        worker = os.pidfd_open(int(lines[0]))
        parent.kill()
        ended, _, _ = select.select([worker], [], [], 20)
        os.close(worker)
    assert ended
    assert "of which this one is a fork; make an engine of its own here" in lines[1]


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


async def test_a_request_that_no_frame_holds_is_refused(engine: LlamaEngine) -> None:
    with pytest.raises(BadInput, match=r"has \d+,\d{3},\d{3} bytes.*shorten its text"):
        await finishes(engine, ask(prompt="x" * (calls.MAX_REQUEST + 1)))


@needs_proc
async def test_two_workers_on_one_file_share_its_memory(engine: LlamaEngine) -> None:
    twin = LlamaEngine()
    for one in (engine, twin):
        await finishes(one, ask())
    for one in (engine, twin):
        resident, share = mapped(f"/proc/{one.pid}/smaps", resolve().name)
        assert resident > 1000
        assert share <= 0.6 * resident
    await twin.close()


def mapped(smaps: str, name: str) -> tuple[int, int]:
    """How many KiB of a file are in a process, and its share where others have it too."""
    sums, ours = {"Rss:": 0, "Pss:": 0}, False
    for line in Path(smaps).read_text().splitlines():
        first, *rest = line.split()
        if not first.endswith(":"):
            ours = line.endswith(name)
        elif ours and first in sums:
            sums[first] += int(rest[0])
    return sums["Rss:"], sums["Pss:"]


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
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", SCRIPTED))
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
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", HURRIED))
    await engine.start()
    assert await finishes(engine, ask()) <= {"length", "end"}


class Kept:
    """A worker that was let go and does not end for a while, like one that hangs in the kernel."""

    def __init__(self, ticks: int) -> None:
        self.over = self
        self.left = ticks

    def wait(self, seconds: float) -> bool:
        self.left -= 1
        return self.left < 0


async def test_a_worker_that_was_let_go_is_no_clock_for_the_next_one(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TICK", 3600.0)
    await engine.start()
    ticks: list[None] = []
    monkeypatch.setattr(engine, "tick", lambda: ticks.append(None))
    kept = Kept(5)
    engine._watch_over(kept)  # type: ignore[arg-type]
    assert kept.left < 0 and ticks == []
    monkeypatch.setattr(engine, "_process", kept := Kept(5))
    engine._watch_over(kept)
    assert len(ticks) == 5
    monkeypatch.undo()
