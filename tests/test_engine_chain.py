"""llama.cpp's samplers do to a row what they are known for, remember, and are all let go of."""

import gc
from collections.abc import Iterator
from typing import Any

import llama_cpp.llama_cpp as api
import numpy as np
import pytest

from jupyter_sim.engine import chain as chains
from jupyter_sim.engine.chain import Chain
from jupyter_sim.engine.llama import Llama
from jupyter_sim.engine.messages import Column, Rollout, Started
from jupyter_sim.engine.rollout import Scheduler
from jupyter_sim.engine.sampling import weigh
from jupyter_sim.engine.wire import Settings
from jupyter_sim.errors import BadInput, SimError
from jupyter_sim.events import Bias, Dry, Mirostat, Penalties, Sampler, Sampling, Typical, Xtc
from jupyter_sim.models import resolve

ALL: tuple[Sampler, ...] = (
    Typical(0.9),
    Xtc(0.5, 0.1),
    Dry(0.8, breakers=("\n", '"')),
    Penalties(repeat=1.1, frequency=0.1, presence=0.1),
    Bias(((5, 1.0), (9, -1e9))),
    Mirostat(),
)


@pytest.fixture(scope="module")
def model() -> Iterator[Llama]:
    yield Llama(resolve(), Settings(context=512, threads=1))


@pytest.fixture
def living(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The number of llama.cpp's samplers that are not freed, as the last item."""
    count = [0]

    def making(make: Any) -> Any:
        def made(*args: Any) -> Any:
            count[0] += 1
            return make(*args)

        return made

    def free(pointer: Any) -> None:
        count[0] -= 1
        release(pointer)

    release = api.llama_sampler_free
    for kind in ("typical", "xtc", "dry", "penalties", "logit_bias", "mirostat_v2"):
        name = f"llama_sampler_init_{kind}"
        monkeypatch.setattr(api, name, making(getattr(api, name)))
    monkeypatch.setattr(api, "llama_sampler_clone", making(api.llama_sampler_clone))
    monkeypatch.setattr(api, "llama_sampler_free", free)
    yield count


def applied(
    model: Llama, sampler: Sampler, probabilities: list[float], heard: list[int] | None = None
) -> list[float]:
    """What a sampler leaves of the probabilities of tokens 10, 11, 12 and so on."""
    logits = np.log(np.array(probabilities, np.float32)) + 3
    tokens = np.arange(10, 10 + len(logits))
    left, chosen = Chain([sampler], model, 1, heard or []).apply(tokens, logits)
    assert chosen is None
    return [round(float(one), 4) for one in np.exp(left - weigh(logits[None]).norms[0])]


def test_each_sampler_does_what_it_says(model: Llama) -> None:
    even = [0.5, 0.3, 0.2]
    assert applied(model, Bias(((11, float(np.log(2))), (99, 5.0))), even) == [0.5, 0.6, 0.2]
    assert applied(model, Xtc(1.0, 0.25), even) == [0.0, 0.3, 0.2]
    assert applied(model, Xtc(0.0, 0.25), even) == even
    # their surprises are 0.16, 2.3 and 3, and 0.52 is expected
    assert applied(model, Typical(0.3), [0.85, 0.1, 0.05]) == [0.85, 0.0, 0.0]
    presence = Penalties(presence=float(np.log(2)))
    assert applied(model, presence, even, [10, 10]) == [0.25, 0.3, 0.2]
    frequency = Penalties(frequency=float(np.log(2)))
    assert applied(model, frequency, even, [10, 10, 12]) == [0.125, 0.3, 0.1]
    forgotten = Penalties(last=1, presence=1.0)
    assert applied(model, forgotten, even, [10, 50]) == even
    dry = Dry(float(np.log(2)), base=1.0, allowed_length=2)
    assert applied(model, dry, even, [7, 8, 11, 7, 8]) == [0.5, 0.15, 0.2]


def test_repetition_divides_the_logits_themselves(model: Llama) -> None:
    logits = np.array([4.0, -2.0, 1.0], np.float32)
    chain = Chain([Penalties(repeat=2.0)], model, 1, [0, 1])
    assert chain.apply(np.arange(3), logits)[0].tolist() == [2.0, -4.0, 1.0]


def test_the_whole_window_is_looked_back_over(model: Llama) -> None:
    tokens = [3, *[50] * 300]
    logits = np.zeros(5, np.float32)
    for last, found in ((-1, True), (64, False), (1 << 20, True)):
        chain = Chain([Penalties(last=last, presence=1.0)], model, 1, tokens)
        assert (chain.apply(np.arange(5), logits)[0][3] == -1) == found


def test_mirostat_chooses_and_learns(model: Llama) -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, model.vocabulary).astype(np.float32)
    tokens = np.arange(model.vocabulary)
    surprise = -(logits - weigh(logits[None]).norms[0]) / np.log(2)
    means = []
    for tau in (1.0, 4.0):
        chain = Chain([Mirostat(tau, 0.2)], model, 7)
        chosen = [chain.apply(tokens, logits)[1] for _ in range(300)]
        means.append(np.mean([surprise[one] for one in chosen if one is not None]))
    assert means[0] + 1 < means[1]


