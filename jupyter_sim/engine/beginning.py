"""The first tokens of a rollout's candidates: from the rows of the prompt's end to a piece each.

Where the prompt's end has to be healed, ways to spell it anew are decoded until all that matter
are known. Nothing is known here of batches, or of what candidates do later.
"""

from msgspec import structs

from .cache import Cache
from .drawing import Drawing
from .healing import Way
from .jobs import Part, Run
from .messages import Piece
from .requests import Requests
from .rows import Rows


class Beginning:
    """Leads rollouts to their candidates' first tokens."""

    def __init__(self, cache: Cache, drawing: Drawing, requests: Requests) -> None:
        self._cache = cache
        self._drawing = drawing
        self._requests = requests

    def look(self, run: Run, part: Part, rows: Rows, row: int) -> bool:
        """Take in the rows of a prompt's end or a way's; whether the next step can be decided."""
        if isinstance(part.owner, Way):
            self._see(run, part.owner, rows, row)
            return True
        place = part.start + len(part.tokens) - part.wanted - run.first
        for each in range(row, row + part.wanted):
            if place == len(run.forced):
                self._see(run, run.beginning, rows, each)
                return True
            run.tops[run.forced[:place]] = rows.top(each, run.top)
            run.judged.append(rows.logprob(each, run.forced[place]))
            place += 1
        return False

    def draw(self, run: Run) -> list[Piece]:
        """Draw the first tokens, and then `run` is standing; or set out on the ways before them."""
        run.ways = []
        for way in run.healing.next():
            sequence = self._cache.fork(way.sequence)
            if sequence is not None:
                run.forks.append(sequence)
                run.ways.append(way._replace(sequence=sequence))
        if run.ways:
            return []
        choices = run.healing.choices()
        if choices is None:
            run.unheal(self._requests.healing())
            self._cache.cut(run.sequence, run.first)
            return []
        run.standing = True
        pieces = self._drawing.first(run.waiting, choices, run.prompt_tokens)
        run.waiting = [one for one in run.waiting if not one.finished]
        return [self._with_tops(run, piece) for piece in pieces]

    def _see(self, run: Run, way: Way, rows: Rows, row: int) -> None:
        run.healing.see(way, rows.logprobs(row), float(rows.weights.norms[row]))
        run.tops[way.tokens] = rows.top(row, run.top)

    def _with_tops(self, run: Run, piece: Piece) -> Piece:
        if not run.top:
            return piece
        before = (piece.tokens[:place] for place in range(len(piece.tokens)))
        return structs.replace(piece, top=tuple(map(run.tops.__getitem__, before)))
