"""What the benchmark's rows share: models of its own making, loaded engines, and the results."""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_sim.models import resolve

from . import results, synthetic

SHAPES = {
    "15M": synthetic.M15,
    "120M": synthetic.M120,
    "120M-128k": synthetic.M120_WIDE,
    "120M-bf16": synthetic.M120_BF16,
    "1.1B": synthetic.B1,
    "1.1B-bf16": synthetic.B1_BF16,
    "1.1B-q4": synthetic.B1_Q4,
}


def model_path(name: str) -> Path:
    """The file of a model; it is written where it is not there yet."""
    if name == "starter":
        return resolve()
    recipe = hashlib.sha256(Path(synthetic.__file__).read_bytes()).hexdigest()[:12]
    path = Path(tempfile.gettempdir()) / "jupyter-sim-bench" / f"{name}-{recipe}.gguf"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        fresh = path.with_suffix(".new")
        synthetic.write(fresh, SHAPES[name]).replace(path)
    return path


@pytest.fixture(scope="session")
def figures() -> Iterator[results.Results]:
    collected = results.Results()
    yield collected
    if results.STORE.parent == results.DOCS:
        collected.publish()