def test_the_same_seed_chooses_the_same(model: Llama) -> None:
    logits = np.zeros(50, np.float32)

    def play(seed: int) -> list[int | None]:
        chain = Chain([Mirostat(8.0)], model, seed)
        return [chain.apply(np.arange(50), logits)[1] for _ in range(6)]

    assert play(2**32 - 1) == play(2**32 - 1)
    assert play(1) != play(2)


def test_a_copy_goes_on_by_itself(model: Llama) -> None:
    chain = Chain([Penalties(presence=1.0)], model, 1, [0])
    chain.after([1]).hear([2])
    assert chain.apply(np.arange(3), np.zeros(3, np.float32))[0].tolist() == [-1, 0, 0]
    other = chain.after([1]).apply(np.arange(3), np.zeros(3, np.float32))[0]
    assert other.tolist() == [-1, -1, 0]


def test_hopeless_logits_do_no_harm(model: Llama) -> None:
    logits = np.zeros(model.vocabulary, np.float32)
    banned = Bias(tuple((token, -1e9) for token in range(1000)))
    for later in ALL:
        left, _ = Chain([banned, later], model, 3).apply(np.arange(len(logits)), logits)
        assert np.isfinite(left).any()
        assert not np.isnan(left).any()


def test_what_does_not_fit_the_model_is_refused() -> None:
    with pytest.raises(BadInput, match="token 4096, but the model has the tokens 0 to 4095"):
        chains.check([Typical(0.5), Bias(((1, 1.0), (4096, 1.0)))], 4096)
    with pytest.raises(BadInput, match="NUL"):
        chains.check([Dry(1.0, breakers=("a\0b",))], 4096)
    chains.check(ALL, 4096)


def told(
    model: Llama, rollout: Rollout, steps: int | None = None
) -> tuple[dict[int, str], dict[int, list[float]], list[SimError], Scheduler]:
    """What the candidates of a rollout say, their log-probabilities, and errors."""
    texts: dict[int, str] = {}
    logprobs: dict[int, list[float]] = {}
    errors: list[SimError] = []

    def hear(_: int, said: Any) -> None:
        if isinstance(said, Column):
            for piece in said.pieces:
                texts[piece.index] = texts.get(piece.index, "") + piece.text
                logprobs.setdefault(piece.index, []).extend(piece.logprobs)
        elif not isinstance(said, Started):
            errors.append(said)

    model.clear()
    scheduler = Scheduler(model, hear)
    scheduler.begin(1, rollout)
    while scheduler.busy and steps != 0:
        scheduler.step()
        steps = None if steps is None else steps - 1
    return texts, logprobs, errors, scheduler


