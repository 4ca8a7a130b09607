"""The first tokens of a rollout's candidates: from the rows of the prompt's end to a piece each.

Where the prompt's end has to be healed, ways to spell it anew are decoded until all that matter
are known. Nothing is known here of batches, or of what candidates do later.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import structs

from .cache import Cache
from .drawing import Drawing
from .healing import MAX_WAYS, Way
from .jobs import Part, Run
from .messages import Piece
from .outbox import join_pieces
from .recall import Recall
from .requests import Requests
from .rows import Rows


class Beginning:
    """Leads rollouts to their candidates' first tokens."""

    def __init__(
        self,
        cache: Cache,
        recall: Recall,
        drawing: Drawing,
        requests: Requests,
        pieces: Sequence[bytes],
    ) -> None:
        self._cache = cache
        self._recall = recall
        self._pieces = pieces
        self._drawing = drawing
        self._requests = requests

    def look(self, run: Run, part: Part, rows: Rows, row: int) -> bool:
        """Take in the rows of a prompt's end or a way's; whether the next step can be decided."""
        if isinstance(part.owner, Way):
            self._see(run, part.owner, rows, row)
            return True
        place = part.start + len(part.tokens) - part.wanted - run.first
        for each in range(row, row + part.wanted):
            self._pass(run, place, rows, each)
            place += 1
        return place > len(run.forced) + run.ahead

    def draw(self, run: Run) -> list[Piece]:
        """Draw the first tokens, and then `run` is standing; or set out on the ways before them."""
        run.ways = []
        while ways := run.healing.next():
            for way in ways:
                self._set_out(run, way)
            if run.ways:
                return []
        choices = run.healing.choices()
        if choices is None:
            run.unheal(self._requests.healing())
            self._cache.cut(run.sequence, run.first)
            return []
        run.standing = True
        if not run.waiting:
            return []
        pieces = self._drawing.first(run.waiting, choices, run.prompt_tokens)
        pieces = self._go_ahead(run, [self._with_tops(run, piece) for piece in pieces])
        run.waiting = [one for one in run.waiting if not one.finished]
        run.known = {}
        return pieces

    def _pass(self, run: Run, place: int, rows: Rows, row: int) -> None:
        """Take in the row before the token at a place of what candidates are expected to say."""
        before = run.expected[:place]
        if place < len(run.forced):
            run.tops[before] = rows.top(row, run.top)
            run.judged.append(rows.logprob(row, run.forced[place]))
        elif place == len(run.forced):
            self._see(run, run.beginning, rows, row)
        else:
            run.tops[before] = rows.top(row, run.top)
            run.known[before] = rows.weights.rows([row])

    def _set_out(self, run: Run, way: Way) -> None:
        """Look at the row after a way, if it is known; else let the way be decoded."""
        known = run.known.get(way.tokens)
        if known is not None:
            length = len(run.prompt_tokens) + len(way.tokens)
            norm = float(known.norms[0])
            row = np.asarray(known.logits[0] - np.float32(norm))
            run.healing.see(way._replace(sequence=run.sequence, length=length), row, norm)
            return
        if not (run.waiting or self._cache.spare(MAX_WAYS)) or self._recollect(run, way):
            return
        sequence = self._cache.fork(way.sequence, way.length)
        if sequence is not None:
            run.forks.append(sequence)
            run.ways.append(way._replace(sequence=sequence, length=None))

    def _recollect(self, run: Run, way: Way) -> bool:
        """Look at the row after a way that is in the cache, if it can be recalled."""
        tokens = [*self._cache.tokens(way.sequence)[: way.length], way.tokens[-1]]
        sequence = self._cache.resume(tokens)
        if sequence is None:
            return False
        run.forks.append(sequence)
        cells = self._cache.cells(sequence, len(tokens) - 1)
        known = self._recall.known(cells) > 0
        if known:
            rows = Rows(self._recall.rows(cells), self._pieces, run.top)
            self._see(run, way._replace(sequence=sequence, length=None), rows, 0)
        return known

    def _go_ahead(self, run: Run, pieces: list[Piece]) -> list[Piece]:
        """Draw another token for those who have said just what was read ahead."""
        known = run.known.get(run.expected) if run.ahead else None
        said = {piece.index for piece in pieces if piece.tokens == run.expected}
        further = [one for one in run.waiting if one.index in said and not one.finished]
        if known is None or not further:
            return pieces
        for one in further:
            one.sequence, one.shared = run.sequence, len(run.tokens)
        second = self._drawing.next(further, known.repeated(len(further)))
        if run.top:
            top = run.tops[run.expected]
            second = [structs.replace(piece, top=(top,)) for piece in second]
        added = {piece.index: piece for piece in second}
        return [join_pieces((p, added[p.index])) if p.index in added else p for p in pieces]

    def _see(self, run: Run, way: Way, rows: Rows, row: int) -> None:
        run.healing.see(way, rows.logprobs(row), float(rows.weights.norms[row]))
        run.tops[way.tokens] = rows.top(row, run.top)

    def _with_tops(self, run: Run, piece: Piece) -> Piece:
        if not run.top:
            return piece
        before = (piece.tokens[:place] for place in range(len(piece.tokens)))
        return structs.replace(piece, top=tuple(map(run.tops.__getitem__, before)))
