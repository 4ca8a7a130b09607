"""llama.cpp is changed while it is built, and only where its source is what the change knows."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / ".ci"))
from prefetch import CHANGES, PRODUCTS, add_prefetching


def unpacked(folder: Path, text: str) -> Path:
    products = folder / PRODUCTS
    products.parent.mkdir(parents=True)
    products.write_text(text)
    return products


def test_what_is_known_is_changed_once_and_all_else_stays(tmp_path: Path) -> None:
    known = "before\n" + "between\n".join(CHANGES) + "after\n"
    products = unpacked(tmp_path, known)
    add_prefetching(tmp_path)
    assert products.read_text() == "before\n" + "between\n".join(CHANGES.values()) + "after\n"


@pytest.mark.parametrize("missing", CHANGES)
def test_an_unknown_source_is_refused_and_left_alone(tmp_path: Path, missing: str) -> None:
    text = "".join(old for old in CHANGES if old != missing)
    products = unpacked(tmp_path, text)
    with pytest.raises(ValueError, match="does not know"):
        add_prefetching(tmp_path)
    assert products.read_text() == text
