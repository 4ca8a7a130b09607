"""From requests to jobs: text becomes tokens, and what cannot be computed is told.

Nothing is known here of the cache or of who else computes.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..errors import BadInput, ContextFull
from .chain import check
from .healing import Healing, taken_back
from .jobs import Run
from .llama import Llama
from .messages import Rollout, Scoring, Survey, Surveyed
from .scoring import Scan, ends
from .tokenization import Tokenization
from .vocabulary import Spellings
from .wire import Request

LONG = 1 << 14
"""Bytes of text that are split into tokens in some milliseconds."""

NOBODY = -1
"""The serial of what nobody has asked for, and nobody can cancel."""

Made = Run | Scan | Surveyed


def is_long(request: Request) -> bool:
    """Whether splitting its text into tokens would keep those waiting who compute."""
    match request:
        case Rollout(prompt=prompt, prefix=prefix):
            return len(prompt) + len(prefix) > LONG
        case Scoring(text=text, tokens=tokens):
            return len(text) + len(tokens or ()) > LONG
        case Survey(text=text):
            return len(text) > LONG


class Prompt(NamedTuple):
    """The tokens of a prompt; the last `back` of them, which spell `rest`, are to be healed."""

    tokens: list[int]
    back: int
    rest: bytes


class Requests:
    """Makes jobs of requests to one model, on any thread; `memory` keeps what its vocabulary
    teaches.
    """

    def __init__(self, model: Llama, memory: Path | None) -> None:
        self._model = model
        self._spellings = Spellings(model.pieces, memory)
        self._longest = max(1, *map(len, model.pieces))
        rest = model.tokenize_on if model.independent else None
        self._tokenization = Tokenization(model.tokenize, rest, model.pieces)

    def make(self, serial: int, request: Request) -> Made:
        """Return what is to be computed, or answered. Raises ContextFull or BadInput."""
        match request:
            case Rollout():
                return self.run(serial, request)
            case Scoring():
                return self.scan(serial, request)
            case Survey():
                return self.survey(request)

    def run(self, serial: int, request: Rollout) -> Run:
        """Return a rollout to be computed. Raises ContextFull, or BadInput for its samplers."""
        check(request.sampling.chain, self._model.vocabulary)
        text = request.prompt + request.prefix
        # what cannot fit whatever its tokens are is not even split into them
        least = len(text.encode()) // self._longest
        if least > self._model.window:
            raise self._full(f"at least {least}", request)
        tokens, back, rest = self._prompt(text)
        if len(tokens) + request.max_tokens > self._model.window:
            raise self._full(str(len(tokens)), request)
        pieces, opener = self._model.pieces, self._model.opener
        healing, ahead = self.healing(rest), not self._model.deterministic
        return Run(serial, request, tokens, back, healing, pieces, opener, ahead=ahead)

    def after(self, run: Run, said: Sequence[int]) -> Run | None:
        """Return a rollout without candidates after what one of `run` has said, if that fits.

        `said` are its tokens, those of the prompt before them.
        """
        ours = map(self._model.pieces.__getitem__, said[len(run.prompt_tokens) :])
        text = b"".join(ours)[run.owed :].decode("utf-8", "replace")
        prompt = run.request.prompt + text
        with suppress(ContextFull):
            return self.run(NOBODY, Rollout(run.request.id, prompt, seeds=(), max_tokens=1))
        return None

    def _full(self, count: str, request: Rollout) -> ContextFull:
        return ContextFull(
            f"The prompt has {count} tokens and {request.max_tokens} more are asked for, but the "
            f"model's context holds {self._model.window}; shorten the text before the caret or ask "
            "for fewer tokens."
        )

    def healing(self, rest: bytes = b"") -> Healing:
        """Return the search for the ways to spell what is taken back."""
        return Healing(self._spellings, self._model.pieces, rest)

    def scan(self, serial: int, request: Scoring) -> Scan:
        """Return a scoring to be computed. Raises BadInput for tokens that the model lacks."""
        model = self._model
        if request.tokens is None:
            text = self._tokenization.tokens(request.text)
            led = model.opens and text[:1] == [model.opener]
            text = text[led:]
            places = ends(map(model.pieces.__getitem__, text), request.text)
        else:
            led, text = False, list(request.tokens)
            if text and max(text) >= model.vocabulary:
                raise BadInput(
                    f"The token {max(text)} cannot be scored: the model has the tokens 0 to "
                    f"{model.vocabulary - 1}. Score the text instead, or choose the model that "
                    "the tokens are of."
                )
            places = ends(map(model.pieces.__getitem__, text))
        return Scan(serial, request, text, places, model.opener, model.window, led=led)

    def survey(self, request: Survey) -> Surveyed:
        """Return what is known of a text as a prompt, but not how much of it is in the cache."""
        tokens, back, _ = self._prompt(request.text)
        if back == len(tokens):
            tokens = [self._model.opener, *tokens]
        places = ends(map(self._model.pieces.__getitem__, tokens), request.text)
        stay = len(tokens) - back
        return Surveyed(request.id, tuple(tokens), tuple(places), 0, tuple(tokens[stay:]))

    def _prompt(self, text: str) -> Prompt:
        tokens = self._tokenization.tokens(text)
        back, rest = taken_back(tokens, self._model.pieces, text.encode())
        return Prompt(tokens, back, rest)
