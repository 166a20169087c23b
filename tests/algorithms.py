"""Small analyses with algorithms over random jets, run by kernel and interpreter."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.check.checker import check
from adl.compiler.layout import Chunk, Partial
from adl.compiler.pipeline import Compiled, build
from adl.runtime.collect import collect
from adl.runtime.results import Process
from adl.stdlib.registry import FUNCTIONS
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.checking import NANOAOD, findings
from tests.test_differential import differences

Array = npt.NDArray[Any]
ALGORITHMS = [f for f in FUNCTIONS.values() if f.form == "algorithm"]

OBJECTS = """
info adl
  dialect adl
object jets
  take Jet
  select pT(this) > 30
object leptons
  take union(Muon, Electron)
object apart
  take separated(jets, 0.8)
object mega
  take fmegajets(jets)
"""


def codes(text: str) -> list[str]:
    return [d.code for d in findings(f"{OBJECTS}{text}") if d.severity != "note"]


def compiled(text: str) -> Compiled:
    source = Source("algorithms.adl", f"{OBJECTS}{text}")
    return build(check(parse(source), source, NANOAOD)[0])


def chunk(program: Compiled, events: int = 200, seed: int = 1) -> Chunk:
    """Return random events for the columns of a program; one jet in ten is next to the one before."""
    draw = np.random.default_rng(seed)
    offsets: dict[str, Array] = {}
    for name in program.program.collections:
        counts = draw.integers(0, 6, events)
        offsets[name] = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    ranges = {"pt": (10, 100), "eta": (-2.5, 2.5), "phi": (-3.1, 3.1), "mass": (0, 10)}
    columns: dict[str, Array] = {}
    for column in program.program.columns:
        size = events if column.collection is None else int(offsets[column.collection][-1])
        low, high = ranges[column.name.rpartition("_")[2]]
        values = np.round(draw.uniform(low, high, size), 1)  # coarse: ties happen
        columns[column.name] = values.astype(column.dtype)
    return Chunk(events, columns, offsets)


def run(text: str, seed: int = 1) -> tuple[Compiled, Chunk, Partial]:
    """Count with the kernel, which has to agree with the interpreter."""
    program = compiled(text)
    events = chunk(program, seed=seed)
    partial = program.run(events)
    assert not differences(program.interpret(events), partial)
    return program, events, partial


def histogram(text: str, seed: int = 1) -> tuple[list[float], Chunk]:
    """Return the contents of the one histogram, without flow bins, and the events."""
    program, events, partial = run(text, seed)
    _, (found,) = collect(program.program, program.layout, partial, Process("p", "p"))
    return [float(v) for v in found.hist.values()], events


def jets_of(events: Chunk, least: float = 30.0) -> list[Array]:
    """Return the jets of each event that pass a cut: rows of pt, eta, phi, mass, as float64."""
    names = [f"Jet_{n}" for n in ("pt", "eta", "phi", "mass")]
    columns = [events.columns[n].astype(np.float64) for n in names]
    found = []
    for first, after in pairwise(events.offsets["Jet"]):
        rows = np.stack([c[first:after] for c in columns], axis=1)
        found.append(rows[rows[:, 0] > least])
    return found


def momenta(rows: Array) -> Array:
    pt, eta, phi, mass = rows.T
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    return np.stack([px, py, pz, np.sqrt(pt**2 + pz**2 + mass**2)], axis=1)
