"""The engine on the starter model: fans, seeds, cancellation, death and hard prompts.

One engine serves most tests, each from an event loop of its own.
"""

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec import structs

from jupyter_sim.engine import builds, process
from jupyter_sim.engine import client as client_module
from jupyter_sim.engine.client import LlamaEngine, Settings
from jupyter_sim.engine.messages import Column, Rollout, Started, Status
from jupyter_sim.errors import BadInput, ContextFull, EngineError, ModelError, WorkerDied
from jupyter_sim.events import Finish, Sampling, Stop
from jupyter_sim.models import resolve

HONEST = Sampling()
DARK = "It was a dark and "


@pytest.fixture(scope="module")
def engine() -> Iterator[LlamaEngine]:
    engine = LlamaEngine()
    yield engine
    asyncio.run(engine.close())


@dataclass
class Heard:
    """What one candidate said in all."""

    text: str = ""
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish: Finish | None = None


@dataclass
class Fan:
    """What one rollout said in all."""

    started: Started | None = None
    columns: int = 0
    candidates: dict[int, Heard] = field(default_factory=dict)

    def take(self, answer: Started | Column) -> None:
        if isinstance(answer, Started):
            self.started = answer
            return
        self.columns += 1
        for piece in answer.pieces:
            heard = self.candidates.setdefault(piece.index, Heard())
            assert heard.finish is None
            heard.text += piece.text
            heard.tokens += piece.tokens
            heard.logprobs += piece.logprobs
            heard.finish = piece.finish

    @property
    def texts(self) -> list[str]:
        return [self.candidates[index].text for index in sorted(self.candidates)]

    @property
    def finishes(self) -> set[Finish | None]:
        return {heard.finish for heard in self.candidates.values()}


def ask(
    prompt: str = DARK,
    n: int = 5,
    max_tokens: int = 16,
    stop: Stop = "none",
    sampling: Sampling = HONEST,
    name: str = "r",
    first: int = 0,
) -> Rollout:
    return Rollout(name, prompt, tuple(range(first, first + n)), max_tokens, stop, sampling)


async def hear(engine: LlamaEngine, request: Rollout) -> Fan:
    fan = Fan()
    async for answer in engine.rollout(request):
        fan.take(answer)
    return fan


async def until_column(answers: AsyncIterator[Started | Column]) -> None:
    async for answer in answers:
        if isinstance(answer, Column):
            return


async def test_a_fan_streams_columns_of_tokens_with_their_logprobs(engine: LlamaEngine) -> None:
    fan = await hear(engine, ask(n=8))
    assert fan.started is not None and fan.started.prompt_tokens
    assert fan.columns > 1
    assert len(set(fan.texts)) == 8
    for heard in fan.candidates.values():
        assert len(heard.tokens) == len(heard.logprobs)
        assert all(logprob <= 0 for logprob in heard.logprobs)
        assert heard.finish in ("length", "end")


async def test_the_same_seeds_say_the_same_in_two_processes(engine: LlamaEngine) -> None:
    fans = []
    for _ in range(2):
        await engine.close()
        fans.append(await hear(engine, ask(n=8, max_tokens=48)))
    assert fans[0].candidates == fans[1].candidates


async def test_a_status_tells_of_loading_and_then_names_model_and_device() -> None:
    engine = LlamaEngine()
    seen: list[Status] = []
    end = engine.watch(seen.append)
    assert engine.status.state == "idle"
    ready = await engine.start()
    assert ready == await engine.start() == engine.status
    await asyncio.sleep(0)
    assert [status.state for status in seen][:: len(seen) - 1] == ["loading", "ready"]
    progress = [status.progress for status in seen]
    assert progress == sorted(progress) and progress[-1] == 1
    assert ready.model and len(ready.sha256) == 64 and ready.device and "llama" in ready.engine
    assert ready.context >= 256 and ready.parameters > 1_000_000
    end()
    await engine.close()
    assert engine.status.state == "idle"
    assert seen[-1].state == "ready"


