"""Variations that files offer as columns: listed, the same in every file, of types that fit."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import CliRunner

from adl.cli.inspect import command as inspect
from adl.cli.run import command
from tests.variations import compiled, examined, jets, lists, results, schema

REGION = 'region r\n  select size(Jet) > 0\n  histo h, "", 10, 0, 100, pt(Jet[0])\n'
ASKED = ("systematic auto j*\n", 'systematic s\n  suffix "_pt" up "_pt_jUp" down "_pt_jDown"\n')


def test_a_file_that_offers_other_variations_is_left_out_and_named(tmp_path: Path) -> None:
    def write(name: str, *endings: str) -> Path:
        pt = ak.values_astype(ak.Array([[40.0], [50.0, 35.0]]), np.float32)
        jets = ak.zip({"pt": pt, **{f"pt_{e}": pt * 1.1 for e in endings}})
        columns = {"Jet": jets, "MET_pt": np.ones(2, np.float32)}
        columns |= {"MET_phi": columns["MET_pt"]}
        types = {n: c.type if isinstance(c, ak.Array) else c.dtype for n, c in columns.items()}
        path = tmp_path / name
        with uproot.recreate(path) as out:
            out.mktree("Events", types).extend(columns)
        return path

    shown = CliRunner().invoke(inspect, [str(write("c.root", "jesUp", "jesDown", "odd"))])
    assert "variations in columns: jes (systematic auto GLOB)" in shown.stdout
    one, other = write("a.root", "jesUp", "jesDown"), write("b.root", "jerUp", "jerDown")
    analysis = tmp_path / "auto.adl"
    analysis.write_text("systematic auto je*\nregion r\n  select any(pt(Jet) > 37)\n")
    result = CliRunner().invoke(command, [str(analysis), str(one), str(other)])
    assert result.exit_code == 2
    assert "it lacks jesUp" in result.stderr
    assert "b.root" in result.stderr
    assert "jes" in result.stdout
    pattern = CliRunner().invoke(command, [str(analysis), str(one), "--systematics", "none"])
    assert pattern.exit_code == 0
    assert "jes" not in pattern.stdout


@pytest.mark.parametrize("text", ASKED)
@pytest.mark.parametrize(
    "types", [("float64", "float64"), ("float32", "float64"), ("float64", "int32")]
)
def test_columns_of_another_width_are_varied_columns(text: str, types: tuple[str, str]) -> None:
    up, down = (f"Jet_pt_j{d}" for d in ("Up", "Down"))
    columns = {up: lists([95.0])[0].astype(types[0]), down: lists([5.0])[0].astype(types[1])}
    known = schema(**dict(zip((up, down), types, strict=True)))
    found = results(compiled(text + REGION, known), jets([45.0], **columns))
    filled = {label[-2:]: found.values(label, "h").argmax() - 1 for label in found.labels()}
    assert filled == {"al": 4, "Up": 9, "wn": 0}


def test_a_column_that_cannot_hold_a_variation_is_a_mistake() -> None:
    known = schema(Jet_id="bool", Jet_id_jUp="int32", Jet_id_jDown="bool")
    for text in (ASKED[0], ASKED[1].replace("_pt", "_id")):
        (found,) = (d for d in examined(text + REGION, known) if d.severity == "error")
        assert (found.code, found.message) == ("E261", "Jet_id cannot hold what Jet_id_jUp has")
