"""Systematics of what the object model computes: pt of px and py, MET that is another column."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import CliRunner

from adl.cli import main
from adl.stdlib.models import load_model
from tests.test_formats_made import lists, made
from tests.variations import codes, examined

Hists = dict[tuple[str, str], np.ndarray[Any, Any]]

SCALE = """systematic jes
  scale pt(Jet)  up 1 + 0.1*exp(-abs(eta))  down 1 - 0.1*exp(-abs(eta))
  propagate MET from Jet pt > 15
"""
REGION = """
region r
  histo hpt, "pt", 40, 0, 200, pT(Jet)
  histo hmass, "mass of all", 20, 0, 1000, m(sum(Jet))
  select any(Jet.pt > 30)
  histo hmet, "MET", 50, 0, 250, MET
  histo hphi, "phi", 16, -3.2, 3.2, phi(MET)
"""


def call(*arguments: object) -> str:
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def run(text: str, file: Path, folder: Path, *more: str, interpreted: bool = False) -> Hists:
    """Return the histograms of a run, by variation and name; if asked, the interpreter has the same."""
    folder.mkdir(exist_ok=True)
    (folder / "a.adl").write_text(text)
    found = []
    for target in ("host", "reference") if interpreted else ("host",):
        out = folder / target
        call("run", folder / "a.adl", file, "-q", "-o", out, "--target", target, *more)
        results = json.loads((out / "results.json").read_text())
        kept = {(h["variation"], h["name"]): h["hist"]["storage"] for h in results["histograms"]}
        found.append({key: np.array(s["values"]) for key, s in kept.items()})
    assert found[0].keys() == found[-1].keys()
    assert all((found[0][key] == found[-1][key]).all() for key in found[0])
    return found[0]


def filled(values: Any, number: int, low: float, high: float) -> np.ndarray[Any, Any]:
    """Return counts with both flows."""
    edges = np.concatenate([[-np.inf], np.linspace(low, high, number + 1), [np.inf]])
    return np.histogram(ak.to_numpy(ak.flatten(values, axis=None)), edges)[0]


def scaled(jets: Any, met: Any, sign: int) -> dict[str, np.ndarray[Any, Any]]:
    """Return the histograms of jets and missing momentum with momenta of another scale."""
    factor = 1 + sign * 0.1 * np.exp(-abs(jets.eta))
    counts, pt = jets.pt > 15, jets.pt * factor
    moved = ak.where(counts, pt - jets.pt, 0)
    x = met.pt * np.cos(met.phi) - ak.sum(moved * np.cos(jets.phi), axis=1)
    y = met.pt * np.sin(met.phi) - ak.sum(moved * np.sin(jets.phi), axis=1)
    px, py, pz = pt * np.cos(jets.phi), pt * np.sin(jets.phi), pt * np.sinh(jets.eta)
    energy = np.sqrt(px**2 + py**2 + pz**2 + jets.mass**2)
    total = [ak.sum(c, axis=1) for c in (energy, px, py, pz)]
    squared = total[0] ** 2 - total[1] ** 2 - total[2] ** 2 - total[3] ** 2
    passed = ak.any(pt > 30, axis=1)
    return {
        "hpt": filled(pt, 40, 0, 200),
        "hmass": filled(np.sqrt(np.maximum(squared, 0)), 20, 0, 1000),
        "hmet": filled(np.hypot(x, y)[passed], 50, 0, 250),
        "hphi": filled(np.arctan2(y, x)[passed], 16, -3.2, 3.2),
    }


def agree(found: Hists, jets: Any, met: Any) -> None:
    for label, sign in (("nominal", 0), ("jesUp", 1), ("jesDown", -1)):
        for name, wanted in scaled(jets, met, sign).items():
            assert found[label, name].tolist() == wanted.tolist(), (label, name)
    assert (found["jesUp", "hmet"] != found["nominal", "hmet"]).any()


@pytest.fixture(scope="module")
def drawn() -> tuple[Any, Any]:
    """Return jets and missing momentum of 400 events."""
    draw = np.random.default_rng(7)
    number = draw.integers(0, 5, 400)
    size = int(number.sum())
    flat = {
        "pt": draw.exponential(40, size) + 8,
        "eta": draw.uniform(-2.5, 2.5, size),
        "phi": draw.uniform(-3.1, 3.1, size),
        "mass": draw.uniform(1, 12, size),
    }
    jets = ak.zip({k: ak.unflatten(v, number) for k, v in flat.items()})
    return jets, ak.zip({"pt": draw.exponential(50, 400), "phi": draw.uniform(-3.1, 3.1, 400)})


@pytest.fixture(scope="module")
def cartesian(drawn: tuple[Any, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with px, py, pz and energy."""
    jets, met = drawn
    px, py, pz = (jets.pt * f for f in (np.cos(jets.phi), np.sin(jets.phi), np.sinh(jets.eta)))
    energy = np.sqrt(px**2 + py**2 + pz**2 + jets.mass**2)
    path = tmp_path_factory.mktemp("cartesian") / "events.root"
    with uproot.recreate(path) as file:
        columns = {
            "Jet": ak.zip({"px": px, "py": py, "pz": pz, "energy": energy}),
            "MET_px": ak.to_numpy(met.pt * np.cos(met.phi)),
            "MET_py": ak.to_numpy(met.pt * np.sin(met.phi)),
        }
        file.mktree(
            "Events", {name: c.type if name == "Jet" else "f8" for name, c in columns.items()}
        )
        file["Events"].extend(columns)
    return path