@pytest.mark.parametrize(
    "prompt", [DARK, "It was a dark and stormy nigh", "The door.\n", "He said, “"]
)
async def test_candidates_go_on_where_the_prompt_ends(engine: LlamaEngine, prompt: str) -> None:
    fan = await hear(engine, ask(prompt, n=16, max_tokens=6, sampling=Sampling(min_p=0.1)))
    whole = prompt.encode()
    assert fan.started is not None
    for text in fan.texts:
        assert text
        if prompt.endswith(" "):
            assert not text[0].isspace()
    assert len(fan.started.prompt_tokens) <= len(whole)


async def test_a_word_that_is_half_written_is_finished(engine: LlamaEngine) -> None:
    cold = Sampling(temperature=0)
    fan = await hear(engine, ask("The old man opened the doo", n=1, max_tokens=3, sampling=cold))
    assert fan.texts[0].startswith("r")


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        " ",
        "\n\n\n",
        "a",
        "\0",
        "x\0y",
        "😀",
        "👩‍🚀 flew to 🇫🇷",
        "e\u0301",
        "雨が降",
        "١٢٣",
        "\ufffd",
    ],
)
async def test_any_prompt_is_continued_in_whole_characters(
    engine: LlamaEngine, prompt: str
) -> None:
    fan = await hear(engine, ask(prompt, n=4, sampling=Sampling(temperature=2, min_p=0)))
    assert len(fan.candidates) == 4
    for text in fan.texts:
        text.encode()
        assert not text.endswith("\u200d")


STOP_ENDS: dict[Stop, str] = {"sentence": ".!?…”\"'’)—*_]", "word": "", "line": "", "paragraph": ""}


@pytest.mark.parametrize("stop", STOP_ENDS)
async def test_stops_end_candidates_with_something_visible(engine: LlamaEngine, stop: Stop) -> None:
    fan = await hear(engine, ask("The rain fell on the roof.", n=8, max_tokens=60, stop=stop))
    assert "stop" in fan.finishes
    for heard in fan.candidates.values():
        if heard.finish == "stop":
            assert heard.text.strip() and not heard.text[-1].isspace()
            assert not STOP_ENDS[stop] or heard.text[-1] in STOP_ENDS[stop]
            if stop in ("word", "line"):
                assert "\n" not in heard.text.strip()


async def test_two_fans_at_once_say_what_they_say_alone(engine: LlamaEngine) -> None:
    asks = [ask(name="a"), ask("She opened the letter", n=3, name="b", first=50)]
    alone = [await hear(engine, request) for request in asks]
    together = await asyncio.gather(*(hear(engine, request) for request in asks))
    for one, other in zip(alone, together, strict=True):
        for index, heard in one.candidates.items():
            agree_until_they_differ(heard, other.candidates[index])


def agree_until_they_differ(one: Heard, other: Heard) -> None:
    """The layout of the cache moves logits by a hair, so a late token may tip over."""
    assert one.tokens[0] == other.tokens[0]
    for token, twin, logprob, shadow in zip(
        one.tokens, other.tokens, one.logprobs, other.logprobs, strict=False
    ):
        if token != twin:
            return
        assert logprob == pytest.approx(shadow, abs=0.2)


async def test_what_was_computed_is_not_computed_again(engine: LlamaEngine) -> None:
    prompt = "The harbour was quiet that evening, and the boats lay still. " * 4
    first = await hear(engine, ask(prompt, n=2))
    again = await hear(engine, ask(prompt, n=2))
    assert first.started and again.started
    assert again.started.reused == len(again.started.prompt_tokens)
    accepted = await hear(engine, ask(prompt + first.texts[0] + " and", n=2))
    assert accepted.started is not None
    assert accepted.started.reused >= len(first.started.prompt_tokens)


async def test_more_candidates_than_there_is_room_for_take_turns() -> None:
    engine = LlamaEngine(settings=Settings(context=256))
    fan = await hear(engine, ask(n=32, max_tokens=200))
    assert len(fan.candidates) == 32
    assert fan.finishes <= {"length", "end"}
    await engine.close()


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


