"""Variations in trees of their own: each is the nominal analysis over that tree."""

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
from adl.runtime.inputs import InputError
from adl.runtime.inputs.chunks import read
from tests.commands import adl

PLAN = json.loads(Path(plan_module.__file__).with_name("plan.schema.json").read_text())
NAMES = ("nominal", "nominal_up", "nominal_down")
TREE = 'systematic jms\n  tree up "nominal_up" down "nominal_down"\n'
OTHER = "systematic lumi_like\n  reweight up 1.1 down 0.9\n"
REGION = """
object jets
  take Jet
  select pt > 40
region r
  select size(jets) >= 2
  weight g MET_pt / 30
  histo h, "pt", 20, 0, 200, jets[0].pt
  histo n, "n", 5, 0, 5, size(jets) only nominal
"""


def fill(file: Any, name: str, events: int, scale: float, seed: int, *left_out: str) -> None:
    random = np.random.default_rng(seed)
    counts = random.integers(0, 6, events)
    size = int(counts.sum())
    columns = {
        "pt": (random.exponential(40, size) * scale).astype(np.float32),
        "eta": random.normal(0, 1.5, size).astype(np.float32),
        "phi": random.uniform(-3, 3, size).astype(np.float32),
        "mass": np.full(size, 5, np.float32),
    }
    jets = ak.unflatten(ak.zip({n: c for n, c in columns.items() if n not in left_out}), counts)
    event = {
        "MET_pt": random.exponential(30, events).astype(np.float32),
        "MET_phi": random.uniform(-3, 3, events).astype(np.float32),
        "genWeight": np.full(events, 2, np.float32),
        f"of_{name}": np.zeros(events, np.float32),  # its own columns
    }
    file.mktree(name, {"Jet": jets.type.content, **{n: c.dtype for n, c in event.items()}})
    file[name].extend({"Jet": jets, **event})


def made(path: Path, seed: int = 1, **left_out: str) -> str:
    """Write a file of three trees with other events, columns and numbers of events."""
    with uproot.recreate(path) as file:
        for i, (name, scale) in enumerate(
            (("nominal", 1.0), ("nominal_up", 1.1), ("nominal_down", 0.9))
        ):
            fill(
                file,
                name,
                700 - 100 * i + seed,
                scale,
                10 * seed + i,
                *left_out.get(name, "").split(),
            )
    return str(path)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    return [made(tmp_path / f"{n}.root", n) for n in (1, 2)]


