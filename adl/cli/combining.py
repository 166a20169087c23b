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
from adl.cli.pictures import check_file
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
    chosen = signals(measured, signal)
    if not chosen or len(chosen) == len(simulated):
        which = "no process" if not chosen else "every process"
        raise UserError(f"--signal {signal} is {which}: there are {', '.join(simulated)}")
    found = []
    for i in order:
        s = math.fsum(measured.yields[name][i] for name in chosen)
        b = math.fsum(measured.yields[name][i] for name in simulated if name not in chosen)
        found.append(expected(s, b))
    return found, f"expected squared significance of {', '.join(chosen)}"


def signals(measured: Measured | None, signal: str | None) -> list[str]:
    """Return the simulated processes that --signal names."""
    if measured is None or signal is None:
        return []
    simulated = (name for name, data in measured.is_data.items() if not data)
    return [name for name in simulated if fnmatchcase(name, signal)]


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


ENDINGS = ".json, .csv, .pyhf.json or .spey.json"


def check_export(path: str, has_data: bool, signal: str | None) -> None:
    """Refuse a file that cannot be written, before anything is measured."""
    ending = _ending(path)
    if not ending:
        raise UserError(f"--export {path}: the name ends in {ENDINGS}")
    check_file("--export", path)
    if ending in _LIKELIHOODS and not has_data:
        raise UserError(f"--export {path}: a workspace has yields: name DATA to measure them")
    if ending == ".spey.json" and signal is None:
        raise UserError(f"--export {path}: spey limits a signal: name its processes with --signal")


_LIKELIHOODS = (".pyhf.json", ".spey.json")


def _ending(path: str) -> str:
    name = Path(path).name.lower()
    return next((e for e in (*_LIKELIHOODS, ".json", ".csv") if name.endswith(e)), "")


def export(
    path: str,
    found: Combination,
    regions: tuple[Region, ...],
    measured: Measured | None,
    signal: str | None,
) -> None:
    """Write the matrix of what may be combined, or the best set as a likelihood, by the ending."""
    from adl.cli import workspaces

    match _ending(path):
        case ".pyhf.json":
            chosen = signals(measured, signal)
            text = _json(workspaces.workspace(found, regions, measured, chosen))
        case ".spey.json":
            chosen = signals(measured, signal)
            text = _json(workspaces.for_spey(found, regions, measured, chosen))
        case ".json":
            text = _json(_matrix(found, regions, measured))
        case _:
            text = _csv(found, regions)
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None


def _json(plain: dict[str, Any]) -> str:
    return json.dumps(plain, indent=2) + "\n"


def _matrix(
    found: Combination, regions: tuple[Region, ...], measured: Measured | None
) -> dict[str, Any]:
    """Return what may be combined, and the correlations that were measured."""
    plain = document(found, regions)
    if measured is not None:
        from adl.cli.overlaps import document as overlaps

        whole = overlaps(measured)
        order = [measured.place(region) for region in regions]  # type: ignore[arg-type]  # ("A", name)
        for key in ("correlation", "correlation_uncertainty"):
            plain[key] = [[whole[key][i][j] for j in order] for i in order]
    return plain


def _csv(found: Combination, regions: tuple[Region, ...]) -> str:
    """Return the matrix: 1 where two regions may be combined."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = ["/".join(region) for region in regions]
    writer.writerow(["", *names])
    for name, row in zip(names, found.allowed.astype(int).tolist(), strict=True):
        writer.writerow([name, *row])
    return out.getvalue()
