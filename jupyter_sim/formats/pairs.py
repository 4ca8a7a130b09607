r"""Preference pairs: JSON Lines that the preference trainers of the TRL library read as they are.

    {"prompt": "It was", "chosen": " dark.", "rejected": " late."}

That is TRL's *standard preference format with an explicit prompt*: plain strings, and the chosen
and the rejected text each follow the prompt with nothing between
(https://huggingface.co/docs/trl/dataset_formats#preference). `datasets.load_dataset("json",
data_files=…)` gives the three columns.

A pair is made for each choice (see `choices`): what was accepted or branched against each candidate
that was *seen* at that verdict and was neither, nor has the text of one that was. Of a candidate
that was accepted in part only its accepted beginning is the chosen text. Candidates of different
voices followed different prompts and make no pair. Equal triples count once; an empty text makes no
pair. Beside NAME.jsonl stands NAME.datasheet.md, which tells how the pairs came to be.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..choices import Choice, Offer, gather
from ..errors import BadLog
from ..events import Event, Proposed, Sampling
from ..prompt import frames, recall
from ..tree import fold
from .files import drafts, write_text
from .markdown import escaped
from .simlog import Log


@dataclass(frozen=True, slots=True)
class Pair:
    """One preference. `spoken`: the rejected text was rejected by a verdict, and not only passed
    over.
    """

    prompt: str
    chosen: str
    rejected: str
    spoken: bool

    def line(self) -> str:
        """The pair as TRL reads it: half of a surrogate pair becomes a question mark."""
        columns = {"prompt": self.prompt, "chosen": self.chosen, "rejected": self.rejected}
        return json.dumps(
            {name: text.encode("utf-8", "replace").decode() for name, text in columns.items()}
        )


def sheet_of(out: Path) -> Path:
    """Where the datasheet of pairs goes."""
    return out.with_name(f"{out.stem}.datasheet.md")


def write_pairs(out: Path, log: Log) -> tuple[int, Path]:
    """Write the pairs and, beside them, their datasheet; how many pairs there are, and where the
    datasheet is. Raises HistoryError.
    """
    found = pairs(log.events)
    sheet = sheet_of(out)
    with drafts(out, sheet) as (lines, words):
        write_text(lines, (pair.line() + "\n" for pair in found))
        write_text(words, [datasheet(log, found)])
    return len(found), sheet


def pairs(events: Sequence[Event]) -> tuple[Pair, ...]:
    """The preferences in a history, in the order of the choices."""
    offers, choices = gather(events)
    by_id = {offer.id: offer for offer in offers}
    asked = prompts(events)
    found: dict[tuple[str, str, str], Pair] = {}
    for choice in choices:
        for pair in _of_choice(choice, by_id, asked):
            found.setdefault((pair.prompt, pair.chosen, pair.rejected), pair)
    return tuple(found.values())


def datasheet(log: Log, found: Sequence[Pair]) -> str:
    """What a user of the pairs has to know about them, as Markdown."""
    proposed = [event for event in log.events if isinstance(event, Proposed)]
    models = sorted({escaped(f"{p.source.model} (sha256 {p.source.sha256})") for p in proposed})
    samplings = sorted({_sampling(p.sampling) for p in proposed})
    spoken = sum(pair.spoken for pair in found)
    return _SHEET.format(
        n=len(found),
        spoken=spoken,
        passed=len(found) - spoken,
        document=escaped(log.header.document),
        users=len({event.stamp.user for event in log.events}),
        models="\n".join(f"- {model}" for model in models) or "- none",
        samplings="\n".join(f"- {sampling}" for sampling in samplings) or "- none",
    )


def _of_choice(
    choice: Choice, offers: Mapping[str, Offer], asked: Mapping[str, str]
) -> Iterator[Pair]:
    kept = {"", *(offers[one].text for one in choice.chosen)}
    for one in choice.chosen:
        chosen = _endorsed(offers[one])
        for other in choice.seen:
            rejected = offers[other].generated
            if rejected is None or rejected.text in kept or one not in asked:
                continue
            if asked[one] == asked.get(other) and chosen and rejected.text != chosen:
                spoken = offers[other].verdict == "rejected"
                yield Pair(asked[one], chosen, rejected.text, spoken)


def _endorsed(offer: Offer) -> str:
    """The text that the verdict was about: of a partly accepted candidate, its beginning."""
    if offer.generated is None:
        return ""
    if offer.verdict == "accepted":
        return offer.generated.text[: max(stop for _, stop in offer.accepted)]
    return offer.generated.text


def prompts(events: Iterable[Event]) -> dict[str, str]:
    """The prompt that each candidate followed, where the history still tells."""
    events = tuple(events)
    trees, _ = fold(events)
    framed = frames(events)
    found: dict[str, str] = {}
    for event in events:
        if isinstance(event, Proposed):
            try:
                found.update(dict.fromkeys(event.candidates, recall(event, trees, framed)))
            except BadLog:
                continue
    return found


def _sampling(sampling: Sampling) -> str:
    distinct = ", distinct first tokens" if sampling.distinct else ""
    chain = "".join(f", {type(one).__name__}" for one in sampling.chain)
    return (
        f"temperature {sampling.temperature:g}, top-k {sampling.top_k}, top-p {sampling.top_p:g}, "
        f"min-p {sampling.min_p:g}{distinct}{chain}"
    )


_SHEET = """\
# Datasheet of these preference pairs

**What.** {n} pairs (prompt, chosen, rejected) from the writing of document {document}, by {users}
user(s). In {spoken} the rejected text was rejected by a verdict; in {passed} it was seen and passed
over when another was accepted or branched.

**How.** A base model offered several continuations at the caret; a person read them and judged them
from the keyboard. Only candidates that were painted on a visible page count. The chosen text is a
candidate that was accepted or kept as a branch; of one accepted in part, the accepted beginning.
Pairs of one choice share their chosen text and are not independent. Equal triples are there once.

**Models that drew the candidates.**
{models}

**Sampling.**
{samplings}

**Columns.** `prompt`, `chosen`, `rejected`: plain strings, TRL's standard preference format with an
explicit prompt. The texts follow the prompt with nothing between.

**Caution.** The verdicts are one person's taste for one text, and lean to what stood first and what
was short. The prompts hold that person's own writing, and maybe that of others: ask before you
share them. Texts drawn from a model stand under the model's licence, and text it has memorised
under its author's; whoever publishes these pairs has to see that both allow it.
"""
