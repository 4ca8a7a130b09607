"""One candidate under way: tokens go in, whole characters come out.

What is here remembers; the loop in `rollout` decides.
"""

from codecs import utf_8_decode
from collections.abc import Sequence
from itertools import chain

from msgspec import structs

from ..events import Finish
from .chain import Chain
from .healing import Way
from .messages import Piece, Rollout
from .sampling import fractions
from .stops import Stopper


class Candidate:
    """The state of one candidate between two steps.

    `token` is its last one, which is not decoded yet, `sequence` where those before it live (or as
    long as the candidate waits, what to fork: the first `shared` tokens of it), and `left` how many
    more it may get. Its first bytes, `owed` of them, only spell the prompt's end and are no text.
    When it has `finished`, `whole` says that its text is all that its tokens spell.
    `chain` are the samplers of llama.cpp that it asked for, once it has its first token, and
    `taken` what others of its rollout have said first, as long as it has to say something else.
    """

    def __init__(self, request: Rollout, index: int) -> None:
        self.index = index
        self.sampling = request.sampling
        self.seed = request.seeds[index]
        self.chain: Chain | None = None
        self.taken: set[tuple[bytes, bool]] | None = None
        self.sequence = -1
        self.shared: int | None = None
        self.token = -1
        self.left = request.max_tokens + 1
        self.finished = False
        self.whole = False
        self.owed = 0
        self._given = len(request.prefix.encode())
        self._prefix = len(request.prefix)
        self._said = 0
        self._told = 0
        self._tokens_left = request.max_tokens
        self._numbers = fractions(self.seed)
        self._drawn: list[float] = []
        self._begun = b""
        before = request.prompt + request.prefix
        self._stopper = Stopper(request.stop, before, request.strings, request.prefix)

    def chance(self) -> float:
        """Return the next random number of this candidate's seed."""
        number = next(self._numbers)
        self._drawn.append(number)
        return number

    def rewind(self) -> None:
        """Take back the random numbers since the last token, for that they are drawn once more."""
        self._numbers = chain(self._drawn, self._numbers)
        self._drawn = []

    def begin(
        self, way: Way, token: int, logprob: float, spelled: Sequence[bytes], *, end: bool
    ) -> Piece:
        """Take the first token, after those that lead to it; `spelled` are the bytes of each."""
        self.sequence, self.shared = way.sequence, way.length
        text, ends = "", []
        for one in spelled[:-1]:
            text += self._hear(one)
            ends.append(self._said)
        self._told += len(text)
        piece = self.take(token, logprob, spelled[-1], end=end)
        return structs.replace(
            piece,
            text=text + piece.text,
            tokens=way.tokens + piece.tokens,
            logprobs=way.logprobs + piece.logprobs,
            ends=(*ends, *piece.ends),
        )

    def take(self, token: int, logprob: float, spelled: bytes, *, end: bool) -> Piece:
        """Take the next token; `end` says that it ends the text."""
        self.token = token
        self.left -= 1
        self._drawn.clear()
        text, finish = self._say(spelled, end=end)
        self._told += len(text)
        if finish is not None:
            self.finished = True
            told = self._told == self._said and not self._begun
            self.whole = told and not end
        return Piece(self.index, text, (token,), (logprob,), finish, (self._said,))

    def _say(self, spelled: bytes, *, end: bool) -> tuple[str, Finish | None]:
        if end:
            return self._stopper.close(), "end"
        # a token that only repeats what was given does not count
        self._tokens_left -= len(spelled) > self.owed + self._given
        before = max(0, self._prefix - self._said)
        heard = self._hear(spelled)
        text, stopped = self._stopper.feed(heard[before:])
        text = heard[:before] + text
        if stopped:
            return text, "stop"
        if not self._tokens_left:
            return text + self._stopper.close(cut=bool(self._begun)), "length"
        return text, None

    def _hear(self, spelled: bytes) -> str:
        """Return the characters that are whole now, without what is owed to the prompt."""
        fresh = spelled[self.owed :]
        self.owed -= len(spelled) - len(fresh)
        self._given -= min(self._given, len(fresh))
        fresh = self._begun + fresh
        text, whole = utf_8_decode(fresh, "replace")
        self._begun = fresh[whole:]
        self._said += len(text)
        return text
