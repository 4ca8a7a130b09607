"""The scheduling loop: many rollouts, one batch a step, a column for each that gained something.

A rollout's prompt is decoded once, in slices, into a sequence of its own; each candidate forks
that sequence and from then on has one token in every batch, beside the candidates of all other
rollouts. Candidates for which there is no room wait until others are done, so any number can be
asked for. What is known here is what to compute next; the cache knows what is there already, the
model computes it, and a candidate knows what its tokens say.
"""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

import numpy as np

from ..errors import ContextFull, EngineError, SimError
from .cache import Cache, Copy, Cut
from .candidate import Candidate, Part, Run
from .cores import Threads
from .drawing import Drawing
from .healing import Choices, Healing, Way, taken_back
from .llama import ABORTED, BATCH, FULL, SEQUENCES, Ints, Llama
from .messages import Column, Piece, Rollout, Started
from .sampling import weigh
from .vocabulary import Spellings
from .wire import Request, Said

NEWCOMERS = 1024
KEPT, PARAMETERS_FOR_A_CELL = 256, 60_000
MAX_RUNS = SEQUENCES // 2
SLICE_SECONDS = 0.03
SMALLEST_SLICE, LARGEST_SLICE = 8, 64

Tell = Callable[[int, Said | SimError], None]


class Scheduler:
    """All rollouts of one model. Everything but `interrupt` belongs to one thread.

    `memory` is a folder for what is worth remembering until the next time.
    """

    def __init__(
        self,
        model: Llama,
        tell: Tell,
        clock: Callable[[], float] = time.perf_counter,
        memory: Path | None = None,
    ) -> None:
        self._model = model
        self._tell = tell
        self._clock = clock
        self._spellings = Spellings(model.pieces, memory)
        self._drawing = Drawing(model.pieces, model.ends)
        self._cache = self._empty_cache()
        self._queue: list[Run] = []
        self._runs: list[Run] = []
        self._pace = 1e-3
        self._threads = Threads(model.threads, model.most_threads)
        self._lock = Lock()
        self._interrupted: set[int] = set()
        self._decoding: set[int] = set()

    @property
    def busy(self) -> bool:
        """Whether there is anything to compute."""
        return bool(self._queue or self._runs)

    def begin(self, serial: int, request: Request) -> None:
        """Take a request in; tells ContextFull or EngineError where it cannot be done."""
        if not isinstance(request, Rollout):
            self._tell(serial, EngineError("This engine cannot score or survey."))
            return
        try:
            tokens = self._model.tokenize(request.prompt)
            if len(tokens) + request.max_tokens > self._model.window:
                raise ContextFull(
                    f"The prompt has {len(tokens)} tokens and {request.max_tokens} more are asked "
                    f"for, but the model's context holds {self._model.window}; shorten the text "
                    "before the caret or ask for fewer tokens."
                )
        except SimError as error:
            self._tell(serial, error)
            return
        pieces = self._model.pieces
        back, rest = taken_back(tokens, pieces, request.prompt.encode())
        if back == len(tokens):
            tokens = [self._model.opener, *tokens]
        healing = Healing(self._spellings, pieces, rest)
        self._queue.append(Run(serial, request, tokens, back, healing))

    def interrupt(self, serial: int) -> None:
        """Ask, from any thread, for the end of a rollout as soon as that can be."""
        with self._lock:
            self._interrupted.add(serial)
            if self._decoding and self._decoding <= self._interrupted:
                self._model.abort()

    def step(self) -> None:
        """Compute one batch, and tell what came of it."""
        self._end_interrupted()
        self._admit()
        batch = self._batch()
        if not batch or self._decode(batch):
            self._sample([part for part in batch if part.wanted])

    def fail(self, error: SimError) -> None:
        """End every rollout with `error` and forget all that was computed."""
        for run in (*self._queue, *self._runs):
            self._tell(run.serial, error)
        self._queue, self._runs = [], []
        self._model.clear()
        self._cache = self._empty_cache()

    def _empty_cache(self) -> Cache:
        # the larger a model, the dearer its tokens are against the time that idle cells cost
        kept = KEPT + self._model.parameters // PARAMETERS_FOR_A_CELL
        return Cache(SEQUENCES, self._model.cells, kept)

    def _end_interrupted(self) -> None:
        with self._lock:
            serials, self._interrupted = self._interrupted, set()
        for run in [run for run in (*self._queue, *self._runs) if run.serial in serials]:
            open_ones = sorted((*run.live, *run.waiting), key=lambda one: one.index)
            pieces = tuple(Piece(one.index, "", (), (), "cancelled") for one in open_ones)
            for candidate in run.live:
                self._cache.close(candidate.sequence)
            run.live, run.waiting = [], []
            self._tell(run.serial, Column(run.request.id, pieces))
            self._retire(run)

    def _admit(self) -> None:
        """Give the longest waiting rollouts a sequence, as long as there is room for them."""
        while self._queue and len(self._runs) < MAX_RUNS:
            run = self._queue[0]
            sequence = self._cache.open(run.tokens[:-1])
            if sequence is None:
                break
            reused = self._cache.length(sequence)
            needed = run.outstanding(reused) + self._outstanding()
            fits = self._cache.room(needed)
            if not fits:
                self._cache.close(sequence)
            self._obey()
            if not fits:
                break
            run.sequence, run.reused = sequence, reused
            self._runs.append(self._queue.pop(0))

    def _outstanding(self) -> int:
        return sum(run.outstanding(self._cache.length(run.sequence)) for run in self._runs)

    def _obey(self) -> None:
        """Let the model do what the cache has decided."""
        for order in self._cache.orders:
            match order:
                case Cut(sequence, length):
                    self._model.cut(sequence, length)
                case Copy(source, target, length):
                    self._model.copy(source, target, length)
        self._cache.orders.clear()

    def _batch(self) -> list[Part]:
        """Return the next token of every live candidate, then slices of unfinished prompts."""
        parts = [
            Part(run, one, one.sequence, self._cache.length(one.sequence), [one.token], True)
            for run in self._runs
            for one in run.live
        ]
        parts += [
            Part(run, way, way.sequence, self._cache.length(way.sequence), [way.tokens[-1]], True)
            for run in self._runs
            for way in run.ways
        ]
        room = self._slice() if parts else BATCH
        for run in self._runs:
            start = self._cache.length(run.sequence)
            tokens = run.tokens[start : start + room]
            if tokens:
                wanted = start + len(tokens) == len(run.tokens)
                parts.append(Part(run, None, run.sequence, start, tokens, wanted))
                room -= len(tokens)
        self._runs = self._runs[1:] + self._runs[:1]
        return parts

    def _slice(self) -> int:
        """Return how many prompt tokens may delay those who stream."""
        return max(SMALLEST_SLICE, min(LARGEST_SLICE, int(SLICE_SECONDS / self._pace)))

    def _decode(self, batch: list[Part]) -> bool:
        """Compute a batch; whether it was done to its end."""
        with self._lock:
            self._decoding = {part.run.serial for part in batch}
            if self._decoding & self._interrupted:
                self._decoding = set()
                return False
            self._model.resume()
        self._model.use_threads(self._threads.now)
        began = self._clock()
        code = self._model.decode(*_arrays(batch))
        seconds = self._clock() - began
        with self._lock:
            self._decoding = set()
        if code == FULL:
            return self._make_room()
        for part in batch:
            done = part.tokens
            if code == ABORTED:
                done = done[: max(0, self._model.length(part.sequence) - part.start)]
            self._cache.extend(part.sequence, done)
        if code == ABORTED:
            return False
        size = sum(len(part.tokens) for part in batch)
        self._threads.took(size, seconds)
        if size > SMALLEST_SLICE:
            self._pace += (seconds / size - self._pace) / 4
        return True

    def _make_room(self) -> bool:
        """Free cells after llama.cpp found none, though there should have been some."""
        if not self._cache.evict():
            raise EngineError("The model's cache is full; ask for fewer or shorter candidates.")
        self._obey()
        return False

    def _sample(self, parts: list[Part]) -> None:
        """Draw the next token of every candidate that has logits now, and tell the columns."""
        gained: dict[int, list[Piece]] = {run.serial: [] for run in self._runs}
        if parts:
            weights = weigh(self._model.logits(len(parts)), self._model.mute)
            if not np.isfinite(weights.norms).all():
                raise EngineError("The model computed no numbers; its file may be damaged.")
            streaming = [part.owner for part in parts if isinstance(part.owner, Candidate)]
            for part, piece in zip(parts, self._drawing.next(streaming, weights), strict=False):
                gained[part.run.serial].append(piece)
            for place, part in enumerate(parts[len(streaming) :], len(streaming)):
                way = part.owner or Way(part.run.healing.start, sequence=part.sequence)
                assert isinstance(way, Way)
                row = weights.logits[place] - np.float32(weights.norms[place])
                part.run.healing.see(way, row)
            for run in dict.fromkeys(part.run for part in parts[len(streaming) :]):
                gained[run.serial] = self._heal(run)
        for run in tuple(self._runs):
            self._place(run)
            if gained[run.serial]:
                self._tell(run.serial, Column(run.request.id, tuple(gained[run.serial])))
            self._settle(run)

    def _heal(self, run: Run) -> list[Piece]:
        """Look into the ways that are worth it, or else draw the first tokens."""
        run.ways = []
        for way in run.healing.next():
            sequence = self._cache.fork(way.sequence)
            if sequence is not None:
                run.forks.append(sequence)
                run.ways.append(way._replace(sequence=sequence))
        self._obey()
        if run.ways:
            return []
        choices = run.healing.choices()
        if choices is None:
            # no way was found: take the prompt as it is
            run.tokens += run.back
            run.healing = Healing(self._spellings, self._model.pieces, b"")
            return []
        return self._begin(run, choices)

    def _begin(self, run: Run, choices: Choices) -> list[Piece]:
        """Draw the first token of every candidate."""
        run.standing = True
        self._tell(run.serial, Started(run.request.id, tuple(run.tokens), run.reused))
        pieces = self._drawing.first(run.waiting, choices)
        run.waiting = [one for one in run.waiting if not one.finished]
        return pieces

    def _place(self, run: Run) -> None:
        """Give waiting candidates a sequence of their own, as far as there is room."""
        while run.standing and run.waiting:
            candidate = run.waiting.pop(0)
            run.live.append(candidate)
            spared = NEWCOMERS if len(run.live) > 1 else 0
            fits = self._cache.room(self._outstanding() + spared)
            sequence = self._cache.fork(candidate.sequence) if fits else None
            if sequence is None:
                run.live.pop()
                run.waiting.insert(0, candidate)
                break
            candidate.sequence = sequence
        self._obey()

    def _settle(self, run: Run) -> None:
        """Let go of finished candidates, and of the rollout when it has no other."""
        for candidate in [one for one in run.live if one.finished]:
            run.live.remove(candidate)
            self._cache.close(candidate.sequence)
        if not run.live and not run.waiting:
            self._retire(run)
        self._obey()

    def _retire(self, run: Run) -> None:
        """Forget a rollout; its tokens stay in the cache."""
        if run in self._queue:
            self._queue.remove(run)
        else:
            self._runs.remove(run)
            for sequence in (*run.forks, run.sequence):
                self._cache.close(sequence)
        self._obey()


def _arrays(batch: list[Part]) -> tuple[Ints, Ints, Ints, Ints]:
    """Return tokens, positions, sequences and wanted flags, one for each token of a batch."""
    rows = [
        (token, part.start + place, part.sequence, part.wanted and place == len(part.tokens) - 1)
        for part in batch
        for place, token in enumerate(part.tokens)
    ]
    tokens, positions, sequences, wanted = np.array(rows, np.int32).T
    return tokens, positions, sequences, wanted
