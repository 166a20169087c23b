"""One event with known answers, each in the dialect that it names.

jets pT = 100, 60, 40, 35 at eta 0 and phi = 0, 1, 2, -1; one electron of 30 GeV at phi 0.1; no
muons; missing momentum 80 GeV at phi = pi.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import CliRunner

from adl.cli.run import command

ELEMENTS: dict[str, dict[str, list[float]]] = {
    "Jet": {"pt": [100.0, 60.0, 40.0, 35.0], "phi": [0.0, 1.0, 2.0, -1.0]},
    "Electron": {"pt": [30.0], "phi": [0.1]},
    "Muon": {"pt": [], "phi": []},
}
OBJECTS = """
object jets
  take Jet
object electrons
  take Electron
object muons
  take Muon
"""
BOTH = ("adl", "cutlang")
PI = float(np.float32(math.pi))
JETS = list(zip(ELEMENTS["Jet"]["pt"], ELEMENTS["Jet"]["phi"], strict=True))
SUM = [sum(pt * f(phi) for pt, phi in JETS) for f in (math.cos, math.sin)]


@pytest.fixture(scope="module")
def event(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the event in NanoAOD's columns."""
    path = tmp_path_factory.mktemp("event") / "event.root"
    collections = {}
    for name, columns in ELEMENTS.items():
        empty = [0.0] * len(columns["pt"])
        full = {**columns, "eta": empty, "mass": empty}
        charge = ak.values_astype(ak.Array([[-1] * len(empty)]), np.int32)
        floats = {k: ak.values_astype(ak.Array([v]), np.float32) for k, v in full.items()}
        collections[name] = ak.zip({**floats, "charge": charge})
    flat = {"MET_pt": np.array([80.0], np.float32), "MET_phi": np.array([PI], np.float32)}
    with uproot.recreate(path) as file:
        tree = file.mktree(
            "Events",
            {n: a.type.content for n, a in collections.items()} | dict.fromkeys(flat, "float32"),
            counter_name=lambda name: f"n{name}",
            field_name=lambda outer, inner: f"{outer}_{inner}",
        )
        tree.extend({**collections, **flat})
    return path


def passes(event: Path, tmp_path: Path, condition: str, dialect: str, blocks: str = "") -> bool:
    """Whether the event passes ``select condition``, in both targets."""
    analysis = tmp_path / "conformance.adl"
    analysis.write_text(f"{OBJECTS}{blocks}region r\n  select {condition}\n")
    outcomes = []
    for target in ("host", "reference"):
        arguments = ["--dialect", dialect, "--target", target, "-q", "-o", str(tmp_path)]
        result = CliRunner().invoke(command, [str(analysis), str(event), *arguments])
        assert result.exit_code == 0, result.output
        steps = json.loads((tmp_path / "results.json").read_text())["cutflows"][0]["steps"]
        outcomes.append(steps[-1]["raw"])
    assert outcomes[0] == outcomes[1]
    return bool(outcomes[0])


def near(value: str, expected: float) -> str:
    return f"abs({value} - {expected!r}) < 0.00001"


# condition, the dialects in which it is true, those in which it is false
CONDITIONS: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    ("size(jets) == 4", BOTH, ()),
    ("size(muons) == 0", BOTH, ()),
    ("sum(pT(jets)) == 235", BOTH, ()),
    ("max(pT(jets)) == 100", BOTH, ()),
    ("min(pT(muons)) > 1000000000000", BOTH, ()),
    ("size(jets[0:1]) == 2", ("cutlang",), ("adl",)),
    ("size(jets[0:1]) == 1", ("adl",), ("cutlang",)),
    ("size(jets[:2]) == 3", ("cutlang",), ("adl",)),
    ("size(jets[2:]) == 2", BOTH, ()),
    (near("min(dphi(jets[0:2], METLV[0]))", PI - 2.0), ("cutlang",), ("adl",)),
    (near("min(dphi(jets[0:2], METLV[0]))", PI - 1.0), ("adl",), ("cutlang",)),
    ("pT(jets[7]) > 10", (), BOTH),
    ("pT(jets[7]) < 10", ("cutlang",), ("adl",)),
    ("pT(jets[7]) == 0", ("cutlang",), ("adl",)),
    ("not pT(jets[7]) > 10", BOTH, ()),
    ("pT(jets[2]) [] 40 60", BOTH, ()),
    ("pT(jets[2]) ][ 40 60", BOTH, ()),
    ("50 ][ 40 60", (), BOTH),
    ("30 ][ 40 60", BOTH, ()),
    ("-2^2 == -4", BOTH, ()),
    ("2^3^2 == 512", BOTH, ()),
    ("3 - -2 == 5", BOTH, ()),
    ("pT(jets[0])-5 == 95", BOTH, ()),
    ("size(jets) > 2 ? pT(jets[2]) > 50", (), BOTH),
    ("size(muons) > 2 ? pT(jets[2]) > 50", BOTH, ()),
    ("hstep(-1) == 0 and hstep(0) == 0 and delta(0) == 1", BOTH, ()),
    ("not size(jets) > 4", BOTH, ()),
    ("NOT size(jets) > 4", BOTH, ()),
    (near("dphi(jets[3], jets[2])", 3.0), BOTH, ()),
    ("size(JET) == 4 and size(Jet) == 4 and size(jet) == 4", BOTH, ()),
    ("min(pT(jets[0]), 100) == 0", ("cutlang",), ("adl",)),
    ("min(pT(jets[0]), 100) == 100", ("adl",), ("cutlang",)),
    ("min(pT(jets[1]), 100) == 60", BOTH, ()),
    # The sum of the four jets points to phi = 0.4 or so: CutLang does not loop over them.
    ("min(dphi(jets, METLV[0])) > 2", ("cutlang",), ("adl",)),
    (near("min(dphi(jets, METLV[0]))", PI - 2.0), ("adl",), ("cutlang",)),
    ("sqrt(-1) > 0", (), BOTH),
    ("sqrt(-1)", ("cutlang",), ("adl",)),
    (near("pT(add(jets))", math.hypot(*SUM)), BOTH, ()),
    (near("dphi(jets[0], add(jets))", math.atan2(SUM[1], SUM[0])), BOTH, ()),
]


