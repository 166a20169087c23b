"""Whole analyses on real files, against numbers that others computed with awkward and vector."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from adl.cli.run import command

DIMUON = """
object mu
  take Muon

define pair = mu[0] + mu[1]

region dimuon
  select size(mu) == 2
  select q(mu[0]) + q(mu[1]) == 0

region zcut
  dimuon
  select pT(mu[0]) > 20 and pT(mu[1]) > 10
  select abs(eta(mu[0])) < 2.4 and abs(eta(mu[1])) < 2.4
  select m(pair) > 60
  histo hm, "m", 60, 60, 120, m(pair)
  select m(pair) < 120

region anypair
  select any(Muon a, Muon b, pT(a) > 5 and pT(b) > 5 and q(a) + q(b) == 0
             and m(a + b) > 60 and m(a + b) < 120)
"""
PEAK = [201, 251, 339, 494, 763, 1012, 992, 689, 464, 280, 158, 113]

JETS = """
object jets
  take Jet
  select pT > 30 and abs(eta) < 2.4

object tagged
  take jets
  select btagCSVV2 > 0.8

define HT = sum(pT(jets))

region count
  histo nj, "jets", 8, 0, 8, size(jets)
  weight ht HT
  select ALL

region tag
  select size(tagged) >= 1
"""


def run(tmp_path: Path, text: str, data: Path, *options: str) -> dict[str, Any]:
    """Run an analysis as a user does and return its results.json."""
    file = tmp_path / "analysis.adl"
    file.write_text(text)
    out = tmp_path / "results"
    result = CliRunner().invoke(command, [str(file), str(data), "-o", str(out), "-q", *options])
    assert result.exit_code == 0, result.output
    content: dict[str, Any] = json.loads((out / "results.json").read_text())
    return content


def raw(results: dict[str, Any], region: str) -> list[int]:
    """Return the raw counts of a region's steps."""
    (cutflow,) = [c for c in results["cutflows"] if c["region"] == region]
    return [step["raw"] for step in cutflow["steps"]]


def test_the_interpreter_counts_dimuons_as_the_kernel(tmp_path: Path, real_data: Path) -> None:
    file = real_data / "cms_opendata2012_dimuon_100k.root"
    first, second = (
        run(tmp_path, DIMUON, file, "-n", "20000", "--target", target)
        for target in ("host", "reference")
    )
    assert raw(first, "zcut")[-1] > 1000
    for part in ("cutflows", "histograms"):
        assert first[part] == second[part]


def test_the_dimuon_file_gives_the_known_cutflow_and_histogram(
    tmp_path: Path, real_data: Path
) -> None:
    file = real_data / "cms_opendata2012_dimuon_100k.root"
    results = run(tmp_path, DIMUON, file)
    assert results["events"] == 100_000
    assert raw(results, "dimuon") == [100_000, 48_976, 37_183]
    steps = raw(results, "zcut")
    assert steps[:3] == [100_000, 48_976, 37_183]
    assert steps[4] == 11_000
    assert steps[-1] == 7_461
    # 11 835 if the masses are computed in float32, as the stored columns would have it: vector
    # in float64 gives 11 836 too.
    assert raw(results, "anypair") == [100_000, 11_836]
    (histogram,) = results["histograms"]
    values = histogram["hist"]["storage"]["values"]
    assert [round(v) for v in values[26:38]] == PEAK  # entry 0 is the underflow
    assert sum(values[1:-1]) == 7_461


@pytest.mark.parametrize("target", ["host", "reference"])
def test_the_ttbar_file_gives_the_known_jet_counts(
    tmp_path: Path, real_data: Path, target: str
) -> None:
    file = real_data / "cms_opendata2015_ttbar_nano.root"
    results = run(tmp_path, JETS, file, "--target", target)
    (histogram,) = results["histograms"]
    assert histogram["hist"]["storage"]["values"][1:8] == [106, 69, 17, 5, 2, 0, 1]
    assert raw(results, "tag") == [200, 6]
    (count,) = [c for c in results["cutflows"] if c["region"] == "count"]
    assert count["steps"][-1]["sumw"] / 200 == pytest.approx(36.8916, abs=5e-5)


@pytest.mark.parametrize("jobs", ["1", "2", "5"])
def test_any_number_of_threads_gives_the_same_bits(
    tmp_path: Path, real_data: Path, jobs: str
) -> None:
    file = real_data / "cms_opendata2012_dimuon_100k.root"
    text = DIMUON + "  weight w 0.1 + sum(pT(Muon)) / 7\n  select ALL\n"
    one = run(tmp_path, text, file, "-j", "1")
    assert run(tmp_path, text, file, "-j", jobs) == one


def test_a_limit_counts_events_in_total(tmp_path: Path, real_data: Path) -> None:
    file = real_data / "cms_opendata2012_dimuon_100k.root"
    assert run(tmp_path, DIMUON, file, "-n", "70000")["events"] == 70_000
