"""This engine's loop with a clock on every decode: where the time of a fan goes.

The loop is the worker's, with all that it computes and says; what it says is packed as for the
pipe and thrown away. To be used in a process of its own.
"""

import gc
import os
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from ..errors import SimError
from .arrays import Ints
from .llama import Llama
from .messages import Column, Rollout, Started
from .outbox import Outbox
from .rollout import Scheduler
from .wire import Answer, Failed, Said, Settings, send


class Decode(NamedTuple):
    """One call of `llama_decode`: when it began, how long it took, its tokens and its threads."""

    began: float
    seconds: float
    tokens: int
    threads: int


class Drawn(NamedTuple):
    """What drawing several candidates took, in seconds.

    `first` is the time until the last of them had shown something, and `generating` the time for
    the `later` ones of all `tokens`, which came after that. `decodes` are the calls of
    `llama_decode`, `prompt` the tokens of the prompt and `reused` those that were still in the
    cache, where they are known.
    """

    seconds: float
    first: float
    generating: float
    tokens: int
    later: int
    texts: tuple[str, ...]
    decodes: tuple[Decode, ...] = ()
    prompt: int = 0
    reused: int = 0

    @property
    def decoding(self) -> float:
        """Seconds inside `llama_decode`."""
        return sum(decode.seconds for decode in self.decodes)

    @property
    def pace(self) -> float:
        """Seconds for a token, all in all."""
        return self.seconds / max(1, self.tokens)

    @property
    def generating_pace(self) -> float:
        """Seconds for one of the later tokens; for any, where there are none."""
        return self.generating / self.later if self.later else self.pace


class Facts(NamedTuple):
    """What the loaded model says of itself; `threads` are the most that it would use."""

    device: str
    engine: str
    parameters: int
    window: int
    threads: int


class Timed(Llama):
    """A model that notes its decodes."""

    def __init__(self, path: Path, settings: Settings, *, repack: bool = True) -> None:
        self.decodes: list[Decode] = []
        super().__init__(path, settings, repack=repack)

    def decode(self, tokens: Ints, positions: Ints, sequences: Ints, wanted: Ints) -> int:
        """Run a batch and note it."""
        began = perf_counter()
        code = super().decode(tokens, positions, sequences, wanted)
        seconds = perf_counter() - began
        self.decodes.append(Decode(began, seconds, len(tokens), self.threads))
        return code


class Gauge:
    """One model with its loop, and a diary of what the loop has said and when."""

    def __init__(self, path: Path, settings: Settings, repack: bool = True) -> None:
        self.model = Timed(path, settings, repack=repack)
        self.model.try_out()
        self.diary: list[tuple[float, int, Said | SimError]] = []
        self._sink = os.fdopen(os.open(os.devnull, os.O_WRONLY), "wb")
        self._outbox: Outbox[Said | SimError] = Outbox(self._send, perf_counter)
        self.scheduler = Scheduler(self.model, self._hear)
        self._requests: list[Rollout] = []
        gc.freeze()

    def facts(self) -> Facts:
        """Return what the model says of itself."""
        model = self.model
        return Facts(model.device, model.engine, model.parameters, model.window, model.most_threads)

    def cut(self, text: str, tokens: int) -> str:
        """Return the beginning of a text, of so many tokens as near as whole characters allow."""
        pieces = self.model.pieces
        mine = self.model.tokenize(text)[:tokens]
        return b"".join(pieces[token] for token in mine).decode("utf-8", "ignore")

    def draw(self, prompt: str, count: int, max_tokens: int, top: int = 0) -> Drawn:
        """Draw candidates all together, and rest as the worker does when they are looked at."""
        began = perf_counter()
        serial = self.begin(prompt, count, max_tokens, top)
        while self.scheduler.busy:
            self.step()
        while self.scheduler.get_ready():
            pass
        gc.collect(1)
        while self.scheduler.rest():
            pass
        return self.drawn(serial, began)

    def begin(self, prompt: str, count: int, max_tokens: int, top: int = 0) -> int:
        """Let the loop take a rollout in; its serial number."""
        serial = len(self._requests) + 1
        request = Rollout(str(serial), prompt, tuple(range(count)), max_tokens, top=top)
        self._requests.append(request)
        self.scheduler.begin(serial, request)
        return serial

    def step(self) -> None:
        """Let the loop compute one batch, as the worker does."""
        self.scheduler.step()
        self._outbox.end_step(last=not self.scheduler.busy)

    def drawn(self, serial: int, began: float) -> Drawn:
        """Return what a rollout took that was begun at this time and is over now.

        Raises the error that it ended with.
        """
        mine = [(when, said) for when, number, said in self.diary if number == serial]
        columns: list[tuple[float, Column]] = []
        started = Started("", (), 0)
        for when, said in mine:
            match said:
                case SimError():
                    raise said
                case Started():
                    started = said
                case Column():
                    columns.append((when, said))
        count = len(self._requests[serial - 1].seeds)
        first = _all_began(columns, count)
        ended = columns[-1][0]
        return Drawn(
            seconds=ended - began,
            first=first - began,
            generating=ended - first,
            tokens=_tokens(columns),
            later=_tokens([column for column in columns if column[0] > first]),
            texts=_texts(columns, count),
            decodes=tuple(d for d in self.model.decodes if began <= d.began <= ended),
            prompt=len(started.prompt_tokens) + len(started.back),
            reused=started.reused,
        )

    def _hear(self, serial: int, message: Said | SimError) -> None:
        self.diary.append((perf_counter(), serial, message))
        self._outbox.tell(serial, message)

    def _send(self, serial: int, message: Said | SimError) -> None:
        if isinstance(message, SimError):
            send(self._sink, Failed(serial, message.code, str(message)))
        else:
            send(self._sink, Answer(serial, message))


def _all_began(columns: list[tuple[float, Column]], count: int) -> float:
    """Return when the last of the candidates had text to show, or had ended without any.

    Tokens that only spell the prompt's end again are nothing to be seen.
    """
    waiting = set(range(count))
    for when, column in columns:
        waiting -= {piece.index for piece in column.pieces if piece.text or piece.finish}
        if not waiting:
            return when
    return columns[-1][0]


def _tokens(columns: list[tuple[float, Column]]) -> int:
    return sum(len(piece.tokens) for _, column in columns for piece in column.pieces)


def _texts(columns: list[tuple[float, Column]], count: int) -> tuple[str, ...]:
    texts = [""] * count
    for _, column in columns:
        for piece in column.pieces:
            texts[piece.index] += piece.text
    return tuple(texts)