def test_pt_that_is_computed_from_px_and_py(
    drawn: tuple[Any, Any], cartesian: Path, tmp_path: Path
) -> None:
    found = run(SCALE + REGION, cartesian, tmp_path / "all", "--model", "ntuple", interpreted=True)
    agree(found, *drawn)
    alone = run(REGION, cartesian, tmp_path / "nominal", "--model", "ntuple")
    assert all((found[key] == alone[key]).all() for key in alone)


def test_lines_that_follow_see_the_changed_value(
    drawn: tuple[Any, Any], cartesian: Path, tmp_path: Path
) -> None:
    text = """systematic first
  scale pt(Jet)  nominal 1.1  up 1.2  down 1.0
  keep MET
systematic second
  scale pt(Jet)  up 1 + 0.001*pt  mirror
  keep MET
"""
    found = run(text + REGION, cartesian, tmp_path, "--model", "ntuple")
    pt = drawn[0].pt
    nominal, second = 1.1 * pt, 1.1 * pt * (1 + 0.001 * 1.1 * pt)
    wanted = {"nominal": nominal, "firstUp": 1.2 * pt, "firstDown": pt, "secondUp": second}
    for label, values in wanted.items():
        assert found[label, "hpt"].tolist() == filled(values, 40, 0, 200).tolist(), label


def test_missing_momentum_that_is_two_columns_by_other_names(
    drawn: tuple[Any, Any], tmp_path: Path
) -> None:
    jets, met = drawn
    with uproot.recreate(tmp_path / "atlas.root") as file:
        momentum = {n: jets[n] for n in ("pt", "eta", "phi")}
        energy = np.sqrt((jets.pt * np.cosh(jets.eta)) ** 2 + jets.mass**2)
        names = {"met": ak.to_numpy(met.pt), "met_phi": ak.to_numpy(met.phi)}
        columns = {f"jet_{n}": c for n, c in (*momentum.items(), ("e", energy))}
        file["analysis"] = {**columns, **names, "runNumber": np.arange(400)}
    own = "systematic unclustered\n  scale MET  up 1.5  down 0.5\n"
    region = 'region s\n  histo column, "met", 50, 0, 250, met\n'
    found = run(
        own
        + SCALE
        + "region r"
        + REGION.split("region r")[1].replace(
            '  histo hmass, "mass of all", 20, 0, 1000, m(sum(Jet))\n', ""
        )
        + region,
        tmp_path / "atlas.root",
        tmp_path / "out",
        "--model",
        "atlas2025",
    )
    for label, sign in (("nominal", 0), ("jesUp", 1), ("jesDown", -1)):
        wanted = scaled(jets, met, sign)
        for name in ("hpt", "hmet", "hphi"):
            assert found[label, name].tolist() == wanted[name].tolist(), (label, name)
    # By its own name the column is the same thing.
    assert found["unclusteredUp", "column"].tolist() == filled(1.5 * met.pt, 50, 0, 250).tolist()
    assert (found["jesUp", "column"] != found["nominal", "column"]).any()


