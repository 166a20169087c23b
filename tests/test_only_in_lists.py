"""``only`` in systematics, and a dataset list: each process has what acts on it, and no more."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import uproot
import yaml
from click.testing import CliRunner, Result

from adl.cli import main
from tests.listed_files import make

TOP = Path(__file__).parents[1]
SCHEMA = json.loads((TOP / "runtime" / "outputs" / "results.schema.json").read_text())

SIDES = ("Up", "Down")

ANALYSIS = """
systematic lumi
  rate 1.02 0.98  only simulation
systematic xs
  rate 1.10 0.90  only ttbar
systematic calibration
  rate 1.04 0.96  only era 2017
  rate 1.01 0.99  only era 2018
systematic every
  rate 1.03 0.97
systematic odd
  rate 1.03 1.01  only wjets
systematic idle
  rate 1 1  only ttbar
systematic pile
  weight pu up 1.2 down 0.7  only ttbar
systematic flat
  weight pu up 1 down 1  only ttbar
systematic everywhere
  weight pu up 1.1 down 0.9
systematic mixed
  weight pu up 1.5 down 0.5  only ttbar
  rate 1.3 0.6  only wjets

region signal
  select MET > 40
  weight pu 1  only simulation
  histo hmet, "MET", 10, 0, 100, MET
