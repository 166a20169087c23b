"""What may be combined, and the forms in which ``adl diff`` says what it found."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from adl.runtime.overlap.combination import combine, expected
from tests.commands import adl

EXAMPLES = Path(__file__).parents[1] / "examples"
LIST = EXAMPLES / "datasets.yaml"
TTBAR = EXAMPLES / "sample" / "ttbar.root"

A = """object jets
  take Jet
  select pT > 30 and abs(eta) < 2.4
region had
  select size(Muon) == 0
  select MET > 40
region one
  select size(Muon) == 1
  select size(jets) >= 2
"""
B = """region mu
  select size(Muon) >= 1
region low
  select size(Muon) == 0
  select MET < 30
"""


def call(*arguments: object) -> Result:
    return adl("diff", *arguments)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("searches")
    (folder / "a.adl").write_text(A)
    (folder / "b.adl").write_text(B)
    return folder / "a.adl", folder / "b.adl"


# ------------------------------------------------------------------------------------ cliques


def test_the_best_set_is_that_of_all_sets() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        allowed = np.triu(random.random((7, 7)) < 0.5, 1)
        allowed |= allowed.T
        weights = random.random(7).round(3)
        found = combine(allowed, None, None, weights.tolist(), "yield", 0.01)
        best = 0.0
        for bits in range(1, 2**7):
            some = [i for i in range(7) if bits >> i & 1]
            if all(allowed[i, j] for i in some for j in some if i < j):
                best = max(best, float(sum(weights[some])))
        assert found.total == pytest.approx(best)
        assert all(allowed[i, j] for i in found.best for j in found.best if i != j)


def test_a_correlation_counts_with_its_uncertainty() -> None:
    none = np.zeros((2, 2), bool)
    rho = np.array([[1, 0.005], [0.005, 1]])
    sure, unsure = np.full((2, 2), 0.001), np.full((2, 2), 0.006)
    assert combine(none, rho, sure, [1, 1], "", 0.01).best == (0, 1)
    assert len(combine(none, rho, unsure, [1, 1], "", 0.01).best) == 1
    assert combine(none, rho, sure, [1, 1], "", 0.01).why[0][1] == "measured"


def test_what_nothing_is_known_of_is_not_combined() -> None:
    nothing = np.full((2, 2), math.nan)  # of a region without events
    assert not combine(np.zeros((2, 2), bool), nothing, nothing, [1, 1], "", 1.0).allowed.any()


def test_the_expected_significance_is_that_of_counting() -> None:
    assert expected(1.0, 1e8) == pytest.approx(1e-8, rel=1e-3)  # s^2 / b
    assert math.isnan(expected(1.0, 0.0))
    assert expected(0.0, 1.0) == 0


# ------------------------------------------------------------------------------------ command


def test_regions_are_combined_by_proofs_alone(pair: tuple[Path, Path]) -> None:
    found = json.loads(call(*pair, "--combine", "--format", "json").stdout)
    combination = found["combination"]
    assert combination["labels"] == ["A/had", "A/one", "B/mu", "B/low"]
    assert combination["best"] == [0, 2, 3]
    relations = {(p["first"]["name"], p["second"]["name"]): p["relation"] for p in found["proofs"]}
    assert relations["had", "mu"] == relations["had", "low"] == "disjoint"
    assert relations["one", "mu"] == "subset"
    assert relations["one", "low"] == "disjoint"


def test_proofs_are_told_in_the_words_of_the_matrix(pair: tuple[Path, Path]) -> None:
    text = call(*pair, "--prove").stdout
    assert "proofs of 4 pairs: 3 disjoint, 1 within" in text
    assert "  A/one is within B/mu (by intervals)" in text
    assert "  A/had is disjoint from B/low (by intervals)" in text


def test_without_z3_a_note_says_so(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adl.compiler.prove.smt.available", lambda: False)
    result = call(*pair, "--prove")
    assert result.stderr.count("pip install 'adlc[prove]'") == 1
    assert "A/had is disjoint from B/low (by intervals)" in result.stdout
    assert "z3" not in call(*pair).stderr


def test_a_list_gives_sensitivities_and_a_workspace(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "best.pyhf.json"
    words = ("--signal", "ttbar", "--export", out, "--format", "json", "-n", 3000)
    found = json.loads(call(*pair, LIST, *words).stdout)
    assert found["combination"]["weights_are"] == "expected squared significance of ttbar"
    measured = found["measured"]
    assert set(measured["processes"]) == {"zmumu", "ttbar", "wjets"}
    workspace = json.loads(out.read_text())
    names = [found["combination"]["labels"][i] for i in found["combination"]["best"]]
    assert [c["name"] for c in workspace["channels"]] == [n.replace("/", "_") for n in names]
    for channel, observed in zip(workspace["channels"], workspace["observations"], strict=True):
        total = sum(sample["data"][0] for sample in channel["samples"])
        assert observed["data"][0] == pytest.approx(total)
        by_name = {s["name"]: [m["type"] for m in s["modifiers"]] for s in channel["samples"]}
        assert by_name["ttbar"] == ["staterror", "normfactor"]
        assert by_name["wjets"] == ["staterror"]
    assert workspace["measurements"][0]["config"]["poi"] == "mu"


LITTLE = ("--luminosity", "0.1 /pb", "-n", 3000, "-q")  # few events, as a fit likes them


@pytest.mark.filterwarnings("default")
def test_pyhf_opens_the_workspace_and_gives_a_number(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    pyhf = pytest.importorskip("pyhf")
    out = tmp_path / "best.pyhf.json"
    assert call(*pair, LIST, "--signal", "ttbar", "--export", out, *LITTLE).exit_code == 0
    workspace = pyhf.Workspace(json.loads(out.read_text()))
    model = workspace.model()
    seen = workspace.data(model)
    nominal = model.config.suggested_init()
    assert model.expected_data(nominal) == pytest.approx(seen)
    observed, asimov = pyhf.infer.hypotest(1.0, seen, model, return_expected=True)
    assert observed == pytest.approx(0.5, abs=0.01)  # what is seen is what is expected at 1
    assert 0 < asimov < 0.05

    out = tmp_path / "alone.pyhf.json"  # without a signal: what there is to be fitted to data
    assert call(*pair, LIST, "--export", out, *LITTLE).exit_code == 0
    workspace = pyhf.Workspace(json.loads(out.read_text()))
    model = workspace.model()
    assert model.config.poi_name is None
    assert pyhf.infer.mle.fit(workspace.data(model), model) == pytest.approx(1, abs=1e-3)


@pytest.mark.filterwarnings("default")
def test_spey_takes_what_is_written_for_it(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPEY_CHECKUPDATE", "OFF")
    spey, pyhf = pytest.importorskip("spey"), pytest.importorskip("pyhf")
    words = (*pair, LIST, "--signal", "ttbar", *LITTLE)
    for name in ("best.spey.json", "best.pyhf.json"):
        assert call(*words, "--export", tmp_path / name).exit_code == 0
    model = spey.get_backend("pyhf")(**json.loads((tmp_path / "best.spey.json").read_text()))
    (found,) = model.exclusion_confidence_level()
    workspace = pyhf.Workspace(json.loads((tmp_path / "best.pyhf.json").read_text()))
    plain = workspace.model()
    cls = pyhf.infer.hypotest(1.0, workspace.data(plain), plain)
    assert found == pytest.approx(1 - float(cls), abs=5e-3)
    assert 0.1 < model.poi_upper_limit(expected=spey.ExpectationType.apriori) < 1


def test_backgrounds_and_signal_are_apart_for_spey(pair: tuple[Path, Path], tmp_path: Path) -> None:
    words = (*pair, LIST, "--signal", "[tw]*", *LITTLE)
    for name in ("best.spey.json", "best.pyhf.json"):
        assert call(*words, "--export", tmp_path / name).exit_code == 0
    found = json.loads((tmp_path / "best.spey.json").read_text())
    whole = json.loads((tmp_path / "best.pyhf.json").read_text())
    channels = found["background_only_model"]["channels"]
    assert [[s["name"] for s in c["samples"]] for c in channels] == [["zmumu"]] * len(channels)
    for change in found["signal_patch"]:  # as RFC 6902 reads it: insert at a place of a list
        _, _, channel, _, place = change["path"].split("/")
        assert change["op"] == "add"
        channels[int(channel)]["samples"].insert(int(place), change["value"])
    assert {c["name"]: len(c["samples"]) for c in channels} == {
        c["name"]: 3 for c in whole["channels"]
    }
    by_name = [
        {s["name"]: s for c in w for s in c["samples"]} for w in (channels, whole["channels"])
    ]
    assert by_name[0] == by_name[1]


def test_a_workspace_without_a_region_is_refused_after_all_was_told(
    tmp_path: Path,
) -> None:
    for name in ("a.adl", "b.adl"):
        (tmp_path / name).write_text("region none\n  select MET > 1e9\n")
    words = tmp_path / "a.adl", tmp_path / "b.adl", TTBAR, "-n", 100
    result = call(*words, "--export", tmp_path / "x.pyhf.json")
    assert result.exit_code == 2
    assert "a workspace has regions, and none is worth anything by yield" in result.stderr
    assert "yields of 100 events" in result.stdout


def test_the_matrix_is_exported(pair: tuple[Path, Path], tmp_path: Path) -> None:
    for ending in ("csv", "json"):
        result = call(*pair, TTBAR, "--export", tmp_path / f"m.{ending}", "-n", 2000)
        assert result.exit_code == 0
    rows = [*csv.reader((tmp_path / "m.csv").read_text().splitlines())]
    assert rows[0] == ["", "A/had", "A/one", "B/mu", "B/low"]
    assert rows[1][3:] == ["1", "1"]
    found = json.loads((tmp_path / "m.json").read_text())
    assert found["correlation"][0][0] == pytest.approx(1)
    assert [[int(x) for x in row] for row in found["allowed"]] == [
        [int(x) for x in row[1:]] for row in rows[1:]
    ]


def test_a_heat_map_and_a_page_are_written(pair: tuple[Path, Path], tmp_path: Path) -> None:
    picture = tmp_path / "m.png"
    result = call(*pair, TTBAR, "-n", 1000, "-o", picture, "--format", "html")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "<h2>Differences</h2>" in result.stdout
    assert result.stdout.count("<tr>") == 5  # a line a region, and the names


def test_github_is_told_the_line(pair: tuple[Path, Path], tmp_path: Path) -> None:
    changed = tmp_path / "changed.adl"
    changed.write_text(B.replace("MET < 30", "MET <= 30"))
    said = call(pair[1], changed, "--format", "github").stdout
    assert said.startswith(f"::notice file={changed},line=5,title=adl diff::")
    assert "gained: MET = 30" in said


def test_github_is_told_why_a_comparison_fails(pair: tuple[Path, Path], tmp_path: Path) -> None:
    result = call(*pair, "--fail-on", "overlap", "--fail-on", "unproven", "--format", "github")
    assert result.exit_code == 1
    errors = [line for line in result.stdout.splitlines() if line.startswith("::error")]
    assert errors == [f"::error file={pair[1]},title=adl diff::A/one is within B/mu (by intervals)"]
    kept = call(pair[1], pair[1], "--fail-on", "change", "--format", "github")
    assert (kept.exit_code, kept.stdout) == (0, "")


def test_exit_codes_are_what_was_asked_for(pair: tuple[Path, Path], tmp_path: Path) -> None:
    a, b = pair
    assert call(a, a, "--fail-on", "change").exit_code == 0
    assert call(a, b, "--fail-on", "change").exit_code == 1
    assert call(a, b).exit_code == 0
    assert call(a, b, "--fail-on", "overlap").exit_code == 1  # each event of one is in mu
    alone = tmp_path / "alone.adl"
    alone.write_text("region none\n  select size(Muon) == 0\n  select MET [] 30 40\n")
    assert call(alone, b, "--fail-on", "overlap").exit_code == 0
    assert call(alone, b, "--fail-on", "unproven").exit_code == 0


BAD = (
    (("--events", "x.csv"), "--events lists events of DATA"),
    (("-o", "x.png"), "-o draws what is measured on DATA"),
    (("--signal", "ttbar"), "--signal is a process of a dataset list"),
    (
        ("--export", "x.txt"),
        "--export x.txt: the name ends in .json, .csv, .pyhf.json or .spey.json",
    ),
    (("--export", "x.pyhf.json"), "a workspace has yields: name DATA"),
    (("--export", "x.spey.json", "--signal", "ttbar"), "a workspace has yields: name DATA"),
    ((LIST, "--export", "x.spey.json"), "spey limits a signal: name its processes with --signal"),
    ((TTBAR, "--model-b", "delphes"), "--model-b: one pass over DATA reads one object model"),
    ((TTBAR, "--friend-by", "entry"), "--friend-by and --friend-prefix are about a --friend FILE"),
    (("--era", "2018"), "--era is about DATA: name files or a dataset list"),
    (("-n", "10"), "--most-events is about DATA: name files or a dataset list"),
    (("--friend", "x.root"), "--friend is about DATA: name files or a dataset list"),
    (("--simulation",), "--simulation is about DATA"),
    (("--prove", "--model-b", "delphes"), "--model-b: what two regions share is proven for one"),
    (("--fail-on", "overlap", "--model-b", "delphes"), "--model-b: what two regions share is"),
    ((TTBAR, "-n", "10", "-o", "x.bmp"), "-o x.bmp: the name of a picture ends in"),
    # A place for results is looked at before the events.
    (("nothing.root", "-o", "no/x.png"), "-o no/x.png: there is no such folder"),
    (("nothing.root", "--events", "no/x.csv"), "--events no/x.csv: there is no such folder"),
    (("nothing.root", "--events", "."), "--events .: this is a folder, a file is expected"),
    (("nothing.root", "--export", "no/x.csv"), "--export no/x.csv: there is no such folder"),
    ((LIST, TTBAR), "a dataset list stands alone"),
    ((LIST, "-n", "10", "--signal", "higgs"), "--signal higgs is no process"),
    (("nothing.root",), "nothing.root"),
)


@pytest.mark.parametrize(("words", "message"), BAD)
def test_bad_options_are_one_message(
    words: tuple[object, ...], message: str, pair: tuple[Path, Path]
) -> None:
    result = call(*pair, *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_standard_input_is_one_analysis() -> None:
    result = call("-", "-")
    assert result.exit_code == 2
    assert "- is standard input, which is one analysis" in result.stderr


def test_without_events_nothing_is_said_of_them(pair: tuple[Path, Path]) -> None:
    text = call(*pair, TTBAR, "-n", 0).stdout
    assert text.endswith("no event was read, so nothing is measured\n")


def test_a_mistake_is_located_in_its_file(pair: tuple[Path, Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.adl"
    bad.write_text("region r\n  select nothing > 1\n")
    for words in ((pair[0], bad), (bad, pair[0]), (pair[0], bad, TTBAR)):
        result = call(*words)
        assert result.exit_code == 2
        assert f"{bad}:2:10: error[E201]" in result.stderr


def test_mistakes_of_both_files_come_in_one_run(tmp_path: Path) -> None:
    for name, cut in (("a.adl", "foo > 3"), ("b.adl", "MET >")):
        (tmp_path / name).write_text(f"region r\n  select {cut}\n")
    result = call(tmp_path / "a.adl", tmp_path / "b.adl")
    assert result.exit_code == 2
    assert "a.adl:2:10: error[E201]" in result.stderr
    assert "b.adl:2:15: error[E101]" in result.stderr
    result = call(tmp_path / "a.adl", tmp_path / "nothing.adl", TTBAR)
    assert "nothing.adl: No such file" in result.stderr
    assert "a.adl:2:10: error[E201]" in result.stderr
    result = call(tmp_path / "a.adl", tmp_path / "a.adl")
    assert result.stderr.count("error[") == 1


@pytest.mark.parametrize("data", [TTBAR, LIST])
def test_mistakes_of_both_files_come_in_one_run_on_data(data: Path, tmp_path: Path) -> None:
    for name, cuts in (
        ("a.adl", ("foo > 3", "jetz > 1")),
        ("b.adl", ("dphi(Jet, MET) > 1", "bar > 1")),
    ):
        lines = "".join(f"  select {cut}\n" for cut in cuts)
        (tmp_path / name).write_text(f"region r\n{lines}")
    result = call(tmp_path / "a.adl", tmp_path / "b.adl", data, "-q")
    assert result.exit_code == 2
    places = ["a.adl:2:10: error[E201]", "a.adl:3:10: error[E201]"]
    places += ["b.adl:2:15: error[E203]", "b.adl:3:10: error[E201]"]
    found = [line for line in result.stderr.splitlines() if ": error[" in line]
    for line, place in zip(found, places, strict=True):
        assert place in line
    assert "   | " + " " * 14 + "^^^\n  help: Jet[0]" in result.stderr
    assert result.stderr.count("nothing was run") == 1


def test_names_are_those_of_the_file_where_one_analysis_cannot_be_parsed(tmp_path: Path) -> None:
    (tmp_path / "a.adl").write_text("region r\n  select MET >\n")
    (tmp_path / "b.adl").write_text("region r\n  select foo > 1\n  select PuppiMET > 1\n")
    result = call(tmp_path / "a.adl", tmp_path / "b.adl", TTBAR)
    assert result.exit_code == 2
    codes = ["E101", "E201", "E201"]  # the file has no PuppiMET, which nanoaod knows
    found = [line for line in result.stderr.splitlines() if ": error[" in line]
    assert [line.split("[")[1][:4] for line in found] == codes


def test_other_models_are_matched_by_their_names(tmp_path: Path) -> None:
    for name in ("a.adl", "b.adl"):
        text = "object jets\n  take Jet\n  select pT > 30\nregion r\n  select size(jets) >= 2\n"
        (tmp_path / name).write_text(text)
    words = tmp_path / "a.adl", tmp_path / "b.adl", "--model", "nanoaod", "--model-b", "delphes"
    found = json.loads(call(*words, "--format", "json").stdout)
    assert found["equal"]
    assert "quantities are one where both models call them the same" in found["notes"][0]
    alone = tmp_path / "alone.adl"
    alone.write_text(
        "object jets\n  take Jet\n  select jetId > 1\nregion r\n  select size(jets) >= 2\n"
    )
    notes = json.loads(call(alone, *words[1:], "--format", "json").stdout)["notes"]
    assert f"{alone} uses what the model delphes has not: Jet.jetId" in notes[1]


@pytest.mark.parametrize("model", ["physlite", "delphes", "lhco"])
def test_one_text_is_one_analysis_in_models_with_other_names_and_units(model: str) -> None:
    text = EXAMPLES / "dijets.adl"
    found = json.loads(call(text, text, "--model-b", model, "--format", "json").stdout)
    assert found["equal"]
    assert len(found["notes"]) == 1


def test_what_another_model_stores_otherwise_is_open_and_said(tmp_path: Path) -> None:
    (tmp_path / "a.adl").write_text("region r\n  select m(Jet[0] + Jet[1]) > 100\n")
    said = call(tmp_path / "a.adl", tmp_path / "a.adl", "--model-b", "treemaker").stdout
    assert "uses what the model nanoaod has not: Jets.energy" in said
    assert said.endswith("region r reads the same, and was not found to count the same\n")
    (tmp_path / "b.adl").write_text("region r\n  select m(Jet[0] + Jet[1]) > 120\n")
    said = call(tmp_path / "a.adl", tmp_path / "b.adl", "--model-b", "physlite").stdout
    assert "lost: 100 < m(Jet[0] + Jet[1]) <= 120" in said
