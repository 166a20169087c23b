"""Sets of regions that may be combined: made of proofs and measurements, shown and exported."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import UserError
from adl.cli.wording import pairs

if TYPE_CHECKING:
    from adl.diff.proofs import Proofs
    from adl.runtime.overlap.combination import Combination
    from adl.runtime.overlap.measured import Measured

Region = tuple[str, str]


def combined(
    proofs: Proofs, measured: Measured | None, threshold: float, signal: str | None
) -> Combination:
    """Return which regions of both analyses may be combined, and the best set of them."""
    import numpy as np

    from adl.runtime.overlap.combination import NoLibrary, combine

    regions = proofs.regions
    size = len(regions)
    disjoint = np.zeros((size, size), bool)
    for (first, second), verdict in proofs.verdicts.items():
        i, j = regions.index(first), regions.index(second)
        disjoint[i, j] = disjoint[j, i] = verdict.relation == "disjoint"
    rho = error = None
    if measured is not None:
        order = [measured.place(region) for region in regions]
        rho = measured.sums.correlation[np.ix_(order, order)]
        error = measured.sums.uncertainty[np.ix_(order, order)]
    weights, words = _weights(regions, measured, signal)
    try:
        return combine(disjoint, rho, error, weights, words, threshold)
    except NoLibrary:
        raise UserError("--combine needs networkx: pip install 'adlc[combine]'") from None


def _weights(
    regions: tuple[Region, ...], measured: Measured | None, signal: str | None
) -> tuple[list[float], str]:
    """Return what regions are worth: expected sensitivity to a signal, or yields, or all the same."""
    from adl.runtime.overlap.combination import expected

    if measured is None:
        if signal is not None:
            raise UserError("--signal is a process of a dataset list: name one as DATA")
        return [1.0] * len(regions), "number of regions"
    order = [measured.place(region) for region in regions]  # type: ignore[arg-type]  # ("A", name)
    if signal is None:
        return [float(measured.sums.yields[i]) for i in order], "yield"
    simulated = [name for name, data in measured.is_data.items() if not data]
    chosen = [name for name in simulated if fnmatchcase(name, signal)]
    if not chosen or len(chosen) == len(simulated):
        which = "no process" if not chosen else "every process"
        raise UserError(f"--signal {signal} is {which}: there are {', '.join(simulated)}")
    found = []
    for i in order:
        s = math.fsum(measured.yields[name][i] for name in chosen)
        b = math.fsum(measured.yields[name][i] for name in simulated if name not in chosen)
        found.append(expected(s, b))
    return found, f"expected squared significance of {', '.join(chosen)}"


def lines(found: Combination, regions: tuple[Region, ...]) -> Iterator[str]:
    """Yield what may be combined, for people."""
    names = ["/".join(region) for region in regions]
    number = int(found.allowed.sum()) // 2
    yield ""
    yield click.style("combination", bold=True)
    total = len(names) * (len(names) - 1) // 2
    yield f"  {number} of {pairs(total)} may be combined (correlation up to {found.threshold:g})"
    if not found.best:
        yield f"  no region is worth anything by {found.measure}"
        return
    best = ", ".join(names[i] for i in found.best)
    yield f"  best set by {found.measure}: {best} ({found.total:.6g})"
    lost = [names[i] for i, weight in enumerate(found.weights) if math.isnan(weight)]
    if lost:
        yield f"  left out, without any background event: {', '.join(lost)}"
    for members, weight in found.sets[:5]:
        if members != found.best:
            yield f"  other set: {', '.join(names[i] for i in members)} ({weight:.6g})"
    if not found.complete:
        yield "  there are more sets than were looked at; the best one is the best of all"


def document(found: Combination, regions: tuple[Region, ...]) -> dict[str, Any]:
    """Return what may be combined as JSON has it."""
    return {
        "labels": ["/".join(region) for region in regions],
        "threshold": found.threshold,
        "allowed": found.allowed.tolist(),
        "why": [list(row) for row in found.why],
        "weights": [None if math.isnan(weight) else weight for weight in found.weights],
        "weights_are": found.measure,
        "best": list(found.best),
        "sets": [{"regions": list(members), "weight": weight} for members, weight in found.sets],
        "all_sets": found.complete,
    }


# ---------------------------------------------------------------------------------- export


def export(
    path: str, found: Combination, regions: tuple[Region, ...], measured: Measured | None
) -> None:
    """Write the matrix of what may be combined, or the best set as a workspace, by the ending."""
    name = Path(path).name.lower()
    if name.endswith(".pyhf.json"):
        text = json.dumps(_workspace(found, regions, measured), indent=2) + "\n"
    elif name.endswith(".json"):
        plain = document(found, regions)
        if measured is not None:
            from adl.cli.overlaps import document as overlaps

            whole = overlaps(measured)
            order = [measured.place(region) for region in regions]  # type: ignore[arg-type]  # ("A", name)
            for key in ("correlation", "correlation_uncertainty"):
                plain[key] = [[whole[key][i][j] for j in order] for i in order]
        text = json.dumps(plain, indent=2) + "\n"
    elif name.endswith(".csv"):
        text = _csv(found, regions)
    else:
        raise UserError(f"--export {path}: the name ends in .json, .csv or .pyhf.json")
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None


def _csv(found: Combination, regions: tuple[Region, ...]) -> str:
    """Return the matrix: 1 where two regions may be combined."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = ["/".join(region) for region in regions]
    writer.writerow(["", *names])
    for name, row in zip(names, found.allowed.astype(int).tolist(), strict=True):
        writer.writerow([name, *row])
    return out.getvalue()


def _workspace(
    found: Combination, regions: tuple[Region, ...], measured: Measured | None
) -> dict[str, Any]:
    """Return the best set as a workspace that pyhf reads, and spey through it.

    A channel a region, a sample a simulated process with its statistical errors. Observations are
    those of the data, or what is expected where there are none.
    """
    if measured is None:
        raise UserError("a workspace has yields: name DATA to measure them")
    data = [name for name, is_data in measured.is_data.items() if is_data]
    simulated = [name for name in measured.yields if name not in data]
    if not simulated:
        raise UserError("a workspace has expected yields, and all processes are data")
    signal = found.measure.partition(" of ")[2].split(", ") if " of " in found.measure else []
    channels, observations = [], []
    for i in found.best:
        place, name = measured.place(regions[i]), "_".join(regions[i])  # type: ignore[arg-type]  # ("A", name)
        samples = [
            _sample(process, place, name, process in signal, measured) for process in simulated
        ]
        channels.append({"name": name, "samples": samples})
        of_data = sum(float(measured.yields[p][place]) for p in data)
        seen = of_data if data else sum(s["data"][0] for s in samples)
        observations.append({"name": name, "data": [seen]})
    config: dict[str, Any] = {"poi": "mu" if signal else "", "parameters": []}
    return {
        "channels": channels,
        "observations": observations,
        "measurements": [{"name": "adl", "config": config}],
        "version": "1.0.0",
    }


def _sample(
    process: str, place: int, channel: str, is_signal: bool, measured: Measured
) -> dict[str, Any]:
    error = math.sqrt(float(measured.squares[process][place]))
    modifiers: list[dict[str, Any]] = [
        {"name": f"staterror_{channel}", "type": "staterror", "data": [error]}
    ]
    if is_signal:
        modifiers.append({"name": "mu", "type": "normfactor", "data": None})
    total = float(measured.yields[process][place])
    return {"name": process, "data": [total], "modifiers": modifiers}
