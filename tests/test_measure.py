"""The live figures of curation: those of `curation`, told after each verdict."""

from dataclasses import asdict

import msgspec

from jupyter_sim.curation import Token, curation
from jupyter_sim.document import Document
from jupyter_sim.engine.messages import Scoring
from jupyter_sim.engine.scripted import ScriptedEngine
from jupyter_sim.measure import SLICE
from jupyter_sim.protocol import Branch, Measure, Measured, Score, See, Withdraw
from jupyter_sim.tally import Sums, Tally

from .test_curation_vectors import HISTORIES, Judge
from .writer import PROMPT, Open, Writer, told

NAMES = list(Sums.__dataclass_fields__)


def figures(document: Document) -> dict[str, object]:
    """What `curation` has of all that is on disk."""
    total = asdict(curation(document.history.events).total)
    return {name: total[name] for name in NAMES}


def last(writer: Writer) -> Measured:
    return writer.answers(Measured)[-1]


def same(writer: Writer) -> bool:
    """Whether what was told last is what `curation` has."""
    now = msgspec.structs.asdict(last(writer))
    return {name: now[name] for name in NAMES} == figures(writer.document)


def test_a_tally_has_the_figures_of_curation_after_each_event() -> None:
    for seed in range(HISTORIES):
        events = Judge(seed).events
        tally = Tally()
        for count, event in enumerate(events, 1):
            tally.take([event])
            total = asdict(curation(events[:count]).total)
            assert asdict(tally.sums()) == {name: total[name] for name in NAMES}


async def test_the_figures_are_told_when_asked_for_and_after_each_verdict(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    await writer.say(Measure(writer.id()))
    assert last(writer).choices == 0 and same(writer)
    seen = await writer.propose(len(PROMPT))
    await writer.say(See(writer.id(), "cell", "fan-00001", seen))
    assert last(writer).fans == 1 and same(writer)
    await writer.say(Branch(writer.id(), "cell", "fan-00001", seen[1], seen))
    assert last(writer).choices == 1 and same(writer)
    await writer.accept(seen[0], 0, 13, at=7)
    assert last(writer).kept == 13 and same(writer)
    await writer.say(Withdraw(writer.id(), "cell", "fan-00001", seen[0]))
    assert last(writer).kept == 0 and same(writer)


async def test_nothing_is_told_where_nothing_changed_nor_to_who_did_not_ask(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    other = Writer(writer.document)
    await writer.write(PROMPT)
    await writer.say(Measure(writer.id()))
    count = len(writer.answers(Measured))
    await writer.write(PROMPT + "late")
    assert len(writer.answers(Measured)) == count
    assert not other.answers(Measured)


async def test_a_long_history_is_counted_while_it_goes_on(opened: Open) -> None:
    writer = opened(ScriptedEngine(told()))
    await writer.write(PROMPT)
    for number in range(SLICE):
        await writer.write(PROMPT + str(number))
    seen = await writer.propose(7)
    await writer.say(Measure(writer.id()))
    await writer.accept(seen[2], 0, 7, at=7)
    assert last(writer).choices == 1 and same(writer)


async def test_the_bits_of_what_a_human_wrote_count_while_the_scored_text_stands(
    opened: Open,
) -> None:
    engine = ScriptedEngine(told())
    writer = opened(engine)
    await writer.write("")
    await writer.write("It was late.")
    await writer.write("Elsewhere", cell="other")
    await writer.say(Measure(writer.id()))
    assert last(writer).intervention_bits is None and last(writer).cells == 2
    await writer.ask(Score(writer.id(), "cell"))
    scores = {}
    for cell, tree in writer.document.trees.items():
        parts = [part async for part in engine.score(Scoring("score-001", tree.text))]
        scores[cell] = [Token(t.end, t.logprob) for part in parts for t in part.tokens]
    expected = curation(writer.document.history.events, scores)
    now = last(writer)
    assert now.intervention_bits == expected.cells["cell"].intervention_bits
    assert now.scored == 1 and now.bits_per_token is None
    await writer.ask(Score(writer.id(), "other"))
    now = last(writer)
    assert now.intervention_bits == expected.total.intervention_bits
    assert now.bits_per_token == expected.total.bits_per_token
    await writer.write("It was late. So be it.")
    assert last(writer).scored == 1 and last(writer).bits_per_token is None
