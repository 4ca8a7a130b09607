"""What the loop is asked to compute, as it stands between two steps: a rollout's state.

Both a rollout and a scoring (in `scoring`) are jobs: tokens to be read into a sequence, and rows
of logits that are wanted from some token on. What is here remembers; the loop decides.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from msgspec import Struct

from ..events import Alternative
from .candidate import Candidate
from .healing import MAX_WAYS, Healing, Way
from .messages import Column, Rollout, Scored, cancelled
from .weights import Weights

FAN, PREFETCH, EXPLORE, IDLE = range(4)
PRIORITIES = {"fan": FAN, "prefetch": PREFETCH, "explore": EXPLORE}


class Job(ABC):
    """Tokens to be read into `sequence`, with the logits of those from `first` on.

    A lower `priority` goes first, `top` alternatives are wanted of each row, and `reused` tokens
    were still in the cache.
    """

    def __init__(self, serial: int, priority: int, top: int) -> None:
        self.serial = serial
        self.priority = priority
        self.top = top
        self.tokens: list[int] = []
        self.first = 0
        self.sequence = -1
        self.reused = 0

    def outstanding(self, decoded: int) -> int:
        """Return how many cells may still be needed."""
        return len(self.tokens) - decoded

    @abstractmethod
    def cancelled(self) -> Column | Scored:
        """Return what is said where it ends now."""


class Run(Job):
    """A rollout.

    `tokens` are the prompt's and then the prefix's, less those in `back`, which are taken back to
    be healed; where they are read ahead, `ahead` of them come last of all, because candidates are
    likely to say them again, and what may follow is `known` then. Those in `forced` begin every
    candidate, with the log-probabilities in `judged`; `owed` bytes of the first of them, or of what
    is healed, are the prompt's. `ways` are to be decoded next, in `forks` that are let go in the
    end. `tops` are the alternatives after the prompt and so many more tokens. When the rollout is
    `standing`, its candidates have their first tokens; they move from `waiting` to `live` as there
    is room for them, and leave when they are finished. One without candidates only sees what the
    model says where it begins.
    """

    def __init__(
        self,
        serial: int,
        request: Rollout,
        tokens: list[int],
        back: int,
        healing: Healing,
        pieces: Sequence[bytes],
        opener: int,
        *,
        ahead: bool = True,
    ) -> None:
        super().__init__(serial, PRIORITIES[request.priority], request.top)
        self.tokens = tokens[: len(tokens) - back]
        self.request = request
        self.back = tokens[len(tokens) - back :]
        self.healing = healing
        self.judged: list[float] = []
        self.tops: dict[tuple[int, ...], tuple[Alternative, ...]] = {}
        self.ways: list[Way] = []
        self.forks: list[int] = []
        self.standing = False
        self.waiting = [Candidate(request, index) for index in range(len(request.seeds))]
        self.live: list[Candidate] = []
        self._pieces = pieces
        self._opener = opener
        self.ahead = 0
        self.known: dict[tuple[int, ...], Weights] = {}
        self._divide()
        if ahead:
            self.tokens = [*self.tokens, *self.back]
            self.ahead = len(self.back)

    @property
    def prompt_tokens(self) -> tuple[int, ...]:
        """The tokens before those of the candidates."""
        return tuple(self.tokens[: self._standing - len(self.forced)])

    @property
    def beginning(self) -> Way:
        """The way that every other one goes on from: the forced tokens, decoded."""
        judged = tuple(self.judged)
        return Way(self.healing.start, self.forced, judged, 0.0, self.sequence, self._standing)

    @property
    def expected(self) -> tuple[int, ...]:
        """The tokens of candidates, as far as they were read ahead."""
        return (*self.forced, *self.back)

    @property
    def _standing(self) -> int:
        """How many tokens stand before those that are read ahead."""
        return len(self.tokens) - self.ahead

    def unheal(self, healing: Healing) -> None:
        """Take the prompt's tokens as they are, because nothing else leads through its end."""
        self.tokens = [*self.tokens[: self._standing], *self.back]
        self.back, self.ahead, self.known = [], 0, {}
        self.healing = healing
        self._divide()

    def outstanding(self, decoded: int) -> int:
        """Return how many cells may still be needed for the prompt and for what is placed.

        The first candidate counts from the beginning, so that no rollout is stuck with its prompt.
        """
        first = self.waiting[0].left + MAX_WAYS if self.waiting and not self.live else 0
        return super().outstanding(decoded) + first + sum(one.left for one in self.live)

    def cancelled(self) -> Column | Scored:
        """Return what is said where it ends now."""
        return cancelled(self.request, (one.index for one in (*self.live, *self.waiting)))

    def _divide(self) -> None:
        """Find the tokens that hold any of the prefix, and what they hold of the prompt.

        Before them there is at least the opener.
        """
        prefix = len(self.request.prefix.encode())
        spelled = len(self.healing.start)
        count = 0
        while spelled < prefix and count < len(self.tokens):
            count += 1
            spelled += len(self._pieces[self.tokens[-count]])
        if count == len(self.tokens):
            self.tokens = [self._opener, *self.tokens]
        self.forced = tuple(self.tokens[len(self.tokens) - count :])
        self.first = len(self.tokens) - count - 1
        self.judged = []
        self.owed = max(0, spelled - prefix)
        for candidate in self.waiting:
            candidate.owed = self.owed


class Part(Struct, frozen=True, gc=False):
    """What a batch holds of one sequence: a candidate's token, a way's, or a slice of a prompt.

    The logits of the last `wanted` tokens are needed.
    """

    job: Job
    owner: Candidate | Way | None
    sequence: int
    start: int
    tokens: list[int]
    wanted: int
