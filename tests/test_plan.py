"""``adl plan``: what variations need is told before a run, and is what the run then does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import jsonschema
import numpy as np
import pytest
import uproot

import adl.cli.plan as plan_module
from adl.compiler.layout import ALIGNED, layout, variations
from adl.compiler.plan import Plan, memory_of, plan
from adl.runtime.collect import systematics
from adl.runtime.inputs.opening import open_input
from tests.commands import adl
from tests.variations import compiled, schema

SCHEMA = json.loads(Path(plan_module.__file__).with_name("plan.schema.json").read_text())
TOP = Path(__file__).parents[1]
DATA = Path("/work/shared/data")

FILE = schema(
    w="float32",
    wUp="float32",
    wDown="float32",
    v="float32",
    vUp="float32",
    vDown="float32",
    **{f"Jet_pt_s{i}{d}": "float32" for i in range(50) for d in ("Up", "Down")},
)
JES = """
systematic jes
  set pt(Jet)  up pt_s0Up  down pt_s0Down
  keep MET
"""
PU = "systematic pu\n  weight pu  up wUp  down wDown\n"
ID = "systematic id\n  weight id  up vUp  down vDown\n"
FAMILY = f"""
systematic jes_{{s}}
  for s  {" ".join(f"s{i}" for i in range(50))}
  set pt(Jet)  up pt_{{s}}Up  down pt_{{s}}Down
  keep MET
"""
REGIONS = """
region met
  weight pu w
  select MET > 30
  histo hmet, "MET", 10, 0, 100, MET
region jets
  weight id v
  select count(pt(Jet) > 30) >= 1
  histo hht, "HT", 10, 0, 100, sum(pt(Jet))
