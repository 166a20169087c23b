"""Variations that files offer as columns: listed, and the same in every file."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np
import uproot
from click.testing import CliRunner

from adl.cli.inspect import command as inspect
from adl.cli.run import command


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
