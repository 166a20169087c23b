"""Every file of shared/data: recognised, and what it is read as equals uproot's own reading."""

from __future__ import annotations

import json
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from tests.commands import adl
from tests.formats import FORMATS, Format, Momenta, column, reading

# Where a file itself counts the weights of all events before any skim: their sum.
COUNTED = {"physlite_rntuple_100": 81567.26385498047, "nano_legacy_10": 49919.0}
TREES = ("CollectionTree", "EventData", "Delphes", "Events", "events", "PreSelection")
BROKEN = {"corrupt_delphes": "there is no tree in the file"}


def analysis(form: Format) -> str:
    """Save the momenta of whole collections, missing momentum, and the weight; apply it, too."""
    items = [f"{f}({name})" for name in form.collections for f in ("pT", "eta", "phi", "m")]
    items += [own[0] for own in (form.met, form.weight) if own]
    weighted = (
        f"region weighted\n  weight w {form.weight[0]}\n  select ALL\n" if form.weight else ""
    )
    return f"{form.use}\nregion all\n  save got root {' '.join(items)}\n{weighted}"


def test_each_file_of_the_folder_is_tried(real_data: Path) -> None:
    files = {path.stem for path in real_data.glob("*.root")}
    assert files == {*FORMATS, *BROKEN, "nano_empty"}


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_recognised(real_data: Path, name: str) -> None:
    result = adl("inspect", real_data / f"{name}.root", "--format", "json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert (document["model"], document["version"]) == FORMATS[name][:2]
    assert document["reason"]
    with uproot.open(real_data / f"{name}.root") as file:
        assert document["events"] == file[document["tree"]].num_entries
        used = file.file.compression
        assert document["compression"]["algorithm"] == (used.name if used else "")
    assert document["bytes"] == (real_data / f"{name}.root").stat().st_size


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_read_as_uproot_reads_it(tmp_path: Path, real_data: Path, name: str) -> None:
    form, path = FORMATS[name], real_data / f"{name}.root"
    text = tmp_path / "a.adl"
    text.write_text(analysis(form))
    result = adl("run", text, path, "-o", tmp_path / "out", "-q")
    assert result.exit_code == 0, result.output
    tree = json.loads(adl("inspect", path, "--format", "json").stdout)["tree"]
    read = reading(path, tree)
    got = uproot.open(tmp_path / "out" / "got.root")["Events"].arrays()
    for own, expected in form.collections.items():
        want: Momenta = expected(read)
        assert ak.all(ak.num(got[f"pT_{own}"]) == ak.num(want.pt))
        for function, values in (("pT", want.pt), ("eta", want.eta), ("phi", want.phi)):
            np.testing.assert_allclose(
                ak.flatten(got[f"{function}_{own}"]), ak.flatten(values), rtol=1e-12, atol=1e-12
            )
        m = ak.to_numpy(ak.flatten(got[f"m_{own}"]))
        assert np.all(
            np.abs(m * np.abs(m) - ak.to_numpy(ak.flatten(want.m2)))
            <= 1e-12 * ak.to_numpy(ak.flatten(want.scale)) + 1e-12
        )
    if form.met:
        np.testing.assert_allclose(got[form.met[0]], form.met[1](read), rtol=1e-12)
    if form.weight:
        weights = ak.to_numpy(form.weight[1](read))
        assert got[form.weight[0]].tolist() == weights.tolist()
        results = json.loads((tmp_path / "out" / "results.json").read_text())
        last = results["cutflows"][1]["steps"][-1]
        np.testing.assert_allclose(
            [last["sumw"], last["sumw2"]], [weights.sum(), (weights**2).sum()], rtol=1e-12
        )


@pytest.mark.parametrize(
    "name",
    [
        *("nano_legacy_10", "nano_v12_ttbar", "delphes_10", "physlite_rntuple_100"),
        *("edm4hep_ee_ww", "treemaker_10", "hzz_flat_2421"),
    ],
)
def test_a_list_normalises_with_the_weights_of_any_format(
    tmp_path: Path, real_data: Path, name: str
) -> None:
    form, path = FORMATS[name], real_data / f"{name}.root"
    assert form.weight is not None
    usual = "" if form.model != "ntuple" else f", generator_weight: {form.weight[0]}"
    listed = tmp_path / "list.yaml"
    listed.write_text(
        "luminosity: 2 /fb\ndatasets:\n"
        f"  one: {{kind: simulation, cross_section: 3, files: {path}{usual}}}\n"
    )
    text = tmp_path / "a.adl"
    text.write_text("region r\n  select size(Jet) >= 2\n")
    result = adl("run", text, listed, "-o", tmp_path / "out", "-q")
    assert result.exit_code == 0, result.output
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    with uproot.open(path) as file:
        tree = next(t for t in TREES if t in file)
    weights = ak.to_numpy(form.weight[1](reading(path, tree)))
    before = COUNTED.get(name, float(weights.sum()))
    (dataset,) = document["datasets"]
    np.testing.assert_allclose(dataset["sum_of_weights"], before, rtol=1e-12)
    assert dataset["sum_from"] == ("counters" if name in COUNTED else "events")
    first = document["cutflows"][0]["steps"][0]
    np.testing.assert_allclose(first["sumw"], 3 * 2000 * weights.sum() / before, rtol=1e-9)


def test_the_weight_that_a_model_computes_is_the_lists_own(tmp_path: Path, real_data: Path) -> None:
    (tmp_path / "list.yaml").write_text(
        "luminosity: 2 /fb\ndatasets:\n"
        f"  one: {{kind: simulation, cross_section: 3, files: {real_data}/delphes_10.root}}\n"
    )
    (tmp_path / "a.adl").write_text("region r\n  weight w eventWeight\n  select ALL\n")
    assert "E511" in adl("run", tmp_path / "a.adl", tmp_path / "list.yaml", "-q").stderr


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_read_is_said_so(real_data: Path, name: str) -> None:
    result = adl("inspect", real_data / f"{name}.root")
    assert result.exit_code == 2
    assert BROKEN[name] in result.stderr


def test_a_file_without_events_is_recognised(tmp_path: Path, real_data: Path) -> None:
    empty = real_data / "nano_empty.root"
    document = json.loads(adl("inspect", empty, "--format", "json").stdout)
    assert (document["model"], document["events"]) == ("nanoaod", 0)
    text = tmp_path / "a.adl"
    text.write_text("region all\n  select size(Jet) > 0\n")
    result = adl("run", text, empty)
    assert result.exit_code == 2
    assert "no event" in result.stderr


DIJETS = (
    *("cms_opendata2015_ttbar_nano", "nano_v12_ttbar", "nano_v15_ttbar", "delphes_10"),
    *("physlite_100", "edm4hep_ee_ww", "fcc_winter2023_100", "treemaker_10", "hzz_flat_2421"),
    *("nano_legacy_10", "physlite_rntuple_100", "cms_opendata2015_ttbar_nano_rntuple"),
    "nano_v12_dy2e_1000",
)


@pytest.mark.parametrize("name", DIJETS)
def test_one_text_runs_on_many_formats(
    tmp_path: Path, real_data: Path, examples: Path, name: str
) -> None:
    path = real_data / f"{name}.root"
    result = adl("run", examples / "dijets.adl", path, "-o", tmp_path, "-q")
    assert result.exit_code == 0, result.output
    document = json.loads((tmp_path / "results.json").read_text())
    tree = json.loads(adl("inspect", path, "--format", "json").stdout)["tree"]
    jets: Momenta = FORMATS[name].collections["Jet"](reading(path, tree))
    good = jets.pt[(jets.pt > 20) & (abs(jets.eta) < 2.5)]
    passes = ak.num(good) >= 2
    assert document["cutflows"][0]["steps"][-1]["raw"] == ak.sum(passes)
    numbers, ht = ak.num(good)[passes], ak.sum(good, axis=1)[passes]
    found = {h["name"]: h["hist"]["storage"]["values"][1:-1] for h in document["histograms"]}
    assert found["njets"] == np.histogram(numbers, 10, (0, 10 - 1e-9))[0].tolist()
    counts, _ = np.histogram(ht, np.append(np.linspace(0, 1000, 51)[:-1], np.nextafter(1000, 0)))
    assert found["ht"] == counts.tolist()
    assert sum(found["mjj"]) > 0


def test_every_file_runs_an_example(tmp_path: Path, real_data: Path, examples: Path) -> None:
    muons = "cms_opendata2012_dimuon_100k"  # has no jets
    assert {*DIJETS, muons} == {*FORMATS}
    readme = (examples.parent / "README.md").read_text(encoding="utf-8")
    text = tmp_path / "ten_lines.adl"
    text.write_text(readme.split("## Ten lines of ADL")[1].split("```")[1])
    result = adl("run", text, real_data / f"{muons}.root", "-o", tmp_path, "-q")
    assert result.exit_code == 0, result.output
    document = json.loads((tmp_path / "results.json").read_text())
    read = reading(real_data / f"{muons}.root", "Events")
    good = (read("Muon_pt") > 20) & (abs(read("Muon_eta")) < 2.4)
    assert document["cutflows"][0]["steps"][1]["raw"] == ak.sum(ak.sum(good, axis=1) == 2)


def test_a_lepton_analysis_is_told_what_a_format_has_instead(
    tmp_path: Path, real_data: Path
) -> None:
    text = tmp_path / "a.adl"
    text.write_text(
        "object leptons\n  take union(Muon, Electron)\nregion a\n  select size(leptons) > 0\n"
    )
    for name in ("nano_v12_ttbar", "physlite_100", "edm4hep_ee_ww"):
        assert adl("run", text, real_data / f"{name}.root", "-q").exit_code == 0
    result = adl("run", text, real_data / "delphes_10.root", "-q")
    assert result.exit_code == 2
    assert "a.adl:2:14: error[E201]: nothing is called Muon" in result.stderr
    assert "a.adl:2:20: error[E201]: nothing is called Electron" in result.stderr
    assert "this delphes file has Particle, Track, Jet, GenJet" in result.stderr


def test_one_choice_of_missing_momentum_serves_many_formats(
    tmp_path: Path, real_data: Path
) -> None:
    text = tmp_path / "a.adl"
    text.write_text("use MET = PuppiMET or MET\nregion a\n  select MET > 20\n")
    columns = {
        "cms_opendata2015_ttbar_nano": column("PuppiMET_pt"),
        "nano_v15_ttbar": column("PuppiMET_pt"),
        "fcc_winter2023_100": FORMATS["fcc_winter2023_100"].met[1],  # type: ignore[index]
    }
    for name, met in columns.items():
        path = real_data / f"{name}.root"
        result = adl("run", text, path, "-q", "-o", tmp_path / name)
        assert result.exit_code == 0, result.output
        flow = json.loads((tmp_path / name / "results.json").read_text())["cutflows"][0]
        tree = "Events" if "nano" in name else "events"
        assert flow["steps"][-1]["raw"] == ak.sum(met(reading(path, tree)) > 20)
    result = adl("run", text, real_data / "delphes_10.root", "-q")
    assert "PuppiMET or MET is no object of the input that MET could mean" in result.stderr
    assert "this delphes file has no MET: other files of the format can have it" in result.stderr


def test_what_a_format_has_not_is_said_with_what_it_has(tmp_path: Path, real_data: Path) -> None:
    text = tmp_path / "a.adl"
    text.write_text(
        "systematic pileup\n  weight pu up puUp down puDown\n"
        "object soft\n  take Muon\n  select miniIso < 0.2\n"
        "region a\n  weight pu puWeight\n  weight g genWeight\n  select MET > 20\n"
        '  select HLT "HLT_mu24"\n  select q(soft[0] + soft[1]) == 0 and size(soft) >= 2\n'
    )
    result = adl("run", text, real_data / "physlite_100.root", "-q")
    assert result.exit_code == 2
    for words in (
        "physlite has no MET",
        "SoftMET",
        "the weight of an event of this format is eventWeight",
        "AnalysisMuons has pt, eta, phi",
        "triggers are stored as bits",
    ):
        assert words in result.stderr, words
    # Not a second message for what follows from the first.
    assert "no weight statement is called pu" not in result.stderr
    assert "W330" not in result.stderr, "charges are whole, as real numbers too"


def test_what_a_format_lacks_is_named(tmp_path: Path, real_data: Path) -> None:
    text = tmp_path / "a.adl"
    text.write_text("region all\n  select size(Muon) > 0\n")
    result = adl("inspect", real_data / "delphes_10.root", "--analysis", text)
    assert result.exit_code == 2
    assert "nothing is called Muon" in result.stderr
    result = adl("inspect", real_data / "fcc_winter2023_100.root", "--analysis", text)
    assert result.exit_code == 0
    assert "the file has all that it needs" in result.stdout


def test_a_version_says_what_it_calls_otherwise(tmp_path: Path, real_data: Path) -> None:
    text = tmp_path / "a.adl"
    text.write_text("region all\n  select any(Electron e, e.mvaFall17V2Iso > 0)\n")
    assert adl("check", text, "--input", real_data / "nano_empty.root").exit_code == 0
    result = adl("check", text, "--input", real_data / "nano_v12_ttbar.root")
    assert result.exit_code == 2
    assert "nanoaod v12 has mvaIso in its place" in result.stderr


def test_delphes_sorts_what_its_model_says_that_it_sorts(real_data: Path) -> None:
    tree = uproot.open(real_data / "delphes_10.root")["Delphes"]
    for name in ("Jet.PT", "GenJet.PT"):
        pt = next(b for b in tree.itervalues(recursive=True) if b.name == name).array()
        assert ak.all(pt[:, 1:] <= pt[:, :-1]), name


def test_an_automatic_grouping_is_said(tmp_path: Path, real_data: Path) -> None:
    text = tmp_path / "a.adl"
    text.write_text("region all\n  select size(Jet) > 0\n")
    result = adl("run", text, real_data / "hzz_flat_2421.root", "-q")
    assert "fits no format" in result.stderr
    result = adl("run", text, real_data / "hzz_flat_2421.root", "-q", "--model", "ntuple")
    assert "fits no format" not in result.stderr


@pytest.mark.parametrize("name", ["hzz_flat_2421", "fcc_winter2023_100", "treemaker_10"])
def test_the_interpreter_computes_the_same_bits(tmp_path: Path, real_data: Path, name: str) -> None:
    text = tmp_path / "a.adl"
    text.write_text(
        "object leptons\n  take union(Muon, Electron)\n  select pT > 10\n"
        "object jets\n  take Jet\n  select pT > 20 and all(dR(this, leptons) > 0.4)\n"
        'region all\n  select MET > 10\n  histo n, "", 10, 0, 10, size(jets)\n'
        '  histo m, "", 40, 0, 400, m(Jet[0] + Jet[1])\n  histo pt, "", 20, 0, 100, pT(leptons[0])\n'
        '  histo dphi, "", 32, 0, 3.2, dphi(Jet[0], MET)\n'
    )
    found = []
    for target in ("host", "reference"):
        path = real_data / f"{name}.root"
        options = ("-q", "-n", 100, "--target", target, "-o", tmp_path / target)
        result = adl("run", text, path, *options)
        assert result.exit_code == 0, result.output
        results = json.loads((tmp_path / target / "results.json").read_text())
        found.append((results["cutflows"], results["histograms"]))
    assert found[0] == found[1]
    assert sum(found[0][1][0]["hist"]["storage"]["values"]) > 5


@pytest.mark.parametrize("name", ["physlite_100", "delphes_10", "nano_v12_ttbar"])
def test_what_a_file_offers_fits_a_page(real_data: Path, name: str) -> None:
    shown = adl("inspect", real_data / f"{name}.root").stdout
    assert all(len(line) <= 100 for line in shown.splitlines()[1:]), "but for its own path"
    document = json.loads(adl("inspect", real_data / f"{name}.root", "--format", "json").stdout)
    words = shown.replace(",", " ").replace("*", " ").split()
    for owner in document["collections"].values():
        missing = {a for a in owner["attributes"] if a} - {*words}
        assert not missing


def test_a_file_that_is_read_as_another_format_is_said_to_look_like_its_own(
    tmp_path: Path, examples: Path
) -> None:
    text, sample = tmp_path / "a.adl", examples / "sample" / "zmumu.root"
    text.write_text("region r\n  select size(Jet) > 1\n")
    for words in (("run", text, sample, "-q"), ("check", text, "--input", sample)):
        said = adl(*words, "--model", "physlite").stderr
        assert "zmumu.root is read as physlite, and looks like nanoaod: its tree is Events" in said
        for model in ("nanoaod", "ntuple"):
            assert "looks like" not in adl(*words, "--model", model).stderr


def test_columns_of_the_event_are_named_and_lengths_of_lists_counted(
    real_data: Path, examples: Path
) -> None:
    shown = adl("inspect", examples / "sample" / "zmumu.root").stdout
    assert "\ncolumns of the event: 6, and the lengths of 3 lists\n" in shown
    assert "\n  float32: genWeight, Pileup_nTrueInt\n  int32: PV_npvs\n" in shown
    path = real_data / "treemaker_10.root"
    assert " and 54 more\n" in adl("inspect", path).stdout.replace("\n    ", " ")
    document = json.loads(adl("inspect", path, "--format", "json").stdout)
    assert {"RunNum", *document["counters"]} <= document["columns"].keys()
    assert "RunNum" not in document["counters"]
    assert len(document["counters"]) == 19


def test_momenta_that_are_stored_in_mev_are_shown_in_gev(real_data: Path) -> None:
    shown = adl("inspect", real_data / "physlite_100.root").stdout
    jets = shown.split("\nAnalysisJets")[1].split("\n\n")[0]
    assert "\n  float32 in GeV (the file has MeV): pt, mass," in jets
    assert "\n  float32: eta, phi," in jets
