"""At any caret a candidate goes on as the model would have it, had the text not been cut there.

What the model would have is found here by brute force, with nothing of the engine but the logits
of its model: all ways to spell the end of the prompt in tokens are weighed, and then the next byte
is looked at in each. No space too many or too few, and no broken word, can hide from that.
"""

import heapq
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from jupyter_sim.engine.healing import Choices
from jupyter_sim.engine.llama import Llama
from jupyter_sim.engine.messages import Column, Piece, Rollout, Started
from jupyter_sim.engine.rollout import Scheduler
from jupyter_sim.engine.wire import Settings
from jupyter_sim.events import Sampling
from jupyter_sim.models import resolve

# "‸" is the caret; what stands after it is not sent
CARETS: dict[str, list[str]] = json.loads(
    Path(__file__).with_name("healing_carets.json").read_text("utf-8")
)
PROMPTS = [(kind, caret[: caret.index("‸")]) for kind, carets in CARETS.items() for caret in carets]

END, NOTHING = 256, 257
# of the engine's distribution over bytes; it leaves out ways that have less than a hundredth
FAR = 0.005
# a byte that the model would hardly say is a fault, and a second space soon is
LEAST, LEAST_SPACE, SPACE = 1e-4, 1e-2, ord(" ")
FANS, TOKENS = 4, 6
EXPANSIONS, NEGLIGIBLE = 60, 1e-4

Doubles = NDArray[np.float64]


class Scene(NamedTuple):
    """What was proposed after a prompt: its tokens, and what first tokens could be drawn from."""

    prompt: str
    tokens: tuple[int, ...]
    back: tuple[int, ...]
    choices: Choices
    texts: dict[int, str]
    spelled: dict[int, tuple[int, ...]]
    finishes: dict[int, str]


class Oracle:
    """The model itself: the probabilities of the next token and byte after any tokens."""

    def __init__(self, model: Llama) -> None:
        self.model = model
        self._first = np.full(model.vocabulary, NOTHING)
        self._beginning: dict[int, list[tuple[int, bytes]]] = {}
        for token, piece in enumerate(model.pieces):
            if token in model.ends:
                self._first[token] = END
            elif piece:
                self._first[token] = piece[0]
                self._beginning.setdefault(piece[0], []).append((token, piece))

    def after(self, base: tuple[int, ...]) -> None:
        """Read the tokens that all others stand after."""
        self.model.clear()
        self._base = len(base)
        self._decode(base[:-1], 0)
        self._last = base[-1]

    def row(self, path: tuple[int, ...]) -> Doubles:
        """Return the probability of every token after these."""
        self.model.cut(0, self._base - 1)
        self._decode((self._last, *path), self._base - 1)
        logits = self.model.logits(1)[0].astype(np.float64)
        shares: Doubles = np.exp(logits - logits.max())
        return shares / shares.sum()

    def bytes(self, path: tuple[int, ...]) -> Doubles:
        """Return the probability of every byte after these tokens, and of the end."""
        return np.bincount(self._first, self.row(path), NOTHING + 1)[:NOTHING]

    def marginal(self, rest: bytes) -> Doubles:
        """Return the same after all ways to spell `rest`, each as likely as the model has it."""
        mass = np.zeros(NOTHING)
        queue: list[tuple[float, tuple[int, ...], bytes]] = [(-1.0, (), rest)]
        for _ in range(EXPANSIONS):
            if not queue or -queue[0][0] < NEGLIGIBLE * mass.sum():
                break
            weight, path, rest = heapq.heappop(queue)
            if not rest:
                mass += -weight * self.bytes(path)
                continue
            row = self.row(path)
            for token, piece in self._beginning[rest[0]]:
                if len(piece) > len(rest) and piece.startswith(rest):
                    mass[piece[len(rest)]] += -weight * row[token]
                elif rest.startswith(piece):
                    left = rest[len(piece) :]
                    heapq.heappush(queue, (weight * row[token], (*path, token), left))
        return mass / mass.sum()

    def drawn(self, scene: Scene) -> Doubles:
        """Return the probability of each byte from what the engine draws."""
        choices = scene.choices
        shares = np.exp(choices.heights - choices.heights.max()).astype(np.float64)
        shares /= shares.sum()
        mass = np.zeros(NOTHING)
        for place in np.flatnonzero(shares > 1e-6).tolist():
            way, token = choices.ways[choices.places[place]], int(choices.tokens[place])
            beyond = self.model.pieces[token][len(way.rest) :]
            if token in self.model.ends:
                mass[END] += shares[place]
            elif beyond:
                mass[beyond[0]] += shares[place]
            else:
                mass += shares[place] * self.bytes((*way.tokens, token))
        return mass / mass.sum()

    def _decode(self, tokens: tuple[int, ...], start: int) -> None:
        if tokens:
            whole = np.array(tokens, np.int32)
            places = np.arange(start, start + len(whole), dtype=np.int32)
            wanted = (places == places[-1]).astype(np.int32)
            assert self.model.decode(whole, places, whole * 0, wanted) == 0


@pytest.fixture(scope="module")
def model() -> Iterator[Llama]:
    yield Llama(resolve(), Settings(context=512, threads=1))


@pytest.fixture(scope="module")
def oracle(model: Llama) -> Oracle:
    return Oracle(model)


