"""``results.json``: every number of a run, for programs; ``results.schema.json`` describes it.

Histograms are UHI objects (https://uhi.readthedocs.io), which boost-histogram and hist read.
JSON has no NaN and no infinity: a sum of weights that is not finite is ``null``. A histogram with
such a number, and all of them where there are very many, is in ``results.zip`` beside the file,
written by ``uhi.io.zip``; then ``hist`` is its name in there.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import uhi.io.json
import uhi.io.zip

from adl.runtime.outputs import OutputError, replacing

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from adl.compiler.layout import Fault
    from adl.runtime.results import BinCount, Cutflow, Histogram, Results, Step, Systematic

# Above either of these every histogram goes into results.zip.
MAX_HISTOGRAMS = 1_000
MAX_BINS = 1_000_000  # of all histograms together, flow bins in: 40 MB of text or less


def write_json(results: Results, directory: str | os.PathLike[str]) -> None:
    """Write ``results.json`` and, where it is needed, ``results.zip`` into the directory.

    Raises:
        OutputError: The directory or a file in it cannot be written.
    """
    document = results_to_dict(results)
    described = _Described()
    zipped = {
        entry["hist"]: described.uhi(histogram)
        for entry, histogram in zip(document["histograms"], results.histograms, strict=True)
        if isinstance(entry["hist"], str)
    }
    # The archive first, and an old one goes last: no results.json names what is not there.
    if zipped:
        with (
            replacing(directory, "results.zip") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for name, hist in zipped.items():
                uhi.io.zip.write(archive, name, hist)
    with replacing(directory, "results.json") as file:
        file.write(json.dumps(document, allow_nan=False).encode())
    if not zipped:
        _remove(Path(directory), "results.zip")


def results_to_dict(results: Results) -> dict[str, Any]:
    """What ``results.json`` holds, as dictionaries, lists, strings and finite numbers."""
    many, described = _very_many(results.histograms), _Described()
    return {
        "adlc": results.version,
        "analysis": results.analysis,
        "dialect": results.dialect,
        "events": results.events,
        "files": [dict(file) for file in results.files],
        "faults": [_fault(fault) for fault in results.faults],
        "systematics": [_systematic(found) for found in results.systematics],
        **({"friends": list(results.friends)} if results.friends else {}),
        **({"metrics": results.metrics} if results.metrics else {}),
        **({"datasets": list(results.datasets)} if results.datasets else {}),
        "cutflows": [
            {
                **_origin(cutflow),
                "title": cutflow.title,
                "steps": [_counts(step) for step in cutflow.steps if not step.weight],
                "weights": _weights(cutflow.steps),
                "bins": [_counts(count) for count in cutflow.bins],
            }
            for cutflow in results.cutflows
        ],
        "histograms": [
            {
                **_origin(histogram),
                "name": histogram.name,
                "title": histogram.title,
                "skipped": histogram.skipped,
                "hist": _zip_name(histogram, number)
                if many or not _finite(histogram)
                else _plain(described.uhi(histogram)),
            }
            for number, histogram in enumerate(results.histograms)
        ],
    }


class _Described:
    """Histograms as UHI has them: variations share axes, of which a description takes its time."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Any, dict[str, Any]]] = {}

    def uhi(self, histogram: Histogram) -> Any:
        """Return a histogram with all that its axes say, and its contents."""
        key, axes = (histogram.region, histogram.name), histogram.hist.axes
        if key not in self._known or self._known[key][0] != axes:
            self._known[key] = axes, uhi.io.json.default(histogram.hist)
        known = self._known[key][1]
        contents = {"values": histogram.values, "variances": histogram.variances}
        return {**known, "storage": {**known["storage"], **contents}}


def _fault(fault: Fault) -> dict[str, Any]:
    """What a user's function has raised: where, how often, and first in which event."""
    return {
        "function": fault.function,
        "file": fault.file,
        "line": fault.line,
        "error": fault.kind,
        "message": fault.message,
        "events": fault.events,
        "first": {"path": fault.path, "entry": fault.event},
    }


def _systematic(found: Systematic) -> dict[str, Any]:
    """A systematic's fields, with lists for tuples."""
    fields = dataclasses.asdict(found)
    variations = [{**v, "unchanged": list(v["unchanged"])} for v in fields["variations"]]
    rate = None if found.rate is None else dict(zip(("up", "down"), found.rate, strict=True))
    findings = [dataclasses.asdict(finding) for finding in found.findings]
    lists = {
        "variations": variations,
        "findings": findings,
        "processes": None if found.processes is None else list(found.processes),
        "rates": list(fields["rates"]),
    }
    return {**fields, **lists, "rate": rate}


def _weights(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """The weight statements, each with the number of the step that it stands after."""
    out: list[dict[str, Any]] = []
    for place, step in enumerate(steps):
        if step.weight:
            counts = _counts(step)
            del counts["missing"]  # a weight decides nothing
            out.append({**counts, "skipped": step.skipped, "after": place - len(out) - 1})
    return out


def _very_many(histograms: Sequence[Histogram]) -> bool:
    """Whether the histograms would make a text file that nobody wants to open."""
    bins = sum(histogram.hist.size for histogram in histograms)
    return len(histograms) > MAX_HISTOGRAMS or bins > MAX_BINS


def _origin(item: Cutflow | Histogram) -> dict[str, Any]:
    """The labels that say which events an entry is about."""
    process = item.process
    return {
        "process": process.name,
        "dataset": process.dataset,
        "era": process.era,
        "is_data": process.is_data,
        "variation": item.variation,
        "region": item.region,
    }


def _counts(item: Step | BinCount) -> dict[str, Any]:
    """A step's or bin's fields, with ``None`` for a sum that is not finite."""
    fields = dataclasses.asdict(item)
    fields.pop("weight", None)  # it says in which list a step goes
    fields.pop("skipped", None)  # of interest for weights
    del fields["published"]
    numbers = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in fields.items()
    }
    return {**numbers, **({"published": _published(item)} if item.published else {})}


def _published(item: Step | BinCount) -> dict[str, Any]:
    """What publications say about a step or bin: by format, then by process."""
    out: dict[str, Any] = {}
    for number in item.published:
        errors = [dataclasses.asdict(error) for error in number.errors]
        entry = {"title": number.title, "value": number.value, "errors": errors}
        out.setdefault(number.format, {})[number.process] = entry
    return out


def _zip_name(histogram: Histogram, number: int) -> str:
    """A name in the archive: the number makes it unique, the words are for people."""
    words = re.sub(r"\W+", "_", f"{histogram.process.name} {histogram.region} {histogram.name}")
    return f"{number:06}_{words.strip('_')}"


def _finite(histogram: Histogram) -> bool:
    """Whether JSON can hold all contents and edges; an edge may well be infinite."""
    edges = (axis.edges for axis in histogram.hist.axes)
    numbers = (histogram.values, histogram.variances, *edges)
    return all(bool(np.isfinite(array).all()) for array in numbers)


def _plain(value: Any) -> Any:
    """The value with arrays as lists."""
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case np.ndarray():
            return value.tolist()
        case _:
            return value


def _remove(directory: Path, name: str) -> None:
    """Remove an earlier run's file, if there is one."""
    try:
        (directory / name).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot remove the old {name} in {directory}: {error.strerror}"
        ) from error
