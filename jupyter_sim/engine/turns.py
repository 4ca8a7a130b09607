"""Whose turn it is: which jobs have sequences in the cache, and which wait for theirs.

The most urgent, and of these the longest waiting, come in as far as they fit; candidates for which
there is no room wait until others are done. Nothing is known here of batches, logits or clients.
"""

from collections import deque

from .cache import Cache
from .healing import MAX_WAYS
from .jobs import FAN, IDLE, Job, Run
from .llama import SEQUENCES
from .recall import Recall
from .scoring import Scan

NEWCOMERS = 1024


class Turns:
    """The jobs of one cache, at most `most` of them at once.

    What does not end at a multiple of `grain` is not found again. What a rollout's prompt ends with
    is only read where the rows after it cannot be recalled. `ends` are what candidates have said of
    late, with their last tokens, which were drawn and never read.
    """

    def __init__(self, cache: Cache, recall: Recall, most: int, grain: int) -> None:
        self._cache = cache
        self._recall = recall
        self._most = most
        self._grain = grain
        self.waiting: list[Job] = []
        self.running: list[Job] = []
        self.ends: deque[tuple[Run, list[int]]] = deque(maxlen=most)

    @property
    def all(self) -> tuple[Job, ...]:
        """All jobs that are not done."""
        return (*self.waiting, *self.running)

    def clear(self) -> None:
        """Forget all jobs; the cache is told by whoever does that."""
        self.waiting, self.running = [], []
        self.ends.clear()

    def rotate(self) -> None:
        """Let the next one be the first that is asked what it wants to read."""
        self.running = self.running[1:] + self.running[:1]

    def admit(self) -> list[Job]:
        """Give the most urgent, and of these the longest waiting, sequences, as far as they fit.

        Returns those that came in.
        """
        if not self.waiting:
            return []
        before = self.running[:]
        while self.waiting:
            job = min(self.waiting, key=lambda job: job.priority)
            if any(other.priority < job.priority for other in self.running):
                break
            if not self._enter(job) and not self._put_back(job.priority):
                break
        return [job for job in self.running if job not in before]

    def put_away(self, job: Job) -> None:
        """Let a job wait again; what it has read stays in the cache."""
        self._leave(job)
        self.waiting.append(job)

    def place(self) -> None:
        """Give waiting candidates a sequence of their own, as far as there is room."""
        for job in self.running:
            if isinstance(job, Run) and job.standing and job.waiting:
                self._place(job)

    def _place(self, run: Run) -> None:
        while run.waiting and self._spares(run):
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

    def settle(self, run: Run) -> None:
        """Let go of finished candidates, and of a rollout that stands when it has no other."""
        for candidate in [one for one in run.live if one.finished]:
            run.live.remove(candidate)
            if candidate.whole and self._grain == 1:
                said = self._cache.tokens(candidate.sequence)
                self.ends.append((run, [*said, candidate.token]))
            self._close(candidate.sequence)
        if run.standing and not run.live and not run.waiting:
            self.end(run)

    def end(self, job: Job) -> None:
        """Forget a job, however far it is; its tokens stay in the cache."""
        if job in self.waiting:
            self.waiting.remove(job)
        else:
            self._leave(job)

    def _leave(self, job: Job) -> None:
        self.running.remove(job)
        if isinstance(job, Run):
            for sequence in (*(candidate.sequence for candidate in job.live), *job.forks):
                self._close(sequence)
            job.forks = []
        self._close(job.sequence, read=True)

    def prepare(self, run: Run, unread: int) -> bool:
        """Let a rollout without candidates in while nobody waits, if all but `unread` tokens of its
        prompt are in cells; nothing is given up for it.
        """
        if not self._cache.spare(unread + MAX_WAYS + self._outstanding()):
            return False
        sequence = self._cache.reopen(run.tokens, unread)
        if sequence is None:
            return False
        run.priority = IDLE
        self._seat(run, sequence)
        return True

    def give_way(self) -> None:
        """Let go of what was let in while nobody waited."""
        for job in [job for job in self.running if job.priority == IDLE]:
            self.end(job)

    def _enter(self, job: Job) -> bool:
        """Give a job a sequence, if there is room for it; whether there was."""
        if len(self.running) == self._most or self._crowded():
            return False
        all_of_it = isinstance(job, Run) and self._grain == 1
        sequence = self._cache.open(job.tokens if all_of_it else job.tokens[: job.first])
        if sequence is None:
            return False
        self._seat(job, sequence)
        if not self._cache.room(self._outstanding()):
            self.running.remove(job)
            self._cache.close(sequence)
            return False
        self.waiting.remove(job)
        return True

    def _crowded(self) -> bool:
        """Whether another job could leave those that run no sequence for a first candidate, after
        all ways that prompts may end in took theirs.
        """
        reading = sum(isinstance(job, Run) and not job.standing for job in self.running)
        return bool(self.running) and self._cache.idle <= MAX_WAYS * (reading + 1) + 1

    def _seat(self, job: Job, sequence: int) -> None:
        """Let a job read on in a sequence, from where no row can be recalled."""
        recalled = self._recall.known(self._cache.cells(sequence, job.first))
        self._cache.cut(sequence, job.first + recalled)
        job.sequence, job.reused = sequence, self._cache.length(sequence)
        self.running.append(job)

    def _put_back(self, urgency: int) -> bool:
        """Let a less urgent job that is only being read wait again; whether there was one."""
        for job in self.running:
            length = self._cache.length(job.sequence)
            if job.priority > urgency and (isinstance(job, Scan) or length <= job.first):
                job.first = max(job.first, length)
                self.put_away(job)
                return True
        return False

    def _outstanding(self) -> int:
        return sum(job.outstanding(self._cache.length(job.sequence)) for job in self.running)

    def _spares(self, run: Run) -> bool:
        """Whether enough sequences are left for more urgent rollouts that may come."""
        return run.priority == FAN or not run.live or self._cache.idle > SEQUENCES // 2

    def _close(self, sequence: int, *, read: bool = False) -> None:
        """Leave a sequence to the cache, if it was read in slices or that does not matter."""
        if self._grain > 1 and not read:
            self._cache.drop(sequence)
            return
        length = self._cache.length(sequence)
        self._cache.cut(sequence, length - length % self._grain)
        self._cache.close(sequence)
