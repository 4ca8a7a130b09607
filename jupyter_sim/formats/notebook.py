"""A new notebook of Markdown cells, which belongs to a document from the start."""

import json
from collections.abc import Mapping
from pathlib import Path

from .files import write_whole


def write_notebook(out: Path, document: str, cells: Mapping[str, str]) -> None:
    """Write a notebook with the texts of cells by their ids. Raises HistoryError."""
    write_whole(out, [notebook(document, cells)])


def notebook(document: str, cells: Mapping[str, str]) -> str:
    """A notebook as its file says it."""
    said = {
        "cells": [
            {"cell_type": "markdown", "id": id, "metadata": {}, "source": text}
            for id, text in cells.items()
        ],
        "metadata": {"jupyter_sim": {"document": document}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(said, indent=1) + "\n"
