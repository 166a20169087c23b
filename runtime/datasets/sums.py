"""What an event of simulation counts.

An event of weight w of dataset d in slice s counts

    w · luminosity / Σ L_i,    L_i = Σw_i / (cross-section_i · k-factor_i)

where i runs over the datasets with events of the slice, which without `stitch` is d alone, and Σw_i
is over the events of dataset i before any skim. L_i is the luminosity that a dataset is worth. Files
that were lost and events beyond `-n` are not in Σw, so what was read is scaled to the luminosity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum, isclose
from typing import Any, Literal

import numpy as np

from adl.compiler.ir import Column
from adl.runtime.datasets.bookkeepers import counted_in_lists
from adl.runtime.datasets.each import Each
from adl.runtime.datasets.lists import Listed
from adl.runtime.inputs import InputError
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.opening import open_input
from adl.stdlib.models import Schema

# Where skims that `adl skim` writes keep the sum, in files of any format.
OWN_COUNTERS = ("adlCounters.sumOfWeights",)
Origin = Literal["given", "counters", "events"]


@dataclass(frozen=True)
class Facts:
    """What opening a file tells: its entries, and the sum that it has counted, if it has."""

    entries: int
    counted: float | None = None
    each: Mapping[str, Each] = field(default_factory=dict)  # by columns of several factors


@dataclass(frozen=True)
class Weights:
    """The sum of weights of what was read of a dataset, and where it comes from.

    ``estimated`` is set where a part of a given sum had to be taken by the number of files.
    """

    value: float
    origin: Origin
    estimated: bool = False
    of_events: float = 0.0  # over the events that were read, which can be those of a skim

    @property
    def of_a_skim(self) -> bool:
        """Whether there were more events than those that the files have."""
        return not isclose(self.value, self.of_events, rel_tol=1e-6)


def counted(path: str, schema: Schema, places: Sequence[str] = ()) -> float | None:
    """Return the sum of weights that a file has counted, as its format does; None if it has not.

    Raises:
        InputError: The counters cannot be read.
    """
    for name in (*OWN_COUNTERS, *schema.counters):
        tree, _, column = name.partition(".")
        try:
            opened = open_input(path, tree, places)
        except InputError as error:
            if error.reason == f"there is no tree {tree}":
                continue
            raise
        with opened:
            branch = opened.branches().get(column)
            if branch is not None and branch.counter is not None and schema.counted:
                return counted_in_lists(opened, [column], schema.counted)[0]
            if branch is not None and branch.counter is None:
                wanted = Column(column, branch.dtype)
                numbers = read(opened, [wanted], (), 0, opened.entries).columns[column]
                return fsum(numbers.astype(np.float64))
    return None


def check_counters(
    listed: Listed, path: str, schema: Schema, found: float | None, others: Iterable[bool]
) -> None:
    """Refuse a file whose counters are not as the list asks, or as in the ``others`` of its dataset.

    Args:
        listed: The dataset, of simulation that is normalised.
        path: The file.
        schema: What it is read as.
        found: What it has counted.
        others: Whether the files before it have counted anything.

    Raises:
        InputError: It says what is missing.
    """
    asked = listed.sum_of_weights
    if asked == "events" or isinstance(asked, float):
        return
    if found is not None and listed.genw.sign:
        raise InputError(
            path,
            "its counters have no sum of the signs of weights",
            "sum_of_weights: NUMBER, or events if the files are no skim",
        )
    if found is None and asked == "counters":
        names = ", ".join(schema.counters) or f"the model {schema.model} knows none"
        raise InputError(path, f"has no counters ({names})", "sum_of_weights: NUMBER")
    if {*others} - {found is not None}:
        has = "has no counters" if found is None else "has counters"
        help = "sum_of_weights: events, if no file is a skim; or a number"
        raise InputError(path, f"{has}, unlike other files of {listed.name}", help)


def sum_of_weights(
    listed: Listed,
    files: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Facts],
    from_events: float,
) -> Weights:
    """Return Σw of the events that were read, before any skim.

    Args:
        listed: The dataset.
        files: What became of its files: "path", "events" that were read, "error".
        facts: Of each file that could be opened.
        from_events: The sum over the events that were read.
    """
    good = [file for file in files if not file["error"]]
    if isinstance(listed.sum_of_weights, float):
        share, estimated = _share(listed, good, facts)
        return Weights(listed.sum_of_weights * share, "given", estimated, from_events)
    known = [facts[file["path"]].counted for file in good]
    if listed.sum_of_weights == "events" or not known or None in known:
        return Weights(from_events, "events", of_events=from_events)
    parts = (facts[f["path"]].counted or 0.0 for f in good)
    shares = (part_read(f, facts[f["path"]]) for f in good)
    value = fsum(p * s for p, s in zip(parts, shares, strict=True))
    return Weights(value, "counters", of_events=from_events)


def part_read(file: Mapping[str, Any], facts: Facts) -> float:
    """Return which part of a file was read; of one without events all."""
    return file["events"] / facts.entries if facts.entries else 1.0


def _share(
    listed: Listed, good: Sequence[Mapping[str, Any]], facts: Mapping[str, Facts]
) -> tuple[float, bool]:
    """Return which part of a dataset was read, and whether that had to be estimated."""
    read = sum(file["events"] for file in good)
    if listed.events:
        return read / listed.events, False
    if all(path in facts for path in listed.files):
        entries = sum(facts[path].entries for path in listed.files)
        return (read / entries if entries else 1.0), False
    # How many events the files had that cannot be opened is not known: as many as the others.
    entries = sum(facts[path].entries for path in listed.files if path in facts)
    opened = sum(path in facts for path in listed.files)
    return (read / entries * opened / len(listed.files) if entries else 0.0), True


def worth(listed: Listed, weights: Weights) -> float:
    """Return the luminosity in 1/pb that the events of a dataset are worth."""
    assert listed.cross_section is not None, listed.name
    return weights.value / (listed.cross_section * listed.k_factor)