"""
# Of each dataset: its process, era and cross-section.
DATASETS = {
    "tt17": ("ttbar", "2017", 10.0),
    "tt18": ("ttbar", "2018", 20.0),
    "w18": ("wjets", "2018", 40.0),
}


@dataclass(frozen=True)
class Ran:
    """A run over the list: its output, its results and where its files are."""

    output: str
    found: dict[str, Any]
    folder: Path

    def systematic(self, name: str) -> dict[str, Any]:
        """Return what results.json says of a systematic."""
        (one,) = (s for s in self.found["systematics"] if s["name"] == name)
        return dict(one)

    def rows(self, process: str) -> dict[str, list[str]]:
        """Return the table of systematics of a process: the cells by the name."""
        title = rf"systematics of signal · {process}\b.*\n"
        table = re.split(title, self.output)[1].split("\n\n")[0]
        cells = [line.split() for line in table.splitlines()[2:]]
        return {row[0]: row[1:] for row in cells if row}


def listed(folder: Path, more: dict[str, Any] | None = None) -> Path:
    datasets: dict[str, Any] = {}
    for seed, (name, (process, era, section)) in enumerate(DATASETS.items()):
        make(folder / f"{name}.root", 150, seed + 1)
        datasets[name] = {
            "files": f"{name}.root",
            "kind": "simulation",
            "process": process,
            "era": era,
            "cross_section": section,
        }
    make(folder / "data.root", 100, 9, data=True)
    datasets["data"] = {"files": "data.root", "kind": "data", "era": "2018"}
    path = folder / "l.yaml"
    luminosity = {"2017": "2 /fb", "2018": "2 /fb"}
    content = {"luminosity": luminosity, "datasets": {**datasets, **(more or {})}}
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("only")
    (folder / "a.adl").write_text(ANALYSIS)
    arguments = [str(folder / "a.adl"), str(listed(folder)), "-o", str(folder / "out")]
    result = CliRunner().invoke(main, ["run", *arguments])
    assert result.exit_code == 0, result.output
    found = json.loads((folder / "out" / "results.json").read_text())
    jsonschema.validate(found, SCHEMA)
    return Ran(result.output, found, folder)


def nominal(ran: Ran, process: str) -> float:
    (flow,) = (
        c for c in ran.found["cutflows"] if c["process"] == process and c["variation"] == "nominal"
    )
    return float(flow["weights"][-1]["sumw"] if flow["weights"] else flow["steps"][-1]["sumw"])


def parts(ran: Ran) -> dict[str, float]:
    """Return the yield of each dataset of ttbar, of its files alone."""
    out = {}
    for name in ("tt17", "tt18"):
        events = uproot.open(ran.folder / f"{name}.root")["Events"].arrays(library="np")
        weights = events["genWeight"].astype(float)
        passed = weights[events["MET_pt"] > 40].sum()
        out[name] = DATASETS[name][2] * 2000.0 * passed / weights.sum()
    return out


def shifts(up: float, down: float) -> list[str]:
    return [f"{up - 1:+.2%}", f"{down - 1:+.2%}"]


def rates(ran: Ran, name: str) -> dict[str, tuple[str, float, float]]:
    found = ran.systematic(name)["rates"]
    return {one["process"]: (one["region"], one["up"], one["down"]) for one in found}


def test_a_table_has_the_rates_of_its_process_alone(ran: Ran) -> None:
    tables = {process: ran.rows(process) for process in ("ttbar", "wjets", "data", "total")}
    for process in ("ttbar", "wjets", "total"):
        assert tables[process]["lumi"] == ["rate", "+2.00%", "-2.00%"]
    assert tables["ttbar"]["xs"] == ["rate", "+10.00%", "-10.00%"]
    assert {"lumi", "xs"}.isdisjoint(tables["data"])
    assert "xs" not in tables["wjets"]
    share = nominal(ran, "ttbar") / nominal(ran, "total")
    assert tables["total"]["xs"][1:] == shifts(1 + 0.1 * share, 1 - 0.1 * share)
    assert all(rows["every"] == ["rate", "+3.00%", "-3.00%"] for rows in tables.values())


def test_results_say_which_processes_a_rate_is_for(ran: Ran) -> None:
    lumi, xs, every = (ran.systematic(name) for name in ("lumi", "xs", "every"))
    assert lumi["processes"] == ["ttbar", "wjets", "total"]
    assert xs["processes"] == ["ttbar", "total"]
    assert every["processes"] == ["ttbar", "wjets", "data", "total"]
    # A reader that knows of no processes scales nothing that is not scaled.
    assert lumi["rate"] is None
    assert xs["rate"] is None
    assert every["rate"] == {"up": 1.03, "down": 0.97}
    assert rates(ran, "lumi") == dict.fromkeys(lumi["processes"], ("", 1.02, 0.98))
    assert rates(ran, "xs")["ttbar"] == ("", 1.1, 0.9)
    share = nominal(ran, "ttbar") / nominal(ran, "total")
    assert rates(ran, "xs")["total"][0] == "signal"
    assert rates(ran, "xs")["total"][1:] == pytest.approx((1 + 0.1 * share, 1 - 0.1 * share))
    with uproot.open(ran.folder / "out" / "results.root") as file:
        kept = json.loads(str(file["rates"]))
    told = [{"systematic": s["name"], **r} for s in ran.found["systematics"] for r in s["rates"]]
    assert kept == told


def test_eras_with_rates_of_their_own_count_by_their_yields(ran: Ran) -> None:
    found, own = rates(ran, "calibration"), parts(ran)
    up = (1.04 * own["tt17"] + 1.01 * own["tt18"]) / (own["tt17"] + own["tt18"])
    down = (0.96 * own["tt17"] + 0.99 * own["tt18"]) / (own["tt17"] + own["tt18"])
    region, *factors = found["ttbar"]
    assert region == "signal"
    assert factors == pytest.approx([up, down])
    assert found["wjets"] == ("", 1.01, 0.99)
    assert ran.rows("ttbar")["calibration"][1:] == shifts(up, down)


def test_what_does_not_act_has_no_row(ran: Ran) -> None:
    assert ran.rows("ttbar")["pile"] == ["weight", "+20.00%", "-30.00%"]
    assert "flat" in ran.rows("ttbar")
    for process in ("wjets", "data"):
        assert {"pile", "flat"}.isdisjoint(ran.rows(process))
    assert ran.systematic("pile")["processes"] == ["ttbar", "total"]
    # Its weight is only simulation: of data it can change nothing.
    assert ran.systematic("everywhere")["processes"] == ["ttbar", "wjets", "total"]
    assert "everywhere" not in ran.rows("data")


def test_factors_to_one_side_are_told_of_their_process(ran: Ran) -> None:
    assert ran.rows("wjets")["odd"] == ["rate", "+3.00%", "+1.00%", "both", "to", "one", "side"]
    findings = {f["process"]: f["kind"] for f in ran.systematic("odd")["findings"]}
    assert findings == {"wjets": "same-side", "total": "same-side"}
    assert ran.rows("ttbar")["idle"][:3] == ["rate", "+0.00%", "+0.00%"]
    assert [f["kind"] for f in ran.systematic("idle")["findings"]] == ["unchanged"]


def test_a_systematic_can_be_a_weight_here_and_a_rate_there(ran: Ran) -> None:
    assert ran.systematic("mixed")["kind"] == "weight"
    assert ran.rows("ttbar")["mixed"][1:] == ["+50.00%", "-50.00%"]
    assert ran.rows("wjets")["mixed"][1:] == ["+30.00%", "-40.00%"]
    assert rates(ran, "mixed")["wjets"] == ("", 1.3, 0.6)
    assert "ttbar" not in rates(ran, "mixed")


def test_a_run_without_a_list_has_one_rate(ran: Ran) -> None:
    arguments = ["--simulation", "--process", "ttbar", "--era", "2017", "-q"]
    files = [str(ran.folder / "a.adl"), str(ran.folder / "tt17.root")]
    out = ran.folder / "plain"
    result = CliRunner().invoke(main, ["run", *files, *arguments, "-o", str(out)])
    assert result.exit_code == 0, result.output
    found = json.loads((out / "results.json").read_text())
    jsonschema.validate(found, SCHEMA)
    by_name = {s["name"]: s for s in found["systematics"]}
    assert by_name["calibration"]["rate"] == {"up": 1.04, "down": 0.96}
    assert by_name["calibration"]["processes"] is None
    assert by_name["calibration"]["rates"] == []


@pytest.fixture(scope="module")
def two_point(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list with a dataset that is a variation, and an analysis with variations of its own."""
    folder = tmp_path_factory.mktemp("two_point")
    make(folder / "up.root", 120, 20)
    more = {
        "files": "up.root",
        "kind": "simulation",
        "process": "ttbar",
        "era": "2018",
        "cross_section": 30.0,
        "variation": "hdamp_up",
    }
    listed(folder, {"tt_up": more})
    (folder / "a.adl").write_text(
        ANALYSIS.replace(
            "region signal", "systematic met\n  scale pt(MET) up 1.1 down 0.9\nregion signal"
        )
        + '  histo once, "MET", 10, 0, 100, MET  only nominal\n'
    )
    return folder


