"""When a worker that has work to do is given up. No clock, process or thread is known here.

It is asked once a tick, about a second, for a sign of life, and tells how many steps its model has
made. Ticks are counted and not time, so that a computer or a parent that was asleep, and could not
have heard the answer, ends nobody.

A worker whose whole process stands (stopped, or without memory) gives no sign at all. One whose
model stands in native code answers, always with the same number of steps; a large model on a slow
processor does so too for minutes, and how long it may is measured as it is tried out.
"""

STARTING, SILENT = 120, 8
STEP, LONGEST_STEP, LOADING = 120, 3600, 1800
# two tokens are tried out, and the largest step has 512
TRIAL, SLOWER = 256, 4


class Patience:
    """What one worker has told of late. `hear` and `load` are one thread's, the rest another's."""

    def __init__(self) -> None:
        self._signs = self._changes = 0
        self._steps = 0
        self._loading, self._trying, self._trial = True, False, 0
        self._seen = self._seen_changes = 0
        self._silent = self._still = self._longest = 0

    def hear(self, steps: int | None = None) -> None:
        """Note a message: an answer with this number of steps, or (None) one that is a step."""
        self._signs += 1
        if steps != self._steps:
            self._changes += 1
            self._steps = self._steps if steps is None else steps

    def load(self, *, trying: bool) -> None:
        """Note that the model is being loaded, and whether it is being tried out already."""
        self._loading, self._trying = True, trying

    def stand(self) -> None:
        """Note that the model stands ready."""
        self._loading = self._trying = False

    def rest(self) -> None:
        """Note that there was nothing to do in this tick."""
        self._silent = self._still = 0

    def tick(self) -> str | None:
        """Count one tick with work to do; a sentence if the worker is to be ended."""
        if self._trying:
            self._trial += 1
        self._silent = 0 if self._signs != self._seen else self._silent + 1
        if self._changes != self._seen_changes:
            self._longest = 0 if self._loading else max(self._longest, self._still)
            self._still = 0
        else:
            self._still += 1
        self._seen, self._seen_changes = self._signs, self._changes
        silence = SILENT if self._signs else STARTING
        if self._silent >= silence:
            return f"The model's process gave no sign of life for {silence} seconds and was ended."
        if self._still >= self._most:
            return f"The model computed at one step for {self._most} seconds and was ended."
        return None

    @property
    def _most(self) -> int:
        """How many ticks one step may take."""
        if self._loading:
            return LOADING
        return min(LONGEST_STEP, max(STEP, TRIAL * self._trial, SLOWER * self._longest))
