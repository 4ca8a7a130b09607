"""The logits of one batch, as log-probabilities and alternatives of the model's own distribution.

Nothing is known here of samplings, or of what the rows belong to.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import structs

from ..events import Alternative
from .messages import Piece
from .sampling import likeliest
from .weights import Floats, Weights

NOTHING = -150
"""How far below the likeliest logit a token counts that weighs nothing in 32 bits."""


class Rows:
    """Rows of weights; `pieces` spell the tokens, and `top` is the most alternatives needed."""

    def __init__(self, weights: Weights, pieces: Sequence[bytes], top: int) -> None:
        self.weights = weights
        self._pieces = pieces
        if top:
            ranking = likeliest(weights, top)
            logits = np.take_along_axis(weights.logits, ranking.columns, 1)
            logprobs = logits - weights.norms[:, None]
            self._columns = ranking.columns.tolist()
            self._logprobs = logprobs.round(4).tolist()
            # what weighs nothing is no alternative
            self._sizes = (ranking.values > 0).sum(axis=1).tolist()

    def logprobs(self, row: int) -> Floats:
        """Return the log-probabilities of all tokens."""
        return np.asarray(self.weights.logits[row] - np.float32(self.weights.norms[row]))

    def logprob(self, row: int, token: int) -> float:
        """Return the log-probability of one token; of one that weighs nothing, a finite one."""
        weights = self.weights
        logit = max(weights.logits[row, token], weights.peaks[row] + NOTHING)
        return float(logit - weights.norms[row])

    def top(self, row: int, count: int) -> tuple[Alternative, ...]:
        """Return the likeliest tokens, likeliest first."""
        if not count:
            return ()
        size = min(count, self._sizes[row])
        return tuple(
            Alternative(token, self._pieces[token].decode("utf-8", "replace"), logprob)
            for token, logprob in zip(
                self._columns[row][:size], self._logprobs[row][:size], strict=True
            )
        )

    def beside(self, pieces: dict[int, Piece], count: int) -> list[Piece]:
        """Return pieces of one token, by row, each with the alternatives of its row."""
        if not count:
            return list(pieces.values())
        return [structs.replace(p, top=(self.top(row, count),)) for row, p in pieces.items()]