def test_a_plan_of_what_is_a_variation_has_no_others(two_point: Path) -> None:
    arguments = [str(two_point / "a.adl"), str(two_point / "l.yaml"), "--format", "json"]
    result = CliRunner().invoke(main, ["plan", *arguments])
    assert result.exit_code == 0, result.output
    plans = {plan["dataset"]: plan for plan in json.loads(result.stdout)["plans"]}
    assert {"met", "pile"} <= {s["name"] for s in plans["tt18"]["systematics"]}
    varied = plans["tt_up"]
    assert (varied["variation"], varied["systematics"], varied["groups"]) == ("hdampUp", [], [])
    assert (varied["total"]["cost"], varied["total"]["variations"]) == (1.0, 0)


def test_a_variation_that_is_a_dataset_has_rows_in_its_process_and_the_total(
    two_point: Path,
) -> None:
    arguments = [str(two_point / "a.adl"), str(two_point / "l.yaml"), "-o", str(two_point / "out")]
    result = CliRunner().invoke(main, ["run", *arguments])
    assert result.exit_code == 0, result.output
    found = json.loads((two_point / "out" / "results.json").read_text())
    jsonschema.validate(found, SCHEMA)
    ran = Ran(result.output, found, two_point)
    rows = {process: ran.rows(process) for process in ("ttbar", "wjets", "data", "total")}
    assert [p for p, own in rows.items() if "hdamp" in own] == ["ttbar", "total"]
    assert ran.systematic("hdamp")["processes"] == ["ttbar", "total"]
    assert all("met" in own for own in rows.values())
    # The dataset adds nothing to the mean of the eras' factors.
    assert rates(ran, "xs")["ttbar"] == ("", 1.1, 0.9)
    labels = {c["variation"] for c in found["cutflows"] if c["process"] == "ttbar"}
    assert {"hdampUp", "metUp", "metDown", "pileUp"} <= labels
    plots = {(h["name"], h["variation"]) for h in found["histograms"]}
    assert ("hmet", "hdampUp") in plots
    assert {variation for name, variation in plots if name == "once"} == {"nominal"}
    (hdamp,) = ran.systematic("hdamp")["variations"]
    assert hdamp["unchanged"] == ["signal/once"]