class Runs:
    """Runs analyses in a folder; each gives its results by variation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0

    def __call__(self, text: str, *arguments: str, code: int = 0) -> dict[str, Any]:
        self.number += 1
        (self.folder / "a.adl").write_text(f"info adl\n  dialect adl\n{text}")
        out = str(self.folder / f"out{self.number}")
        result = adl(
            "run", str(self.folder / "a.adl"), *arguments, "-q", "-o", out, "--model", "nanoaod"
        )
        assert result.exit_code == code, result.output
        self.said = result.output
        found = Path(out) / "results.json"
        return json.loads(found.read_text()) if found.exists() else {}


@pytest.fixture
def run(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def of(results: dict[str, Any], variation: str, process: str | None = None) -> list[Any]:
    """Return all that a variation has, without the names of processes and variations."""
    items = [*results["cutflows"], *results["histograms"]]
    found = [i for i in items if i["variation"] == variation]
    found = [i for i in found if process is None or i["process"] == process]
    drop = ("variation", "process", "dataset")
    return [{k: v for k, v in i.items() if k not in drop} for i in found]


def without(items: list[Any], name: str) -> list[Any]:
    return [i for i in items if i.get("name") != name]


def test_each_variation_is_the_nominal_analysis_over_its_tree(run: Runs, files: list[str]) -> None:
    found = run(TREE + OTHER + REGION, *files, "--tree", "nominal")
    for direction in ("up", "down"):
        text = OTHER + REGION
        alone = of(run(text, *files, "--tree", f"nominal_{direction}"), "nominal")
        # n is computed without variations.
        assert of(found, f"jms{direction.capitalize()}") == without(alone, "n")
    assert found["systematics"][0]["kind"] == "tree"
    for variation in found["systematics"][0]["variations"]:
        assert variation["unchanged"] == ["r/n"]
    sizes = {v: of(found, v)[0]["steps"][0]["raw"] for v in ("nominal", "jmsUp", "jmsDown")}
    assert sizes == {"nominal": 1403, "jmsUp": 1203, "jmsDown": 1003}


def test_nominal_and_other_variations_stay_as_they_are(run: Runs, files: list[str]) -> None:
    found = run(TREE + OTHER + REGION, *files, "--tree", "nominal")
    before = run(OTHER + REGION, *files, "--tree", "nominal")
    for variation in ("nominal", "lumi_likeUp", "lumi_likeDown"):
        assert of(found, variation) == of(before, variation) != []


def test_the_number_of_threads_changes_no_bit(run: Runs, files: list[str]) -> None:
    one, four = (run(TREE + REGION, *files, "--tree", "nominal", "-j", n) for n in ("1", "4"))
    assert (one["cutflows"], one["histograms"]) == (four["cutflows"], four["histograms"])


def test_systematics_none_reads_no_other_tree(run: Runs, tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "one.root") as file:
        fill(file, "nominal", 50, 1.0, 1)
    found = run(TREE + REGION, str(tmp_path / "one.root"), "--systematics", "none")
    assert {c["variation"] for c in found["cutflows"]} == {"nominal"}
    assert found["systematics"] == []


def test_one_tree_with_mirror_gives_the_other_side(run: Runs, files: list[str]) -> None:
    text = 'systematic jms\n  tree up "nominal_up" mirror\n'
    found = run(text + REGION, *files, "--tree", "nominal")
    steps = {v: of(found, v)[0]["steps"] for v in ("nominal", "jmsUp", "jmsDown")}
    for nominal, up, down in zip(*steps.values(), strict=True):
        assert down["sumw"] == 2 * nominal["sumw"] - up["sumw"]


def test_the_line_of_cutlang_is_a_tree_line(run: Runs, files: list[str]) -> None:
    legacy = 'systematic on "nominal_up" "nominal_down" ttree\n'
    found = run(legacy + REGION, *files, "--tree", "nominal")
    written = run(TREE + REGION, *files, "--tree", "nominal")
    for direction in ("Up", "Down"):
        assert of(found, f"ttree{direction}") == of(written, f"jms{direction}") != []


def test_a_missing_tree_is_one_error_at_its_name(
    run: Runs, files: list[str], tmp_path: Path
) -> None:
    with uproot.recreate(tmp_path / "lacking.root") as file:
        fill(file, "nominal", 50, 1.0, 1)
        fill(file, "nominal_up", 50, 1.0, 1)
    text = TREE + REGION
    found = run(text, *files, str(tmp_path / "lacking.root"), "--tree", "nominal", code=2)
    assert "a.adl:4:29: error[E269]: there is no tree nominal_down" in run.said
    assert "lacking.root" in run.said
    assert run.said.count("error[") == 1
    # The others are complete, and the same events for every variation.
    kept = run(text, *files, "--tree", "nominal")
    assert (found["cutflows"], found["histograms"]) == (kept["cutflows"], kept["histograms"])


def test_a_tree_without_what_the_analysis_reads_is_one_error(run: Runs, tmp_path: Path) -> None:
    path = made(tmp_path / "other.root", nominal_down="eta")
    text = TREE + REGION.replace("pt > 40", "pt > 40 and abs(eta) < 2")
    assert run(text, path, "--tree", "nominal", code=2) == {}
    assert "a.adl:4:29: error[E269]: the tree nominal_down does not fit" in run.said
    assert "line 8 asks for it" in run.said
    assert run.said.count("error[") == 1


def test_the_nominal_tree_is_no_variation(run: Runs, files: list[str]) -> None:
    assert run(TREE + REGION, *files, "--tree", "nominal_up", code=2) == {}
    assert "error[E269]: nominal_up is the tree of the nominal events" in run.said


def test_a_tree_that_breaks_while_it_is_read_leaves_its_variation_out(
    run: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(source: Any, *rest: Any) -> Any:
        if source.tree == "nominal_down":
            raise InputError(source.path, "a basket is broken")
        return read(source, *rest)

    monkeypatch.setattr("adl.runtime.execute.units.read", broken)
    path = made(tmp_path / "a.root")
    found = run(TREE + REGION, path, "--tree", "nominal", code=2)
    assert {c["variation"] for c in found["cutflows"]} == {"nominal", "jmsUp"}
    assert "the tree nominal_down: a basket is broken" in run.said


LIST = """
luminosity: 2 /pb
tree: nominal
datasets:
  data:
    kind: data
    files: data.root
  a:
    kind: simulation
    process: top
    files: 1.root
    cross_section: 3
    sum_of_weights: 100
    split: {hard: MET_pt > 30, soft: otherwise}
  b:
    kind: simulation
    process: w
    files: 2.root
    cross_section: 5
