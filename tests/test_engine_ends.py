"""What is got ready while nobody waits: the ends of what candidates have said are read."""

from collections.abc import Callable

import pytest

from jupyter_sim.engine.gauge import Timed
from jupyter_sim.engine.llama import Ints, Llama
from jupyter_sim.engine.messages import Rollout, Scoring, Survey
from jupyter_sim.engine.rollout import KEPT, Scheduler
from jupyter_sim.engine.wire import Request, Settings
from jupyter_sim.models import resolve

from .scheduling import HONEST, desk, drawn, starter

model = pytest.fixture(scope="module")(starter)


def test_branches_stay_where_they_are_when_their_ends_are_read(model: Llama) -> None:
    """However many they are; the cache keeps fewer only when something else is asked for."""
    prompt = "The harbour was quiet that evening, and the boats lay still."
    fan = drawn(model, prompt, n=32, max_tokens=40)
    trunk = fan.started[1].prompt_tokens
    said = {(*trunk, *tokens[:-1]) for tokens in fan.tokens.values()}
    cache = fan.scheduler._cache
    assert cache.used > KEPT + 32 * 10
    fan.rest()
    assert all(cache.shared(tokens) >= len(tokens) - 1 for tokens in said)
    assert not fan.errors


def test_ends_of_what_has_come_back_from_memory_only_in_part_are_not_read(model: Llama) -> None:
    """What is in cells is read on from, though more of it is saved elsewhere."""
    prompt = "The harbour was quiet that evening, and the boats lay still. " * 3
    fan = drawn(model, prompt, n=1, max_tokens=100)
    said = [*fan.started[1].prompt_tokens, *fan.tokens[1, 0]]
    cache = fan.scheduler._cache
    while cache.evict():
        pass
    part = cache.open(said[:-70])
    assert part is not None and cache.length(part) == len(said) - 70
    cache.close(part)
    assert cache.shared(said) == len(said) - 1
    fan.rest()
    assert cache.length(part) == model.length(part) == len(said) - 70
    assert not any(held.busy for held in cache._held.values())


class Hurried(Llama):
    """A model in whose decodes something can happen."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def decode(self, tokens: Ints, positions: Ints, sequences: Ints, wanted: Ints) -> int:
        self.meanwhile()
        return super().decode(tokens, positions, sequences, wanted)


PROMPT = "The harbour was quiet that evening, and the boats lay still."
WISH = Rollout("r", PROMPT, (7,), 1, sampling=HONEST)


@pytest.mark.parametrize("wish", [WISH, Scoring("s", PROMPT), Survey("s", PROMPT)])
def test_ends_that_are_read_while_nobody_waits_give_way(wish: Request) -> None:
    model = Hurried(resolve(), Settings(context=512, threads=1))
    fan = drawn(model, PROMPT, max_tokens=12)
    model.meanwhile = lambda: fan.scheduler.hurry(wish)
    for _ in range(10):
        assert fan.scheduler.get_ready()
    model.meanwhile = lambda: None
    cache = fan.scheduler._cache
    fan.scheduler.begin(2, WISH)
    assert not any(held.busy for held in cache._held.values())
    for sequence, tokens in cache.held.items():
        assert model.length(sequence) == len(tokens)
    assert not any(tokens[-1] == fan.tokens[1, 0][-1] for tokens in cache.held.values())
    fan.run()
    assert fan.texts[2, 0] and not fan.errors


def test_who_has_ended_is_told_nothing_of_ends_that_are_read(model: Llama) -> None:
    model.clear()
    told: list[int] = []
    scheduler = Scheduler(model, lambda serial, message: told.append(serial))
    scheduler.begin(1, Rollout("r", "The harbour was quiet", tuple(range(8)), 6))
    while scheduler.busy:
        scheduler.step()
    while scheduler._turns.ends:
        scheduler.get_ready()
    assert scheduler._turns.running
    told.clear()
    scheduler.interrupt(1)
    scheduler.step()
    assert told == []


@pytest.mark.parametrize("moments", range(12))
def test_who_comes_while_ends_are_read_waits_for_none_of_them(moments: int) -> None:
    """Whenever that is, nothing of them is in the batches of who came, or told to anybody."""
    model = Timed(resolve(), Settings(context=512, threads=1))
    prompt = "The harbour was quiet that evening, and the boats lay still"
    fan = drawn(model, prompt, max_tokens=12)
    for _ in range(moments):
        fan.scheduler.get_ready()
    before = len(model.decodes)
    fan.scheduler.begin(2, Rollout("r", "An old man sat on the wall", (7,), 4, sampling=HONEST))
    fan.run()
    alone = drawn(model, "An old man sat on the wall", n=1, max_tokens=4, first=7)
    sizes = [decode.tokens for decode in model.decodes[before:]]
    assert sizes[: len(sizes) // 2] == sizes[len(sizes) // 2 :]
    assert fan.texts[2, 0] == alone.texts[1, 0]
    assert set(fan.started) == {1, 2} and not fan.errors


def test_nothing_is_given_up_for_ends_that_are_read_while_nobody_waits(model: Llama) -> None:
    table = desk(model)
    for serial, prompt in enumerate(("The harbour was quiet", "An old man sat on the wall"), 1):
        table.scheduler.begin(serial, Rollout("r", prompt, tuple(range(32)), 8))
        table.run()
    cache = table.scheduler._cache
    before = set(cache.held.values())
    assert not cache.spare(0)
    table.rest()
    assert set(cache.held.values()) == before
    assert not any(held.busy for held in cache._held.values()) and not table.errors


@pytest.mark.parametrize("first", [100, 200, 300])
def test_after_any_acceptance_nothing_is_left_to_read(first: int) -> None:
    """Not even where what was drawn is no longer spelled as it was drawn."""
    model = Timed(resolve(), Settings(context=512, threads=1))
    prompt = "The harbour was quiet that evening, and the boats lay still."
    # where reading takes no time, many tokens may be read at once
    fan = drawn(model, prompt, max_tokens=24, first=first, clock=lambda: 0.0)
    trunk = fan.started[1].prompt_tokens
    drawn_so = {text: [*trunk, *fan.tokens[key]] for key, text in fan.texts.items()}
    assert any(model.tokenize(prompt + text) != tokens for text, tokens in drawn_so.items())
    fan.rest()
    before = len(model.decodes)
    for serial, text in enumerate(drawn_so, 2):
        fan.scheduler.begin(serial, Rollout("r", prompt + text, (7,), 1))
        fan.scheduler.step()
        assert serial in fan.started
        fan.scheduler.interrupt(serial)
        fan.scheduler.step()
    assert len(model.decodes) == before