def doubled(folder: Path, variation: str, *words: str) -> Result:
    text = (folder / "l.yaml").read_text().replace("hdamp_up", variation)
    (folder / "double.yaml").write_text(text)
    names = (str(folder / name) for name in ("a.adl", "double.yaml"))
    return CliRunner().invoke(main, [words[0], *names, *words[1:]])


@pytest.mark.parametrize("variation", ["xs_up", "pile", "pile_up", "odd_up", "xsUp_up"])
@pytest.mark.parametrize("command", [("run", "-q"), ("plan",), ("compare-targets",)])
def test_a_dataset_and_the_analysis_have_no_systematic_of_one_name(
    two_point: Path, variation: str, command: tuple[str, ...]
) -> None:
    result = doubled(two_point, variation, *command)
    assert result.exit_code == 2
    name = variation.removesuffix("_up").removesuffix("Up")
    assert f"and {name} is a systematic of the analysis" in result.stderr
    assert "error[E504]: tt_up stands for" in result.stderr  # nothing has run


def test_names_that_only_files_know_are_compared_when_they_are_open(tmp_path: Path) -> None:
    columns = make(tmp_path / "a.root", 50, 1)
    for name in ("a", "b"):
        smeared = {f"MET_pt_smear{d}": columns["MET_pt"] * (1 + 0.1 * (d == "Up")) for d in SIDES}
        with uproot.recreate(tmp_path / f"{name}.root") as file:
            every = {**columns, **smeared}
            file.mktree("Events", {n: v.dtype for n, v in every.items()}).extend(every)
    (tmp_path / "a.adl").write_text("systematic auto smear*\n\nregion r\n  select MET > 40\n")
    one = {"files": "a.root", "kind": "simulation", "process": "t", "cross_section": 1.0}
    datasets = {"a": one, "b": {**one, "files": "b.root", "variation": "smear_up"}}
    text = yaml.safe_dump({"luminosity": "2 /fb", "datasets": datasets}, sort_keys=False)
    (tmp_path / "l.yaml").write_text(text)
    names = (str(tmp_path / name) for name in ("a.adl", "l.yaml"))
    result = CliRunner().invoke(main, ["run", *names, "-q"])
    assert result.exit_code == 2
    said = "b stands for smearUp, and smear is a systematic of the analysis (dataset b"
    assert said in " ".join(result.stderr.split())


@pytest.mark.parametrize("asked", ["none", "met"])
def test_a_systematic_that_is_not_computed_takes_no_name(two_point: Path, asked: str) -> None:
    result = doubled(two_point, "xs_up", "run", "-q", "--systematics", asked)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_process_that_the_list_does_not_have_is_named(ran: Ran, command: str) -> None:
    text = ANALYSIS.replace("only wjets", "only wjetz", 1).replace(
        "only ttbar", "only ttbar zprime"
    )
    analysis = ran.folder / "typo.adl"
    analysis.write_text(text)
    result = CliRunner().invoke(main, [command, str(analysis), str(ran.folder / "l.yaml")])
    assert result.exit_code == 0, result.output
    line = text[: text.index("wjetz")].count("\n") + 1
    assert f"typo.adl:{line}:" in result.stderr
    # Once, though each dataset is checked.
    assert result.stderr.count("only wjetz: no process of the list is called wjetz") == 1
    assert "did you mean wjets?" in result.stderr
    assert "its processes are ttbar, wjets, data" in result.stderr
    assert "no process of the list is called ttbar" not in result.stderr