async def test_closing_ends_everything_and_a_closed_engine_starts_again(
    engine: LlamaEngine,
) -> None:
    answers = engine.rollout(ask(max_tokens=2000))
    await until_column(answers)
    pid = engine.pid
    await engine.close()
    rest = [answer async for answer in answers]
    assert isinstance(rest[-1], Column) and rest[-1].pieces[0].finish == "cancelled"
    assert engine.pid is None
    await hear(engine, ask())
    assert engine.pid != pid


async def test_a_killed_worker_fails_its_fans_and_the_next_proposal_works(
    engine: LlamaEngine,
) -> None:
    rollouts = [engine.rollout(ask(name=name, max_tokens=400)) for name in "ab"]
    for answers in rollouts:
        await until_column(answers)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    for answers in rollouts:
        with pytest.raises(WorkerDied, match=r"SIGKILL.*starts again with the next proposal"):
            async for _ in answers:
                pass
    assert engine.status.state == "failed" and "SIGKILL" in engine.status.message
    assert (await hear(engine, ask())).finishes <= {"length", "end"}
    assert engine.status.state == "ready"


async def test_a_worker_that_keeps_dying_is_given_up_until_the_engine_is_closed(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "BACK_OFF", (0.0,) * 5)
    for _ in range(5):
        await engine.start()
        gone = asyncio.Event()
        end = engine.watch(lambda status, gone=gone: status.state == "failed" and gone.set())
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        await gone.wait()
        end()
    with pytest.raises(EngineError, match="ended 5 times without a token"):
        await hear(engine, ask())
    await engine.close()
    await hear(engine, ask())


async def test_a_prompt_over_the_window_is_refused_with_numbers(engine: LlamaEngine) -> None:
    window = (await engine.start()).context
    with pytest.raises(ContextFull, match=rf"\d{{4,}} tokens and 16 more .* holds {window}; short"):
        await hear(engine, ask("word " * window))
    with pytest.raises(ContextFull, match="ask for fewer tokens"):
        await hear(engine, ask(max_tokens=window))
    assert (await hear(engine, ask())).candidates


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (ask(n=0), "length >= 1"),
        (ask(n=33), "length <= 32"),
        (ask(max_tokens=0), ">= 1"),
        (ask("half \ud83d"), "character 5 is half of a surrogate pair"),
        (ask(sampling=Sampling(temperature=-1)), ">= 0"),
        (ask(sampling=Sampling(temperature=float("nan"))), "temperature"),
        (ask(sampling=Sampling(top_p=0)), "> 0"),
        (ask(sampling=Sampling(temperature=float("inf"))), "temperature"),
        (ask(sampling=Sampling(chain=("quantum",))), "chain"),  # type: ignore[arg-type]
        (ask(sampling=Sampling(chain=(object(),))), "cannot be run"),  # type: ignore[arg-type]
        (ask(first=-1), ">= 0"),
        (ask(first=2**70), "can't serialize"),
    ],
)
async def test_a_rollout_that_makes_no_sense_is_refused(
    engine: LlamaEngine, request_: Rollout, why: str
) -> None:
    with pytest.raises(BadInput, match=why):
        await hear(engine, request_)


@pytest.mark.parametrize(
    "settings",
    [Settings(context=-1), Settings(threads=-2), Settings(n_gpu_layers=-2), Settings(idle=-1)],
)
def test_settings_that_make_no_sense_are_refused(settings: Settings) -> None:
    with pytest.raises(BadInput, match="settings of the engine"):
        LlamaEngine(settings=settings)


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


async def test_closing_while_the_model_loads_ends_who_waits() -> None:
    engine = LlamaEngine()
    fan = asyncio.create_task(hear(engine, ask(n=2)))
    while engine.pid is None:
        await asyncio.sleep(0)
    await engine.close()
    assert (await fan).finishes == {"cancelled"}
    assert engine.status.state == "idle"
    assert builds.repacks(builds.key(resolve()))


async def test_an_id_can_be_used_again_but_not_twice_at_once(engine: LlamaEngine) -> None:
    answers = engine.rollout(ask(max_tokens=500))
    await until_column(answers)
    with pytest.raises(BadInput, match="'r' is running already"):
        await hear(engine, ask())
    await answers.aclose()  # type: ignore[attr-defined]
    assert (await hear(engine, ask())).finishes <= {"length", "end"}


