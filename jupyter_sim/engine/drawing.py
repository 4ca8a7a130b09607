"""From the weights of a step to the tokens of its candidates. No cache is known here.

What a candidate's chain of samplers does to a row changes what is drawn, and not what is told of
it: log-probabilities are the model's own.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from ..events import Sampling
from .candidate import Candidate
from .chain import Chain
from .healing import Choices
from .llama import Llama
from .messages import Piece
from .sampling import Doubles, Floats, Weights, choose, keep, point, weigh


class Drawing:
    """Draws the next token of candidates of one model."""

    def __init__(self, model: Llama) -> None:
        self._model = model
        self._pieces = model.pieces
        self._ends = model.ends

    def next(self, candidates: list[Candidate], weights: Weights) -> list[Piece]:
        """Draw one token for each candidate from its row, which are the first of all rows."""
        groups: dict[Sampling, list[int]] = {}
        tokens = np.zeros(len(candidates), np.int64)
        for place, candidate in enumerate(candidates):
            if candidate.chain is None:
                groups.setdefault(candidate.sampling, []).append(place)
            else:
                tokens[place] = _chained(candidate, candidate.chain, weights.logits[place])
        for sampling, places in groups.items():
            mine = weights if len(places) == len(weights.norms) else weights.rows(places)
            tokens[places] = choose(mine, sampling, _chances(candidates[p] for p in places))
        rows = np.arange(len(tokens))
        logprobs = weights.logits[rows, tokens] - weights.norms[rows]
        return [
            one.take(token, logprob, self._pieces[token], end=token in self._ends)
            for one, token, logprob in zip(
                candidates, tokens.tolist(), logprobs.tolist(), strict=True
            )
        ]

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
        taken: set[tuple[bytes, bool]] = set()
        picks = []
        for candidate in candidates:
            heights, pick, chains = choices.heights, None, dict[int, Chain]()
            if candidate.sampling.chain:
                heights, pick, chains = self._chain(candidate, choices, prompt)
            if pick is None:
                pick = self._pick(candidate, heights, choices, taken)
            picks.append(pick)
            if chains:
                candidate.chain = chains[int(choices.places[pick])]
                candidate.chain.hear([int(choices.tokens[pick])])
        return picks

    def _pick(
        self,
        candidate: Candidate,
        heights: Floats,
        choices: Choices,
        taken: set[tuple[bytes, bool]],
    ) -> int:
        """Return what a candidate draws, if it has to be distinct of what others have not taken.

        Distinct candidates draw in turn from what those before them have left, in proportion to
        the probabilities there: the same distribution as that of the largest log-probabilities
        with Gumbel noise (Kool, van Hoof, Welling: Stochastic Beams and Where to Find Them, 2019).
        What is taken is dropped only when it is drawn, which comes to the same. Choices that say
        the same count as one. When all are taken, all are free again.
        """
        sampling = candidate.sampling
        columns, weights = keep(weigh(heights[None]), sampling)
        left = weights.copy()
        while True:
            best = sampling.temperature == 0
            place = int(left.argmax()) if best else point(left, candidate.chance())
            pick = int(columns[place])
            says = self._says(choices, pick)
            if not sampling.distinct or says not in taken:
                taken.add(says)
                return pick
            left[place] = 0
            if not left.any():
                taken.clear()
                left = weights.copy()

    def _says(self, choices: Choices, place: int) -> tuple[bytes, bool]:
        """Return the bytes of a choice beyond the prompt, and whether it ends the text."""
        token = int(choices.tokens[place])
        owed = len(choices.ways[choices.places[place]].rest)
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


def _chained(candidate: Candidate, chain: Chain, logits: Floats) -> int:
    """Return the next token as the candidate's chain leaves the choice, or chooses."""
    tokens = np.flatnonzero(np.isfinite(logits))
    left, pick = chain.apply(tokens, logits[tokens])
    if pick is None:
        pick = int(choose(weigh(left[None]), candidate.sampling, _chances([candidate]))[0])
    token = int(tokens[pick])
    chain.hear([token])
    return token


def _chances(candidates: Iterable[Candidate]) -> Doubles:
    return np.array([candidate.chance() for candidate in candidates])