def test_jets_and_missing_momentum_of_a_real_file_of_fcc(real_data: Path, tmp_path: Path) -> None:
    path = real_data / "fcc_winter2023_100.root"
    events = uproot.open(path)["events"]
    names = ("momentum.x", "momentum.y", "momentum.z", "mass")
    x, y, z, mass = (ak.values_astype(events[f"Jet.{n}"].array(), float) for n in names)
    pt = np.hypot(x, y)
    jets = ak.zip({"pt": pt, "eta": np.arcsinh(z / pt), "phi": np.arctan2(y, x), "mass": mass})
    x, y = (ak.values_astype(events[f"MissingET.{n}"].array()[:, 0], float) for n in names[:2])
    met = ak.zip({"pt": np.hypot(x, y), "phi": np.arctan2(y, x)})
    agree(run(SCALE + REGION, path, tmp_path), jets, met)


def test_missing_momentum_that_use_has_chosen(real_data: Path, tmp_path: Path) -> None:
    path = real_data / "nano_v15_ttbar.root"
    events = uproot.open(path)["Events"]
    read = [
        ak.values_astype(events[f"Jet_{n}"].array(), float) for n in ("pt", "eta", "phi", "mass")
    ]
    jets = ak.zip(dict(zip(("pt", "eta", "phi", "mass"), read, strict=True)))
    read = [ak.values_astype(events[f"PuppiMET_{n}"].array(), float) for n in ("pt", "phi")]
    met = ak.zip({"pt": read[0], "phi": read[1]})
    agree(run("use MET = PuppiMET\n" + SCALE + REGION, path, tmp_path), jets, met)
    (tmp_path / "a.adl").write_text(
        "systematic met\n  scale MET  up 1.1 down 0.9\n" + SCALE + REGION
    )
    result = CliRunner().invoke(main, ["check", str(tmp_path / "a.adl"), "--input", str(path)])
    assert result.exit_code == 2
    assert "a.adl:2:9: error[E254]: MET is not in the input; it could mean" in result.output


def test_missing_momentum_that_is_a_list_of_one(tmp_path: Path) -> None:
    path = made(
        tmp_path / "delphes.root",
        "Delphes",
        Event__Number=lists([7.0], [8.0], [9.0]),
        Jet__PT=lists([50, 10], [30], [20]),
        Jet__Eta=lists([0, 0], [0], [0]),
        Jet__Phi=lists([0, 0], [0], [0]),
        Jet__Mass=lists([0, 0], [0], [0]),
        MissingET__MET=lists([60], [70], []),  # the last event lacks it
        MissingET__Phi=lists([0], [0], []),
        MissingET__Eta=lists([0], [0], []),
    )
    text = SCALE.replace("0.1*exp(-abs(eta))", "0.1")
    text += "systematic soft\n  scale MET  up 1.5  down 0.5\n"
    region = 'region r\n  histo hmet, "MET", 20, 0, 200, MET\n  select MET < 1000\n'
    region += '  histo hother, "MET", 20, 0, 200, MET.MET\n'
    found = run(text + region, path, tmp_path, interpreted=True)
    wanted = {"nominal": [60, 70], "jesUp": [55, 67], "jesDown": [65, 73], "softUp": [90, 105]}
    for label, values in wanted.items():
        expected = filled(ak.Array(values), 20, 0, 200).tolist()
        assert found[label, "hmet"].tolist() == found[label, "hother"].tolist() == expected, label


