"""RNTuples: fields of one number, or of a list of numbers, an event. uproot decodes their pages.

ATLAS writes colons where a TTree has dots (``AnalysisJetsAuxDyn:pt``); here the names are those of
the TTree, so that one object model serves both.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt

from adl.runtime.inputs.trees import Input
from adl.stdlib.models import Branch

_DTYPES = {
    "bool": "bool",
    "char": "int8",
    "float": "float32",
    "double": "float64",
    **{
        f"std::{sign}int{bits}_t": f"{sign}int{bits}"
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
}
# How many elements a list has: in the file only the ends of the lists are stored.
_COUNTS = re.compile(r"ROOT::RNTupleCardinality<.*>")
_LIST = re.compile(r"(?:std::vector|ROOT::VecOps::RVec)<([\w:]+)>")
_ELEMENTS = 8  # of a list, for want of knowing


@dataclass(frozen=True, eq=False)
class NTuple(Input):
    """An open file and its RNTuple; ``raw`` has uproot's RField of each top-level field."""

    _lock: threading.Lock = field(default_factory=threading.Lock)

    def numbers(
        self, name: str, start: int, stop: int
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64] | None]:
        """Return the numbers of the entries [start, stop), and of lists where each begins."""
        branch = self.branches()[name]
        if start == stop:
            empty = None if branch.counter is None else np.zeros(1, np.int64)
            return np.empty(0, branch.dtype), empty
        with self._lock:  # uproot does not say that its fields may be shared by threads
            array = self.raw[name].array(entry_start=start, entry_stop=stop)
        if branch.counter is None:
            return ak.to_numpy(array).astype(branch.dtype), None
        offsets = np.zeros(stop - start + 1, np.int64)
        np.cumsum(ak.to_numpy(ak.num(array)), out=offsets[1:])
        return ak.to_numpy(ak.flatten(array)).astype(branch.dtype), offsets

    @cached_property
    def _branches(self) -> Mapping[str, Branch]:
        found = (_branch(name, self.raw[name].typename) for name in self.raw)
        return {branch.name: branch for branch in found if branch is not None}

    def bytes(self, names: Iterable[str]) -> int:
        """Return a guess of the uncompressed size: an RNTuple does not say it of a field."""
        known = self.branches()
        sizes = (
            np.dtype(known[n].dtype).itemsize * (1 if known[n].counter is None else _ELEMENTS)
            for n in names
        )
        return self.entries * sum(sizes)

    def sizes(self) -> tuple[int, int]:
        """Return nothing: sizes are of pages that fields share."""
        return 0, 0


def fields(ntuple: Any) -> dict[str, Any]:
    """Return the top-level fields of uproot's RNTuple by the names of a TTree's branches."""
    return {name.replace(":", "."): ntuple[name] for name in ntuple.keys(recursive=False)}


def _branch(name: str, typename: str) -> Branch | None:
    if _COUNTS.fullmatch(typename):
        return Branch(name, "int64", None)
    items = _LIST.fullmatch(typename)
    dtype = _DTYPES.get(items[1] if items else typename)
    return None if dtype is None else Branch(name, dtype, name if items else None)
