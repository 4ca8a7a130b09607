"""How a loaded model is set up on this machine: the starter model, in this process."""

import numpy as np
import pytest

from jupyter_sim.engine import llama
from jupyter_sim.engine.llama import DECODED, Llama
from jupyter_sim.engine.wire import Settings
from jupyter_sim.models import resolve

PROMPT = "The harbour was quiet that evening, and the boats lay still at their moorings. " * 12


def tried_out(monkeypatch: pytest.MonkeyPatch, slow: float) -> Llama:
    """The model, where a batch of two tokens that takes so many seconds is slow."""
    monkeypatch.setattr(llama, "SLOW_SECONDS", slow)
    model = Llama(resolve(), Settings(context=512, threads=1))
    model.try_out()
    return model


def read(model: Llama) -> np.ndarray:
    """The logits after a prompt that takes several micro-batches."""
    tokens = np.array(model.tokenize(PROMPT), np.int32)
    places = np.arange(len(tokens), dtype=np.int32)
    assert len(tokens) > 128
    assert model.decode(tokens, places, places * 0, places == places[-1]) == DECODED
    return model.logits(1).copy()


def test_a_model_that_takes_long_reads_less_at_once_and_the_same_to_the_last_bit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick, slow = tried_out(monkeypatch, 1e9), tried_out(monkeypatch, 0)
    assert (quick.micro_batch, slow.micro_batch) == (128, 32)
    assert np.array_equal(read(quick), read(slow))


def test_a_model_of_which_less_is_read_at_once_can_be_aborted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = tried_out(monkeypatch, 0)
    model.abort()
    two = np.arange(2, dtype=np.int32)
    assert model.decode(two * 0 + model.opener, two, two * 0, two) == llama.ABORTED
    model.resume()
    assert model.length(0) == 0
    assert np.isfinite(read(model)).all()