@pytest.mark.parametrize(("condition", "true", "false"), CONDITIONS)
def test_a_condition_means_what_its_dialect_says(
    event: Path, tmp_path: Path, condition: str, true: tuple[str, ...], false: tuple[str, ...]
) -> None:
    assert set(true) | set(false) == set(BOTH)
    for dialect in BOTH:
        assert passes(event, tmp_path, condition, dialect) == (dialect in true), dialect


def test_a_whole_collection_as_a_number_of_a_region_is_its_sum_in_cutlang(
    event: Path, tmp_path: Path
) -> None:
    assert passes(event, tmp_path, "pT(jets) == 235", "cutlang")


@pytest.mark.parametrize(
    ("dialect", "cut", "left"),
    [
        ("adl", "reject dR(jets, electrons) < 0.4", 3),
        ("cutlang", "reject dR(jets, electrons) < 0.4", 3),
        ("adl", "reject dR(jets, muons) < 0.4", 4),
        ("cutlang", "reject dR(jets, muons) < 0.4", 0),
        ("adl", "select dR(jets, muons) > 0.4", 4),
        ("cutlang", "select dR(jets, muons) > 0.4", 0),
        ("adl", "select dR(jets, anyof(electrons)) < 0.4", 1),
        ("cutlang", "select dR(jets, anyof(electrons)) < 0.4", 1),
    ],
)
def test_overlap_removal_treats_an_empty_partner_as_its_dialect_does(
    event: Path, tmp_path: Path, dialect: str, cut: str, left: int
) -> None:
    blocks = f"object cj\n  take jets\n  {cut}\n"
    assert passes(event, tmp_path, f"size(cj) == {left}", dialect, blocks)


def test_a_union_is_ordered_by_pt_or_as_written(event: Path, tmp_path: Path) -> None:
    blocks = "object l : Union(electrons, jets)\n"
    assert passes(event, tmp_path, "pT(l[0]) == 100", "adl", blocks)
    assert passes(event, tmp_path, "pT(l[0]) == 30", "cutlang", blocks)
    assert passes(event, tmp_path, "size(l) == 5", "cutlang", blocks)


@pytest.mark.parametrize(
    ("dialect", "lines", "expected"),
    [
        ("adl", "  bin MET 50 80 200\n", [0, 1, 0]),
        ("cutlang", "  bin MET 50 80 200\n", [0, 1, 0, 0]),
        ("adl", "  bin MET [] 50 80\n  bin MET [] 80 200\n", [1, 0]),
        ("cutlang", "  bin MET [] 50 80\n  bin MET [] 80 200\n", [1, 0]),
    ],
)
def test_a_value_on_an_edge_is_in_the_bin_of_its_dialect(
    event: Path, tmp_path: Path, dialect: str, lines: str, expected: list[int]
) -> None:
    analysis = tmp_path / "bins.adl"
    analysis.write_text(f"region r\n  select ALL\n{lines}")
    arguments = [str(analysis), str(event), "--dialect", dialect, "-q", "-o", str(tmp_path)]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    (cutflow,) = json.loads((tmp_path / "results.json").read_text())["cutflows"]
    assert [b["raw"] for b in cutflow["bins"]] == expected


def test_weights_multiply_from_where_they_stand(event: Path, tmp_path: Path) -> None:
    analysis = tmp_path / "weights.adl"
    analysis.write_text("region r\n  select ALL\n  weight a 0.5\n  weight b 0.4\n  bin MET > 0\n")
    arguments = [str(analysis), str(event), "-q", "-o", str(tmp_path)]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    (cutflow,) = json.loads((tmp_path / "results.json").read_text())["cutflows"]
    assert [s["sumw"] for s in cutflow["steps"]] == [1.0, 1.0]
    assert cutflow["bins"][0]["sumw"] == 0.2