"""


def planned(text: str, **lengths: float) -> Plan:
    return plan(compiled(text, FILE).program, (), lengths)


def changes(found: Plan) -> dict[str, tuple[str, ...]]:
    return {
        v.label: names for g in found.groups for v, names in zip(g.members, g.changes, strict=True)
    }


def test_a_variation_of_jets_leaves_what_is_made_of_met_alone() -> None:
    found = planned(JES + REGIONS)
    assert changes(found) == dict.fromkeys(("jesUp", "jesDown"), ("jets", "jets/hht"))
    assert found.outputs == ("met", "met/hmet", "jets", "jets/hht")
    (group,) = found.groups
    assert group.needs.columns == ("Jet_pt_s0Down", "Jet_pt_s0Up")
    assert found.nominal.columns == ("Jet_pt", "MET_pt", "v", "w")
    assert group.shared > 0


def test_members_of_one_group_that_vary_other_weights_change_what_has_these() -> None:
    analysis = compiled(PU + ID + REGIONS, FILE)
    (varied,) = analysis.program.variations
    assert [v.label for v in varied.members] == ["puUp", "puDown", "idUp", "idDown"]
    assert changes(plan(analysis.program, (), {})) == {
        "puUp": ("met", "met/hmet"),
        "puDown": ("met", "met/hmet"),
        "idUp": ("jets", "jets/hht"),
        "idDown": ("jets", "jets/hht"),
    }
    # And a run says the same of what stays as it is.
    same = {v.label: v.unchanged for s in systematics(analysis.program) for v in s.variations}
    assert same["puUp"] == ("jets", "jets/hht")
    assert same["idDown"] == ("met", "met/hmet")


def test_a_weight_and_a_corrected_column_are_no_group() -> None:
    smear = "systematic jer\n  scale pt(Jet)  nominal 1.01  up 1.02  down 1.0\n  keep MET\n"
    program = compiled(smear + PU + REGIONS, FILE).program
    members = [[v.label for v in varied.members] for varied in program.variations]
    assert members == [["jerUp", "jerDown"], ["puUp", "puDown"]]
    assert changes(plan(program, (), {}))["puUp"] == ("met", "met/hmet")


def test_one_hundred_variations_of_one_shape_are_one_group_of_as_many_values_as_two() -> None:
    of_two, of_many = planned(JES + REGIONS, Jet=4.0), planned(FAMILY + REGIONS, Jet=4.0)
    (two,), (many,) = of_two.groups, of_many.groups
    assert len(many.members) == 100
    assert len(many.needs.columns) == 100
    assert (many.needs.nodes, many.shared) == (two.needs.nodes, two.shared)
    assert set(many.changes) == {("jets", "jets/hht")}
    assert many.needs.cost == pytest.approx(50 * two.needs.cost, rel=0.05)
    assert many.needs.memory == 50 * two.needs.memory


def test_a_row_counts_what_both_directions_of_a_mirror_need_once() -> None:
    found = planned("systematic pu\n  weight pu  up exp(wUp)  mirror\n" + REGIONS)
    (row,) = found.rows
    up, down = (group.needs for group in row.groups)
    assert row.needs == found.varied
    assert max(up.cost, down.cost) < row.needs.cost < up.cost + down.cost - 20  # one exp
    assert row.needs.memory == up.memory + down.memory


def test_a_systematic_stands_in_one_row_with_all_of_its_variations() -> None:
    # Up of the mirrored weight is one loop with pu; down, 2w - wUp, is of another shape.
    mirrored = "systematic top\n  weight pu  up vUp  mirror\n"
    found = planned(mirrored + JES + PU + REGIONS)
    assert [len(row.groups) for row in found.rows] == [2, 1]
    assert [row.names for row in found.rows] == [("top", "pu"), ("jes",)]
    labels = [v.label for group in found.rows[0].groups for v in group.members]
    assert sorted(labels) == ["puDown", "puUp", "topDown", "topUp"]


def test_the_memory_is_that_of_the_outputs() -> None:
    analysis = compiled(FAMILY + PU + REGIONS, FILE)
    found = plan(analysis.program, (), {})
    place = layout(analysis.program)
    fills = sum(map(memory_of, analysis.program.fills))
    assert found.nominal.memory + found.varied.memory == fills
    # Sums of groups begin at a line of memory, which leaves less than a line free before each.
    free = 8 * place.cells + 16 * place.sums + 8 * place.skipped - fills
    groups = sum(variations(fill) > 1 for fill in analysis.program.fills)
    assert 0 <= free < 16 * (ALIGNED // 8) * groups


def test_longer_collections_cost_more_and_weights_do_not() -> None:
    short, long = (planned(JES + PU + REGIONS, Jet=n) for n in (2.0, 20.0))
    jes, pu = ([g.needs.cost for g in found.groups] for found in (short, long))
    assert jes[0] < pu[0]
    assert jes[1] == pu[1]


def test_an_elementary_function_costs_more_than_an_addition() -> None:
    line = "systematic jes\n  scale pt(Jet)  up {}  down {}\n  keep MET\n"
    cheap = planned(line.format("1 + 0.02*eta", "1 - 0.02*eta") + REGIONS)
    costly = planned(line.format("exp(0.02*eta)", "exp(-0.02*eta)") + REGIONS)
    assert costly.times_nominal(costly.varied) > cheap.times_nominal(cheap.varied) + 0.2


# ----------------------------------------------------------------------------------- command


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """One hundred events with jets, their variations and weights."""
    numbers = np.random.default_rng(1)
    sizes = np.full(100, 3)

    pt = ak.unflatten(numbers.uniform(10, 90, 300).astype(np.float32), sizes)
    parts = {"pt": pt, "eta": pt * 0, "phi": pt * 0, "mass": pt * 0}
    for name in ("pt_s0Up", "pt_s0Down"):
        parts[name] = pt * np.float32(1.1)
    columns: dict[str, Any] = {"Jet": ak.zip(parts)}
    for name in ("MET_pt", "MET_phi", "w", "wUp", "wDown", "v", "vUp", "vDown"):
        columns[name] = numbers.uniform(20, 60, 100).astype(np.float32)
    path = tmp_path / "sample.root"
    with uproot.recreate(path) as file:
        types = {n: v.dtype for n, v in columns.items() if n != "Jet"}
        types["Jet"] = columns["Jet"].type.content
        file.mktree("Events", types, counter_name=lambda name: f"n{name}").extend(columns)
    return path


def told(*arguments: object) -> Any:
    return adl("plan", *arguments)


def written(folder: Path, text: str) -> Path:
    path = folder / "analysis.adl"
    path.write_text(f"info adl\n  dialect adl\n{text}")
    return path


def test_the_document_follows_its_schema_and_has_the_bytes_of_the_file(
    tmp_path: Path, sample: Path
) -> None:
    analysis = written(tmp_path, JES + PU + REGIONS)
    run = told(analysis, sample, "--model", "nanoaod", "--format", "json")
    assert run.exit_code == 0, run.output
    document = json.loads(run.stdout)
    jsonschema.validate(document, SCHEMA)
    (found,) = document["plans"]
    assert found["events"] == 100
    assert found["files"] == [str(sample)]
    jes, pu = found["groups"]
    assert [v["label"] for v in jes["variations"]] == ["jesUp", "jesDown"]
    with open_input(str(sample)) as file, uproot.open(sample) as root:
        both = file.held(["Jet_pt_s0Up", "Jet_pt_s0Down"])
        assert both == jes["bytes"]
        baskets = (root["Events"][name] for name in ("wUp", "wDown"))
        assert pu["bytes"] == sum(branch.compressed_bytes for branch in baskets)
    total = found["total"]
    assert total["variations"] == 4
    assert total["bytes"] == found["nominal"]["bytes"] + jes["bytes"] + pu["bytes"]
    assert total["cost"] == pytest.approx(1 + jes["cost"] + pu["cost"])


def test_the_counter_of_a_collection_is_read_where_nothing_else_of_it_is(
    tmp_path: Path, sample: Path
) -> None:
    text = PU + "region r\n  weight pu w\n  select size(Jet) >= 2\n"
    more = "systematic jes\n  set pt(Jet) up pt_s0Up down pt_s0Down\n  keep MET\n"
    moving = more + text.replace("size(Jet)", "count(pt(Jet) > 30)")
    for written_text, columns in ((text, {"nJet", "w"}), (moving, {"Jet_pt", "w"})):
        analysis = written(tmp_path, written_text)
        run = told(analysis, sample, "--model", "nanoaod", "--format", "json")
        (found,) = json.loads(run.stdout)["plans"]
        assert set(found["nominal"]["columns"]) == columns
        profile = adl(
            "run", analysis, sample, "--model", "nanoaod", "--profile", "--format", "json"
        )
        read = {column["name"] for column in json.loads(profile.stdout)["columns"]}
        assert set(found["total"]["columns"]) == read


def test_the_table_has_a_row_a_family(tmp_path: Path, sample: Path) -> None:
    analysis = written(tmp_path, JES + PU + "systematic lumi\n  rate 1.02 0.98\n" + REGIONS)
    run = told(analysis, sample, "--model", "nanoaod")
    assert run.exit_code == 0, run.output
    lines = run.stdout.splitlines()
    jes = next(line for line in lines if line.strip().startswith("jes"))
    assert "jets, jets/hht" in jes
    assert " 2 " in jes
    assert "lumi: factors of the yield, nothing is computed" in run.stdout
    assert "all together" in run.stdout


def test_systematics_are_chosen_by_name(tmp_path: Path, sample: Path) -> None:
    analysis = written(tmp_path, JES + PU + REGIONS)
    run = told(analysis, sample, "--model", "nanoaod", "--format", "json", "--systematics", "p*")
    (found,) = json.loads(run.stdout)["plans"]
    assert [s["name"] for s in found["systematics"]] == ["pu"]
    both = ("--systematics", "p*", "--systematics", "jes")
    run = told(analysis, sample, "--model", "nanoaod", "--format", "json", *both)
    (found,) = json.loads(run.stdout)["plans"]
    assert [s["name"] for s in found["systematics"]] == ["jes", "pu"]
    run = told(analysis, sample, "--model", "nanoaod", *both[:3], "jets")
    assert run.exit_code == 2
    assert "--systematics jets: no systematic is called so" in run.stderr
    run = told(analysis, sample, "--model", "nanoaod", "--format", "json", "--systematics", "none")
    (found,) = json.loads(run.stdout)["plans"]
    assert found["groups"] == []
    assert found["total"]["cost"] == 1.0


def test_mistakes_and_lost_files_are_told_and_the_rest_is_planned(
    tmp_path: Path, sample: Path
) -> None:
    analysis = written(tmp_path, JES + PU + REGIONS)
    run = told(analysis, sample, tmp_path / "none.root", "--model", "nanoaod")
    assert run.exit_code == 2
    assert "all together" in run.stdout
    assert "none.root: no such file" in run.stderr
    wrong = written(tmp_path, JES + "region r\n  select nothing > 1\n")
    run = told(wrong, sample, "--model", "nanoaod")
    assert run.exit_code == 2
    assert "E201" in run.stderr
    assert run.stdout == ""


def test_files_are_looked_for_at_another_place_first(tmp_path: Path, sample: Path) -> None:
    analysis = written(tmp_path, JES + PU + REGIONS)
    far = "root://far//data/sample.root"
    cache = ("--rewrite", f"root://far//data/={sample.parent}/")
    run = told(analysis, far, "--model", "nanoaod", "--format", "json", *cache)
    assert run.exit_code == 0, run.output
    (found,) = json.loads(run.stdout)["plans"]
    assert (found["files"], found["events"]) == ([far], 100)
    datasets = tmp_path / "list.yaml"
    datasets.write_text(f"datasets: {{d: {{kind: data, model: nanoaod, files: '{far}'}}}}\n")
    run = told(analysis, datasets, "--format", "json", *cache)
    assert run.exit_code == 0, run.output
    (found,) = json.loads(run.stdout)["plans"]
    assert (found["files"], found["events"]) == ([far], 100)


def test_without_a_file_the_columns_are_those_of_the_model(tmp_path: Path) -> None:
    text = "systematic jes\n  scale pt(Jet)  up 1.1  down 0.9\n  keep MET\n"
    analysis = written(tmp_path, text + "region r\n  select count(pt(Jet) > 30) >= 1\n")
    run = told(analysis, "--format", "json")
    assert run.exit_code == 0, run.output
    document = json.loads(run.stdout)
    jsonschema.validate(document, SCHEMA)
    (found,) = document["plans"]
    assert found["files"] == []
    assert found["nominal"]["bytes"] is None
    assert found["groups"][0]["cost"] > 0


def test_a_list_has_a_plan_for_each_dataset(tmp_path: Path) -> None:
    text = "systematic jes\n  scale pt(Jet)  up 1.1  down 0.9\n  keep MET\n"
    analysis = written(tmp_path, text + "region r\n  select count(pt(Jet) > 30) >= 1\n")
    lists = TOP / "examples" / "datasets.yaml"
    run = told(analysis, lists, "--format", "json")
    assert run.exit_code == 0, run.output
    document = json.loads(run.stdout)
    jsonschema.validate(document, SCHEMA)
    assert [p["dataset"] for p in document["plans"]] == ["zmumu", "ttbar", "wjets"]
    assert [p["events"] for p in document["plans"]] == [8000, 6000, 6000]
    assert all(p["groups"][0]["variations"][0]["changes"] == ["r"] for p in document["plans"])
    run = told(analysis, lists, "--era", "2018")
    assert run.exit_code == 2


def test_a_dataset_that_is_a_variation_says_so(tmp_path: Path) -> None:
    analysis = written(tmp_path, "region r\n  select MET > 40\n")
    folder = TOP / "examples" / "sample"
    text = "kind: simulation\nluminosity: 1 /fb\ndatasets:\n"
    for name, more in (("ttbar", ""), ("wjets", ", process: ttbar, variation: hdampUp")):
        text += f"  {name}: {{files: {folder}/{name}.root, cross_section: 1{more}}}\n"
    (tmp_path / "list.yaml").write_text(text)
    run = told(analysis, tmp_path / "list.yaml", "--format", "json")
    document = json.loads(run.stdout)
    jsonschema.validate(document, SCHEMA)
    assert [p["variation"] for p in document["plans"]] == ["", "hdampUp"]
    shown = told(analysis, tmp_path / "list.yaml").stdout
    assert "plan for wjets · ttbar · hdampUp" in shown
    assert "wjets is the variation hdampUp of ttbar" in shown


@pytest.mark.skipif(not DATA.is_dir(), reason="real files are not here")
def test_the_plan_of_the_grand_challenge_on_a_real_file() -> None:
    path = DATA / "cms_opendata2015_ttbar_nano.root"
    example = TOP / "examples" / "systematics" / "ttbar_agc.adl"
    run = told(example, path, "--format", "json", "--process", "ttbar")
    assert run.exit_code == 0, run.output
    document = json.loads(run.stdout)
    jsonschema.validate(document, SCHEMA)
    (found,) = document["plans"]
    costs = {g["variations"][0]["label"]: g["cost"] for g in found["groups"]}
    # Weights are cheap; a moved jet changes cuts, and with them the search for the top.
    assert costs["btag_var_1Up"] < 0.5 < costs["pt_scaleUp"] < 3
    assert found["nominal"]["bytes"] > 0
