"""Published numbers, lists of histograms, triggers, titles and switches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from adl.check.published import Published, PublishedError
from adl.cli.comparison import compared
from adl.cli.run import command
from adl.runtime.results import BinCount, Cutflow, Process, Step
from adl.stdlib.models import Branch, Schema, load_model
from tests.checking import findings
from tests.test_tables import codes

TOP = Path(__file__).parents[1]
SAMPLE = TOP / "examples" / "sample" / "ttbar.root"
SCHEMA = json.loads((TOP / "runtime" / "outputs" / "results.schema.json").read_text())

FORMATS = """
countsformat yields
  process bkg, "Background", stat, syst
  process obs, "Observed"
countsformat flow
  process sig, "Signal"
"""

DASH = "\N{EN DASH}"


def run(text: str, folder: Path) -> tuple[Result, dict[str, Any]]:
    file = folder / "counts.adl"
    file.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(command, [str(file), str(SAMPLE), "-o", str(folder)])
    assert result.exit_code == 0, result.output
    document = json.loads((folder / "results.json").read_text())
    jsonschema.validate(document, SCHEMA)
    return result, document


def schema(**paths: str) -> Schema:
    """Return a file's schema with these trigger paths and their types."""
    branches = {"MET_pt": Branch("MET_pt", "float32", None)}
    branches |= {path: Branch(path, dtype, None) for path, dtype in paths.items()}
    return load_model("nanoaod").schema(branches)


# ------------------------------------------------------------------------------- published


def test_counts_belong_to_the_cut_or_bin_before_them(tmp_path: Path) -> None:
    text = (
        FORMATS
        + """
region parent
  select MET > 20
  counts flow 5000
region r
  parent
  counts flow 4900
  select MET > 40
  weight w 0.5
  counts flow 3000
  counts yields 10 + 2 - 3 +- 1 , NA
  bin MET < 60
  counts yields 5 +- 1 , 6
  bin MET 60 100 200
  counts yields 7, 8
  counts yields 9, 10
"""
    )
    _, document = run(text.replace("  counts flow 4900\n", ""), tmp_path)
    (parent, region) = document["cutflows"]
    assert parent["steps"][1]["published"] == region["steps"][1]["published"]
    assert region["steps"][1]["published"]["flow"]["sig"]["value"] == 5000
    assert region["steps"][2]["published"] == {
        "flow": {"sig": {"title": "Signal", "value": 3000, "errors": []}},
        "yields": {
            "bkg": {
                "title": "Background",
                "value": 10,
                "errors": [
                    {"name": "stat", "up": 2, "down": 3},
                    {"name": "syst", "up": 1, "down": 1},
                ],
            },
            "obs": {"title": "Observed", "value": None, "errors": []},
        },
    }
    assert [b["published"]["yields"]["bkg"]["value"] for b in region["bins"][:3]] == [5, 7, 9]
    assert all("published" not in entry for entry in (region["steps"][0], region["bins"][3]))


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("select MET > 1\n  counts yields 1", "E245"),
        ("select MET > 1\n  counts yields 1, 2, 3", "E245"),
        ("select MET > 1\n  counts flow 1 +- 2", "E245"),
        ("select MET > 1\n  counts yeilds 1, 2", "E201"),
        ("counts flow 1\n  select MET > 1", "E246"),
        ("select MET > 1\n  counts flow 1\n  counts flow 2", "E246"),
        ("bin MET 1 2\n  counts flow 1\n  counts flow 2\n  counts flow 3", "E246"),
    ],
)
def test_counts_that_do_not_fit_are_mistakes(lines: str, code: str) -> None:
    assert codes(f"{FORMATS}region r\n  {lines}\n") == [code]


def test_a_format_and_a_process_have_names_of_their_own() -> None:
    assert codes(FORMATS + 'countsformat flow\n  process a, "A"\n') == ["E207"]
    assert codes('countsformat f\n  process a, "A"\n  process a, "B"\n') == ["E207"]


def comparison(ours: Step | BinCount) -> list[str]:
    cutflow = Cutflow(
        Process("p", "p"),
        "nominal",
        "r",
        (),
        (BinCount("b", 1, ours.sumw, ours.sumw2, ours.published),),
    )
    found = compared(cutflow, lambda c: f"{c.sumw:g}", lambda x, e: f"{x:g} ± {e:g}")
    assert found is not None
    return [column[0] for column in found[1].values()]


def test_the_difference_is_in_units_of_both_errors_on_the_side_of_our_number() -> None:
    number = Published("f", "bkg", "B", 10.0, (PublishedError("stat", 4.0, 3.0),))
    above = BinCount("b", 1, 20.0, 9.0, (number,))
    assert comparison(above) == ["bkg", "20", "10 +4 -3", "+2.0"]
    below = BinCount("b", 1, 0.0, 16.0, (number,))
    assert comparison(below) == ["bkg", "0", "10 +4 -3", "-2.0"]


