"""The record of a skim: what it was made from and how, as the JSON text ``adl_skim`` in the file."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from adl import __version__
from adl.runtime.execute.outcome import Outcome
from adl.runtime.skims.keeper import SkimKeeper
from adl.runtime.skims.later import FORMAT
from adl.runtime.skims.preparing import SkimPreparation


def record(preparation: SkimPreparation, keeper: SkimKeeper, outcome: Outcome) -> str:
    """Return the record of a skim; the manual describes it."""
    analysis = preparation.analysis
    assert analysis is not None, "a file was prepared"
    regions = preparation.regions or tuple(r.name for r in analysis.regions)
    first = next(iter(keeper.files))
    document = {
        "format": FORMAT,
        "adlc": __version__,
        "analysis": {
            "file": preparation.source.name,
            "sha256": hashlib.sha256(preparation.source.text.encode()).hexdigest(),
            "dialect": analysis.dialect,
        },
        "regions": list(regions),
        "columns": list(preparation.columns),
        "any_variation": preparation.any_variation,
        "variations": {
            "kept": [v for v in preparation.moving if v not in preparation.left_out],
            "left_out": list(preparation.left_out),
            "trees": dict(keeper.trees),
        },
        "seed": preparation.seed,
        "model": preparation.opened[first].model,
        "version": preparation.opened[first].version,
        "events": keeper.kept,
        "inputs": [_input(preparation, keeper, path) for path in keeper.files],
        "failed": [{"path": f["path"], "error": f["error"]} for f in outcome.files if f["error"]],
    }
    return json.dumps(document)


def _input(preparation: SkimPreparation, keeper: SkimKeeper, path: str) -> dict[str, Any]:
    sums, kept = keeper.files[path]
    return {
        "path": path,
        "uuid": preparation.opened[path].uuid,
        "kept": kept,
        "events": sums.events,
        "sum_of_weights": sums.weights,
        "sum_of_weights2": sums.weights2,
        "counted_by": sums.origin,
    }
