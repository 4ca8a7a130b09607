"""What is known of rows of logits once they are weighed. Nothing is known here of how that is done.

What is made of a row is one record, so that rows can be kept, and found again, in one array.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Tokens = NDArray[np.int64]
Mask = NDArray[np.bool_]
Records = NDArray[np.void]

BLOCK = 256
# colder ones say the same, and in 32 bits the coldest would be nothing to divide by
COLDEST = 1e-10
NEARLY_ONE = 1 - 1e-9


class Weights(NamedTuple):
    """Rows of logits, with what all samplings need of them, in records of a `room`."""

    logits: Floats
    records: Records

    @property
    def values(self) -> Floats:
        """What columns weigh, padded with zeros to whole blocks.

        That is their exponentials, but in rows where those would leave 32 bits, over that of the
        row's largest logit.
        """
        return self.records["values"]

    @property
    def sums(self) -> Floats:
        """The sums of the blocks of values."""
        return self.records["sums"]

    @property
    def norms(self) -> Doubles:
        """The logarithms of each row's sum of exponentials."""
        return self.records["norm"]

    @property
    def peaks(self) -> Floats:
        """The largest logits."""
        return self.records["peak"]

    @property
    def tops(self) -> Floats:
        """What the likeliest columns weigh."""
        return self.records["top"]

    def rows(self, places: list[int]) -> "Weights":
        """Return some of the rows."""
        return Weights(self.logits[places], self.records[places])

    def repeated(self, count: int) -> "Weights":
        """Return a single row so many times, in the memory of one."""
        logits = np.broadcast_to(self.logits, (count, self.logits.shape[1]))
        return Weights(logits, np.broadcast_to(self.records, count))


def room(count: int, width: int) -> Records:
    """Return memory for the weights of so many rows; `.ci/weigh.h` knows what lies where."""
    blocks = -(-width // BLOCK)
    return np.zeros(
        count,
        np.dtype(
            [
                ("values", np.float32, blocks * BLOCK),
                ("norm", np.float64),
                ("peak", np.float32),
                ("top", np.float32),
                ("sums", np.float32, blocks),
            ],
            align=True,
        ),
    )
