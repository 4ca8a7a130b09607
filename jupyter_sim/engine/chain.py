"""llama.cpp's own samplers, for all that is not done by `sampling`; beside `llama` the only user.

They remember what they hear and some draw random numbers, so each candidate that asks for any has
its own. They take in a row of logits and leave it changed: lower, higher, or without the tokens
that they drop; what is left is for `sampling` to draw from, except after Mirostat, which chooses
by itself. Log-probabilities are told of the row as it was.
"""

import ctypes
import weakref
from collections.abc import Sequence
from typing import Any, assert_never

import llama_cpp.llama_cpp as api
import numpy as np

from ..errors import BadInput
from ..events import Bias, Dry, Mirostat, Penalties, Sampler, Typical, Xtc
from .llama import Llama
from .weights import Floats, Tokens

DATA = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
# what is this much below the likeliest has, in 32 bits, a probability of next to nothing
DEEPEST = 80.0
# no model's logits are that large; what a small divisor makes of them may be, and without end
LARGEST = 1e20
GOLDEN, SEEDS = 0x9E3779B9, 0xFFFFFFFF


def check(samplers: Sequence[Sampler], vocabulary: int) -> None:
    """Raise BadInput where samplers do not fit a model of so many tokens."""
    for sampler in samplers:
        if isinstance(sampler, Bias):
            worst = max((token for token, _ in sampler.tokens), default=0)
            if worst >= vocabulary:
                raise BadInput(
                    f"A bias names the token {worst}, but the model has the tokens 0 to "
                    f"{vocabulary - 1}; take the ids from this model's own candidates."
                )
        if isinstance(sampler, Dry) and any("\0" in text for text in sampler.breakers):
            raise BadInput("A breaker of the sampler dry holds a NUL character; leave that out.")


class Chain:
    """The samplers of one candidate, in their order; freed with the object.

    `seed` is the candidate's. `tokens` are those of the prompt, of which they remember as many as
    they ask for.
    """

    def __init__(
        self, samplers: Sequence[Sampler], model: Llama, seed: int, tokens: Sequence[int] = ()
    ) -> None:
        self._samplers = samplers
        makers = _Makers(model, seed)
        self._own([makers.make(sampler, place) for place, sampler in enumerate(samplers)])
        window = max((_window(sampler, model.window) for sampler in samplers), default=0)
        self.hear(tokens[max(0, len(tokens) - window) :])

    @property
    def chooses(self) -> bool:
        """Whether it names a token by itself."""
        return any(isinstance(sampler, Mirostat) for sampler in self._samplers)

    def after(self, tokens: Sequence[int]) -> "Chain":
        """Return one that has heard the same, and then these tokens."""
        other = Chain.__new__(Chain)
        other._samplers = self._samplers
        other._own([api.llama_sampler_clone(pointer) for pointer in self._pointers])
        other.hear(tokens)
        return other

    def hear(self, tokens: Sequence[int]) -> None:
        """Take in tokens that now stand before the next one."""
        for pointer in self._pointers:
            for token in tokens:
                api.llama_sampler_accept(pointer, token)

    def apply(self, tokens: Tokens, logits: Floats) -> tuple[Floats, int | None]:
        """Return the logits of different tokens as the samplers leave them.

        What they drop is minus infinity. Then comes the place of the token that they choose, if
        they do.
        """
        order = np.argsort(tokens, kind="stable")
        data = np.zeros(len(tokens), DATA)
        data["id"], data["logit"] = tokens, logits
        chosen = None
        for sampler, pointer in zip(self._samplers, self._pointers, strict=True):
            if isinstance(sampler, Typical):
                # the entropy of what has no probability is no number
                data = data[data["logit"] >= data["logit"].max() - DEEPEST]
            data, chosen = _applied(pointer, data)
            if chosen is not None:
                break
        left = np.full(len(tokens), -np.inf, np.float32)
        left[order[np.searchsorted(tokens, data["id"], sorter=order)]] = data["logit"]
        if chosen is None:
            return left, None
        return left, int(np.flatnonzero(tokens == chosen)[0])

    def _own(self, pointers: list[Any]) -> None:
        self._pointers = pointers
        weakref.finalize(self, _free, pointers).atexit = False


class _Makers:
    """Makes llama.cpp's samplers for one candidate."""

    def __init__(self, model: Llama, seed: int) -> None:
        self._model = model
        self._seed = seed

    def make(self, sampler: Sampler, place: int) -> Any:
        """Return a new sampler; `place` keeps the random numbers of several apart."""
        # llama.cpp takes the largest seed for none
        seed = (self._seed + GOLDEN * (place + 1)) % SEEDS
        size, window = self._model.vocabulary, self._model.window
        match sampler:
            case Typical(p):
                return api.llama_sampler_init_typical(p, 1)
            case Xtc(probability, threshold):
                return api.llama_sampler_init_xtc(probability, threshold, 1, seed)
            case Penalties(_, repeat, frequency, presence):
                last = _window(sampler, window)
                return api.llama_sampler_init_penalties(size, last, repeat, frequency, presence)
            case Bias(tokens):
                pairs = (api.llama_logit_bias * len(tokens))(*map(_bias, tokens))
                return api.llama_sampler_init_logit_bias(size, len(tokens), pairs)
            case Mirostat(tau, eta):
                return api.llama_sampler_init_mirostat_v2(seed, tau, eta)
            case Dry():
                return self._dry(sampler)
        assert_never(sampler)

    def _dry(self, sampler: Dry) -> Any:
        texts = [text.encode() for text in sampler.breakers]
        return api.llama_sampler_init_dry(
            self._model.vocab,
            sampler.multiplier,
            sampler.base,
            sampler.allowed_length,
            _window(sampler, self._model.window),
            (ctypes.c_char_p * len(texts))(*texts),
            len(texts),
        )


def _window(sampler: Sampler, window: int) -> int:
    """Return how many tokens a sampler looks back over."""
    if not isinstance(sampler, Dry | Penalties):
        return 0
    return window if sampler.last < 0 else min(sampler.last, window)


def _applied(pointer: Any, data: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], int | None]:
    """Return what one sampler leaves of token data, and the id of the token that it chooses."""
    start = ctypes.cast(data.ctypes.data, ctypes.POINTER(api.llama_token_data))
    array = api.llama_token_data_array(start, len(data), -1, False)
    api.llama_sampler_apply(pointer, ctypes.byref(array))
    address = ctypes.cast(array.data, ctypes.c_void_p).value or 0
    memory = (ctypes.c_char * (array.size * DATA.itemsize)).from_address(address)
    left = np.frombuffer(memoryview(memory), DATA).copy()
    np.clip(left["logit"], -LARGEST, LARGEST, out=left["logit"])
    return left, int(left["id"][array.selected]) if array.selected >= 0 else None


def _bias(pair: tuple[int, float]) -> Any:
    return api.llama_logit_bias(*pair)


def _free(pointers: list[Any]) -> None:
    for pointer in pointers:
        api.llama_sampler_free(pointer)
