"""What an engine refuses to draw, and why: one sentence, and the next rollout is drawn."""

import pytest

from jupyter_sim.engine import calls
from jupyter_sim.engine.client import LlamaEngine, Settings
from jupyter_sim.engine.messages import Rollout
from jupyter_sim.errors import BadInput, ContextFull
from jupyter_sim.events import Sampling

from .fan import ask, hear, lasting, until_column
from .worker import finishes

engine = pytest.fixture(lasting, scope="module")


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


async def test_a_request_that_no_frame_holds_is_refused(engine: LlamaEngine) -> None:
    with pytest.raises(BadInput, match=r"has \d+,\d{3},\d{3} bytes.*shorten its text"):
        await finishes(engine, ask(prompt="x" * (calls.MAX_REQUEST + 1)))


async def test_an_id_can_be_used_again_but_not_twice_at_once(engine: LlamaEngine) -> None:
    answers = engine.rollout(ask(max_tokens=500))
    await until_column(answers)
    with pytest.raises(BadInput, match="'r' is running already"):
        await hear(engine, ask())
    await answers.aclose()  # type: ignore[attr-defined]
    assert (await hear(engine, ask())).finishes <= {"length", "end"}
