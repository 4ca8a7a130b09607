"""`jupyter sim curation` as people and scripts use it, on the log that ships with the project."""

import csv
import io
import json
from math import log2
from pathlib import Path
from xml.etree import ElementTree

import pytest

from jupyter_sim.choices import Choice
from jupyter_sim.curation import Curation, curation
from jupyter_sim.formats.figures import as_csv, as_table
from jupyter_sim.formats.plots import svg
from jupyter_sim.formats.simlog import read_log
from jupyter_sim.imports import import_log

from .judged import Run

EXAMPLE = Path(__file__).parent.parent / "examples" / "example.simlog"
DOCUMENTATION = Path(__file__).parent.parent / "docs" / "curation.md"


def test_the_table_is_for_a_person(sim: Run) -> None:
    status, out, err = sim(f"curation {EXAMPLE} --no-model")
    assert (status, err) == (0, "")
    # 2 of 5 were acceptable, then 1 of 3, then 1 of 4
    bits = log2(5 / 2) + log2(3) + log2(4)
    assert f"selection               {bits:.2f} bits\n" in out
    assert "intervention" not in out
    assert "\ncell " in out
    assert "\nvoice " in out
    assert "\nsailor " in out
    assert max(map(len, out.splitlines())) <= 120


def test_a_model_pays_for_the_humans_text(sim: Run) -> None:
    status, out, err = sim(f"curation {EXAMPLE} --format json")
    said = json.loads(out)
    total = said["total"]
    assert (status, err) == (0, "")
    assert said["model"] == "jupyter-sim starter"
    assert total["intervention_bits"] > 10
    bits = total["selection_bits"] + total["intervention_bits"]
    assert total["bits_per_token"] == pytest.approx(bits / total["text_tokens"])
    parts = [cell["intervention_bits"] for cell in said["cells"].values()]
    assert sum(parts) == pytest.approx(total["intervention_bits"])


def test_csv_has_a_row_for_the_document_and_for_each_part(sim: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(sim(f"curation {EXAMPLE} --no-model --format csv")[1])))
    assert [row["part"] for row in rows[:3]] == ["document", "cell", "cell"]
    total = curation(read_log(EXAMPLE).events).total
    assert float(rows[0]["selection_bits"]) == total.selection_bits
    assert rows[0]["intervention_bits"] == ""


def test_a_document_has_the_same_figures_as_its_log(sim: Run) -> None:
    document = import_log(EXAMPLE).document
    alike = [sim(f"curation {source} --no-model")[1] for source in (EXAMPLE, document)]
    assert alike[0] == alike[1]


def test_a_plot_is_one_svg_that_reads_nothing_from_elsewhere(sim: Run) -> None:
    assert sim(f"curation {EXAMPLE} --no-model --plot figures.svg")[0] == 0
    text = Path("figures.svg").read_text()
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert text.count("http") == 1
    assert "href" not in text
    assert "3 of 4" not in text
    status, _, err = sim(f"curation {EXAMPLE} --no-model --plot figures.png")
    assert (status, err.count("\n")) == (2, 1)


def test_a_plot_of_nothing_and_of_many_choices_is_drawn() -> None:
    nothing = curation([])
    assert svg(nothing).count("no choice was made") == 2
    choice = Choice("f", "c", "d", 0.0, 2, 1, 1.0, False, 1, 1, ("",), ("a",), ("a", "b"))
    many = Curation(nothing.total, {}, {}, {}, (choice,) * 5000)
    assert len(svg(many)) < 2_000_000
    ElementTree.fromstring(svg(many))


def test_names_from_a_log_are_shown_and_not_obeyed() -> None:
    figures = curation([]).total
    evil = {"=1+1\x1b[31m\n</svg>": figures, "@b": figures}
    told = Curation(figures, evil, evil, evil, ())
    assert "\x1b" not in as_table(told)
    assert all(row.split(",")[1].lstrip('"')[:1] in ("", "'") for row in rows_of(as_csv(told)))


def rows_of(text: str) -> list[str]:
    return [",".join(row) for row in csv.reader(io.StringIO(text))][1:]


def test_every_figure_is_in_the_documentation() -> None:
    from dataclasses import fields

    from jupyter_sim.curation import Figures

    text = DOCUMENTATION.read_text(encoding="utf-8")
    assert not [field.name for field in fields(Figures) if f"`{field.name}`" not in text]
