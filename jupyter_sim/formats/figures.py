"""Figures of curation as a table for a person, as JSON and as CSV.

The names are those of `curation.Figures` in JSON and CSV, and plain words in the table.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields

from ..curation import Curation, Figures
from .plain import one_line

_COLUMNS = ("fans", "chosen", "bits", "bits/token", "kept", "branching", "median s")


def as_table(curation: Curation, model: str = "") -> str:
    """Tell the figures in words, then a line for each cell, voice and day. `model` is the one that
    scored the text.
    """
    parts = [("cell", curation.cells), ("voice", curation.voices), ("day", curation.days)]
    tables = [
        "\n".join(_part(name, part)) for name, part in parts if len(part) > 1 or set(part) > {""}
    ]
    return "\n\n".join(["\n".join(_total(curation.total, model)), *tables])


def as_json(curation: Curation, model: str = "") -> str:
    """One object with the keys model, total, cells, voices, days and choices."""
    return json.dumps({"model": model, **asdict(curation)}, indent=2)


def as_csv(curation: Curation) -> str:
    """A row for the document and for each part of it: what it is, its name, and every figure."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["part", "name", *(field.name for field in fields(Figures))])
    writer.writerow(["document", "", *asdict(curation.total).values()])
    parts = {"cell": curation.cells, "voice": curation.voices, "day": curation.days}
    for part, named in parts.items():
        for name, figures in named.items():
            writer.writerow([part, _inert(name), *asdict(figures).values()])
    return out.getvalue()


def _total(f: Figures, model: str) -> Iterator[str]:
    text = f.text or 0
    yield _line("text", f"{text:,} characters")
    for author, n in (("human", f.human), ("model", f.model), ("found", f.found)):
        yield _line(f"  {author}", f"{_share(n or 0, text):>6}  {n:,}")
    yield _line("selection", f"{f.selection_bits:.2f} bits")
    if f.distinct_bits:
        yield _line("  where drawn distinct", f"{f.distinct_bits:.2f} bits of them")
    if f.intervention_bits is not None:
        yield _line("intervention", f"{f.intervention_bits:.2f} bits under {one_line(model)}")
    if f.bits_per_token is not None:
        yield _line("bits a token", f"{f.bits_per_token:.3f} over {f.text_tokens:,} tokens of text")
    if f.selection_bits_per_token is not None:
        per = f"{f.selection_bits_per_token:.3f} of selection, over {f.kept_tokens:,} kept tokens"
        yield _line("bits a kept token", per)
    yield _line("fans seen", f"{f.fans:,}, {f.choices:,} with a choice")
    yield _line("  without a choice", f"{f.fans_without_choice:,}")
    yield _line("  never seen", f"{f.unseen_fans:,} more")
    yield _line("branching", f"{_number(f.branching)} different candidates a place")
    yield _line("kept to generated", f"{f.kept:,} of {f.generated:,} characters")
    yield _line("", f"{f.kept_tokens:,} of {f.generated_tokens:,} tokens")
    if f.median_seconds is not None and f.p90_seconds is not None:
        yield _line(
            "time to verdict", f"{f.median_seconds:.1f} s median, {f.p90_seconds:.1f} s p90"
        )


def _part(name: str, part: Mapping[str, Figures]) -> Iterator[str]:
    rows = [(one_line(key) or "(none)", figures) for key, figures in part.items()]
    width = max(16, *(len(key) for key, _ in rows))
    yield f"{name:<{width}}" + "".join(f"{column:>12}" for column in _COLUMNS)
    for key, f in rows:
        values = (
            f"{f.fans:,}",
            f"{f.choices:,}",
            f"{f.selection_bits:.2f}",
            _number(f.selection_bits_per_token),
            _share(f.kept, f.generated),
            _number(f.branching),
            _number(f.median_seconds),
        )
        yield f"{key:<{width}}" + "".join(f"{value:>12}" for value in values)


def _line(name: str, value: str) -> str:
    return f"{name:<24}{value}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _inert(name: str) -> str:
    """A name that a spreadsheet takes for text, whatever it begins with."""
    return f"'{name}" if name[:1] in ("=", "+", "-", "@", "\t", "\r") else name
