"""The sums over all events that were there before any skim, which a skim carries.

A skim has them in the tree ``adlCounters``, a row for each input file, whatever its format:
``events`` (int64), ``sumOfWeights`` and ``sumOfWeights2`` of the generator weight (float64). The rows
of NanoAOD's tree ``Runs`` are carried as they are, with their sums for each LHE and PS weight.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from math import fsum
from typing import Any, NamedTuple

import awkward as ak
import numpy as np

from adl.runtime.datasets.bookkeepers import EVENTS, SQUARES, counted_in_lists
from adl.runtime.inputs import InputError, reason
from adl.runtime.inputs.describing import directory
from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.trees import Input
from adl.stdlib.models import Schema

OWN, RUNS = "adlCounters", "Runs"
_EVENTS, _SUM, _SUM2 = "events", "sumOfWeights", "sumOfWeights2"
_RUNS_SUMS = (
    ("genEventCount", "genEventSumw", "genEventSumw2"),
    ("genEventCount_", "genEventSumw_", "genEventSumw2_"),
)


class Sums(NamedTuple):
    """Of all events of a file before any skim; ``origin`` says how they are known."""

    events: int
    weights: float
    weights2: float
    origin: str  # "skim", "events", or the tree that has them: "Runs"


@dataclass(frozen=True)
class Carried:
    """What a file has counted itself; ``sums`` is None if it has not."""

    sums: Sums | None
    runs: ak.Array | None = None  # the rows of its tree Runs


def carried(source: Input, schema: Schema) -> Carried:
    """Return what a file has counted, as its format does.

    Raises:
        InputError: A tree of counters cannot be read.
    """
    try:
        folder = directory(source)
        names = set(folder.keys(recursive=False, cycle=False))
        runs = _numbers(folder[RUNS]) if RUNS in names else None
        if OWN in names:
            rows = _numbers(folder[OWN])
            columns = [np.asarray(rows[name]) for name in (_EVENTS, _SUM, _SUM2)]
            events, weights, weights2 = columns
            return Carried(Sums(int(events.sum()), fsum(weights), fsum(weights2), "skim"), runs)
        if runs is None:
            return Carried(_of_lists(source, schema, names))
        return Carried(_of_runs(runs), runs)
    except InputError:
        raise
    except Exception as error:  # whatever uproot meets in bytes that are not as they should be
        raise InputError(source.path, f"its counters cannot be read: {reason(error)}") from error


def _numbers(tree: Any) -> ak.Array:
    """Return the columns of a tree that are numbers or lists of numbers."""
    arrays = tree.arrays()
    good = [n for n in arrays.fields if _is_numeric(arrays[n]) and not n.startswith("n")]
    return arrays[good]


def _is_numeric(array: ak.Array) -> bool:
    return array.ndim <= 2 and not ak.fields(array) and "string" not in str(ak.type(array))


def _of_lists(source: Input, schema: Schema, names: Collection[str]) -> Sums | None:
    """Return the sums of a format that keeps them in lists, beside the numbers of events."""
    which = schema.counted
    for counter in schema.counters if {EVENTS, SQUARES} <= which.keys() else ():
        tree, _, column = counter.partition(".")
        if tree in names:
            with open_input(source.path, tree, (str(source.source.file_path),)) as opened:
                columns = (column, which[EVENTS], which[SQUARES])
                weights, events, squares = counted_in_lists(opened, columns, which)
            return Sums(int(events), weights, squares, tree)
    return None


def _of_runs(runs: ak.Array) -> Sums | None:
    for names in _RUNS_SUMS:
        if all(name in runs.fields for name in names):
            count, weights, weights2 = (np.asarray(runs[name]) for name in names)
            return Sums(int(count.sum()), fsum(weights), fsum(weights2), "Runs")
    return None


def own_counters(sums: Sequence[Sums]) -> dict[str, Any]:
    """Return the columns of ``adlCounters``, a row for each file."""
    return {
        _EVENTS: np.array([s.events for s in sums], np.int64),
        _SUM: np.array([s.weights for s in sums], np.float64),
        _SUM2: np.array([s.weights2 for s in sums], np.float64),
    }


def joined_runs(parts: Sequence[ak.Array]) -> dict[str, Any]:
    """Return the rows of several trees ``Runs`` as one: the columns that all of them have."""
    common = reduce(frozenset.intersection, (frozenset(p.fields) for p in parts))
    names = [name for name in parts[0].fields if name in common]
    return {name: ak.concatenate([part[name] for part in parts]) for name in names}
