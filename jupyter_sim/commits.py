"""Group commit: lines that wait at one time are written together, one group after another.

Here the event loop meets the disk. Neither events nor files are known; writing is for others.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Lines on their way to the disk, what follows when they are there, and who waits for them."""

    lines: Sequence[bytes]
    landed: Callable[[], None]
    future: asyncio.Future[None]


class Commits:
    """Lets `write` put lines on disk, in a thread of its own. All methods are called from one event
    loop.
    """

    def __init__(self, write: Callable[[Sequence[bytes]], None]) -> None:
        self._write = write
        self._thread = ThreadPoolExecutor(1, "history")
        self._queue: list[_Waiting] = []
        self._commit: asyncio.Task[None] | None = None

    async def add(self, lines: Sequence[bytes], landed: Callable[[], None]) -> None:
        """Returns when lines are on disk and `landed` was called, as it is also where nobody waits
        any more. Raises what `write` raises; then none of them is recorded.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(lines, landed, loop.create_future())
        self._queue.append(waiting)
        if self._commit is None:
            self._commit = loop.create_task(self._commit_queue())
        await waiting.future

    async def run(self, work: Callable[[], None]) -> None:
        """Do something else with the files, between two groups. Raises what that raises."""
        await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Wait until all is on disk."""
        if self._commit is not None:
            await self._commit
        self._thread.shutdown()

    async def _commit_queue(self) -> None:
        """Write what waits together; what comes meanwhile waits for the next round."""
        loop = asyncio.get_running_loop()
        while self._queue:
            group, self._queue = self._queue, []
            lines = [line for waiting in group for line in waiting.lines]
            work = loop.run_in_executor(self._thread, self._write, lines)
            await asyncio.wait([work])
            _answer(group, work.exception())
        self._commit = None


def _answer(group: list[_Waiting], error: BaseException | None) -> None:
    for waiting in group:
        if error is None:
            waiting.landed()
        if waiting.future.done():
            continue
        if error is None:
            waiting.future.set_result(None)
        else:
            waiting.future.set_exception(error)