@pytest.mark.parametrize("prompt", ["It was a dark and ", "It was a d", "", "She said"])
@pytest.mark.parametrize("sampler", ALL, ids=lambda sampler: type(sampler).__name__)
def test_every_sampler_runs_at_every_caret(
    model: Llama, prompt: str, sampler: Sampler, living: list[int]
) -> None:
    sampling = Sampling(chain=(sampler,))
    texts, logprobs, errors, _ = told(model, Rollout("r", prompt, (1, 2, 3), 5, "none", sampling))
    assert not errors
    assert len(texts) == 3
    assert all(one <= 0 for row in logprobs.values() for one in row)
    gc.collect()
    assert living == [0]


def test_all_samplers_of_a_cancelled_rollout_are_freed(model: Llama, living: list[int]) -> None:
    rollout = Rollout("r", "It was a d", tuple(range(8)), 40, "none", Sampling(chain=ALL))
    *_, errors, scheduler = told(model, rollout, steps=4)
    assert living[0] >= 8 * len(ALL)
    scheduler.interrupt(1)
    scheduler.step()
    del scheduler
    gc.collect()
    assert not errors
    assert living == [0]


def test_a_bias_acts_on_a_healed_first_token_as_on_any_other(model: Llama) -> None:
    honest = Sampling(min_p=0)
    plain, _, _, _ = told(model, Rollout("r", "It was a d", tuple(range(32)), 1, "none", honest))
    common = max(set(plain.values()), key=list(plain.values()).count)
    spelled = {t for t, piece in enumerate(model.pieces) if piece == (" d" + common).encode()}
    assert spelled
    banned = Sampling(min_p=0, chain=(Bias(tuple((token, -1e9) for token in spelled)),))
    texts, _, _, _ = told(model, Rollout("r", "It was a d", tuple(range(32)), 1, "none", banned))
    assert list(texts.values()).count(common) < list(plain.values()).count(common)


def test_logprobs_and_numbers_stay_the_models_own(model: Llama) -> None:
    """A chain that changes nothing draws the same, and what it draws is told alike."""
    idle = (Bias(((3, 0.0),)), Penalties(), Xtc(0.0, 0.1))
    for prompt in ("It was a dark and ", "It was a d", "She said"):
        plain = told(model, Rollout("r", prompt, (1, 2, 3, 4), 8))
        chained = told(model, Rollout("r", prompt, (1, 2, 3, 4), 8, "none", Sampling(chain=idle)))
        assert plain[0] == chained[0]
        assert plain[1] == chained[1]


def test_a_rollout_with_a_foreign_token_is_refused_and_harms_nobody(model: Llama) -> None:
    sampling = Sampling(chain=(Bias(((10**6, 1.0),)),))
    texts, _, errors, scheduler = told(model, Rollout("r", "It", (1,), 3, "none", sampling))
    assert not texts
    assert [type(error) for error in errors] == [BadInput]
    assert not scheduler.busy


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("distinct", [False, True])
@pytest.mark.parametrize("min_p", [0, 0.02])
@pytest.mark.parametrize("prompt", ["It was a d", "It was"])
def test_numbers_too_small_for_32_bits_draw_as_small_ones_do(
    model: Llama, prompt: str, min_p: float, distinct: bool
) -> None:
    idle = (Bias(((3, 0.0),)),)
    for chain in ((), idle):
        says = []
        for temperature in (1e-10, 1e-40, 1e-300):
            sampling = Sampling(temperature, min_p=min_p, distinct=distinct, chain=chain)
            says.append(told(model, Rollout("r", prompt, (1, 2, 3), 4, "none", sampling)))
        assert not any(errors for _, _, errors, _ in says)
        assert says[0][:2] == says[1][:2] == says[2][:2]


@pytest.mark.parametrize("repeat", [1e-30, 1e-38, 1e-45, 1e-300])
def test_a_penalty_that_divides_by_next_to_nothing_harms_nobody(
    model: Llama, repeat: float
) -> None:
    chain = (Penalties(-1, repeat), *ALL[:2], Penalties(-1, repeat))
    rollout = Rollout("r", "It was a da", (1, 2), 6, "none", Sampling(0.1, min_p=0, chain=chain))
    texts, _, errors, _ = told(model, rollout)
    assert not errors
    assert all(texts.values())
