"""The examples in examples/systematics, against awkward and correctionlib."""

from __future__ import annotations

import json
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot
import vector
from click.testing import CliRunner
from correctionlib import CorrectionSet

from adl.cli import main

vector.register_awkward()


@pytest.mark.parametrize("target", ["host", "reference"])
def test_lepton_factors_are_those_of_correctionlib(
    tmp_path: Path, examples: Path, target: str
) -> None:
    analysis = examples / "systematics" / "lepton_factors.adl"
    sample = examples / "sample" / "zmumu.root"
    arguments = ["run", str(analysis), str(sample), "-o", str(tmp_path), "-q", "--simulation"]
    run = CliRunner().invoke(main, [*arguments, "--target", target])
    assert run.exit_code == 0, run.output
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    found = {h["name"]: h["hist"]["storage"] for h in results["histograms"]}

    with uproot.open(sample) as file:
        fields = ("pt", "eta", "phi", "mass")
        columns = file["Events"].arrays([f"Muon_{f}" for f in fields])
    muons = ak.zip({f: ak.values_astype(columns[f"Muon_{f}"], np.float64) for f in fields})
    good = ak.with_name(muons[(muons.pt > 15) & (abs(muons.eta) < 2.4)], "Momentum4D")
    pairs = good[ak.num(good) == 2]
    muon_id = CorrectionSet.from_file(str(examples / "corrections" / "muons.json"))["muon_id"]
    factors = ak.Array(muon_id.evaluate("nominal", abs(pairs.eta), pairs.pt))
    weights = ak.to_numpy(factors[:, 0] * factors[:, 1])
    assert len(weights) > 100
    mass = ak.to_numpy((pairs[:, 0] + pairs[:, 1]).mass)
    expected, _ = np.histogram(mass, 60, (60.0, 120.0), weights=weights)
    assert np.allclose(found["mass"]["values"][1:-1], expected, rtol=1e-12, atol=0.0)
    each, _ = np.histogram(
        ak.to_numpy(ak.flatten(factors)), 50, (0.95, 1.05), weights=np.repeat(weights, 2)
    )
    assert np.allclose(found["factor"]["values"][1:-1], each, rtol=1e-12, atol=0.0)
