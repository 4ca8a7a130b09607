"""The rows of the benchmark: collected, judged, kept as JSON, and written into the docs."""

import json
import operator
import os
import time
from pathlib import Path
from typing import NamedTuple

from .machine import QUIET, description

DOCS = Path(__file__).parents[2] / "docs"
STORE = Path(os.environ.get("BENCH_RESULTS", DOCS / "benchmarks.json"))
PAGE = DOCS / "benchmarks.md"
BEGIN, END = "<!-- figures of make bench -->", "<!-- end of figures -->"

JUDGES = {"≥": operator.ge, "≤": operator.le}


class Row(NamedTuple):
    """One figure: what it is, of which model, what it should be, and whether others were busy."""

    measure: str
    model: str
    value: float
    unit: str
    target: str
    foreign: float
    rounds: int
    day: str

    @property
    def met(self) -> bool:
        """Whether the target is reached; a row without one always is."""
        if not self.target:
            return True
        sign, limit = self.target.split()
        return bool(JUDGES[sign](self.value, float(limit)))

    def __str__(self) -> str:
        verdict = ("reached" if self.met else "MISSED") if self.target else "-"
        loaded = f"loaded ({self.foreign:.0%} of the cores)" if self.foreign > QUIET else "quiet"
        return (
            f"{self.measure} | {self.model} | {self.value:.3g} {self.unit} | "
            f"{self.target} {self.unit if self.target else ''} | {verdict} | {loaded}"
        )


class Results:
    """The rows of this run, beside those of runs before that were not measured again."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        if STORE.exists():
            kept = json.loads(STORE.read_text())["rows"]
            self._rows = {f"{row['measure']} {row['model']}": Row(**row) for row in kept}

    def add(
        self,
        measure: str,
        model: str,
        value: float,
        unit: str,
        target: str,
        foreign: float,
        rounds: int,
    ) -> Row:
        """Note a figure, and write all of them down."""
        day = time.strftime("%Y-%m-%d")
        row = Row(measure, model, value, unit, target, round(foreign, 3), rounds, day)
        self._rows[f"{measure} {model}"] = row
        print(f"\n{row}", end="")
        self._save()
        return row

    def _save(self) -> None:
        rows = [row._asdict() for row in self._rows.values()]
        facts = {"machine": description(), "rows": rows}
        STORE.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")

    def publish(self) -> None:
        """Write the table into the documentation."""
        before, _, rest = PAGE.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        lines = [f"- {name}: {fact}" for name, fact in description().items()]
        lines += [
            "",
            "| measure | model | measured | target | | machine |",
            "|---|---|---|---|---|---|",
        ]
        lines += [f"| {row} |" for row in self._rows.values()]
        PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}")
