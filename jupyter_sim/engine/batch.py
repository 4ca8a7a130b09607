"""What goes into the next batch: every candidate's token, and slices of what is still to be read.

Only the most urgent jobs take part; the others wait where they are. A slice is as long as those
who stream can wait, or as what comes next can wait where nobody streams, and then in whole
micro-batches, as a part of one is dear; it goes round from job to job. Where results must not
depend on what is beside them, every token is alone in its batch, and a slice begins and ends at
multiples of a grain.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from .arrays import Ints
from .jobs import IDLE, Job, Part, Run
from .llama import BATCH, SEQUENCES

STREAM_SECONDS, QUIET_SECONDS = 0.03, 0.25
SMALLEST_SLICE, LARGEST_SLICE = 8, 64


class Pace:
    """How long a token takes to be read, and so how many may be read at once.

    Up to `micro_batch` tokens are computed together.
    """

    def __init__(self, micro_batch: int) -> None:
        self._micro_batch = micro_batch
        self._seconds = 1e-3

    def took(self, size: int, seconds: float) -> None:
        """Note how long a batch took."""
        if size > SMALLEST_SLICE:
            self._seconds += (seconds / size - self._seconds) / 4

    def slice(self, *, streaming: bool) -> int:
        """Return how many tokens may be read in one batch, while others stream or not."""
        if streaming:
            wished = int(STREAM_SECONDS / self._seconds)
            return max(SMALLEST_SLICE, min(LARGEST_SLICE, wished))
        most = min(BATCH - SMALLEST_SLICE, int(QUIET_SECONDS / self._seconds))
        whole = most - most % self._micro_batch
        return max(LARGEST_SLICE, whole or most)


def compose(
    jobs: Sequence[Job], length: Callable[[int], int], pace: Pace, grain: int = 1
) -> list[Part]:
    """Return the parts of the next batch, those of candidates and then of ways first.

    `length` tells how many tokens a sequence holds.
    """
    urgent = min((job.priority for job in jobs), default=0)
    jobs = [job for job in jobs if job.priority == urgent]
    runs = [job for job in jobs if isinstance(job, Run)]
    parts = [
        Part(run, one, one.sequence, length(one.sequence), [one.token], 1)
        for run in runs
        for one in run.live
    ]
    parts += [
        Part(run, way, way.sequence, length(way.sequence), [way.tokens[-1]], 1)
        for run in runs
        for way in run.ways
    ]
    if parts and grain > 1:
        return [min(parts, key=lambda part: part.start)]
    # who comes is not to wait for what nobody waits for
    streaming = bool(parts) or urgent == IDLE
    room = pace.slice(streaming=streaming)
    crumb = 0 if streaming else SMALLEST_SLICE
    return [*parts, *_slices(jobs, length, room, crumb, SEQUENCES - len(parts), grain)]


def _slices(
    jobs: Sequence[Job], length: Callable[[int], int], room: int, crumb: int, rows: int, grain: int
) -> Iterator[Part]:
    """Yield slices of `room` tokens and `rows` wanted logits in all, what is nearly done first.

    What would then be left of a prompt, if it is no more than a `crumb`, is not left.
    """
    unread = {job: len(job.tokens) - length(job.sequence) for job in jobs}
    for job in sorted(jobs, key=lambda job: unread[job] > SMALLEST_SLICE):
        start = length(job.sequence)
        size = unread[job] if room and unread[job] <= room + crumb else room
        stop = min(start + size, max(start, job.first) + rows)
        if grain > 1:
            stop = min(stop, start - start % grain + grain)
        if stop > start:
            wanted = max(0, stop - max(start, job.first))
            yield Part(job, None, job.sequence, start, job.tokens[start:stop], wanted)
            room = max(0, room - (stop - start))
            rows -= wanted


def arrays(batch: list[Part]) -> tuple[Ints, Ints, Ints, Ints]:
    """Return tokens, positions, sequences and wanted flags, one for each token of a batch."""
    tokens: list[int] = []
    positions: list[int] = []
    sequences: list[int] = []
    wanted: list[int] = []
    for part in batch:
        size = len(part.tokens)
        tokens += part.tokens
        positions += range(part.start, part.start + size)
        sequences += [part.sequence] * size
        wanted += [0] * (size - part.wanted) + [1] * part.wanted
    rows = np.array((tokens, positions, sequences, wanted), np.int32)
    return rows[0], rows[1], rows[2], rows[3]
