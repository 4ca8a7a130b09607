"""What was offered, what became of it, and which choices were made, gathered from events.

Pure, and of use to all that counts: `curation` for its figures, `formats.pairs` for preferences. It
knows no text but the candidates' own.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import log2

from .events import (
    Accepted,
    Branched,
    Dismissed,
    Event,
    Framed,
    Generated,
    Place,
    Proposed,
    Rejected,
    Shown,
    Verdict,
    Withdrawn,
)
from .tree import Judged

UNDATED = "(no known date)"


@dataclass(frozen=True, slots=True)
class Choice:
    """A fan of which `m` of `n` seen candidates were acceptable. `number` is the place in the fan
    of the first of them, from 1, and `rank` its place among those seen by the mean log-probability
    of a token, the likeliest being 1. `voices` has a voice for each of the m;
    `chosen` and `seen` are all candidates, those of equal text too.
    """

    fan: str
    cell: str
    day: str
    time: float
    n: int
    m: int
    bits: float
    distinct: bool
    number: int
    rank: int
    voices: tuple[str, ...]
    chosen: tuple[str, ...]
    seen: tuple[str, ...]


@dataclass(slots=True)
class Offer:
    """A candidate, and what became of it."""

    id: str
    fan: str
    cell: str
    at: Place
    voice: str
    day: str
    number: int
    distinct: bool
    generated: Generated | None = None
    since: float | None = None
    shown: bool = False
    seconds: float | None = None
    verdict: Judged | None = None
    accepted: list[tuple[int, int]] = field(default_factory=list)
    judged: Verdict | None = None

    @property
    def text(self) -> str:
        """What tells it from others: its text, or itself where none came."""
        return self.generated.text if self.generated else f"\0{self.id}"

    @property
    def likely(self) -> float:
        """The mean log-probability of its tokens."""
        logprobs = self.generated.logprobs if self.generated else ()
        return sum(logprobs) / len(logprobs) if logprobs else float("-inf")

    def kept(self) -> tuple[int, int]:
        """Code points and tokens that were accepted."""
        made = self.generated
        if made is None or self.verdict != "accepted":
            return 0, 0
        length, stops = len(made.text), [0]
        starts = [0]
        for start, stop in sorted(self.accepted):
            start, stop = max(start, stops[-1]), min(stop, length)
            if start < stop:
                starts.append(start)
                stops.append(stop)
        points = sum(stops) - sum(starts)
        if not made.ends:
            return points, round(len(made.tokens) * points / max(1, length))
        lasts = (max(end, 1) - 1 for end in made.ends)
        return points, sum(last < stops[bisect_right(starts, last) - 1] for last in lasts)


def gather(events: Iterable[Event]) -> tuple[tuple[Offer, ...], tuple[Choice, ...]]:
    """All candidates in the order of asking, and the choices among them in the order of time. What
    refers to something that is not in the history is left out.
    """
    gathered = Gathering()
    for event in events:
        gathered.take(event)
    return tuple(gathered.offers.values()), gathered.choices()


def selection_bits(n: int, m: int = 1) -> float:
    """The information in keeping m of n candidates that were equally likely to be drawn."""
    return log2(n / m)


class Gathering:
    """What the events that were taken tell of each candidate, in the order of asking."""

    def __init__(self) -> None:
        self.offers: dict[str, Offer] = {}
        self._fans: dict[str, list[Offer]] = {}
        self._voices: dict[str, str] = {}

    def take(self, event: Event) -> None:
        """Take one more event into account."""
        match event:
            case Framed():
                self._voices[event.stamp.id] = event.name or event.stamp.id[:8]
            case Proposed():
                self._propose(event)
            case Generated():
                self._generate(event)
            case Shown():
                self._show(event.candidates, event.stamp.time)
            case Dismissed():
                self._show(event.seen)
            case Accepted() | Branched() | Rejected():
                self._judge(event)
            case Withdrawn() if event.candidate in self.offers:
                offer = self.offers[event.candidate]
                offer.verdict, offer.judged, offer.accepted = None, None, []
            case _:
                pass

    def choices(self) -> tuple[Choice, ...]:
        """The fans in which something was acceptable, in order of time."""
        found = (self._choice(fan, offers) for fan, offers in self._fans.items())
        return tuple(sorted((c for c in found if c is not None), key=lambda c: (c.time, c.fan)))

    def fan(self, fan: str) -> tuple[tuple[Offer, ...], tuple[Choice, ...]]:
        """The candidates of one fan, and the choice among them where there was one."""
        offers = self._fans.get(fan, [])
        choice = self._choice(fan, offers)
        return tuple(offers), (choice,) if choice else ()

    def _propose(self, event: Proposed) -> None:
        fan = self._fans.setdefault(event.fan, [])
        day = fan[0].day if fan else _day(event.stamp.time)
        voice = self._voices.get(event.recipe.voice or "", "")
        for id in event.candidates:
            if id not in self.offers:
                offer = Offer(
                    id=id,
                    fan=event.fan,
                    cell=event.stamp.cell,
                    at=event.at,
                    voice=voice,
                    day=day,
                    number=len(fan) + 1,
                    distinct=event.sampling.distinct,
                )
                self.offers[id] = offer
                fan.append(offer)

    def _generate(self, event: Generated) -> None:
        offer = self.offers.get(event.candidate)
        if offer and offer.generated is None:
            offer.generated = event
            if offer.since is None:
                offer.since = event.stamp.time

    def _show(self, candidates: Iterable[str], time: float | None = None) -> None:
        """They were seen, by `time` if that is recorded."""
        for id in candidates:
            offer = self.offers.get(id)
            if offer and not offer.shown:
                offer.shown = True
                offer.since = offer.since if time is None else time

    def _judge(self, event: Accepted | Branched | Rejected) -> None:
        offer = self.offers.get(event.candidate)
        if offer is None:
            return
        time = event.stamp.time
        if offer.since is not None and offer.seconds is None and time >= offer.since:
            offer.seconds = time - offer.since
        self._show((*event.seen, event.candidate))
        offer.judged = event
        offer.verdict = _VERDICTS[type(event)]
        if isinstance(event, Accepted):
            offer.accepted.append((event.start, event.stop))

    def _choice(self, fan: str, offers: list[Offer]) -> Choice | None:
        chosen = [o for o in offers if o.verdict in ("accepted", "branched")]
        if not chosen:
            return None
        last = max((o.judged for o in chosen if o.judged), key=_order)
        ids = {*last.seen, *(o.id for o in chosen)}
        seen = [o for o in offers if o.id in ids]
        first = chosen[0]
        m, n = len({o.text for o in chosen}), len({o.text for o in seen})
        return Choice(
            fan=fan,
            cell=first.cell,
            day=first.day,
            time=last.stamp.time,
            n=n,
            m=m,
            bits=selection_bits(n, m),
            distinct=any(o.distinct for o in seen),
            number=first.number,
            rank=1 + len({o.text for o in seen if o.likely > first.likely}),
            voices=tuple({o.text: o.voice for o in chosen}.values()),
            chosen=tuple(o.id for o in chosen),
            seen=tuple(o.id for o in seen),
        )


_VERDICTS: Mapping[type[Verdict], Judged] = {
    Accepted: "accepted",
    Branched: "branched",
    Rejected: "rejected",
}


def _order(event: Verdict) -> tuple[int, str]:
    return event.stamp.seq, event.stamp.writer


def _day(time: float) -> str:
    """The date of a time, UTC."""
    try:
        return datetime.fromtimestamp(time, UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return UNDATED
