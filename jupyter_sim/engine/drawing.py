"""From the weights of a step to the tokens of its candidates. No model or cache is known here."""

from collections.abc import Iterable, Sequence

import numpy as np

from ..events import Sampling
from .candidate import Candidate
from .healing import Choices
from .messages import Piece
from .sampling import Doubles, Weights, choose, weigh


class Drawing:
    """Draws the next token of candidates; `pieces` spell a model's tokens, `ends` end a text."""

    def __init__(self, pieces: Sequence[bytes], ends: frozenset[int]) -> None:
        self._pieces = pieces
        self._ends = ends

    def next(self, candidates: list[Candidate], weights: Weights) -> list[Piece]:
        """Draw one token for each candidate from its row, which are the first of all rows."""
        groups: dict[Sampling, list[int]] = {}
        for place, candidate in enumerate(candidates):
            groups.setdefault(candidate.sampling, []).append(place)
        tokens = np.zeros(len(candidates), np.int64)
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

    def first(self, candidates: list[Candidate], choices: Choices) -> list[Piece]:
        """Draw the first token of every candidate of one rollout."""
        pieces = []
        row = weigh(choices.heights[None])
        picks = choose(row, candidates[0].sampling, _chances(candidates))
        for candidate, pick in zip(candidates, picks.tolist(), strict=True):
            way, token = choices.ways[choices.places[pick]], int(choices.tokens[pick])
            logprob = float(choices.heights[pick]) - way.weight
            spelled = [self._pieces[one] for one in (*way.tokens, token)]
            end = token in self._ends
            pieces.append(candidate.begin(way, token, logprob, spelled, end=end))
        return pieces


def _chances(candidates: Iterable[Candidate]) -> Doubles:
    return np.array([candidate.chance() for candidate in candidates])
