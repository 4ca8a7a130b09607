"""How many threads a model may use on this machine, and how many pay at the moment.

On all cores a step is quicker, unless anything else wants one of them: then the threads wait for
each other, and it takes many times as long. So all of them are used for as long as measured steps
do not say that one less is better.
"""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

TOPOLOGY = Path("/sys/devices/system/cpu")
QUOTA = Path("/sys/fs/cgroup/cpu.max")
STATE = Path("/proc/stat")
MANY = 1 << 16

LONG = 64
TRIAL_STEPS = 4
FIRST_PATIENCE, LONGEST_PATIENCE = 0.05, 0.8
GAIN, COLLAPSE = 0.85, 4.0
DEAR, DEAREST = 50, 8.0
"""How many times what a trial has lost has to go by before the next one, and the most seconds."""

WAITED = 0.7


def cores() -> int:
    """Return how many cores this process may use.

    Counted are physical cores where Linux tells them, within the process's affinity and the quota
    of its container, as a hub sets it.
    """
    return min(_cores(), _quota())


def unclaimed() -> int:
    """Return how many processors nobody else runs on now; many where the system does not say."""
    try:
        running = re.search(r"^procs_running (\d+)", STATE.read_text(), re.MULTILINE)
    except OSError:
        return MANY
    return (os.cpu_count() or 1) + 1 - int(running[1]) if running else MANY


class Threads:
    """The number of threads for each step: `most`, or `fewer` while that is faster.

    Now and then the other number is tried for a few short steps, or until half as many are no
    faster; all cores only where nobody else runs on any. A step is compared with those of its size,
    or of the nearest that is known. Each trial that was in vain doubles the seconds until the next
    one, which are many where it was dear.

    Long steps, of prompts, are computed by most, until one has got too little of the processors,
    of which `worked` tells how many seconds this process has had. From then on as many are left to
    others as want one, for as long as there are others.
    """

    def __init__(
        self,
        fewer: int,
        most: int,
        unclaimed: Callable[[], int] = unclaimed,
        worked: Callable[[], float] = time.process_time,
    ) -> None:
        self.now = most
        self._fewer, self._most = fewer, most
        self._unclaimed = unclaimed
        self._worked = worked
        self._began = 0.0
        self._long = most
        self._crowded = False
        self._patience = FIRST_PATIENCE
        self._since = 0.0
        self._collapsing = 0
        # by number of threads and size, the seconds of the last steps
        self._usual: dict[int, dict[int, list[float]]] = {fewer: {}, most: {}}
        # of a trial's steps, the seconds, and those of the other number
        self._trial: list[tuple[float, float]] | None = None

    def to_take(self, size: int) -> int:
        """Return how many threads a step of so many tokens is to be computed by."""
        if size < LONG or self._fewer == self._most:
            return self.now
        self._long = max(1, min(self._most, self._unclaimed())) if self._crowded else self._most
        self._crowded = self._long < self._most
        self._began = self._worked()
        return self._long

    def took(self, size: int, seconds: float) -> None:
        """Note how long a step of so many tokens took, which now is at its end."""
        if self._fewer == self._most:
            return
        if size >= LONG:
            worked = self._worked() - self._began
            self._crowded |= worked < WAITED * self._long * seconds
            return
        usual = self._usual[self.now].get(size, [])
        self._usual[self.now][size] = [*usual[1 - TRIAL_STEPS :], seconds]
        if self._trial is not None:
            self._judge(self._trial, size, seconds)
            return
        self._since += seconds
        collapsed = self.now == self._most and seconds > COLLAPSE * min(usual, default=seconds)
        self._collapsing = self._collapsing + 1 if collapsed else 0
        if self._collapsing > 1 or self._since > self._patience:
            self._since, self._collapsing = 0.0, 0
            if self.now == self._most or self._left_alone():
                self._trial = []
                self._swap()

    def _left_alone(self) -> bool:
        """Whether nobody else runs on any of the cores; our own threads may still wait on some."""
        return self._unclaimed() + self.now > self._most

    def _judge(self, trial: list[tuple[float, float]], size: int, seconds: float) -> None:
        """Keep the other number if it has turned out faster; otherwise go back."""
        known = self._usual[self._other]
        trial.append((seconds, median(known[min(known, key=lambda one: abs(one - size))])))
        ratios = [mine / usual for mine, usual in trial]
        slow = sum(ratio >= 1 for ratio in ratios)
        if len(trial) < TRIAL_STEPS and slow < TRIAL_STEPS // 2 and ratios[-1] < COLLAPSE:
            return
        self._trial = None
        if median(ratios) < GAIN:
            self._patience = max(FIRST_PATIENCE, self._patience / 2)
        else:
            dear = min(DEAREST, DEAR * sum(mine - usual for mine, usual in trial))
            self._patience = max(min(LONGEST_PATIENCE, 2 * self._patience), dear)
            self._swap()

    @property
    def _other(self) -> int:
        return self._fewer if self.now == self._most else self._most

    def _swap(self) -> None:
        self.now = self._other


def _cores() -> int:
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    mine = os.sched_getaffinity(0)
    siblings = (TOPOLOGY / f"cpu{core}" / "topology" / "thread_siblings" for core in mine)
    try:
        return len({path.read_text() for path in siblings})
    except OSError:
        return len(mine)


def _quota() -> int:
    """Return the whole cores that the control group grants; many where it does not say."""
    try:
        granted, period = QUOTA.read_text().split()
        return max(1, int(granted) // int(period))
    except (OSError, ValueError):
        return MANY