def test_a_skim_has_what_computed_attributes_are_made_of(cartesian: Path, tmp_path: Path) -> None:
    text = SCALE + "region r\n  select any(Jet.pt > 30)\n"
    (tmp_path / "a.adl").write_text(text)
    out = tmp_path / "skim.root"
    more = ("--region", "r", "--any-variation", "--model", "ntuple")
    call("skim", tmp_path / "a.adl", cartesian, "-q", "-o", out, *more)
    stored = set(uproot.open(out)["Events"].keys())
    assert {"MET_px", "MET_py", "Jet_px", "Jet_py"} <= stored


Check = Callable[[str], list[str]]
NTUPLE = load_model("ntuple").schema()


def test_what_is_computed_follows_its_columns_until_a_line_changes_it(
    drawn: tuple[Any, Any], cartesian: Path, tmp_path: Path
) -> None:
    jets, _ = drawn
    text = """systematic tilt
  scale px(Jet)  up 1.2  down 0.8
  keep MET
systematic heavy
  scale mass(Jet)  up 1.5  mirror
systematic both
  scale pt(Jet), mass(Jet)  up 1.1  down 0.9
  keep MET
systematic late
  scale px(Jet)  up 1.4  down 0.6
  keep MET
region r
  histo hpt, "pt", 40, 0, 200, pT(Jet)
  histo hm, "mass", 40, 0, 20, m(Jet)
"""
    found = run(text, cartesian, tmp_path, "--model", "ntuple", interpreted=True)
    px, py, pz = (jets.pt * f for f in (np.cos(jets.phi), np.sin(jets.phi), np.sinh(jets.eta)))
    energy2 = px**2 + py**2 + pz**2 + jets.mass**2

    def tilted(factor: float) -> tuple[Any, Any]:
        pt = np.hypot(factor * px, py)
        squared = energy2 - pt**2 - pz**2
        return pt, ak.where(squared < 0, -1, 1) * np.sqrt(abs(squared))

    wanted = {
        "nominal": (jets.pt, jets.mass),
        "heavyUp": (jets.pt, 1.5 * jets.mass),
        "bothUp": (1.1 * jets.pt, 1.1 * jets.mass),
        "bothDown": (0.9 * jets.pt, 0.9 * jets.mass),
        "tiltUp": tilted(1.2),
        "lateDown": tilted(0.6),
    }
    for label, (pt, mass) in wanted.items():
        for name, expected in (("hpt", filled(pt, 40, 0, 200)), ("hm", filled(mass, 40, 0, 20))):
            values = found.get((label, name), found["nominal", name])
            assert values.tolist() == expected.tolist(), (label, name)


def test_a_nominal_correction_of_what_is_computed_stays(
    drawn: tuple[Any, Any], cartesian: Path, tmp_path: Path
) -> None:
    jets, _ = drawn
    text = """systematic scale
  scale pt(Jet)  nominal 1.1
  keep MET
systematic tilt
  scale px(Jet)  up 1.2  down 0.8
  keep MET
region r
  histo hpt, "pt", 40, 0, 200, pT(Jet)
"""
    found = run(text, cartesian, tmp_path, "--model", "ntuple")
    assert found["nominal", "hpt"].tolist() == filled(1.1 * jets.pt, 40, 0, 200).tolist()
    assert ("tiltUp", "hpt") not in found


def test_a_column_that_does_not_follow_is_a_warning() -> None:
    region = "region r\n  select any(Jet j, j.px > 20 and j.pt > 30)\n  select MET.px > 10\n"
    found = examined(SCALE + region, NTUPLE)
    assert [d.code for d in found] == ["W345", "W345"]
    assert ["px" in d.message and "stays as it is" in d.message for d in found] == [True] * 2
    assert codes(SCALE + REGION, NTUPLE) == []
