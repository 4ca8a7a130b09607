"""From the weights of a step to the tokens of its candidates. No cache is known here.

What a candidate's chain of samplers does to a row changes what is drawn, and not what is told of
it: log-probabilities are the model's own.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
from msgspec import Struct

from ..events import Sampling
from .candidate import Candidate
from .chain import Chain
from .healing import Choices
from .llama import Llama
from .messages import Piece
from .sampling import choose, keep, point, weigh
from .weights import Doubles, Floats, Weights

Said = tuple[bytes, bool]
NOTHING: Said = (b"", False)


class Pick(Struct, frozen=True, gc=False):
    """A token that was drawn, and its log-probability."""

    token: int
    logprob: float


class Drawing:
    """Draws the next token of candidates of one model."""

    def __init__(self, model: Llama) -> None:
        self._model = model
        self._pieces = model.pieces
        self._ends = model.ends

    def next(self, candidates: list[Candidate], weights: Weights) -> list[Piece]:
        """Draw one token for each candidate from its row, which are the first of all rows."""
        picks = self.picks(candidates, weights)
        return [self.take(one, pick) for one, pick in zip(candidates, picks, strict=True)]

    def picks(self, candidates: list[Candidate], weights: Weights) -> list[Pick]:
        """Return what `next` lets each candidate take, before any of them has."""
        groups: dict[Sampling, list[int]] = {}
        tokens = [0] * len(candidates)
        for place, candidate in enumerate(candidates):
            if candidate.chain is None and candidate.taken is None:
                groups.setdefault(candidate.sampling, []).append(place)
            else:
                tokens[place] = self._alone(candidate, weights.logits[place])
        for sampling, places in groups.items():
            mine = weights if len(places) == len(weights.norms) else weights.rows(places)
            drawn = choose(mine, sampling, _chances(candidates[p] for p in places))
            for place, token in zip(places, drawn.tolist(), strict=True):
                tokens[place] = token
        # a number at a time, which for so few is quicker than all at once
        logit, norms = weights.logits.item, weights.norms.tolist()
        return [Pick(token, logit(row, token) - norms[row]) for row, token in enumerate(tokens)]

    def take(self, candidate: Candidate, pick: Pick) -> Piece:
        """Let a candidate say a token."""
        if candidate.chain is not None:
            candidate.chain.hear([pick.token])
        spelled, end = self._pieces[pick.token], pick.token in self._ends
        return candidate.take(pick.token, pick.logprob, spelled, end=end)

    def first(
        self, candidates: list[Candidate], choices: Choices, prompt: Sequence[int]
    ) -> list[Piece]:
        """Draw the first token of every candidate of one rollout; `prompt` is before all ways."""
        sampling = candidates[0].sampling
        if sampling.distinct or sampling.chain:
            picks = self._one_by_one(candidates, choices, prompt)
        else:
            row = weigh(choices.heights[None])
            picks = choose(row, sampling, _chances(candidates)).tolist()
        return [
            self._begin(candidate, choices, pick)
            for candidate, pick in zip(candidates, picks, strict=True)
        ]

    def _begin(self, candidate: Candidate, choices: Choices, pick: int) -> Piece:
        way, token = choices.ways[choices.places[pick]], int(choices.tokens[pick])
        logprob = float(choices.heights[pick]) - way.weight
        spelled = [self._pieces[one] for one in (*way.tokens, token)]
        return candidate.begin(way, token, logprob, spelled, end=token in self._ends)

    def _one_by_one(
        self, candidates: list[Candidate], choices: Choices, prompt: Sequence[int]
    ) -> list[int]:
        """Return each candidate's pick, which may depend on its chain and on those before it."""
        taken: set[Said] = set()
        picks = []
        for candidate in candidates:
            heights, pick, chains = choices.heights, None, dict[int, Chain]()
            candidate.taken = taken if candidate.sampling.distinct else None
            if candidate.sampling.chain:
                heights, pick, chains = self._chain(candidate, choices, prompt)
            if pick is None:
                pick = self._pick(candidate, heights, partial(self._choice_says, choices))
            picks.append(pick)
            if chains:
                candidate.chain = chains[int(choices.places[pick])]
                candidate.chain.hear([int(choices.tokens[pick])])
        return picks

    def _alone(self, candidate: Candidate, logits: Floats) -> int:
        """Return the next token of a candidate that has a chain, or has to be distinct still."""
        tokens, pick = np.flatnonzero(np.isfinite(logits)), None
        left = logits[tokens]
        if candidate.chain is not None:
            left, pick = candidate.chain.apply(tokens, left)
        if pick is None:
            pick = self._pick(candidate, left, lambda place: self._says(int(tokens[place])))
        return int(tokens[pick])

    def _pick(self, candidate: Candidate, heights: Floats, says: Callable[[int], Said]) -> int:
        """Return what a candidate draws, if it has to be distinct of what others have not taken.

        Distinct candidates draw in turn from what those before them have left, in proportion to
        the probabilities there: the same distribution as that of the largest log-probabilities
        with Gumbel noise (Kool, van Hoof, Welling: Stochastic Beams and Where to Find Them, 2019).
        What is taken is dropped only when it is drawn, which comes to the same. Choices that say
        the same count as one; those that say nothing, because they only spell the prompt's end,
        are free to all, whose next tokens are then distinct. When all are taken, all are free.
        """
        sampling, taken = candidate.sampling, candidate.taken
        columns, weights = keep(weigh(heights[None]), sampling)
        left = weights.copy()
        while True:
            best = sampling.temperature == 0
            place = int(left.argmax()) if best else point(left, candidate.chance())
            pick = int(columns[place])
            if taken is None or (said := says(pick)) == NOTHING:
                return pick
            if said not in taken:
                taken.add(said)
                candidate.taken = None
                return pick
            left[place] = 0
            if not left.any():
                taken.clear()
                left = weights.copy()

    def _choice_says(self, choices: Choices, place: int) -> Said:
        owed = len(choices.ways[choices.places[place]].rest)
        return self._says(int(choices.tokens[place]), owed)

    def _says(self, token: int, owed: int = 0) -> Said:
        """Return the bytes of a token beyond those owed, and whether it ends the text."""
        return self._pieces[token][owed:], token in self._ends

    def _chain(
        self, candidate: Candidate, choices: Choices, prompt: Sequence[int]
    ) -> tuple[Floats, int | None, dict[int, Chain]]:
        """Return the log-probabilities of the choices as the candidate's samplers leave them.

        Each way's choices go through them by themselves, after the way's own tokens, so biases and
        penalties act as anywhere, and what they drop is dropped of those that follow the same way.
        A sampler that chooses by itself does so after a way drawn in proportion to what its
        choices weigh; then the choice comes too. The chains are those of the ways.
        """
        chain = Chain(candidate.sampling.chain, self._model, candidate.seed, prompt)
        heights = np.full_like(choices.heights, -np.inf)
        sound = np.isfinite(choices.heights)
        masses = np.exp(choices.heights - choices.heights.max())
        weights = np.bincount(choices.places, masses, len(choices.ways)).astype(np.float32)
        ways = np.flatnonzero(weights).tolist()
        if chain.chooses:
            ways = [point(weights, candidate.chance())]
        pick, chains = None, {}
        for place in ways:
            way = choices.ways[place]
            mine = np.flatnonzero((choices.places == place) & sound)
            level = np.float32(choices.norms[place] - way.weight)
            chains[place] = chain.after(way.tokens)
            left, chosen = chains[place].apply(choices.tokens[mine], choices.heights[mine] + level)
            heights[mine] = left - level
            if chosen is not None:
                pick = int(mine[chosen])
        return heights, pick, chains


def _chances(candidates: Iterable[Candidate]) -> Doubles:
    return np.array([candidate.chance() for candidate in candidates])
