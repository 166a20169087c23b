"""How a file stores a branch: the form of its numbers and where its baskets are.

This is all that reading needs, and it is the same whether uproot found it out or the index kept it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]

# (class of the leaf, whether it is unsigned) -> its numbers in the file.
LEAF_TYPES = {
    ("TLeafO", False): np.dtype("bool"),
    ("TLeafB", False): np.dtype("int8"),
    ("TLeafB", True): np.dtype("uint8"),
    ("TLeafS", False): np.dtype(">i2"),
    ("TLeafS", True): np.dtype(">u2"),
    ("TLeafI", False): np.dtype(">i4"),
    ("TLeafI", True): np.dtype(">u4"),
    ("TLeafL", False): np.dtype(">i8"),
    ("TLeafL", True): np.dtype(">u8"),
    ("TLeafF", False): np.dtype(">f4"),
    ("TLeafD", False): np.dtype(">f8"),
}


class Part(NamedTuple):
    """What a column has of a branch whose items are lists or references, and no numbers.

    Of lists in lists there are three kinds of columns: of each inner list its first position among
    the items of the event, the one after its last, and the items themselves. ``prefix`` is 0 where
    items are in no inner lists.
    """

    of: str  # the branch
    what: str  # "begin", "end" or "items"
    prefix: int  # bytes before the items of an inner list
    size: int  # at which of them their number stands
    item: int  # bytes of an item
    at: int = 0  # at which of them its number stands
    refers: str = ""  # of references: the column of identities in which their targets are found


class Form(NamedTuple):
    """How the numbers of a branch are stored."""

    stored: np.dtype[Any]  # its numbers in the file: big-endian
    dtype: np.dtype[Any]  # in memory
    counter: str | None = None  # of a list: the branch with its length, or itself
    header: int = 0  # bytes before each list
    part: Part | None = None


class Basket(NamedTuple):
    """The entries [start, stop) of a branch."""

    start: int
    stop: int
    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int32] | None  # of a list's entries in ``data``, if they are stored


@dataclass(frozen=True, eq=False)
class Stored:
    """A branch: basket ``i`` has the entries from ``starts[i]`` to ``starts[i + 1]``.

    It is at byte ``seeks[i]`` of the file and has ``sizes[i]`` bytes there, its key included. The
    last baskets can be in the tree itself, uncompressed: ``embedded``.
    """

    form: Form
    starts: Places
    seeks: Places
    sizes: Places
    uncompressed: int  # bytes of all baskets
    embedded: tuple[Basket, ...] = ()

    @property
    def physical(self) -> str:
        """Name of the branch of which this is a part; empty of one that is whole."""
        return self.form.part.of if self.form.part else ""

    @property
    def held(self) -> int:
        """Bytes in the file, those in the tree itself included."""
        return int(self.sizes.sum()) + sum(basket.data.nbytes for basket in self.embedded)
