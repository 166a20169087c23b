"""Small NanoAOD files with generator weights, for tests of dataset lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import uproot

Columns = dict[str, npt.NDArray[Any]]

ANALYSIS = """
region signal
  select MET > 40
  weight pu 1 + 0.01 * Pileup_nTrueInt  only simulation
  histo hmet, "MET", 10, 0, 100, MET
  bin MET > 60
  bin MET <= 60
"""


def make(
    path: Path, events: int, seed: int, *, data: bool = False, generated: float | None = None
) -> Columns:
    """Write a file and return its columns; ``generated`` is the sum of weights in its Runs tree."""
    rng = np.random.default_rng(seed)
    columns: Columns = {
        "run": np.full(events, 297050 + seed % 2, np.uint32),
        "luminosityBlock": (1 + np.arange(events) // 10).astype(np.uint32),
        "event": np.arange(events, dtype=np.uint64),
        "MET_pt": rng.exponential(40, events).astype(np.float32),
        "MET_phi": rng.uniform(-3, 3, events).astype(np.float32),
        "HLT_Mu": rng.random(events) < 0.5,
        "HLT_El": rng.random(events) < 0.5,
    }
    if not data:
        columns |= {
            "genWeight": (rng.normal(1, 0.5, events) * rng.choice([1, 1, 1, -1], events)).astype(
                np.float32
            ),
            "Pileup_nTrueInt": rng.uniform(10, 50, events).astype(np.float32),
            "LHE_Njets": rng.integers(0, 4, events).astype(np.uint8),
        }
    with uproot.recreate(path) as file:
        # With an unequal basket size a file has several: reading begins in the middle.
        tree = file.mktree("Events", {name: values.dtype for name, values in columns.items()})
        for start in range(0, events, 70):
            tree.extend({n: v[start : start + 70] for n, v in columns.items()})
        if generated is not None:
            runs = {"run": np.array([1], np.uint32), "genEventSumw": np.array([generated])}
            file.mktree("Runs", {n: v.dtype for n, v in runs.items()}).extend(runs)
    return columns


def weight_of(columns: Columns) -> npt.NDArray[np.float64]:
    """Return the weight of each event of simulation that passes, 0 of others, before scaling."""
    met = columns["MET_pt"].astype(np.float64)
    pu = 1 + 0.01 * columns["Pileup_nTrueInt"].astype(np.float64)
    return columns["genWeight"].astype(np.float64) * pu * (met > 40)
