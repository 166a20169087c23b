"""What tests of systematics share: small events, compiled and interpreted analyses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.check.checker import check
from adl.check.dataset import Dataset
from adl.compiler.layout import Chunk
from adl.compiler.pipeline import Compiled, build
from adl.runtime.collect import collect, systematics
from adl.runtime.results import Cutflow, Histogram, Process, Systematic
from adl.stdlib.models import Branch, Schema, load_model
from adl.syntax.diagnostics import Diagnostic
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests import checking
from tests.checking import NANOAOD

Array = npt.NDArray[Any]


def examined(
    text: str, schema: Schema = NANOAOD, dataset: Dataset | None = None
) -> tuple[Diagnostic, ...]:
    return checking.findings(text, schema, dataset=dataset)


def codes(text: str, schema: Schema = NANOAOD) -> list[str]:
    return [d.code for d in examined(text, schema) if d.severity != "note"]


def compiled(text: str, schema: Schema = NANOAOD, only: str = "") -> Compiled:
    """Return an analysis, perhaps with one of its systematics only."""
    source = Source("systematics.adl", text)
    wanted = (lambda name: name == only) if only else (lambda name: True)
    return build(check(parse(source), source, schema, "adl", systematics=wanted)[0])


@dataclass(frozen=True)
class Outcome:
    """What a run gives, by variation."""

    cutflows: Mapping[tuple[str, str], Cutflow]  # by variation and region
    histograms: Mapping[tuple[str, str, str], Histogram]  # and name
    systematics: Sequence[Systematic]

    def labels(self) -> set[str]:
        """Return the variations that have something of their own."""
        return {key[0] for key in (*self.cutflows, *self.histograms)}

    def values(self, label: str, name: str, region: str = "r") -> Array:
        """Return a histogram's sums of weights, flow in; the nominal ones where it is the same."""
        found = self.histograms.get((label, region, name))
        found = found or self.histograms["nominal", region, name]
        return np.asarray(found.hist.values(flow=True))

    def yields(self, label: str, region: str = "r") -> list[float]:
        found = self.cutflows.get((label, region)) or self.cutflows["nominal", region]
        return [step.sumw for step in found.steps]


def results(analysis: Compiled, chunk: Chunk, interpreted: bool = False) -> Outcome:
    partial = analysis.interpret(chunk) if interpreted else analysis.run(chunk)
    process = Process("p", "p")
    cutflows, histograms = collect(analysis.program, analysis.layout, partial, process)
    return Outcome(
        {(c.variation, c.region): c for c in cutflows},
        {(h.variation, h.region, h.name): h for h in histograms},
        systematics(analysis.program),
    )


def lists(*rows: Sequence[float], dtype: str = "float32") -> tuple[Array, Array]:
    """Return a column with some numbers in each event, and its offsets."""
    offsets = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    return np.array([x for row in rows for x in row], dtype), offsets


def jets(*pts: Sequence[float], **more: Array) -> Chunk:
    """Return events with jets of these pT, phi rising from 0 in steps of 1; MET is 50, phi 0."""
    pt, offsets = lists(*pts)
    phi, _ = lists(*([float(i) for i in range(len(row))] for row in pts))
    zero = np.zeros_like(pt)
    number = len(pts)
    columns = {
        "Jet_pt": pt,
        "Jet_eta": zero,
        "Jet_phi": phi,
        "Jet_mass": zero + np.float32(5.0),
        "MET_pt": np.full(number, 50, np.float32),
        "MET_phi": np.zeros(number, np.float32),
        **more,
    }
    return Chunk(number, columns, {"Jet": offsets})


def schema(**columns: str) -> Schema:
    """Return the schema of a file with jets, MET, a list of weights and these columns of events."""
    names = {
        **dict.fromkeys(("Jet_pt", "Jet_eta", "Jet_phi", "Jet_mass"), "Jet"),
        "LHEPdfWeight": "LHEPdfWeight",
    }
    branches = {n: Branch(n, "float32", f"n{c}") for n, c in names.items()}
    for name in ("nJet", "nLHEPdfWeight"):
        branches[name] = Branch(name, "uint32", None)
    for name, dtype in {"MET_pt": "float32", "MET_phi": "float32", **columns}.items():
        of = "nJet" if name.startswith("Jet_") else None
        branches[name] = Branch(name, dtype, of)
    return load_model("nanoaod").schema(branches)
