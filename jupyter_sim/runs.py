"""Text by author: stretches of it, cut and joined."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from .events import Author


class Run(Struct, frozen=True, gc=False):
    """A stretch of text by one author."""

    text: str
    author: Author


def cut(runs: Iterable[Run], start: int, stop: int) -> Iterator[Run]:
    """Code points `start` to `stop` of some runs."""
    end = 0
    for run in runs:
        position, end = end, end + len(run.text)
        if position >= stop:
            return
        if start <= position and end <= stop and run.text:
            yield run
        elif max(start, position) < min(stop, end):
            yield Run(run.text[max(0, start - position) : stop - position], run.author)


def joined(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The same text with neighbouring runs of one author made one."""
    found: list[Run] = []
    texts: list[str] = []
    author: Author = "found"
    for run in runs:
        if not run.text:
            continue
        if texts and run.author != author:
            found.append(Run("".join(texts), author))
            texts.clear()
        texts.append(run.text)
        author = run.author
    return (*found, Run("".join(texts), author)) if texts else ()
