"""A rollout under way and its candidates: tokens go in, whole characters come out.

What is here remembers; the loop in `rollout` decides.
"""

import codecs
from typing import NamedTuple

from msgspec import structs

from ..events import Finish
from .healing import MAX_WAYS, Healing, Way
from .messages import Piece, Rollout
from .sampling import fraction, fractions
from .stops import Stopper


class Candidate:
    """The state of one candidate between two steps.

    `token` is its last one, which is not decoded yet, `sequence` where those before it live (or
    what to fork, as long as the candidate waits), and `left` how many more it may get.
    """

    def __init__(self, request: Rollout, index: int) -> None:
        self.index = index
        self.sampling = request.sampling
        self.sequence = -1
        self.token = -1
        self.left = request.max_tokens + 1
        self.finished = False
        self._tokens_left = request.max_tokens
        self._numbers = fractions(request.seeds[index])
        self._characters = codecs.getincrementaldecoder("utf-8")("replace")
        self._stopper = Stopper(request.stop, request.prompt)

    def chance(self) -> float:
        """Return the next random number of this candidate's seed."""
        return fraction(self._numbers)

    def begin(self, way: Way, token: int, logprob: float, spelled: bytes, *, end: bool) -> Piece:
        """Take the first token, with those that lead to it; what they owe the prompt is no text."""
        self.sequence = way.sequence
        piece = self.take(token, logprob, spelled[len(way.rest) :], end=end)
        return structs.replace(
            piece, tokens=way.tokens + piece.tokens, logprobs=way.logprobs + piece.logprobs
        )

    def take(self, token: int, logprob: float, spelled: bytes, *, end: bool) -> Piece:
        """Take the next token; `end` says that it ends the text."""
        self.token = token
        self.left -= 1
        text, finish = self._say(spelled, end=end)
        self.finished = finish is not None
        return Piece(self.index, text, (token,), (logprob,), finish)

    def _say(self, spelled: bytes, *, end: bool) -> tuple[str, Finish | None]:
        if end:
            return self._stopper.close(), "end"
        # a token that only repeats the end of the prompt does not count
        self._tokens_left -= bool(spelled)
        text, stopped = self._stopper.feed(self._characters.decode(spelled))
        if stopped:
            return text, "stop"
        if not self._tokens_left:
            return text + self._stopper.close(), "length"
        return text, None


class Run:
    """The state of one rollout between two steps.

    `tokens` are the prompt's, less those in `back`, which are taken back to be healed, and
    `sequence` is where they live; `ways` are to be decoded next, in `forks` that are let go in the
    end. When the rollout is `standing`, its candidates have their first tokens; they move from
    `waiting` to `live` as there is room for them, and leave when they are finished.
    """

    def __init__(
        self, serial: int, request: Rollout, tokens: list[int], back: int, healing: Healing
    ) -> None:
        self.serial = serial
        self.request = request
        self.tokens = tokens[: len(tokens) - back]
        self.back = tokens[len(tokens) - back :]
        self.healing = healing
        self.sequence = -1
        self.ways: list[Way] = []
        self.forks: list[int] = []
        self.standing = False
        self.reused = 0
        self.waiting = [Candidate(request, index) for index in range(len(request.seeds))]
        self.live: list[Candidate] = []

    def outstanding(self, decoded: int) -> int:
        """Return how many cells may still be needed for the prompt and for what is placed.

        The first candidate counts from the beginning, so that no rollout is stuck with its prompt.
        """
        first = self.waiting[0].left + MAX_WAYS if self.waiting and not self.live else 0
        return len(self.tokens) - decoded + first + sum(one.left for one in self.live)


class Part(NamedTuple):
    """What a batch holds of one sequence: a candidate's token, a way's, or a slice of a prompt."""

    run: Run
    owner: Candidate | Way | None
    sequence: int
    start: int
    tokens: list[int]
    wanted: bool
