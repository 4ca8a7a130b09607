"""Three tables for pandas and its kin: NAME.events.parquet, .candidates.parquet, .tokens.parquet.

Columns and types, as Arrow names them (all but those marked ? are never null):

events      id, writer, user, cell, type: string · seq: int64 · time: timestamp[us, UTC]? · fan,
            candidate: string? · json: string, the whole event
candidates  candidate, fan, draw, cell, prompt?, text, finish, voice, model, sha256, stop: string ·
            number (in its fan, from 1), characters, tokens, accepted (characters), max_tokens:
            int32 · seed: int64 · temperature, seconds: float64 · logprob: float64, the sum over the
            tokens · seen, distinct: bool · verdict: string? (accepted, branched or rejected)
tokens      candidate: string · index, token: int32 · logprob: float64 · end: int32?, the code
            points of the candidate's text up to its end · top: list<struct<token: int32, text:
            string, logprob: float64>>, the likeliest in its place

`candidate` joins the tables, `prompt` is null where it cannot be made again, and a time that no
calendar has is null. Half of a surrogate pair becomes a question mark. It takes pyarrow, which is
installed with `pip install 'jupyter-sim[parquet]'`.
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
from .files import unwritten
from .pairs import prompts

Row = dict[str, Any]


def write_parquet(out: Path, events: Sequence[Event]) -> tuple[Path, ...]:
    """Write the three tables beside each other and return where they are. Raises BadInput without
    pyarrow, HistoryError where a file cannot be written.
    """
    arrow, parquet = _arrow()
    tables = {"events": _events, "candidates": _candidates, "tokens": _tokens}
    paths = []
    for name, rows in tables.items():
        table = arrow.Table.from_pylist(list(rows(events)), schema=_schema(arrow, name))
        path = out.with_name(f"{out.name.removesuffix('.parquet')}.{name}.parquet")
        try:
            parquet.write_table(table, path)
        except OSError as error:
            raise unwritten(path, error) from error
        paths.append(path)
    return tuple(paths)


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
    nullable = {"time", "fan", "candidate", "prompt", "verdict", "end"}
    return arrow.schema(
        [
            arrow.field(name, kind, nullable=name in nullable)
            for name, kind in columns[table].items()
        ]
    )


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
