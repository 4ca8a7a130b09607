"""The scheduling loop on the starter model, in this process: what is spelled, drawn and kept."""

import random
from collections import Counter
from itertools import takewhile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from wcwidth import grapheme_boundary_before

from jupyter_sim.engine.gauge import Timed
from jupyter_sim.engine.jobs import Run
from jupyter_sim.engine.llama import Llama
from jupyter_sim.engine.messages import Rollout, Started
from jupyter_sim.engine.rollout import KEPT
from jupyter_sim.engine.sampling import weigh
from jupyter_sim.engine.wire import Settings
from jupyter_sim.events import Sampling
from jupyter_sim.models import resolve

from .scheduling import HONEST, desk, drawn, starter

model = pytest.fixture(scope="module")(starter)

CARETS = [
    "", " ", "\n", "It was a dark and ", "It was a dark and", "It was a dar", "It was a dark and s",
    "He said, “", "He said, \"", "“No,” said", "the year 18", "18", "18.", "3.1", "£", "word\n",
    "word\n\n", "word\n ", "word  ", "  ", "\t", "Mr", "Mr.", "don'", "don’", "semi-", "—", "— ",
    "(", "…", "😀", "😀 ", "a\u0301", "雨", "雨が降", "naïv", "ÜBER", "ЖУ", "x = [1, ", "def f(",
    "def f(x):\n", "def f(x):\n    ", "# ", "## A tit", "* one\n* ", "http://", "a\0", "\ufeffx",
]  # fmt: skip


def spells_the_prompt_and_the_text(model: Llama, prompt: str) -> None:
    """The tokens of prompt and candidate, joined, are the prompt and the candidate's text; where
    they end within a character, the grapheme that it may belong to can be left out.
    """
    table = drawn(model, prompt)
    before = b"".join(model.pieces[token] for token in table.started[1].prompt_tokens)
    for key, tokens in table.tokens.items():
        spelled = before + b"".join(model.pieces[token] for token in tokens)
        assert spelled.startswith(prompt.encode())
        decoded = spelled.decode("utf-8", "replace")
        whole = decoded.rstrip("\ufffd\u200d")
        told = (prompt + table.texts[key]).rstrip("\ufffd\u200d")
        cut = decoded.endswith("\ufffd")
        assert told == whole or (
            cut and told == whole[: grapheme_boundary_before(whole, len(whole))]
        )
        assert len(tokens) == len(table.logprobs[key])


@pytest.mark.parametrize("prompt", CARETS)
def test_no_caret_loses_or_doubles_anything(model: Llama, prompt: str) -> None:
    spells_the_prompt_and_the_text(model, prompt)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(prompt=st.text(max_size=12))
def test_no_text_loses_or_doubles_anything(model: Llama, prompt: str) -> None:
    spells_the_prompt_and_the_text(model, prompt)


@pytest.mark.parametrize("prompt", ["", "It was a dark and ", "It was a d", "The old m", "“I sh"])
def test_first_texts_come_in_the_proportions_of_the_model(model: Llama, prompt: str) -> None:
    """Chi-square of first texts over the log-probabilities that came with them."""
    table = desk(model)
    texts: Counter[tuple[int, ...]] = Counter()
    chance: dict[tuple[int, ...], float] = {}
    draws = 2000
    for serial in range(0, draws, 32):
        seeds = tuple(range(serial, min(draws, serial + 32)))
        table.scheduler.begin(serial, Rollout("r", prompt, seeds, 1, "none", HONEST))
        table.run()
    for key, tokens in table.tokens.items():
        # the tokens that cover the end of the prompt, as far as the first that may go beyond it
        length = _covering(model, table.started[key[0]], prompt, tokens)
        start = tuple(tokens[:length])
        texts[start] += 1
        chance[start] = float(np.exp(sum(table.logprobs[key][:length])))
    sure = sum(chance.values())
    common = [start for start, share in chance.items() if share / sure * draws >= 10]
    assert len(common) >= 3
    counts = np.array([texts[start] for start in common], float)
    shares = np.array([chance[start] for start in common])
    expected = shares / shares.sum() * counts.sum()
    square = float(((counts - expected) ** 2 / expected).sum())
    freedom = len(common) - 1
    # Wilson and Hilferty's approximation of the 0.999 quantile
    assert square < freedom * (1 - 2 / (9 * freedom) + 3.09 * (2 / (9 * freedom)) ** 0.5) ** 3


def _covering(model: Llama, started: Started, prompt: str, tokens: list[int]) -> int:
    spelled = b"".join(model.pieces[token] for token in started.prompt_tokens)
    for length, token in enumerate(tokens, 1):
        spelled += model.pieces[token]
        if len(spelled) >= len(prompt.encode()):
            return length
    raise AssertionError("the prompt is not covered")