@pytest.mark.parametrize("damage", ["missing", "folder", "empty", "text", "cut", "scrambled"])
async def test_a_bad_model_file_is_named_with_what_to_do(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "model.gguf"
    good = resolve().read_bytes()
    contents = {"empty": b"", "text": b"hello " * 100, "cut": good[: len(good) // 2]}
    contents["scrambled"] = good[:30] + bytes(range(256)) * 8 + good[2078:]
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes(contents[damage])
    engine = LlamaEngine(path)
    with pytest.raises(ModelError, match="model.gguf"):
        await hear(engine, ask())
    assert engine.status.state == "failed" and "model.gguf" in engine.status.message
    assert engine.pid is None


PARENT = """
import asyncio, sys
from jupyter_sim.engine.client import LlamaEngine
async def main():
    engine = LlamaEngine()
    await engine.start()
    print(engine.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits on a process by its descriptor")
def test_the_worker_ends_with_its_parent_however_that_dies() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as p:
        assert p.stdout is not None
        worker = os.pidfd_open(int(p.stdout.readline()))
        p.kill()
        ended, _, _ = select.select([worker], [], [], 20)
        os.close(worker)
    assert ended


MISCOMPILED = """
import os, signal, sys
from jupyter_sim.engine import worker
from jupyter_sim.engine.wire import Loading, send
load = worker.Worker._load
def crash(self, command):
    if command.repack or "always" in sys.argv:
        send(self._replies, Loading(2.0))
        os.kill(os.getpid(), signal.SIGSEGV)
    return load(self, command)
worker.Worker._load = crash
worker.main()
"""


async def test_a_build_that_crashes_runs_without_its_extra_buffers_and_that_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", MISCOMPILED))
    build = builds.key(resolve())
    assert builds.repacks(build)
    engine = LlamaEngine()
    assert (await hear(engine, ask(n=2))).finishes <= {"length", "end"}
    assert not builds.repacks(build)
    await engine.close()
    await engine.start()
    await engine.close()


async def test_a_build_that_always_crashes_says_how_to_build_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", MISCOMPILED, "always"))
    engine = LlamaEngine()
    with pytest.raises(EngineError, match=r"CMAKE_ARGS=.*pip install --no-cache-dir"):
        await engine.start()
    assert engine.status.state == "failed"
    assert not builds.repacks(builds.key(resolve()))


async def test_a_model_that_llama_cpp_does_not_know_is_told_in_one_sentence(
    tmp_path: Path,
) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(resolve().read_bytes().replace(b"llama", b"lzama"))
    with pytest.raises(ModelError) as caught:
        await LlamaEngine(path).start()
    assert str(caught.value) == (
        f"llama.cpp cannot load the model {path}: unknown model architecture: 'lzama'. Choose "
        "another GGUF file, or update llama-cpp-python."
    )


ASSERTING = """
import os, sys
print("/tmp/pip-install-x/llama-model.cpp:1328: GGML_ASSERT(n < max) failed", file=sys.stderr)
sys.stderr.flush()
os.abort()
"""


async def test_where_in_a_build_a_model_failed_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", ASSERTING))
    with pytest.raises(ModelError, match=r"SIGABRT\)\. Perhaps memory ran out.* Choose"):
        await LlamaEngine().start()


async def test_a_worker_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", "import no_such_module"))
    with pytest.raises(ModelError, match=r"status 1.*no_such_module"):
        await LlamaEngine().start()


async def test_a_process_that_cannot_be_made_fails_every_proposal_and_none_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "COMMAND", ("/no/such/program",))
    engine = LlamaEngine()
    for _ in range(2):
        with pytest.raises(EngineError, match=r"cannot be started .*No such file.*propose again"):
            await hear(engine, ask(n=2))
        assert engine.status.state == "failed"


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads what Linux tells")
async def test_the_worker_sees_only_the_environment_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    engine = LlamaEngine()
    await engine.start()
    seen = Path(f"/proc/{engine.pid}/environ").read_bytes().split(b"\0")
    assert not any(line.startswith(b"SECRET_TOKEN") for line in seen)
    assert b"CUDA_VISIBLE_DEVICES=" in seen
    await engine.close()
