"""What every source of a union defines is an attribute of its elements, against awkward."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import awkward as ak
import boost_histogram as bh
import pytest
from click.testing import CliRunner

from adl.check.checker import check
from adl.cli.run import command
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.checking import NANOAOD
from tests.on_sample import EXAMPLES, load

OBJECTS = """
info adl
  dialect adl
object mu
  take Muon
  define x = pT * 2
  define flag = abs(eta) < 1
object el
  take Electron
  define x = pT / 2
  define flag = true
object tight
  take mu
  select pT > 30
  define y = 1
object loose
  take Muon
  define y = pT
object leps
  take union(mu, el)
  define z = x + 1
object hard
  take leps
  select x > 30
object muons
  take union(tight, loose)
object nested
  take union(leps, tight)
"""
VALUES = ("leps.x", "leps[0].x", "leps.z", "hard.x", "muons.y", "nested.x", "muons[0].y")


def histograms(tmp_path: Path, target: str) -> list[list[float]]:
    analysis = tmp_path / "unions.adl"
    fills = [f'  histo h{i}, "", 100, -5, 400, {value}\n' for i, value in enumerate(VALUES)]
    fills.append('  histo f, "", 100, -5, 400, count(leps.flag) * 10\n')
    analysis.write_text(f"{OBJECTS}\nregion r\n{''.join(fills)}")
    file = EXAMPLES / "sample" / "ttbar.root"
    arguments = [str(analysis), str(file), "-q", "-o", str(tmp_path), "--target", target]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "results.json").read_text())["histograms"]
    return [histogram["hist"]["storage"]["values"] for histogram in found]


def counted(numbers: Any) -> list[float]:
    flat = ak.to_numpy(ak.drop_none(ak.flatten(numbers, axis=None)))
    counts: list[float] = (
        bh.Histogram(bh.axis.Regular(100, -5, 400)).fill(flat).values(True).tolist()
    )
    return counts


def test_a_union_has_the_attributes_that_all_its_sources_define(tmp_path: Path) -> None:
    events = load("ttbar")
    mu, el = events.Muon, events.Electron
    x = ak.concatenate([mu.pt * 2, el.pt / 2], axis=1)
    pt = ak.concatenate([mu.pt, el.pt], axis=1)
    x = x[ak.argsort(-pt, stable=True)]
    y = ak.where(mu.pt > 30, 1.0, mu.pt)[ak.argsort(-mu.pt, stable=True)]
    flags = ak.sum(abs(mu.eta) < 1, axis=1) + ak.num(el)
    expected = [x, ak.firsts(x), x + 1, x[x > 30], y, x, ak.firsts(y), flags * 10]
    kernel = histograms(tmp_path, "host")
    assert kernel == [counted(e) for e in expected]
    assert all(sum(counts) > 100 for counts in kernel)
    assert kernel == histograms(tmp_path, "reference")


def test_what_one_source_lacks_the_union_lacks() -> None:
    text = f"{OBJECTS}\nregion r\n  select size(leps) > 0\n  select leps[0].y > 1\n"
    with pytest.raises(AnalysisError) as error:
        check(parse(Source("x.adl", text)), Source("x.adl", text), NANOAOD)
    assert "E202" in [d.code for d in error.value.diagnostics]


def test_a_whole_union_has_the_columns_that_its_sources_define(tmp_path: Path) -> None:
    analysis = tmp_path / "unions.adl"
    lines = "".join(f"  save {name}_rows csv {name}\n" for name in ("leps", "muons", "nested"))
    analysis.write_text(f"{OBJECTS}\nregion r\n{lines}")
    file = EXAMPLES / "sample" / "ttbar.root"
    result = CliRunner().invoke(command, [str(analysis), str(file), "-q", "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    columns: dict[str, list[list[str]]] = {}
    for name in ("leps", "muons", "nested"):
        with (tmp_path / f"{name}_rows.csv").open(newline="") as rows:
            head, *body = csv.reader(rows)
        own = {x: [row[i] for row in body] for i, x in enumerate(head)}
        assert {"x", "y", "z", "flag"} & {x.removeprefix(f"{name}_") for x in own} == {
            "leps": {"x", "flag", "z"},
            "muons": {"y"},
            "nested": {"x", "flag"},
        }[name]
        columns |= {x: [cell.split() for cell in cells] for x, cells in own.items()}
    muons, electrons = load("ttbar").Muon, load("ttbar").Electron
    values = ak.concatenate([muons.pt * 2, electrons.pt / 2], axis=1)
    order = ak.argsort(-ak.concatenate([muons.pt, electrons.pt], axis=1), stable=True)
    expected = values[order].tolist()
    assert [[float(x) for x in row] for row in columns["leps_x"]] == expected