def test_the_cache_holds_the_prompt_once_and_each_candidates_own_tokens(model: Llama) -> None:
    prompt = "The harbour was quiet that evening, and the boats lay still. " * 8
    table = drawn(model, prompt, n=8, max_tokens=20)
    own = sum(len(tokens) for tokens in table.tokens.values())
    assert table.scheduler._cache.used <= len(table.started[1].prompt_tokens) + own


def test_logprobs_are_those_of_the_text_scored_afresh(model: Llama) -> None:
    table = drawn(model, "She opened the letter", n=3, max_tokens=10)
    for key, tokens in table.tokens.items():
        model.clear()
        whole = np.array([*table.started[1].prompt_tokens, *tokens], np.int32)
        places = np.arange(len(whole), dtype=np.int32)
        wanted = (places >= len(whole) - len(tokens) - 1).astype(np.int32)
        model.decode(whole, places, places * 0, wanted)
        weights = weigh(model.logits(int(wanted.sum())))
        rows = np.arange(len(tokens))
        afresh = weights.logits[rows, tokens] - weights.norms[rows]
        assert np.allclose(afresh, table.logprobs[key], atol=0.1)


def test_after_any_play_of_rollouts_and_cancellations_nothing_is_left_busy(model: Llama) -> None:
    dice = random.Random(0)
    table = desk(model)
    scheduler = table.scheduler
    prompts = ["It was", "It was a dark and ", "It was a dark and stormy night", "", "x " * 150]
    for serial in range(1, 60):
        prompt = dice.choice(prompts) + dice.choice(["", "a", " the", "\n"])
        n, length = dice.choice([1, 2, 5, 16, 32]), dice.choice([1, 5, 40])
        scheduler.begin(serial, Rollout("r", prompt, tuple(range(n)), length))
        for _ in range(dice.randrange(6)):
            scheduler.step()
        if dice.random() < 0.7:
            scheduler.interrupt(dice.randint(max(1, serial - 3), serial))
        if not scheduler.busy:
            scheduler.get_ready()
    table.run()
    table.rest()
    assert not table.errors
    assert len(table.finishes) == len(table.texts)
    cache = scheduler._cache
    assert not any(held.busy for held in cache._held.values())
    for sequence, tokens in cache.held.items():
        assert model.length(sequence) == len(tokens)
    distinct = {
        tokens[:size] for tokens in cache.held.values() for size in range(1, len(tokens) + 1)
    }
    assert len(distinct) <= cache.used <= model.cells


def test_hops_between_voices_decode_only_what_is_not_there(model: Llama) -> None:
    """More voices than cells are kept for: what was parked comes back, and says the same."""
    story = "The harbour was quiet that evening, and the boats lay still. " * 24
    voices = [f"As told by {name}.\n\n{story}" for name in ("Ann", "Bob", "a cat", "the sea")]
    table = desk(model)
    serials = iter(range(1, 100))

    def ask(text: str) -> tuple[Started, list[float]]:
        serial = next(serials)
        table.scheduler.begin(serial, Rollout("r", text, tuple(range(8)), 12))
        table.run()
        return table.started[serial], table.logprobs[serial, 0]

    first = [ask(voice) for voice in voices]
    assert sum(len(started.prompt_tokens) for started, _ in first) > 2 * KEPT
    for voice, (cold, before) in zip(voices, first, strict=True):
        warm, after = ask(voice)
        assert warm.reused == len(cold.prompt_tokens) - 1
        assert after[0] == pytest.approx(before[0], abs=0.05)
    assert not table.errors


def test_branches_of_a_fan_stay_warm(model: Llama) -> None:
    prompt = "The harbour was quiet that evening, and the boats lay still. " * 5
    fan = drawn(model, prompt, n=8, max_tokens=24)
    trunk = fan.started[1].prompt_tokens
    for index in range(8):
        fan.scheduler.begin(10 + index, Rollout("r", prompt + fan.texts[1, index], (0,), 2))
        fan.run()
        started = fan.started[10 + index]
        asked = started.prompt_tokens + started.back
        # the last token was drawn and never read, and the text may have other tokens than were said
        kept = trunk + tuple(fan.tokens[1, index][:-1])
        pairs = takewhile(lambda pair: pair[0] == pair[1], zip(kept, asked, strict=False))
        shared = len(list(pairs))
        assert len(trunk) < started.reused == min(shared, len(started.prompt_tokens))
    assert not fan.errors


