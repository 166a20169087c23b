"""The record of a skim: what it was made from and how, as the JSON text ``adl_skim`` in the file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from adl import __version__
from adl.runtime.execute.local import Outcome
from adl.runtime.inputs.opening import directory
from adl.runtime.inputs.trees import Input
from adl.runtime.outputs.skims import RECORD
from adl.runtime.skims.keeper import SkimKeeper
from adl.runtime.skims.preparing import SkimPreparation

FORMAT = 1


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


def record_of(source: Input) -> Mapping[str, Any] | None:
    """Return the record of an open skim; None of a file that has none of this format."""
    folder = directory(source)
    if RECORD not in folder.keys(recursive=False, cycle=False):
        return None
    try:
        document = json.loads(str(folder[RECORD]))
    except ValueError:
        return None
    known = isinstance(document, dict) and document.get("format") == FORMAT
    return document if known else None
