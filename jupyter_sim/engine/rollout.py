"""The scheduling loop: many rollouts, one batch a step, a column for each that gained something.

A rollout's prompt is decoded once, in slices, into a sequence of its own; each candidate forks
that sequence and from then on has one token in every batch, beside the candidates of all other
rollouts. Candidates for which there is no room wait until others are done, so any number can be
asked for. What is known here is in which order things happen; `batch` knows what to compute next,
the cache what is there already, the model computes it, and a candidate knows what its tokens say.
"""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

import numpy as np

from ..errors import EngineError, SimError
from .batch import Pace, arrays, compose
from .beginning import Beginning
from .cache import Cache
from .candidate import Candidate
from .cores import Threads
from .drawing import Drawing
from .jobs import FAN, PRIORITIES, Job, Part, Run
from .llama import ABORTED, FULL, SEQUENCES, Llama
from .messages import Column, Piece, Rollout, Scored, Started, Survey
from .requests import Requests
from .rows import Rows
from .sampling import Scales
from .scoring import Scan
from .wire import Request, Said

NEWCOMERS = 1024
KEPT, PARAMETERS_FOR_A_CELL = 512, 400_000
MAX_JOBS = SEQUENCES // 2
GRAIN = 32

Tell = Callable[[int, Said | SimError], None]


