"""How hard the rigs try: short in `make test`, long in `make torture`."""

import os

LONG = os.environ.get("TORTURE") == "long"


def scale(short: int, long: int) -> int:
    """One of two numbers, by how hard the rigs try."""
    return long if LONG else short
