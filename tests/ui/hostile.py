"""Session logs that someone sent: payloads in every field that can hold a text."""

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from jupyter_sim.events import (
    Accepted,
    Alternative,
    Branched,
    Cancelled,
    Dismissed,
    Edited,
    Event,
    Framed,
    Generated,
    Marked,
    Moved,
    Opened,
    Place,
    Placed,
    Proposed,
    Recipe,
    Rejected,
    Sampling,
    Shown,
    Source,
    Stamp,
    Withdrawn,
    Written,
)
from jupyter_sim.formats.simlog import Header, write_log

ELSEWHERE = "http://evil.invalid"
PAYLOADS = (
    "<script>hurt()</script>",
    "</script><script>hurt()</script>",
    f"<img src={ELSEWHERE}/a.png onerror=hurt()>",
    "<svg onload=hurt()><script>hurt()</script></svg>",
    f"<iframe src=javascript:hurt()></iframe><link rel=stylesheet href={ELSEWHERE}/b.css>",
    f"[a](javascript:hurt()) ![b]({ELSEWHERE}/c.png) $$\\href{{javascript:hurt()}}{{x}}$$",
    "<details open ontoggle=hurt()><style>*{display:none}</style>",
    "\" onmouseover=hurt() style=position:fixed;inset:0 x='",
    "<!--<script>",
    "\x1b[2J\x1b]0;title\x07\x00\x08\x7f",
    "\u202eevil\u2066\u2069\u200b\ufeff\u2028\U000e0041\ud800",
    "../../../etc/passwd\x00.ipynb",
    "C:\\..\\x //evil.invalid/d",
    "__proto__ constructor %1 %2 ${hurt()} {{hurt()}}",
)


def events_of(payload: str, first: int) -> Iterator[Event]:
    """Every type of event, with the payload in each of its texts."""
    seq = first

    def stamp() -> Stamp:
        nonlocal seq
        seq += 1
        return Stamp(f"{payload}{seq}", payload, seq, 1.7e9 + seq, payload, payload, payload)

    root = stamp()
    at = Place(f"{root.id}.0", len(payload))
    yield Opened(root, payload)
    frame = stamp()
    yield Framed(frame, payload, payload)
    fan, ids = f"{payload} fan", tuple(f"{payload}{first}.{i}" for i in range(3))
    recipe = Recipe(0, payload, voice=frame.id)
    source = Source(payload, payload, payload)
    yield Proposed(
        *(stamp(), fan, payload, at, ids, (1, 2, 3), recipe, source, Sampling(), "none", 8)
    )
    top = ((Alternative(1, payload, -1.0),),)
    for id in ids:
        yield Generated(stamp(), fan, payload, id, payload, (1,), (-1.0,), "stop", 1e300, (), top)
    yield Shown(stamp(), fan, ids)
    yield Rejected(stamp(), fan, ids[2], ids)
    yield Branched(stamp(), fan, ids[1], ids)
    yield Accepted(stamp(), fan, ids[0], ids, at, 0, len(payload))
    yield Marked(stamp(), ids[1], True, (payload,), payload)
    end = Place(ids[0], len(payload))
    yield Edited(stamp(), end, 0, (Written(payload, "human"),))
    yield Moved(stamp(), Place(payload, 7))
    yield Placed(stamp(), "retyped")
    yield Withdrawn(stamp(), fan, ids[1])
    yield Cancelled(stamp(), fan)
    yield Dismissed(stamp(), fan, ids)


def write_hostile(path: Path, payloads: Sequence[str] = PAYLOADS) -> int:
    """Write such a log by the real writer; how many events it has."""
    events: list[Event] = []
    for payload in payloads:
        events += events_of(payload, len(events))
    header = Header(document=payloads[0], path=payloads[0], kind=payloads[1], exported=1e300)
    write_log(path, header, events)
    return len(events)


def write_refused(path: Path) -> None:
    """Write lines that the real writer refuses, with proofs that fit, around one good event."""
    head = {"format": "simlog", "version": 1, "document": "d", "path": "p", "kind": "file"}
    lines = [json.dumps(head | {"exported": 1, "prev": ""})]
    good = json.dumps({"type": "opened", "stamp": stamp_of(9), "text": "still here"})
    bombs = [
        '{"type":"opened","text":NaN}',
        "[" * 200_000 + "]" * 200_000,
        good.replace('"seq": 9', '"seq": 1e999'),
        good.replace('"text"', '"text": "x", "text"'),
        good.replace('"text"', '"<img src=x onerror=hurt()>": 1, "text"'),
        good.replace('"opened"', '"<script>hurt()</script>"'),
        good.replace('"seq": 9', f'"seq": {"9" * 100_000}'),
        f'{{"__proto__":{good}}}',
        good,
    ]
    for bomb in bombs:
        lines.append(f'{{"prev":"{sha256(lines[-1].encode()).hexdigest()}","event":{bomb}}}')
    lines.append(f'{{"prev":"{sha256(lines[-1].encode()).hexdigest()}","end":{len(bombs)}}}')
    path.write_text("\n".join(lines) + "\n")


def stamp_of(seq: int) -> dict[str, object]:
    names = dict.fromkeys(("writer", "user", "document", "cell"), "x")
    return {"id": "e9", "seq": seq, "time": 9.0, **names}
