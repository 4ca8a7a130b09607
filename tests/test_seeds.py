"""Seeds: fresh, or from one number the same for the same text, whatever else goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from jupyter_sim.document import Document
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.events import Proposed, Sampling
from jupyter_sim.history import History
from jupyter_sim.protocol import Propose
from jupyter_sim.seeds import SEEDS, Seeds

from .writer import PROMPT, Writer

OTHER = "She was "

Seeded = Callable[..., Writer]


@pytest.fixture
async def seeded(tmp_path: Path) -> AsyncIterator[Seeded]:
    """Open a document by its name, over an engine of its own, with a number for its seeds."""
    documents: list[Document] = []

    def open_document(number: int | None, name: str = "document-1") -> Writer:
        history = History.open(name, path=name, root=tmp_path)
        documents.append(Document(history, ScriptedEngine(), seed=number))
        return Writer(documents[-1])

    yield open_document
    for document in documents:
        await document.close()


def drawn(writer: Writer, cell: str = "cell") -> list[tuple[int, ...]]:
    """The recorded seeds of a cell's draws, in order."""
    events = writer.document.history.events
    return [e.seeds for e in events if isinstance(e, Proposed) and e.stamp.cell == cell]


def texts(writer: Writer) -> list[str]:
    """What the candidates of all draws say."""
    return [writer.node(one) for ids in writer.candidates.values() for one in ids]


async def offered(writer: Writer, text: str = PROMPT, n: int = 3, cell: str = "cell") -> None:
    """Write a text, ask for candidates at its end, and wait for them."""
    await writer.write(text, cell=cell)
    asked = Propose(writer.id(), cell, "fan-00001", len(text), n, "sentence", 48, Sampling())
    await writer.ask(asked)
    await writer.until(lambda: writer.ended(asked.id) == n)


async def test_the_same_number_and_text_give_the_same_seeds_in_any_document(
    seeded: Seeded,
) -> None:
    one, other = seeded(7, "document-1"), seeded(7, "document-2")
    await offered(one)
    await offered(other)
    assert drawn(one) == drawn(other)
    assert texts(one) == texts(other)


async def test_another_number_another_text_or_none_gives_others(seeded: Seeded) -> None:
    writers = [seeded(number, f"document-{number}") for number in (7, 8, None)]
    for writer in writers:
        await offered(writer)
    await offered(writers[0], OTHER)
    draws = [draw for writer in writers for draw in drawn(writer)]
    assert len(draws) == 4
    assert len({seed for draw in draws for seed in draw}) == 12


async def test_asking_again_draws_others_and_the_same_ones_each_time(seeded: Seeded) -> None:
    one, other = seeded(7, "document-1"), seeded(7, "document-2")
    await offered(one, n=2)
    await offered(one, n=3)
    await offered(other, n=5)
    first, second = drawn(one)
    assert first + second == drawn(other)[0]
    assert len({*first, *second}) == 5


async def test_what_other_cells_ask_for_meanwhile_changes_nothing(seeded: Seeded) -> None:
    orders = (["a", "b", "c"], ["c", "b", "a"])
    writers = [seeded(7, f"document-{number}") for number in (1, 2)]
    for writer, cells in zip(writers, orders, strict=True):
        await asyncio.gather(*(offered(writer, cell=cell) for cell in cells))
    told = [drawn(writer, cell) for writer in writers for cell in "abc"]
    assert told == [told[0]] * 6


async def test_a_document_that_is_opened_again_goes_on_where_it_was(seeded: Seeded) -> None:
    whole = seeded(7, "document-1")
    for _ in range(2):
        await offered(whole)
    before = seeded(7, "document-2")
    await offered(before)
    await before.document.close()
    after = seeded(7, "document-2")
    await offered(after)
    assert drawn(after) == drawn(whole)


@pytest.mark.parametrize("number", [None, 0, -1, 7, 2**64])
def test_the_seeds_of_a_large_draw_are_in_range_and_unlike_each_other(number: int | None) -> None:
    seeds = [seed for digest in ("a", "b") for seed in Seeds(number, ()).deal("cell", digest, 32)]
    assert all(0 <= seed < SEEDS for seed in seeds)
    assert len(set(seeds)) == 64
