"""The same seed says the same, however warm or busy the engine is; how far the fast mode is off.

On the starter model, in this process.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from jupyter_sim.engine.llama import Llama
from jupyter_sim.engine.messages import Column, Rollout, Scored, Scoring, Started
from jupyter_sim.engine.rollout import GRAIN, Scheduler
from jupyter_sim.engine.sampling import weigh
from jupyter_sim.engine.wire import Said, Settings
from jupyter_sim.errors import SimError
from jupyter_sim.models import resolve

from .bench import synthetic

STORY = (
    "The harbour was quiet that evening, and the boats lay still at their moorings. An old man sat "
    "on the wall with his pipe, and watched the lamps being lit along the street, one after "
    "another, as he had watched them every evening since his wife had died. "
)
PROMPTS = [STORY, STORY + "He did not hear the girl come down the st", "It was a dark and ", ""]
MOST = 0.05

Told = dict[tuple[int, int], list[tuple[int, float]]]


class Table:
    """A scheduler that goes on with what is in its cache, and all that its rollouts say."""

    def __init__(self, model: Llama) -> None:
        model.clear()
        self.model = model
        self.scheduler = Scheduler(model, self.hear)
        self.told: Told = {}
        self.prompts: dict[int, tuple[int, ...]] = {}

    def hear(self, serial: int, said: Said | SimError) -> None:
        match said:
            case Started(prompt_tokens=tokens):
                self.prompts[serial] = tokens
            case Column(pieces=pieces):
                for piece in pieces:
                    mine = self.told.setdefault((serial, piece.index), [])
                    mine += zip(piece.tokens, piece.logprobs, strict=True)
            case _:
                raise AssertionError(said)

    def draw(self, *requests: Rollout, steps: int = 0) -> list[Told]:
        """What rollouts say, each begun so many steps after the other."""
        self.told = {}
        for serial, request in enumerate(requests):
            self.scheduler.begin(serial, request)
            for _ in range(steps):
                self.scheduler.step()
        while self.scheduler.busy:
            self.scheduler.step()
        return [
            {key: said for key, said in self.told.items() if key[0] == serial}
            for serial in range(len(requests))
        ]


@pytest.fixture(scope="module")
def exact() -> Iterator[Llama]:
    yield Llama(resolve(), Settings(context=512, threads=1, deterministic=True))


@pytest.fixture(scope="module")
def fast() -> Iterator[Llama]:
    yield Llama(resolve(), Settings(context=512, threads=1))


def ask(prompt: str, seeds: tuple[int, ...] = tuple(range(8)), tokens: int = 24) -> Rollout:
    return Rollout("r", prompt, seeds, tokens, top=3)


def of_seed(told: Told, index: int) -> list[tuple[int, float]]:
    return next(said for key, said in told.items() if key[1] == index)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_one_candidate_says_what_it_says_among_eight(exact: Llama, prompt: str) -> None:
    (fan,) = Table(exact).draw(ask(prompt))
    for seed in range(8):
        (alone,) = Table(exact).draw(ask(prompt, (seed,)))
        assert of_seed(alone, 0) == of_seed(fan, seed)


@pytest.mark.parametrize("kind", [synthetic.Q4_0, synthetic.BF16])
def test_that_holds_for_weights_of_any_type(tmp_path: Path, kind: int) -> None:
    shape = synthetic.Shape(4, 256, 4, 2, 768, vocabulary=2_000, quantisation=kind)
    path = synthetic.write(tmp_path / "tiny.gguf", shape)
    model = Llama(path, Settings(context=256, threads=1, deterministic=True))
    (fan,) = Table(model).draw(ask("It was a dark and "))
    for seed in range(8):
        (alone,) = Table(model).draw(ask("It was a dark and ", (seed,)))
        assert of_seed(alone, 0) == of_seed(fan, seed)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_warm_cache_changes_nothing(exact: Llama, prompt: str) -> None:
    (cold,) = Table(exact).draw(ask(prompt))
    table = Table(exact)
    table.draw(ask(STORY[:-40], tokens=9), ask("Once", (3,)), ask(STORY + "He did not", (1, 2)))
    for _ in range(2):
        assert table.draw(ask(prompt))[0] == cold
    table.draw(ask(prompt + " said the gi", tokens=60))
    assert table.draw(ask(prompt))[0] == cold
    assert table.draw(ask(prompt))[0] == cold


def test_what_was_accepted_is_read_as_if_it_had_been_typed(exact: Llama) -> None:
    table = Table(exact)
    (fan,) = table.draw(ask(STORY, tokens=60))
    text = b"".join(exact.pieces[token] for token, _ in of_seed(fan, 2)).decode()
    (warm,) = table.draw(ask(STORY + text))
    (cold,) = Table(exact).draw(ask(STORY + text))
    assert warm == cold


def test_other_fans_beside_change_nothing(exact: Llama) -> None:
    requests = [ask(prompt) for prompt in PROMPTS]
    alone = [Table(exact).draw(request)[0] for request in requests]
    together = Table(exact).draw(*requests, steps=3)
    for one, other in zip(alone, together, strict=True):
        assert list(one.values()) == list(other.values())


def test_a_score_gives_way_to_a_fan_and_comes_out_the_same(exact: Llama) -> None:
    scores: list[list[float]] = [[], []]
    order: list[int] = []
    for mine, urgent in zip(scores, (False, True), strict=True):
        exact.clear()

        def hear(serial: int, said: Said | SimError, mine: list[float] = mine) -> None:
            order.append(serial)
            if isinstance(said, Scored):
                mine += [one.logprob for one in said.tokens]

        scheduler = Scheduler(exact, hear)
        scheduler.begin(1, Scoring("s", STORY * 5))
        for _ in range(5):
            scheduler.step()
        if urgent:
            order.clear()
            scheduler.begin(2, ask(STORY))
        while scheduler.busy:
            scheduler.step()
    assert scores[0] == scores[1]
    assert order[0] == 2 and order.index(1) > order.count(2) - 1


def test_more_candidates_than_there_are_sequences_take_turns(exact: Llama) -> None:
    (many,) = Table(exact).draw(ask(STORY, tuple(range(32)), 10))
    (few,) = Table(exact).draw(ask(STORY, (30, 31), 10))
    assert [of_seed(many, 30), of_seed(many, 31)] == [of_seed(few, 0), of_seed(few, 1)]


def read(model: Llama, tokens: list[int], start: int, sequence: int) -> np.ndarray:
    """The logits after the last token, read from `start` on in the slices of this mode."""
    for first in range(start, len(tokens), GRAIN):
        part = np.array(tokens[first : first + GRAIN], np.int32)
        places = np.arange(first, first + len(part), dtype=np.int32)
        last = (places == places[-1]).astype(np.int32)
        model.decode(part, places, places * 0 + sequence, last)
    return model.logits(1).copy()


def test_logits_are_the_same_to_the_last_bit_after_forks_and_cuts_and_in_a_fresh_context(
    exact: Llama,
) -> None:
    tokens = exact.tokenize(STORY * 3)[:150]
    exact.clear()
    fresh = read(exact, tokens, 0, 0)
    read(exact, [*tokens[:70], *tokens[:60]], 0, 3)
    exact.copy(3, 5, 64)
    assert np.array_equal(read(exact, tokens, 64, 5), fresh)
    exact.cut(5, 96)
    assert np.array_equal(read(exact, tokens, 96, 5), fresh)
    exact.copy(5, 9, 128)
    exact.clear()
    assert np.array_equal(read(exact, tokens, 0, 9), fresh)


def test_eight_rows_of_a_step_are_each_the_same_as_alone(exact: Llama) -> None:
    tokens = exact.tokenize(STORY * 3)[:150]
    exact.clear()
    read(exact, tokens, 0, 9)
    following, one = np.arange(3, 11, dtype=np.int32), np.ones(1, np.int32)
    alone = []
    for token in following:
        exact.copy(9, 1, 150)
        exact.decode(one * token, one * 150, one, one)
        alone.append(exact.logits(1).copy())
    for sequence in range(1, 9):
        exact.copy(9, sequence, 150)
    ones = np.ones(8, np.int32)
    exact.decode(following, ones * 150, np.arange(1, 9, dtype=np.int32), ones)
    assert np.array_equal(exact.logits(8), np.concatenate(alone))


def test_how_far_the_fast_mode_is_off(fast: Llama) -> None:
    """The largest difference in probability between a token drawn in a warm, busy fan and the same
    token computed afresh, over fans of the starter model.
    """
    table = Table(fast)
    table.draw(*(ask(prompt, tokens=40) for prompt in PROMPTS), steps=2)
    table.draw(*(ask(prompt + " and", tokens=40) for prompt in PROMPTS), steps=1)
    differences = []
    for (serial, _), said in table.told.items():
        fast.clear()
        tokens = np.array([*table.prompts[serial], *(token for token, _ in said)], np.int32)
        places = np.arange(len(tokens), dtype=np.int32)
        wanted = (places >= len(tokens) - len(said) - 1).astype(np.int32)
        fast.decode(tokens, places, places * 0, wanted)
        weights = weigh(fast.logits(int(wanted.sum())))
        rows = np.arange(len(said))
        mine = [token for token, _ in said]
        afresh = np.exp(weights.logits[rows, mine] - weights.norms[rows])
        differences += np.abs(afresh - np.exp([logprob for _, logprob in said])).tolist()
    print(
        f"\nfast mode: {len(differences)} tokens, largest difference in probability "
        f"{max(differences):.4f}, median {np.median(differences):.6f}, "
        f"99th percentile {np.quantile(differences, 0.99):.4f}"
    )
    assert max(differences) < MOST