def played(model: Llama, prompt: str) -> Scene:
    """Propose, and note what happens."""
    n = FANS
    model.clear()
    started: list[Started] = []
    pieces: list[Piece] = []
    seen: list[Choices] = []

    def hear(_: int, said: Any) -> None:
        if isinstance(said, Started):
            started.append(said)
        else:
            assert isinstance(said, Column), said
            pieces.extend(said.pieces)

    scheduler = Scheduler(model, hear)
    first = scheduler._drawing.first

    def watched(candidates: Any, choices: Choices, tokens: Any) -> list[Piece]:
        seen.append(choices)
        return first(candidates, choices, tokens)

    scheduler._drawing.first = watched  # type: ignore[method-assign]
    scheduler.begin(1, Rollout("r", prompt, tuple(range(n)), TOKENS))
    while scheduler.busy:
        scheduler.step()
    texts, tokens, finishes = dict.fromkeys(range(n), ""), dict.fromkeys(range(n), ()), {}
    for piece in pieces:
        texts[piece.index] += piece.text
        tokens[piece.index] += piece.tokens
        if piece.finish:
            finishes[piece.index] = piece.finish
    (choices,) = seen
    return Scene(
        prompt, started[0].prompt_tokens, started[0].back, choices, texts, tokens, finishes
    )


def spells_prompt_and_text(model: Llama, scene: Scene) -> None:
    """The tokens of prompt and candidate, joined, are the prompt and the candidate's text."""
    for index, tokens in scene.spelled.items():
        joined = b"".join(model.pieces[token] for token in (*scene.tokens, *tokens))
        assert joined.startswith(scene.prompt.encode())
        said = joined[len(scene.prompt.encode()) :].decode("utf-8", "replace")
        shown = scene.texts[index]
        assert said.startswith(shown.removesuffix("\ufffd"))
        # what is not shown is one grapheme that is not whole
        assert len(said) - len(shown) <= 8
        assert shown == said or not said[len(shown) :].isascii() or said[len(shown) :] == "\r"


def goes_on_as_the_model_would(oracle: Oracle, scene: Scene) -> float:
    """Each candidate's next byte is one that the model would say; how far the bytes are off."""
    prompt = scene.prompt.encode()
    before = b"".join(oracle.model.pieces[token] for token in scene.tokens)
    rest = prompt[len(before) :] if prompt.startswith(before) else b""
    oracle.after(scene.tokens)
    wanted, found = oracle.marginal(rest), oracle.drawn(scene)
    for index, text in scene.texts.items():
        if text and "\ufffd" not in text[:1]:
            byte = text.encode()[0]
            doubled = byte == SPACE and scene.prompt.endswith(" ")
            least = LEAST_SPACE if doubled else LEAST
            assert wanted[byte] > least, f"{scene.prompt!r} went on with {text!r} in {index}"
    return float(np.abs(wanted - found).sum() / 2)


@pytest.mark.parametrize("kind", CARETS)
def test_no_caret_has_a_spacing_fault(model: Llama, oracle: Oracle, kind: str) -> None:
    for one, prompt in PROMPTS:
        if one == kind:
            scene = played(model, prompt)
            spells_prompt_and_text(model, scene)
            off = goes_on_as_the_model_would(oracle, scene)
            assert off < FAR, f"after {prompt!r} the bytes are off by {off:.3f}"


def test_the_carets_are_two_hundred() -> None:
    assert len({prompt for _, prompt in PROMPTS}) >= 200


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(prompt=st.text(max_size=8) | st.text("ab ,.\n\t1é雨\u200d", max_size=8))
def test_no_text_has_a_spacing_fault(model: Llama, oracle: Oracle, prompt: str) -> None:
    scene = played(model, prompt)
    spells_prompt_and_text(model, scene)
    goes_on_as_the_model_would(oracle, scene)


DRAWS = 2000


@pytest.mark.parametrize("n", [1, 8])
@pytest.mark.parametrize("prompt", ["", "It was a dark and ", "It was a d"])
def test_first_bytes_come_in_the_models_proportions(
    model: Llama, oracle: Oracle, prompt: str, n: int
) -> None:
    """Chi-square, p > 0.001, of the bytes after the caret, with and without tokens taken back."""
    starts: dict[int, Started] = {}
    counts = np.zeros(NOTHING)

    def hear(serial: int, said: Any) -> None:
        if isinstance(said, Started):
            starts[serial] = said
            return
        for piece in said.pieces:
            tokens = (*starts[serial].prompt_tokens, *spelled.pop((serial, piece.index), ()))
            joined = b"".join(model.pieces[token] for token in (*tokens, *piece.tokens))
            if len(joined) > len(prompt):
                counts[joined[len(prompt)]] += 1
            elif piece.finish == "end":
                counts[END] += 1
            else:
                spelled[serial, piece.index] = piece.tokens

    spelled: dict[tuple[int, int], tuple[int, ...]] = {}
    model.clear()
    scheduler = Scheduler(model, hear)
    for serial in range(0, DRAWS, n):
        seeds = tuple(range(serial, serial + n))
        scheduler.begin(serial, Rollout("r", prompt, seeds, 1, "none", Sampling(min_p=0)))
        while scheduler.busy and serial % 40 == 40 - n:
            scheduler.step()
    assert counts.sum() == DRAWS
    base = starts[0].prompt_tokens
    assert bool(starts[0].back) == bool(prompt)
    oracle.after(base)
    rest = prompt.encode()[len(b"".join(model.pieces[token] for token in base)) :]
    wanted = oracle.marginal(rest) * DRAWS
    common = wanted >= 5
    freedom = int(common.sum())
    assert freedom >= 3
    found, expected = (np.append(row[common], row[~common].sum()) for row in (counts, wanted))
    square = float(((found - expected) ** 2 / np.maximum(expected, 1)).sum())
    # Wilson and Hilferty's approximation of the 0.999 quantile
    assert square < freedom * (1 - 2 / (9 * freedom) + 3.09 * (2 / (9 * freedom)) ** 0.5) ** 3