class Scheduler:
    """All rollouts of one model. Everything but `interrupt` and `hurry` belongs to one thread.

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
        self._requests = Requests(model, memory)
        self._drawing = Drawing(model)
        self._scales = Scales()
        self._grain = GRAIN if model.deterministic else 1
        self._most = 1 if model.deterministic else MAX_JOBS
        self._cache = self._empty_cache()
        self._beginning = Beginning(self._cache, self._drawing, self._requests)
        self._queue: list[Job] = []
        self._jobs: list[Job] = []
        self._pace = Pace()
        self._threads = Threads(model.threads, model.most_threads)
        self._lock = Lock()
        self._interrupted: set[int] = set()
        self._decoding: set[int] = set()
        self._urgency = FAN

    @property
    def busy(self) -> bool:
        """Whether there is anything to compute."""
        return bool(self._queue or self._jobs)

    @property
    def cells(self) -> int:
        """How many cells of the KV cache are in use."""
        return self._cache.used

    def begin(self, serial: int, request: Request) -> None:
        """Take a request in; tells ContextFull, BadInput or EngineError where it cannot be done."""
        try:
            match request:
                case Rollout():
                    self._queue.append(self._requests.run(serial, request))
                case Survey():
                    self._tell(serial, self._requests.survey(request, self._cache.shared))
                case _:
                    self._scan(self._requests.scan(serial, request))
        except SimError as error:
            self._tell(serial, error)

    def _scan(self, scan: Scan) -> None:
        """Take a scoring in, unless nothing has to be computed for it."""
        if scan.sure or scan.whole:
            first = scan.request.start
            self._tell(scan.serial, Scored(scan.request.id, first, scan.sure, whole=scan.whole))
        if not scan.whole:
            self._queue.append(scan)

    def interrupt(self, serial: int) -> None:
        """Ask, from any thread, for the end of a rollout or scoring as soon as that can be."""
        with self._lock:
            self._interrupted.add(serial)
            if self._decoding and self._decoding <= self._interrupted:
                self._model.abort()

    def hurry(self, request: Request) -> None:
        """Let, from any thread, what is computed for less urgent requests give way to this one."""
        urgency = PRIORITIES[request.priority] if isinstance(request, Rollout) else self._urgency
        with self._lock:
            if self._decoding and urgency < self._urgency:
                self._model.abort()

    def step(self) -> None:
        """Compute one batch, and tell what came of it."""
        self._end_interrupted()
        self._admit()
        batch = compose(self._jobs, self._cache.length, self._pace, self._grain)
        self._jobs = self._jobs[1:] + self._jobs[:1]
        if not batch or self._decode(batch):
            self._sample([part for part in batch if part.wanted])

    def fail(self, error: SimError) -> None:
        """End every request with `error` and forget all that was computed."""
        for job in (*self._queue, *self._jobs):
            self._tell(job.serial, error)
        self._queue, self._jobs = [], []
        self._model.clear()
        self._cache.clear()

    def _empty_cache(self) -> Cache:
        model = self._model
        # the larger a model, the dearer its tokens are against the time that idle cells cost
        kept = KEPT + model.parameters // PARAMETERS_FOR_A_CELL
        if model.deterministic:
            kept = model.cells
        parked = model.parking
        return Cache(model.sequences, model.cells, kept, model.obey, parked, self._grain)

    def _end_interrupted(self) -> None:
        with self._lock:
            serials, self._interrupted = self._interrupted, set()
        for job in [job for job in (*self._queue, *self._jobs) if job.serial in serials]:
            if isinstance(job, Run):
                open_ones = sorted((*job.live, *job.waiting), key=lambda one: one.index)
                pieces = tuple(Piece(one.index, "", (), (), "cancelled") for one in open_ones)
                for candidate in job.live:
                    self._close(candidate.sequence)
                job.live, job.waiting = [], []
                self._tell(job.serial, Column(job.request.id, pieces))
            elif isinstance(job, Scan):
                self._tell(job.serial, Scored(job.request.id, job.judged, (), whole=False))
            self._retire(job)

    def _admit(self) -> None:
        """Give the most urgent, and of these the longest waiting, sequences, as far as they fit."""
        while self._queue:
            job = min(self._queue, key=lambda job: job.priority)
            if any(other.priority < job.priority for other in self._jobs):
                break
            if not self._enter(job) and not self._put_back(job.priority):
                break

    def _enter(self, job: Job) -> bool:
        """Give a job a sequence, if there is room for it; whether there was."""
        if len(self._jobs) == self._most:
            return False
        sequence = self._cache.open(job.tokens[: job.first])
        if sequence is None:
            return False
        reused = self._cache.length(sequence)
        if not self._cache.room(job.outstanding(reused) + self._outstanding()):
            self._cache.close(sequence)
            return False
        job.sequence, job.reused = sequence, reused
        self._queue.remove(job)
        self._jobs.append(job)
        return True

    def _put_back(self, urgency: int) -> bool:
        """Let a less urgent job that is only being read wait again; whether there was one."""
        for job in self._jobs:
            length = self._cache.length(job.sequence)
            if job.priority > urgency and (isinstance(job, Scan) or length <= job.first):
                job.first = max(job.first, length)
                self._put_away(job)
                return True
        return False

    def _put_away(self, job: Job) -> None:
        """Queue a job again; what it has read stays in the cache."""
        self._jobs.remove(job)
        self._close(job.sequence, read=True)
        self._queue.append(job)

    def _outstanding(self) -> int:
        return sum(job.outstanding(self._cache.length(job.sequence)) for job in self._jobs)

    def _decode(self, batch: list[Part]) -> bool:
        """Compute a batch; whether it was done to its end."""
        with self._lock:
            self._decoding = {part.job.serial for part in batch}
            self._urgency = batch[0].job.priority
            if self._decoding & self._interrupted:
                self._decoding = set()
                return False
            self._model.resume()
        size = sum(len(part.tokens) for part in batch)
        self._model.use_threads(self._threads.to_take(size))
        began = self._clock()
        code = self._model.decode(*arrays(batch))
        seconds = self._clock() - began
        with self._lock:
            self._decoding = set()
        if code == FULL:
            return self._make_room()
        for part in batch:
            done = part.tokens
            if code == ABORTED:
                # what is decoded of those whose logits are wanted has to be decoded again
                most = len(done) - part.wanted
                done = done[: max(0, min(most, self._model.length(part.sequence) - part.start))]
                self._model.cut(part.sequence, part.start + len(done))
            self._cache.extend(part.sequence, done)
        if code == ABORTED:
            return False
        self._threads.took(size, seconds)
        self._pace.took(size, seconds)
        return True

    def _make_room(self) -> bool:
        """Free cells after llama.cpp found none, though there should have been some."""
        if not self._cache.evict():
            raise EngineError("The model's cache is full; ask for fewer or shorter candidates.")
        return False

    def _sample(self, parts: list[Part]) -> None:
        """Draw the next token of every candidate that has logits now, and tell what came of it."""
        gained: dict[int, list[Piece]] = {job.serial: [] for job in self._jobs}
        if parts:
            count = sum(part.wanted for part in parts)
            weights = self._scales.weigh(self._model.logits(count), self._model.mute)
            if not np.isfinite(weights.norms).all():
                raise EngineError("The model computed no numbers; its file may be damaged.")
            rows = Rows(weights, self._model.pieces, max(part.job.top for part in parts))
            streaming = [part.owner for part in parts if isinstance(part.owner, Candidate)]
            pieces = self._drawing.next(streaming, weights)
            for row, (part, piece) in enumerate(zip(parts, pieces, strict=False)):
                gained[part.job.serial].append(rows.beside(piece, row, part.job.top))
            for run in self._read(parts[len(streaming) :], rows, len(streaming)):
                gained[run.serial] = self._begin(run)
        for job in [job for job in self._jobs if isinstance(job, Run)]:
            self._place(job)
            if gained[job.serial]:
                self._tell(job.serial, Column(job.request.id, tuple(gained[job.serial])))
            self._settle(job)

    def _read(self, parts: list[Part], rows: Rows, row: int) -> list[Run]:
        """Take in the rows, from this one on, that no candidate waits for.

        Returns the rollouts that may have come to their candidates' first tokens.
        """
        ready: dict[Run, None] = {}
        for part in parts:
            if isinstance(part.job, Run):
                if self._beginning.look(part.job, part, rows, row):
                    ready[part.job] = None
            elif isinstance(part.job, Scan):
                self._judge(part.job, rows, row, part.wanted)
            row += part.wanted
        return list(ready)

    def _begin(self, run: Run) -> list[Piece]:
        """Draw the first token of every candidate, if all ways to it are known."""
        pieces = self._beginning.draw(run)
        if run.standing:
            started = (run.request.id, run.prompt_tokens, run.reused, tuple(run.back))
            self._tell(run.serial, Started(*started))
        return pieces

    def _judge(self, scan: Scan, rows: Rows, row: int, count: int) -> None:
        """Tell the scores of the tokens after those that were read."""
        first = scan.judged
        scored = scan.judge(rows, row, count, self._model.pieces)
        self._tell(scan.serial, Scored(scan.request.id, first, scored, whole=scan.whole))
        if scan.whole:
            self._retire(scan)
        elif scan.turned():
            self._put_away(scan)

    def _place(self, run: Run) -> None:
        """Give waiting candidates a sequence of their own, as far as there is room."""
        while run.standing and run.waiting and self._spares(run):
            candidate = run.waiting.pop(0)
            run.live.append(candidate)
            spared = NEWCOMERS if len(run.live) > 1 else 0
            fits = self._cache.room(self._outstanding() + spared)
            sequence = self._cache.fork(candidate.sequence, candidate.shared) if fits else None
            if sequence is None:
                run.live.pop()
                run.waiting.insert(0, candidate)
                break
            candidate.sequence = sequence

    def _spares(self, run: Run) -> bool:
        """Whether enough sequences are left for more urgent rollouts that may come."""
        return run.priority == FAN or not run.live or self._cache.idle > SEQUENCES // 2

    def _settle(self, run: Run) -> None:
        """Let go of finished candidates, and of the rollout when it has no other."""
        for candidate in [one for one in run.live if one.finished]:
            run.live.remove(candidate)
            self._close(candidate.sequence)
        if not run.live and not run.waiting:
            self._retire(run)

    def _retire(self, job: Job) -> None:
        """Forget a job; its tokens stay in the cache."""
        if job in self._queue:
            self._queue.remove(job)
            return
        self._jobs.remove(job)
        if isinstance(job, Run):
            for sequence in job.forks:
                self._close(sequence)
        self._close(job.sequence, read=True)

    def _close(self, sequence: int, *, read: bool = False) -> None:
        """Leave a sequence to the cache, if it was read in slices or that does not matter."""
        if self._grain > 1 and not read:
            self._cache.drop(sequence)
            return
        length = self._cache.length(sequence)
        self._cache.cut(sequence, length - length % self._grain)
        self._cache.close(sequence)
