"""The sums of the generator weight times each LHE or PS weight, as files have counted them.

NanoAOD keeps them in its tree ``Runs`` relative to the sum of the generator weight: ``LHEPdfSumw`` is
Σ genWeight · LHEPdfWeight[k] / Σ genWeight, over all events before any skim.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import fsum

import awkward as ak
import numpy as np
import numpy.typing as npt

from adl.check.variations import SystematicDef
from adl.compiler.replicas import replicas
from adl.runtime.inputs import InputError, reason
from adl.runtime.inputs.describing import directory
from adl.runtime.inputs.opening import open_input
from adl.stdlib.models import Schema


@dataclass(frozen=True)
class Each:
    """Σw of a file, and Σw·factor for each factor of a column, over all events before any skim."""

    weights: float
    sums: tuple[float, ...]


def wanted(systematics: Iterable[SystematicDef]) -> frozenset[str]:
    """Return the columns of which systematics with ``normalise`` need the sums."""
    return frozenset(r.column for r in replicas(systematics) if r.systematic.normalise)


def counted_each(
    path: str, schema: Schema, columns: Collection[str], places: Sequence[str] = ()
) -> dict[str, Each]:
    """Return what a file has counted for each factor of these columns; not those it has not.

    Raises:
        InputError: The counters cannot be read.
    """
    found: dict[str, Each] = {}
    for counter, lists in schema.counted_each.items():
        asked = {c: lists[c] for c in columns if c in lists and c not in found}
        if asked:
            found |= _of_counter(path, counter, asked, places)
    return found


def _of_counter(
    path: str, counter: str, lists: dict[str, str], places: Sequence[str]
) -> dict[str, Each]:
    name, _, column = counter.partition(".")
    try:
        opened = open_input(path, name, places)
    except InputError as error:
        if error.reason == f"there is no tree {name}":
            return {}
        raise
    with opened:
        try:
            tree = directory(opened)[name]
            there = set(tree.keys())
            if column not in there:
                return {}
            weights = ak.to_numpy(tree[column].array()).astype(np.float64)
            read = {c: _sums(weights, tree[n].array()) for c, n in lists.items() if n in there}
        except Exception as error:  # whatever uproot meets in bytes that are not as they should be
            raise InputError(path, f"its counters cannot be read: {reason(error)}") from error
    return {c: Each(fsum(weights), sums) for c, sums in read.items() if sums}


def _sums(weights: npt.NDArray[np.float64], relative: ak.Array) -> tuple[float, ...]:
    """Return sums over the rows; nothing where rows with events differ in how many they have."""
    rows = [row for row, weight in zip(relative.tolist(), weights, strict=True) if weight or row]
    if not rows or len({len(row) for row in rows}) > 1:
        return ()
    used = [weight for row, weight in zip(relative.tolist(), weights, strict=True) if weight or row]
    columns = zip(*rows, strict=True)
    return tuple(fsum(w * r for w, r in zip(used, column, strict=True)) for column in columns)
