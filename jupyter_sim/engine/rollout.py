"""The scheduling loop: many rollouts, one batch a step, a column for each that gained something.

A rollout's prompt is decoded once, in slices, into a sequence of its own; each candidate forks
that sequence and from then on has one token in every batch, beside the candidates of all other
rollouts. Candidates for which there is no room wait until others are done, so any number can be
asked for. What is known here is in which order things happen; `batch` knows what to compute next,
the cache what is there already, the model computes it, and a candidate knows what its tokens say.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from threading import Lock

from msgspec import structs

from ..errors import EngineError, SimError
from .batch import Pace, arrays, compose
from .beginning import Beginning
from .cache import Cache
from .candidate import Candidate
from .cores import Threads
from .drawing import Drawing, Pick
from .jobs import EXPLORE, FAN, IDLE, PRIORITIES, Job, Part, Run
from .llama import ABORTED, FULL, SEQUENCES, Llama
from .messages import Column, Piece, Rollout, Scored, Scoring, Started, Surveyed, cancelled
from .recall import MEMORY, Recall
from .requests import Made, Requests
from .rows import Rows
from .scoring import Scan
from .turns import Turns
from .weights import Weights
from .wire import Request, Said

KEPT, PARAMETERS_FOR_A_CELL = 512, 400_000
MAX_JOBS = SEQUENCES // 2
GRAIN = 32

Tell = Callable[[int, Said | SimError], None]


class Scheduler:
    """All rollouts of one model. Everything but `make`, `interrupt` and `hurry` belongs to one
    thread.

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
        self._grain = GRAIN if model.deterministic else 1
        self._recall = Recall(model.vocabulary, SEQUENCES, 0 if model.deterministic else MEMORY)
        self._cache = self._empty_cache()
        most = 1 if model.deterministic else MAX_JOBS
        self._turns = Turns(self._cache, self._recall, most, self._grain)
        self._beginning = Beginning(
            self._cache, self._recall, self._drawing, self._requests, model.pieces
        )
        self._expected: dict[int, Request] = {}
        self._pace = Pace(model.micro_batch)
        self._threads = Threads(model.threads, model.most_threads)
        self._lock = Lock()
        self._interrupted: set[int] = set()
        self._decoding: set[int] = set()
        self._urgency = FAN

    @property
    def busy(self) -> bool:
        """Whether there is anything to compute that somebody waits for."""
        return any(job.priority < IDLE for job in self._turns.all)

    @property
    def cells(self) -> int:
        """How many cells of the KV cache are in use."""
        return self._cache.used

    def begin(self, serial: int, request: Request) -> None:
        """Take a request in; tells ContextFull, BadInput or EngineError where it cannot be done."""
        self.expect(serial, request)
        self.enter(serial, self.make(serial, request))

    def expect(self, serial: int, request: Request) -> None:
        """Know of a request that is being made ready, so that it can be cancelled meanwhile."""
        self._expected[serial] = request

    def make(self, serial: int, request: Request) -> Made | SimError | None:
        """Return, on any thread, what a request comes to; None where it was cancelled before."""
        if serial not in self._expected:
            return None
        try:
            return self._requests.make(serial, request)
        except Exception as error:  # noqa: BLE001 - one bad request must not end the rest
            return told(error, "It cannot be begun")

    def enter(self, serial: int, made: Made | SimError | None) -> None:
        """Take in what was expected, if it was not cancelled meanwhile."""
        if self._expected.pop(serial, None) is None:
            return
        self._turns.give_way()
        match made:
            case Surveyed(tokens=tokens, back=back):
                reused = self._cache.shared(tokens[: len(tokens) - len(back) - 1])
                self._tell(serial, structs.replace(made, reused=reused))
            case SimError():
                self._tell(serial, made)
            case Scan():
                self._scan(made)
            case Run():
                self._turns.waiting.append(made)

    def _scan(self, scan: Scan) -> None:
        """Take a scoring in, unless nothing has to be computed for it."""
        if scan.sure or scan.whole:
            first = scan.request.start
            self._tell(scan.serial, Scored(scan.request.id, first, scan.sure, whole=scan.whole))
        if not scan.whole:
            self._turns.waiting.append(scan)

    def interrupt(self, serial: int) -> None:
        """Ask, from any thread, for the end of a rollout or scoring as soon as that can be."""
        with self._lock:
            self._interrupted.add(serial)
            if self._decoding and self._decoding <= self._interrupted:
                self._model.abort()

    def hurry(self, request: Request) -> None:
        """Let, from any thread, what is computed for less urgent requests give way to this one."""
        urgency = PRIORITIES[request.priority] if isinstance(request, Rollout) else EXPLORE
        with self._lock:
            if self._decoding and urgency < self._urgency:
                self._model.abort()

    def step(self) -> None:
        """Compute one batch, and tell what came of it."""
        self._end_interrupted()
        self._turns.place()
        newcomers = self._turns.admit()
        if newcomers and self._recollect(newcomers):
            # what begins with nothing to compute is not to wait for what is computed next
            return
        self._advance()

    def get_ready(self) -> bool:
        """Use a moment in which nobody waits to get ready for fans after what was just said, one
        after another and then with one decode a time, and then for more fans; whether there is more
        to do.
        """
        turns = self._turns
        if turns.ends:
            run = self._requests.after(*turns.ends.popleft())
            # a text may be spelled otherwise than it was drawn
            if run is not None and turns.prepare(run, self._pace.slice(streaming=True)):
                self._recollect([run])
        elif turns.running:
            self._advance()
        else:
            return self._recall.get_ready()
        return True

    def _advance(self) -> None:
        """Compute a batch for those whose turn it is."""
        batch = compose(self._turns.running, self._cache.length, self._pace, self._grain)
        self._turns.rotate()
        try:
            done = not batch or self._decode(batch)
        except EngineError as error:
            self._compute_apart(batch, error)
        else:
            if done:
                self._sample(batch)

    def rest(self) -> bool:
        """Use a moment in which there is nothing to compute; whether there is use for another."""
        return self._cache.rest()

    def fail(self, error: SimError) -> None:
        """End every request with `error` and forget all that was computed."""
        for job in self._turns.all:
            self._tell(job.serial, error)
        self._turns.clear()
        self._model.clear()
        self._cache.clear()

    def _empty_cache(self) -> Cache:
        model = self._model
        # the larger a model, the dearer its tokens are against the time that idle cells cost
        kept = KEPT + model.parameters // PARAMETERS_FOR_A_CELL
        if model.deterministic:
            kept = model.cells
        return Cache(
            model.sequences,
            model.cells,
            kept,
            model.obey,
            model.parking,
            self._grain,
            self._recall.forget,
        )

    def _end_interrupted(self) -> None:
        with self._lock:
            serials, self._interrupted = self._interrupted, set()
        for serial in serials:
            request = self._expected.pop(serial, None)
            if isinstance(request, Rollout):
                self._tell(serial, cancelled(request, range(len(request.seeds))))
            elif isinstance(request, Scoring):
                self._tell(serial, cancelled(request, (), request.start))
        for job in [job for job in self._turns.all if job.serial in serials]:
            self._tell(job.serial, job.cancelled())
            self._turns.end(job)

    def _compute_apart(self, batch: list[Part], refusal: EngineError) -> None:
        """Compute for each job by itself what was refused for all, and end those that cause it."""
        for job in dict.fromkeys(part.job for part in batch):
            mine = [part for part in batch if part.job is job]
            for part in mine:
                self._model.cut(part.sequence, part.start)
            with self._ending(job):
                if len(mine) == len(batch):
                    raise refusal
                if self._decode(mine):
                    self._sample(mine)

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

    def _recollect(self, jobs: list[Job]) -> bool:
        """Take in what is recalled for those who have just come in; whether any gained by that."""
        gained: dict[Job, list[Piece]] = {}
        for run in jobs:
            read = run.tokens[run.first : run.reused]
            if isinstance(run, Run) and read:
                weights = self._recall.rows(self._cache.cells(run.sequence, run.first))
                rows = Rows(weights, self._model.pieces, run.top)
                part = Part(run, None, run.sequence, run.first, read, len(read))
                gained |= self._take_in([part], rows, 0)
        self._pass_on(gained)
        return any(gained.values())

    def _sample(self, batch: list[Part]) -> None:
        """Draw the next token of every candidate that has logits now, and tell what came of it."""
        parts = [part for part in batch if part.wanted]
        self._pass_on(self._hear(parts) if parts else {})

    def _pass_on(self, gained: dict[Job, list[Piece]]) -> None:
        """Tell what rollouts gained, and let go of those of their candidates that have ended."""
        for run in [job for job in self._turns.running if isinstance(job, Run)]:
            if gained.get(run):
                self._tell(run.serial, Column(run.request.id, tuple(gained[run])))
            self._turns.settle(run)

    def _hear(self, parts: list[Part]) -> dict[Job, list[Piece]]:
        """Return what rollouts gain by the logits of these parts, those of candidates first."""
        weights = self._numbers(parts)
        rows = Rows(weights, self._model.pieces, max(part.job.top for part in parts))
        streams: dict[Job, dict[int, Candidate]] = {}
        for row, part in enumerate(parts):
            if isinstance(part.owner, Candidate):
                streams.setdefault(part.job, {})[row] = part.owner
        gained: dict[Job, list[Piece]] = {}
        for job, picks in self._pick(streams, weights).items():
            with self._ending(job):
                said = {
                    row: self._drawing.take(streams[job][row], pick) for row, pick in picks.items()
                }
                gained[job] = rows.beside(said, job.top)
        count = sum(map(len, streams.values()))
        return gained | self._take_in(parts[count:], rows, count)

    def _take_in(self, parts: list[Part], rows: Rows, row: int) -> dict[Job, list[Piece]]:
        """Return what rollouts gain by the rows, from this one on, that no candidate waits for."""
        gained: dict[Job, list[Piece]] = {}
        for run in self._read(parts, rows, row):
            with self._ending(run):
                gained[run] = self._begin(run)
        return gained

    def _numbers(self, parts: list[Part]) -> Weights:
        """Return the weights of all rows; a job whose rows are no numbers is ended."""
        owners = [part.job for part in parts for _ in range(part.wanted)]
        logits = self._model.logits(len(owners))
        weights = self._recall.weigh(logits, self._model.mute)
        bad = [row for row, norm in enumerate(weights.norms.tolist()) if not isfinite(norm)]
        if not bad:
            self._keep(parts)
            return weights
        for job in dict.fromkeys(owners[row] for row in bad):
            with self._ending(job):
                raise EngineError("The model computed no numbers; its file may be damaged.")
        # rows of those who have ended have only to be harmless
        logits[bad] = 0
        return self._recall.weigh(logits, self._model.mute)

    def _keep(self, parts: list[Part]) -> None:
        """Keep the rows that rollouts may need again; nobody scores a text twice."""
        if self._model.deterministic:
            return
        row, cells, rows = 0, list[int](), list[int]()
        for part in parts:
            if isinstance(part.job, Run):
                start = part.start + len(part.tokens) - part.wanted
                cells += self._cache.cells(part.sequence, start)
                rows += range(row, row + part.wanted)
            row += part.wanted
        self._recall.keep(cells, rows)

    def _pick(
        self, streams: dict[Job, dict[int, Candidate]], weights: Weights
    ) -> dict[Job, dict[int, Pick]]:
        """Return the next token of every candidate, by its row.

        They are drawn all at once. Where that fails, each job's are by themselves, and those for
        which it fails again are ended.
        """
        rows = {row: one for stream in streams.values() for row, one in stream.items()}
        try:
            picks = self._drawing.picks(list(rows.values()), weights)
        except Exception:  # noqa: BLE001 - whose fault it is has to be found out
            for candidate in rows.values():
                candidate.rewind()
            picked: dict[Job, dict[int, Pick]] = {}
            for job, stream in streams.items():
                with self._ending(job):
                    picks = self._drawing.picks(list(stream.values()), weights.rows(list(stream)))
                    picked[job] = dict(zip(stream, picks, strict=True))
            return picked
        return {job: {row: picks[row] for row in stream} for job, stream in streams.items()}

    def _read(self, parts: list[Part], rows: Rows, row: int) -> list[Run]:
        """Return the rollouts that may have come to their candidates' first tokens."""
        ready: dict[Run, None] = {}
        for part in parts:
            job = part.job
            if job in self._turns.running:
                with self._ending(job):
                    if isinstance(job, Scan):
                        self._judge(job, rows, row, part.wanted)
                    elif isinstance(job, Run) and self._beginning.look(job, part, rows, row):
                        ready[job] = None
            row += part.wanted
        return [run for run in ready if run in self._turns.running]

    @contextmanager
    def _ending(self, job: Job) -> Iterator[None]:
        """End a job, and no other, with what goes wrong in its part of a step."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - what is wrong with one must not end the rest
            if job in self._turns.running:
                self._tell(job.serial, told(error, "It cannot go on"))
                self._turns.end(job)

    def _begin(self, run: Run) -> list[Piece]:
        """Draw the first token of every candidate, if all ways to it are known."""
        pieces = self._beginning.draw(run)
        if run.standing and run.request.seeds:
            reused = min(run.reused, len(run.prompt_tokens))
            started = (run.request.id, run.prompt_tokens, reused, tuple(run.back))
            self._tell(run.serial, Started(*started))
        return pieces

    def _judge(self, scan: Scan, rows: Rows, row: int, count: int) -> None:
        """Tell the scores of the tokens after those that were read."""
        first = scan.judged
        scored = scan.judge(rows, row, count, self._model.pieces)
        self._tell(scan.serial, Scored(scan.request.id, first, scored, whole=scan.whole))
        if scan.whole:
            self._turns.end(scan)
        elif scan.turned():
            self._turns.put_away(scan)


def told(error: Exception, what: str) -> SimError:
    """Return an error as one for a person; one that nobody foresaw comes after `what`."""
    if isinstance(error, SimError):
        return error
    return EngineError(f"{what} ({type(error).__name__}: {error}).")
