"""Three tables for pandas and its kin: NAME.events.parquet, .candidates.parquet, .tokens.parquet.

Columns by their type, as Arrow names it; `?` marks those that can be null:

    events
      string: id, writer, user, cell, type, json
      string?: fan, candidate
      int64: seq
      timestamp[us, UTC]?: time
    candidates
      string: candidate, fan, draw, cell, text, finish, voice, model, sha256, stop
      string?: prompt, verdict
      int32: number, characters, tokens, accepted, max_tokens
      int64: seed
      float64: temperature, seconds, logprob
      bool: seen, distinct
    tokens
      string: candidate
      int32: index, token
      int32?: end
      float64: logprob
      list<struct<token: int32, text: string, logprob: float64>>: top

`json` is the whole event; `number` the candidate's place in its fan, from 1; `accepted` how many
of its `characters` (code points) were; `logprob` of a candidate the sum over its tokens; `end` the
code points of its text up to a token's end; `top` the likeliest tokens in a place. `candidate`
joins the tables, `prompt` is null where it cannot be made again, and a time that no calendar has is
null. Half of a surrogate pair becomes a question mark. It takes pyarrow, which is installed with
`pip install 'jupyter-sim[parquet]'`.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from ..choices import gather
from ..errors import BadInput
from ..events import Event, Generated, Proposed
from .files import drafts
from .pairs import prompts

Row = dict[str, Any]

_NULL = {
    "events": {"time", "fan", "candidate"},
    "candidates": {"prompt", "verdict"},
    "tokens": {"end"},
}


def tables_of(out: Path) -> tuple[Path, ...]:
    """Where the tables of events, candidates and tokens go."""
    stem = out.name.removesuffix(".parquet")
    names = ("events", "candidates", "tokens")
    return tuple(out.with_name(f"{stem}.{name}.parquet") for name in names)


def write_parquet(out: Path, events: Sequence[Event]) -> tuple[Path, ...]:
    """Write the three tables beside each other and return where they are. Raises BadInput without
    pyarrow and for a number that its column cannot hold, HistoryError where a file cannot be
    written.
    """
    arrow, parquet = _arrow()
    tables = {"events": _events, "candidates": _candidates, "tokens": _tokens}
    paths = tables_of(out)
    with drafts(*paths) as made:
        for (name, rows), path in zip(tables.items(), made, strict=True):
            try:
                table = arrow.Table.from_pylist(list(rows(events)), schema=_schema(arrow, name))
            except (ValueError, OverflowError) as error:
                raise BadInput(
                    f"The table of {name} cannot hold this history: {error}. Export it as jsonl."
                ) from error
            parquet.write_table(table, path)
    return paths


def _arrow() -> tuple[ModuleType, ModuleType]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise BadInput(
            "Parquet takes pyarrow, which is not installed. Run `pip install "
            "'jupyter-sim[parquet]'`, or export as jsonl."
        ) from error
    return pyarrow, pyarrow.parquet


def _schema(arrow: ModuleType, table: str) -> Any:
    text, whole, real, flag = arrow.string(), arrow.int32(), arrow.float64(), arrow.bool_()
    alternative = arrow.struct([("token", whole), ("text", text), ("logprob", real)])
    columns = {
        "events": {
            **dict.fromkeys(("id", "writer", "user", "cell", "type"), text),
            "seq": arrow.int64(),
            "time": arrow.timestamp("us", "UTC"),
            **dict.fromkeys(("fan", "candidate", "json"), text),
        },
        "candidates": {
            **dict.fromkeys(("candidate", "fan", "draw", "cell", "prompt", "text"), text),
            **dict.fromkeys(("finish", "voice", "model", "sha256", "stop"), text),
            **dict.fromkeys(("number", "characters", "tokens", "accepted", "max_tokens"), whole),
            "seed": arrow.int64(),
            **dict.fromkeys(("temperature", "seconds", "logprob"), real),
            **dict.fromkeys(("seen", "distinct"), flag),
            "verdict": text,
        },
        "tokens": {
            "candidate": text,
            **dict.fromkeys(("index", "token"), whole),
            "logprob": real,
            "end": whole,
            "top": arrow.list_(alternative),
        },
    }
    fields = columns[table].items()
    return arrow.schema([arrow.field(n, kind, nullable=n in _NULL[table]) for n, kind in fields])


def _events(events: Sequence[Event]) -> Iterator[Row]:
    for event in events:
        said = msgspec.to_builtins(event)
        stamp = event.stamp
        yield {
            "id": _clean(stamp.id),
            "writer": _clean(stamp.writer),
            "user": _clean(stamp.user),
            "cell": _clean(stamp.cell),
            "type": said["type"],
            "seq": stamp.seq,
            "time": _time(stamp.time),
            "fan": _clean(said.get("fan")),
            "candidate": _clean(said.get("candidate")),
            "json": json.dumps(said),
        }


def _candidates(events: Sequence[Event]) -> Iterator[Row]:
    offers, _ = gather(events)
    draws = {id: p for p in events if isinstance(p, Proposed) for id in p.candidates}
    asked = prompts(events)
    for offer in offers:
        made, draw = offer.generated, draws[offer.id]
        if made is None:
            continue
        yield {
            "candidate": _clean(offer.id),
            "fan": _clean(offer.fan),
            "draw": _clean(draw.draw),
            "cell": _clean(offer.cell),
            "prompt": _clean(asked.get(offer.id)),
            "text": _clean(made.text),
            "finish": made.finish,
            "voice": _clean(offer.voice),
            "model": _clean(draw.source.model),
            "sha256": _clean(draw.source.sha256),
            "stop": draw.stop,
            "number": offer.number,
            "characters": len(made.text),
            "tokens": len(made.tokens),
            "accepted": offer.kept()[0],
            "max_tokens": draw.max_tokens,
            "seed": dict(zip(draw.candidates, draw.seeds, strict=False)).get(offer.id, 0),
            "temperature": draw.sampling.temperature,
            "seconds": made.seconds,
            "logprob": sum(made.logprobs),
            "seen": offer.shown,
            "distinct": offer.distinct,
            "verdict": offer.verdict,
        }


def _tokens(events: Sequence[Event]) -> Iterator[Row]:
    for event in events:
        if isinstance(event, Generated):
            for index, (token, logprob) in enumerate(
                zip(event.tokens, event.logprobs, strict=False)
            ):
                yield {
                    "candidate": _clean(event.candidate),
                    "index": index,
                    "token": token,
                    "logprob": logprob,
                    "end": event.ends[index] if index < len(event.ends) else None,
                    "top": [
                        {"token": a.token, "text": _clean(a.text), "logprob": a.logprob}
                        for a in (event.top[index] if index < len(event.top) else ())
                    ],
                }


def _time(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _clean(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "replace").decode()
