"""What goes wrong with one request ends that one: those beside it say what they would have said."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from msgspec import structs
from numpy.typing import NDArray

from jupyter_sim.engine.arrays import Ints
from jupyter_sim.engine.candidate import Candidate
from jupyter_sim.engine.chain import Chain
from jupyter_sim.engine.drawing import Drawing
from jupyter_sim.engine.healing import Healing
from jupyter_sim.engine.llama import Llama
from jupyter_sim.engine.messages import Column, Rollout, Scored, Scoring
from jupyter_sim.engine.rollout import Scheduler
from jupyter_sim.engine.stops import Stopper
from jupyter_sim.engine.wire import Request, Said, Settings
from jupyter_sim.errors import EngineError, SimError
from jupyter_sim.events import Penalties, Sampling, Typical, Xtc
from jupyter_sim.models import resolve

BAD = " zebra"
HONEST = Sampling()


class Faulty(Llama):
    """A model that refuses batches with a token, or computes no numbers after it."""

    fault = ""
    token = -1

    def decode(self, tokens: Ints, positions: Ints, sequences: Ints, wanted: Ints) -> int:
        """Run one batch, or refuse it."""
        if self.fault == "refuses" and self.token in tokens:
            raise EngineError("llama.cpp refused a batch with code -1.")
        self._rows = tokens[wanted != 0]
        return super().decode(tokens, positions, sequences, wanted)

    def logits(self, rows: int) -> NDArray[np.float32]:
        """Return the logits, or some that are none."""
        logits = super().logits(rows)
        if self.fault == "computes no numbers":
            logits[self._rows == self.token] = np.nan
        return logits


@pytest.fixture(scope="module")
def model() -> Iterator[Faulty]:
    model = Faulty(resolve(), Settings(context=512, threads=1))
    model.token = model.tokenize("a" + BAD)[-1]
    yield model


@pytest.fixture
def table(model: Faulty) -> Iterator["Table"]:
    model.fault = ""
    model.clear()
    table = Table(model)
    yield table
    scheduler = table.scheduler
    assert not scheduler.busy
    assert not any(held.busy for held in scheduler._cache._held.values())
    for sequence, tokens in scheduler._cache.held.items():
        assert model.length(sequence) == len(tokens)


class Table:
    """A loop, and what it has told each request."""

    def __init__(self, model: Faulty) -> None:
        self.model = model
        self.scheduler = Scheduler(model, self.hear)
        self.tokens: dict[tuple[int, int], list[int]] = {}
        self.ends: dict[int, str] = {}
        self.serial = 0

    def hear(self, serial: int, said: Said | SimError) -> None:
        assert serial not in self.ends or isinstance(said, Column)
        match said:
            case SimError():
                self.ends[serial] = str(said)
            case Column(pieces=pieces):
                for piece in pieces:
                    self.tokens.setdefault((serial, piece.index), []).extend(piece.tokens)
                    if piece.finish:
                        self.ends[serial] = piece.finish
            case Scored(whole=whole):
                if whole:
                    self.ends[serial] = "whole"

    def begin(self, request: Request) -> int:
        self.serial += 1
        self.scheduler.begin(self.serial, request)
        return self.serial

    def run(self, *requests: Request) -> list[int]:
        serials = [self.begin(request) for request in requests]
        while self.scheduler.busy:
            self.scheduler.step()
        return serials

    def said(self, serial: int) -> list[list[int]]:
        return [tokens for (one, _), tokens in sorted(self.tokens.items()) if one == serial]


def ask(prompt: str, sampling: Sampling = HONEST, n: int = 3) -> Rollout:
    return Rollout("r", prompt, tuple(range(n)), 12, sampling=sampling)


@pytest.mark.parametrize("fault", ["refuses", "computes no numbers"])
@pytest.mark.parametrize(
    "bad",
    [
        ask("I saw a" + BAD + " and"),
        Scoring("s", "I saw a" + BAD + " and went on."),
        ask("a" + BAD),
    ],
)
def test_only_the_request_that_the_model_fails_at_ends(
    table: Table, fault: str, bad: Request
) -> None:
    good = [ask("The harbour was"), ask("She opened", Sampling(chain=(Penalties(repeat=1.2),)))]
    alone = [table.said(serial) for serial in table.run(*good)]
    table.model.fault = fault
    first, culprit, second = table.run(good[0], bad, good[1])
    assert "refused a batch" in table.ends[culprit] or "no numbers" in table.ends[culprit]
    assert [table.said(serial) for serial in (first, second)] == alone


XTC = Sampling(chain=(Xtc(0.5, 0.1),))
TYPICAL = Sampling(chain=(Typical(0.9),))


def break_at(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, is_bad: Callable[..., bool]
) -> None:
    """Let a method raise for some of those who call it."""
    whole = getattr(owner, name)

    def broken(self: object, *args: object, **named: object) -> object:
        if is_bad(args[0] if owner is Drawing else self):
            raise ZeroDivisionError("by accident")
        return whole(self, *args, **named)

    monkeypatch.setattr(owner, name, broken)


@pytest.mark.parametrize(
    ("owner", "name", "is_bad"),
    [
        (Chain, "apply", lambda chain: chain._samplers == XTC.chain),
        (Chain, "hear", lambda chain: chain._samplers == XTC.chain),
        (Candidate, "take", lambda candidate: candidate.sampling == XTC),
        (Candidate, "take", lambda one: one.sampling == XTC and one.index == 2 and one.left < 9),
        (Stopper, "feed", lambda stopper: stopper._strings == ("the sea",)),
    ],
)
def test_only_the_rollout_whose_drawing_fails_ends(
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    name: str,
    is_bad: Callable[..., bool],
) -> None:
    bad = structs.replace(ask("He had", XTC), strings=("the sea",))
    good = [ask("The harbour was"), ask("She opened", TYPICAL)]
    alone = [table.said(serial) for serial in table.run(*good)]
    break_at(monkeypatch, owner, name, is_bad)
    first, culprit, second = table.run(good[0], bad, good[1])
    assert table.ends[culprit] == "It cannot go on (ZeroDivisionError: by accident)."
    assert [table.said(serial) for serial in (first, second)] == alone


# the two rollouts of a step take turns in being the first
@pytest.mark.parametrize("left", [8, 9])
def test_who_was_drawn_before_a_drawing_failed_draws_the_same_again(
    table: Table, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    good, bad = ask("She opened", TYPICAL), ask("He had", XTC)
    alone = table.said(*table.run(good))
    break_at(
        monkeypatch,
        Drawing,
        "_alone",
        lambda candidate: candidate.sampling == XTC and candidate.left < left,
    )
    first, culprit = table.run(good, bad)
    assert table.ends[culprit] == "It cannot go on (ZeroDivisionError: by accident)."
    assert table.said(first) == alone


def test_only_the_rollout_whose_healing_fails_ends(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_at(monkeypatch, Healing, "see", lambda healing: healing.start == b" doo")
    first, culprit = table.run(ask("The harbour was"), ask("He opened the doo"))
    assert table.ends[culprit] == "It cannot go on (ZeroDivisionError: by accident)."
    assert table.ends[first] == "length"


def test_a_request_that_is_alone_in_its_batch_fails_with_what_the_model_said(table: Table) -> None:
    table.model.fault = "refuses"
    (serial,) = table.run(ask("a" + BAD + " and"))
    assert table.ends[serial] == "llama.cpp refused a batch with code -1."
    (serial,) = table.run(ask("The harbour was"))
    assert table.ends[serial] == "length"
