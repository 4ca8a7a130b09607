"""What goes into a batch: everybody's next token, short slices beside them, the urgent first."""

from collections.abc import Sequence

from jupyter_sim.engine.batch import LARGEST_SLICE, SMALLEST_SLICE, Pace, arrays, compose
from jupyter_sim.engine.candidate import Candidate
from jupyter_sim.engine.healing import Healing
from jupyter_sim.engine.jobs import IDLE, Part, Run
from jupyter_sim.engine.llama import BATCH, MICRO_BATCH
from jupyter_sim.engine.messages import Priority, Rollout
from jupyter_sim.engine.vocabulary import Spellings

PIECES = [b"", b"a"]
OPENER = 0


class Jobs:
    """Rollouts with prompts of given lengths, and how much of each is read."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.read: dict[int, int] = {}

    def prompt(self, length: int, read: int = 0, priority: Priority = "fan") -> Run:
        request = Rollout(str(len(self.runs)), "a" * length, tuple(range(8)), 9, priority=priority)
        healing = Healing(Spellings(PIECES), PIECES, b"")
        run = Run(len(self.runs), request, [1] * length, 0, healing, PIECES, OPENER)
        run.sequence = len(self.runs)
        self.runs.append(run)
        self.read[run.sequence] = read
        return run

    def streaming(self, count: int, priority: Priority = "fan") -> Run:
        run = self.prompt(5, 5, priority)
        for index in range(count):
            candidate = Candidate(run.request, index)
            candidate.sequence = 100 + index
            self.read[candidate.sequence] = 7
            run.live.append(candidate)
        return run

    def batch(self, pace: Pace | None = None, grain: int = 1) -> list[Part]:
        return compose(self.runs, self.read.__getitem__, pace or Pace(MICRO_BATCH), grain)


def sizes(batch: Sequence[Part]) -> list[int]:
    return [len(part.tokens) for part in batch]


def paced(seconds: float) -> Pace:
    pace = Pace(MICRO_BATCH)
    for _ in range(40):
        pace.took(100, 100 * seconds)
    return pace


def test_every_candidate_has_one_token_and_a_long_prompt_a_slice_that_they_can_wait_for() -> None:
    jobs = Jobs()
    jobs.streaming(8)
    jobs.prompt(2000)
    assert sizes(jobs.batch(paced(1e-5))) == [1] * 8 + [LARGEST_SLICE]
    assert sizes(jobs.batch(paced(1e-3))) == [1] * 8 + [30]
    assert sizes(jobs.batch(paced(1e-1))) == [1] * 8 + [SMALLEST_SLICE]


def test_where_nobody_streams_slices_are_large_but_never_long() -> None:
    jobs = Jobs()
    jobs.prompt(2000)
    assert sizes(jobs.batch(paced(1e-6))) == [BATCH - SMALLEST_SLICE]
    assert sizes(jobs.batch(paced(1e-1))) == [LARGEST_SLICE]
    assert sizes(jobs.batch(paced(1.0))) == [LARGEST_SLICE]


def test_slices_that_are_longer_than_a_micro_batch_are_whole_ones() -> None:
    jobs = Jobs()
    jobs.prompt(2000)
    assert sizes(jobs.batch(paced(1.6e-3))) == [MICRO_BATCH]
    assert sizes(jobs.batch(paced(0.9e-3))) == [2 * MICRO_BATCH]
    assert sizes(jobs.batch(paced(2.5e-3))) == [100]


def test_where_nobody_streams_the_last_few_tokens_of_a_prompt_do_not_wait_for_another_batch() -> (
    None
):
    size = BATCH - SMALLEST_SLICE
    for length, batch in [(size + 1, size + 1), (BATCH, BATCH), (BATCH + 1, size)]:
        jobs = Jobs()
        jobs.prompt(length)
        jobs.prompt(length)
        assert sizes(jobs.batch(paced(1e-6))) == [batch]
    streaming = Jobs()
    streaming.streaming(1)
    streaming.prompt(LARGEST_SLICE + 1)
    assert sizes(streaming.batch(paced(1e-6))) == [1, LARGEST_SLICE]


def test_a_prompt_that_is_nearly_read_does_not_wait_for_a_long_one() -> None:
    jobs = Jobs()
    jobs.prompt(2000)
    short = jobs.prompt(500, read=495)
    batch = jobs.batch(paced(1e-3))
    assert batch[0].job is short and sizes(batch) == [5, MICRO_BATCH - 5]
    assert [part.wanted for part in batch] == [1, 0]


def test_only_the_most_urgent_take_part() -> None:
    jobs = Jobs()
    jobs.streaming(3, "explore")
    jobs.prompt(50, priority="prefetch")
    fan = jobs.prompt(20)
    assert [part.job for part in jobs.batch()] == [fan]


def test_where_nothing_may_depend_on_company_all_are_alone_and_slices_end_at_the_grain() -> None:
    jobs = Jobs()
    jobs.prompt(100, read=64)
    assert sizes(jobs.batch(grain=32)) == [32]
    run = jobs.streaming(2)
    one, other = run.live
    for first, second in [(one, other), (other, one)]:
        (part,) = jobs.batch(grain=32)
        assert part.owner is first and sizes([part]) == [1]
        jobs.read[first.sequence] += 2
        assert jobs.batch(grain=32)[0].owner is second


def test_arrays_flag_the_last_wanted_tokens() -> None:
    run = Jobs().prompt(3)
    tokens, positions, sequences, wanted = arrays([Part(run, None, 4, 10, [7, 8, 9], 2)])
    assert tokens.tolist() == [7, 8, 9] and positions.tolist() == [10, 11, 12]
    assert sequences.tolist() == [4, 4, 4] and wanted.tolist() == [0, 1, 1]


def test_what_nobody_waits_for_is_read_in_slices_that_a_stream_could_wait_for() -> None:
    jobs = Jobs()
    for _ in range(3):
        jobs.prompt(300).priority = IDLE
    assert sum(len(part.tokens) for part in jobs.batch()) == Pace(MICRO_BATCH).slice(streaming=True)
