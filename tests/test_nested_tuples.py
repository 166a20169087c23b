"""Tuples of tuples on a real file, against plain loops."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot
from click.testing import CliRunner

from adl.cli.run import command

ANALYSIS = """
info adl
  dialect adl
object mu
  take Muon
  select pT > 3
object el
  take Electron
  select pT > 5
object leps
  take union(mu, el)
composite Zs
  take disjoint(leps l1, leps l2)
  select l1.charge + l2.charge == 0
  select abs(l1.pdgId) == abs(l2.pdgId)
  object Z = l1 + l2
  define offset = abs(mass(Z) - 91.19)
composite ZZs
  take disjoint(Zs za, Zs zb)
  define nearer = min(za.offset, zb.offset)
  select max(mass(za), mass(zb)) > 10
composite some
  take ZZs
  select pT(za.l1) > 15
composite every
  take cartesian(Zs za, Zs zb)
define best = argmin(ZZs c, c.nearer)
region r
  histo number, "", 100, -0.5, 99.5, size(ZZs)
  histo some, "", 100, -0.5, 99.5, size(some)
  histo every, "", 100, -0.5, 99.5, size(every)
  histo pairs, "", 100, -0.5, 99.5, count(disjoint(Zs x, Zs y), true)
  histo beside, "", 100, -0.5, 99.5, count(disjoint(Zs x, leps l), true)
  histo mass, "", 100, 0, 500, mass(best)
  histo member, "", 100, 0, 200, best.za.l1.pT
  histo second, "", 100, 0, 200, ZZs[1].zb.Z.pT
"""
CUTS = {"Muon": 3.0, "Electron": 5.0}
PARTS = ("pt", "eta", "phi", "mass", "charge", "pdgId")

Vector = tuple[float, float, float, float]


def vector(pt: float, eta: float, phi: float, mass: float, *others: float) -> Vector:
    energy = math.sqrt((pt * math.cosh(eta)) ** 2 + mass**2)
    return pt * math.cos(phi), pt * math.sin(phi), pt * math.sinh(eta), energy


def add(vectors: Sequence[Vector]) -> Vector:
    px, py, pz, energy = (sum(parts) for parts in zip(*vectors, strict=True))
    return px, py, pz, energy


def mass(v: Vector) -> float:
    return math.sqrt(max(0.0, v[3] ** 2 - v[0] ** 2 - v[1] ** 2 - v[2] ** 2))


def expected(columns: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Return what each histogram is filled with."""
    filled: dict[str, list[float]] = {}

    def fill(name: str, value: float) -> None:
        filled.setdefault(name, []).append(value)

    for event in columns:
        leptons = [
            lepton
            for kind, least in CUTS.items()
            for lepton in zip(*(event[f"{kind}_{part}"] for part in PARTS), strict=True)
            if lepton[0] > least
        ]
        leptons.sort(key=lambda lepton: -lepton[0])
        zs = [
            (a, b)
            for a, b in combinations(leptons, 2)
            if a[4] + b[4] == 0 and abs(a[5]) == abs(b[5])
        ]
        whole = {z: add([vector(*lepton) for lepton in z]) for z in zs}
        offset = {z: abs(mass(v) - 91.19) for z, v in whole.items()}
        pairs = [(x, y) for x, y in combinations(zs, 2) if not set(x) & set(y)]
        found = [(x, y) for x, y in pairs if max(mass(whole[x]), mass(whole[y])) > 10]
        fill("number", len(found))
        fill("some", sum(x[0][0] > 15 for x, _ in found))
        fill("every", len(zs) ** 2)
        fill("pairs", len(pairs))
        fill("beside", sum(lepton not in z for z in zs for lepton in leptons))
        if found:
            best = min(found, key=lambda pair: min(offset[z] for z in pair))
            fill("mass", mass(add([whole[z] for z in best])))
            fill("member", best[0][0][0])
        if len(found) > 1:
            fill("second", math.hypot(*whole[found[1][1]][:2]))
    return filled


@pytest.mark.parametrize("target", ["host", "reference"])
def test_tuples_of_tuples_have_no_object_twice(
    tmp_path: Path, real_data: Path, target: str
) -> None:
    file = real_data / "nano_v12_ttbar.root"
    analysis = tmp_path / "zz.adl"
    analysis.write_text(ANALYSIS)
    arguments = [str(analysis), str(file), "-q", "-o", str(tmp_path), "--target", target]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    names = [f"{kind}_{part}" for kind in CUTS for part in PARTS]
    with uproot.open(f"{file}:Events") as tree:
        wanted = expected(tree.arrays(names).to_list())
    for histogram in json.loads((tmp_path / "results.json").read_text())["histograms"]:
        (axis,) = histogram["hist"]["axes"]
        edges = axis["bins"], (axis["lower"], axis["upper"])
        counts = np.histogram(wanted[histogram["name"]], *edges)[0]
        assert counts.sum() > 5, histogram["name"]
        assert histogram["hist"]["storage"]["values"][1:-1] == counts.tolist(), histogram["name"]