"""


def test_a_list_scales_a_tree_as_the_nominal_one(
    run: Runs, files: list[str], tmp_path: Path
) -> None:
    with uproot.recreate(tmp_path / "data.root") as file:
        fill(file, "nominal", 60, 1.0, 5)
    listed = LIST.replace("    process: top\n", "")
    (tmp_path / "list.yaml").write_text(listed)
    text = TREE.rstrip() + " only simulation\n" + REGION
    found = run(text, str(tmp_path / "list.yaml"))
    plain = run(text, files[1], "--simulation", "--tree", "nominal")
    # Of b an event counts genWeight 2 · 5 pb · 2 /pb over the nominal events' 2 each.
    number = plain["cutflows"][0]["steps"][0]["raw"]
    for variation in ("nominal", "jmsUp", "jmsDown"):
        steps = [s["sumw"] * 10 / number for s in of(plain, variation)[0]["steps"]]
        assert [s["sumw"] for s in of(found, variation, "w")[0]["steps"]] == pytest.approx(steps)
    assert of(found, "jmsUp", "data") == []
    whole = run(text, files[0], "--simulation", "--tree", "nominal")
    for variation in ("nominal", "jmsUp", "jmsDown"):
        parts = [of(found, variation, p)[0]["steps"][0]["raw"] for p in ("hard", "soft")]
        assert sum(parts) == of(whole, variation)[0]["steps"][0]["raw"]


def test_a_list_that_is_not_normalised_has_the_variations_too(run: Runs, tmp_path: Path) -> None:
    made(tmp_path / "1.root")
    (tmp_path / "list.yaml").write_text(
        "normalise: false\ntree: nominal\ndatasets:\n  a: {kind: simulation, files: 1.root}\n"
    )
    found = run(TREE + REGION, str(tmp_path / "list.yaml"))
    assert {c["variation"] for c in found["cutflows"]} == {"nominal", "jmsUp", "jmsDown"}


def skim(text: str, output: Path, *arguments: str, code: int = 0) -> str:
    (output.parent / "skim.adl").write_text(f"info adl\n  dialect adl\n{text}")
    words = ("skim", str(output.parent / "skim.adl"), *arguments, "-o", str(output))
    result = adl(*words, "--tree", "nominal", "--model", "nanoaod")
    assert result.exit_code == code, result.output
    return result.output


CUT = "region r\n  weight g MET > 30 ? 0.5 : 0.25\n  select count(Jet.pt > 40) >= 2\n"
CUT += '  histo h, "pt", 20, 0, 200, Jet[0].pt\n'


@pytest.mark.parametrize("form", ["ttree", "rntuple"])
def test_a_skim_has_what_passes_in_each_tree(
    run: Runs, files: list[str], tmp_path: Path, form: str
) -> None:
    text = TREE + "systematic jes\n  scale pt(Jet)  up 1.3  down 0.9\n  keep MET\n" + CUT
    more = ("--any-variation", "--format", form)
    said = skim(text, tmp_path / "s.root", *files, *more)
    before = run(text, *files, "--tree", "nominal")
    after = run(text, str(tmp_path / "s.root"), "--tree", "nominal")
    labels = {i["variation"] for i in before["cutflows"]}
    assert labels == {"nominal", "jmsUp", "jmsDown", "jesUp", "jesDown"}
    for label in labels:
        (was, *histograms), (now, *others) = of(before, label), of(after, label)
        assert was["steps"][-1] == now["steps"][-1]
        assert [h["hist"] for h in histograms] == [h["hist"] for h in others]
    with uproot.open(tmp_path / "s.root") as file:
        record = json.loads(str(file["adl_skim"]))
        kept = {name: file[name].num_entries for name in ("nominal_up", "nominal_down")}
    assert record["variations"]["trees"] == kept
    assert f"and {kept['nominal_up']} events of nominal_up" in said
    assert record["variations"]["left_out"] == []
    # A skim takes the place of another, and is one of itself.
    again = skim(text, tmp_path / "s.root", *files, *more)
    assert again.startswith("replaced")
    skim(text, tmp_path / "t.root", str(tmp_path / "s.root"), *more)
    assert of(run(text, str(tmp_path / "t.root"), "--tree", "nominal"), "jmsUp") == of(
        after, "jmsUp"
    )


def test_a_skim_for_the_nominal_events_lacks_the_trees_and_says_so(
    run: Runs, files: list[str], tmp_path: Path
) -> None:
    said = skim(TREE + CUT, tmp_path / "s.root", *files)
    assert "the trees of variations (nominal_up …) are not in the skim: --any-variation" in said
    run(TREE + CUT, str(tmp_path / "s.root"), "--tree", "nominal", code=2)
    assert "error[E269]: there is no tree nominal_up" in run.said
    assert "help: adl skim --any-variation keeps the trees of variations" in run.said


def test_a_skim_with_a_tree_that_is_missing_or_broken_is_none(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = made(tmp_path / "lacking.root", 3, nominal_up="phi pt")
    said = skim(TREE + CUT, tmp_path / "s.root", lacking, "--any-variation", code=2)
    assert "E269" in said
    said = skim(TREE + CUT, tmp_path / "s.parquet", files[0], "--any-variation", code=2)
    assert "a Parquet file is one table" in said

    def broken(source: Any, *rest: Any) -> Any:
        if source.tree == "nominal_down" and source.path == files[1]:
            raise InputError(source.path, "cannot be decompressed")
        return read(source, *rest)

    monkeypatch.setattr("adl.runtime.inputs.joined_columns.chunks.read", broken)
    said = skim(TREE + CUT, tmp_path / "s.root", *files, "--any-variation", code=2)
    assert "nominal_down" in said
    assert "a skim has every tree of a variation whole, or is none" in said
    assert not (tmp_path / "s.root").exists()


def test_a_plan_counts_the_trees_that_are_run_over_once_more(
    files: list[str], tmp_path: Path
) -> None:
    analysis = tmp_path / "a.adl"
    analysis.write_text(TREE + OTHER + REGION)
    asked = ("plan", str(analysis), *files, "--tree", "nominal")
    result = adl(*asked)
    assert "jms: nominal once more, over each tree of its own" in result.output
    document = json.loads(adl(*asked, "--format", "json").stdout)
    jsonschema.validate(document, PLAN)
    (found,) = document["plans"]
    up, down = found["trees"]
    assert (up["tree"], up["variations"]) == ("nominal_up", ["jmsUp"])
    assert (down["tree"], down["variations"]) == ("nominal_down", ["jmsDown"])
    assert up["changes"] == ["r", "r/h"]  # not the histogram that is nominal only
    assert up["columns"] == found["nominal"]["columns"]
    counted, held = dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0)
    for path in files:
        for name in NAMES:
            with uproot.open(path) as file:
                counted[name] += file[name].num_entries
                read = (file[name][c] for c in ("nJet", *up["columns"]))
                held[name] += sum(branch.compressed_bytes for branch in read)
    assert [found["events"], up["events"], down["events"]] == list(counted.values())
    assert [found["nominal"]["bytes"], up["bytes"], down["bytes"]] == list(held.values())
    nominal, *others = counted.values()
    assert [up["cost"], down["cost"]] == [number / nominal for number in others]
    total = found["total"]
    assert total["variations"] == 4
    assert total["cost"] == pytest.approx(
        1 + sum(group["cost"] for group in (*found["groups"], up, down))
    )
    assert total["bytes"] == sum(held.values())
    row = next(line for line in result.stdout.splitlines() if line.strip().startswith("jms "))
    assert f"{sum(others) / nominal:.2f}" in row


def test_a_plan_refuses_a_tree_that_a_run_refuses(files: list[str], tmp_path: Path) -> None:
    analysis = tmp_path / "a.adl"
    analysis.write_text(TREE.replace("nominal_down", "nominal_dowm") + REGION)
    result = adl("plan", str(analysis), files[0], "--tree", "nominal")
    assert result.exit_code == 2
    assert "a.adl:2:" in result.stderr
    assert "E269" in result.stderr
    assert "nominal_dowm" in result.stderr
    assert f"  in {files[0]}\n" in result.stderr