def test_what_was_not_published_has_no_difference() -> None:
    assert comparison(BinCount("b", 1, 2.0, 2.0, (Published("f", "p", "", None),)))[2:] == [
        DASH,
        DASH,
    ]
    alone = Published("f", "p", "", 3.0)
    assert comparison(BinCount("b", 0, 0.0, 0.0, (alone,)))[2:] == ["3", DASH]


def test_a_run_prints_the_comparison(tmp_path: Path) -> None:
    text = FORMATS + "region r\n  select MET > 20\n  counts yields 5000 +- 100 , 5100\n"
    result, _ = run(text, tmp_path)
    assert "published numbers of r" in result.output
    assert "5,000 ± 100" in result.output


# --------------------------------------------------------------------- lists of histograms

PLOTS = """
histoList plots
  histo hmet, "MET", 10, 0, 100, MET
  histo hn, "jets", 10, 0, 10, size(Jet)
"""


def test_a_list_used_again_in_a_region_numbers_its_histograms(tmp_path: Path) -> None:
    text = (
        PLOTS
        + """
region r
  plots
  select MET > 50
  plots
  select MET > 80
  plots
region s
  plots
"""
    )
    _, document = run(text, tmp_path)
    names = [(h["region"], h["name"]) for h in document["histograms"]]
    assert names == [
        *(("r", f"{n}{k}") for k in ("", "_1", "_2") for n in ("hmet", "hn")),
        ("s", "hmet"),
        ("s", "hn"),
    ]
    first, second = (document["histograms"][i]["hist"]["storage"]["values"] for i in (0, 2))
    assert sum(first) > sum(second)
    assert second[1:6] == [0.0] * 5


def test_a_list_is_checked_though_nothing_uses_it() -> None:
    assert codes(PLOTS.replace("MET\n", "MTE\n")) == ["E201"]
    assert codes(PLOTS.replace("hn,", "hmet,")) == ["E219"]


def test_a_list_and_a_histogram_of_the_region_need_different_names() -> None:
    text = PLOTS + 'region r\n  histo hn, "n", 2, 0, 2, MET\n  plots\n'
    assert codes(text) == ["E219"]


def test_a_list_is_no_value() -> None:
    assert codes(PLOTS + "region r\n  select plots > 1\n") == ["E248"]


# -------------------------------------------------------------------------------- triggers

TRIGGERS = """
trigger mu "HLT_Mu" or optional "HLT_Mu50" stream SingleMuon
trigger el "HLT_Ele"
"""


def test_a_path_is_known_by_its_exact_name() -> None:
    text = TRIGGERS + 'region r\n  select trigger mu or el\n  select HLT "HLT_Mu"\n'
    assert codes(text, schema(HLT_Mu="bool", HLT_Ele="uint8")) == []
    assert codes(text, schema(HLT_mu="bool", HLT_Ele="bool")) == ["E244", "E244"]
    helps = [f.help for f in findings(text, schema(HLT_mu="bool", HLT_Ele="bool"))]
    assert any("did you mean HLT_mu" in help for help in helps)
    found = findings(text, schema(HLT_mu="bool", HLT_Ele="bool"))
    assert {text[f.span.start : f.span.end] for f in found} == {'"HLT_Mu"'}


def test_without_a_file_every_path_is_taken_for_there() -> None:
    assert codes(TRIGGERS + "region r\n  select trigger mu\n") == []


def test_an_unknown_trigger_is_a_mistake() -> None:
    assert codes(TRIGGERS + "region r\n  select trigger muon\n") == ["E201"]
    assert codes(TRIGGERS + 'trigger mu "HLT_Mu"\n') == ["E207"]


def test_events_pass_the_or_of_the_paths(tmp_path: Path) -> None:
    text = """
trigger mu "HLT_IsoMu24" or optional "HLT_Nothing"
trigger none optional "HLT_Nothing"
region r
  select trigger mu
region s
  select HLT_IsoMu24
region t
  select trigger none or mu
region u
  select trigger none
"""
    _, document = run(text, tmp_path)
    r, s, t, u = (cutflow["steps"][1]["raw"] for cutflow in document["cutflows"])
    assert r == s == t > 0 == u


# -------------------------------------------------------------------------- titles, switches


def test_a_title_stands_in_the_results_and_above_the_table(tmp_path: Path) -> None:
    result, document = run('region r\n  title "Signal region"\n  select MET > 20\n', tmp_path)
    assert document["cutflows"][0]["title"] == "Signal region"
    assert "r · ttbar · Signal region" in result.output


def test_a_switch_of_another_tool_has_no_effect() -> None:
    assert [f.code for f in findings("SkipHistos = 1\nregion r\n  select MET > 1\n")] == ["N410"]