@pytest.mark.parametrize(
    ("words", "rested", "unread"), [(None, False, 1), (None, True, 0), (4, False, 0)]
)
def test_a_fan_begins_with_what_was_computed_where_it_stands(
    words: int | None, rested: bool, unread: int
) -> None:
    """After an acceptance, whole or in part, only the last token is read, if it never was, and
    other spellings of the end.

    They were where nobody waited for a moment. What was drawn in unusual tokens is read anew.
    """
    model = Timed(resolve(), Settings(context=512, threads=1))
    prompt = "The harbour was quiet that evening, and the boats lay still."
    fan = drawn(model, prompt, max_tokens=12)
    if rested:
        before = len(model.decodes)
        fan.rest()
        assert 1 <= len(model.decodes) - before <= 3
    reads = []
    for index in range(8):
        text = prompt + " ".join(fan.texts[1, index].split(" ")[:words])
        read = []
        for serial in (10 + index, 20 + index):
            before = len(model.decodes)
            fan.scheduler.begin(serial, Rollout("r", text, (7,), 1, sampling=HONEST))
            fan.run()
            read.append(sum(decode.tokens for decode in model.decodes[before:]))
        assert fan.logprobs[10 + index, 0] == pytest.approx(fan.logprobs[20 + index, 0], abs=0.05)
        reads.append(read)
    assert [unread, 0] in reads
    assert all(again == 0 for _, again in reads)
    assert not rested or reads.count([0, 0]) >= 6
    afresh = drawn(model, text, n=1, max_tokens=1, first=7)
    assert afresh.logprobs[1, 0] == pytest.approx(fan.logprobs[17, 0], abs=0.05)
    assert not fan.errors


def test_what_begins_with_nothing_to_compute_is_passed_on_before_anything_is_computed() -> None:
    model = Timed(resolve(), Settings(context=512, threads=1))
    fan = drawn(model, "The harbour was quiet.")
    steps = len(model.decodes)
    fan.scheduler.begin(2, Rollout("r", "The harbour was quiet.", tuple(range(8)), 6))
    fan.scheduler.step()
    assert len(model.decodes) == steps
    assert {index for serial, index in fan.texts if serial == 2} == set(range(8))
    fan.run()
    assert not fan.errors


@pytest.mark.parametrize("prompt", ["It was a dark and", "She said that the harbour"])
def test_when_the_prompt_stands_those_who_repeat_its_end_have_gone_on(
    model: Llama, prompt: str
) -> None:
    table = desk(model)
    table.scheduler.begin(1, Rollout("r", prompt, tuple(range(8)), 6, sampling=HONEST))
    while 1 not in table.started:
        table.scheduler.step()
    back = table.started[1].back
    firsts = [table.tokens[1, index][: len(back)] for index in range(8)]
    assert back and list(back) in firsts
    assert all(table.texts[1, index] for index in range(8))


def test_a_stop_string_that_begins_in_the_prefix_is_met_behind_it(model: Llama) -> None:
    greedy = Sampling(temperature=0)
    prompt = "It was a dark and"
    said = drawn(model, prompt, 1, 12, greedy).texts[1, 0]
    prefix, string = said[:9], said[6:12]
    request = Rollout("r", prompt, (0,), 12, sampling=greedy, prefix=prefix, strings=(string,))
    table = desk(model)
    table.scheduler.begin(1, request)
    table.run()
    assert (table.texts[1, 0], table.finishes[1, 0]) == (prefix, "stop")
    table = desk(model)
    table.scheduler.begin(1, structs.replace(request, strings=()))
    table.run()
    assert table.texts[1, 0].startswith(said) and table.finishes[1, 0] == "length"


def test_all_of_forty_fans_at_once_end_whose_prompts_end_within_a_word(model: Llama) -> None:
    crowd = desk(model)
    for serial in range(40):
        prompt = f"{serial} The harbour was quiet, and the old man {serial} said unbe"
        crowd.scheduler.begin(
            serial, Rollout("r", prompt, tuple(range(8)), max_tokens=3, sampling=HONEST)
        )
    for _ in range(1000):
        if crowd.scheduler.busy:
            crowd.scheduler.step()
    assert not crowd.scheduler.busy
    assert not crowd.errors and len(crowd.finishes) == 40 * 8


def test_a_rollout_that_has_to_wait_again_holds_no_sequence(model: Llama) -> None:
    """It may have set out on ways that led nowhere, and may be cancelled while it waits."""
    table = desk(model)
    scheduler, cache = table.scheduler, table.scheduler._cache
    scheduler.begin(1, Rollout("r", "The harbour was quiet", (7,), 2, sampling=HONEST))
    scheduler._turns.admit()
    [run] = scheduler._turns.running
    assert isinstance(run, Run)
    fork = cache.fork(run.sequence)
    assert fork is not None
    run.forks.append(fork)
    scheduler._turns.put_away(run)
    assert not any(held.busy for held in cache._held.values())
    table.run()
    assert table.finishes == {(1, 0): "length"} and not table.errors
    assert not any(held.busy for held in cache._held.values())
