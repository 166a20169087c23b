"""Every file of shared/data: recognised, and what it is read as equals uproot's own reading."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import awkward as ak
import numpy as np
import pytest
import uproot

from tests.commands import adl

Array = Any  # of awkward: one number, or a list of numbers, an event
Reader = Callable[[Callable[[str], Array]], Array]


class Momenta(NamedTuple):
    """A collection's columns, or what makes them, by the tree's own names."""

    pt: Array
    eta: Array
    phi: Array
    m2: Array  # mass squared: a light particle's mass is what rounding leaves of E and p
    scale: Array  # of what the rounding of m2 comes from


def polar(prefix: str, pt: str, eta: str, phi: str, mass: str, unit: float = 1) -> Reader:
    """Columns as NanoAOD, Delphes and PHYSLITE store them; a mass may be a number."""

    def read(column: Callable[[str], Array]) -> Momenta:
        p = column(f"{prefix}{pt}") / unit
        stored = mass.replace(".", "", 1).isdigit()
        m = p * 0 + float(mass) if stored else column(f"{prefix}{mass}") / unit
        return Momenta(p, column(f"{prefix}{eta}"), column(f"{prefix}{phi}"), m * abs(m), m * m)

    return read


def energetic(prefix: str) -> Reader:
    """Lorentz vectors of pt, eta, phi and E: TreeMaker."""

    def read(column: Callable[[str], Array]) -> Momenta:
        pt, eta, phi, e = (column(f"{prefix}.fCoordinates.f{x}") for x in ("Pt", "Eta", "Phi", "E"))
        return Momenta(pt, eta, phi, e * e - (pt * np.cosh(eta)) ** 2, e * e)

    return read


def flat(name: str) -> Reader:
    """Columns of px, py, pz and E."""

    def read(column: Callable[[str], Array]) -> Momenta:
        px, py, pz, e = (column(f"{name}_{x}") for x in ("Px", "Py", "Pz", "E"))
        pt, m2 = np.hypot(px, py), e * e - px * px - py * py - pz * pz
        return Momenta(pt, np.arcsinh(pz / pt), np.arctan2(py, px), m2, e * e)

    return read


def nano(name: str, mass: str = "mass") -> Reader:
    return polar(f"{name}_", "pt", "eta", "phi", mass)


def podio(name: str, at: str = "") -> Reader:
    """Momenta with a stored mass, perhaps ``at`` the positions of the elements: EDM4hep."""

    def read(column: Callable[[str], Array]) -> Momenta:
        columns = [
            column(f"{name}.{x}") for x in ("momentum.x", "momentum.y", "momentum.z", "mass")
        ]
        if at:
            where = ak.values_astype(column(at), np.int64)
            columns = [c[where] for c in columns]
        px, py, pz, m = columns
        pt = np.hypot(px, py)
        return Momenta(pt, np.arcsinh(pz / pt), np.arctan2(py, px), m * abs(m), m * m)

    return read


class Format(NamedTuple):
    model: str
    version: str
    collections: Mapping[str, Reader]  # by the name in ADL
    met: tuple[str, Reader] | None = None
    use: str = ""
    weight: tuple[str, Reader] | None = None


def column(name: str) -> Reader:
    return lambda read: read(name)


def first(name: str) -> Reader:
    """The first of a list that each event has."""
    return lambda read: read(name)[:, 0]


def term(of: str, place: int) -> Reader:
    """Missing momentum of the term at a place, of those that PHYSLITE stores."""

    def read(column: Callable[[str], Array]) -> Array:
        mpx, mpy = (column(f"{of}AuxDyn.{x}")[:, place] / 1000 for x in ("mpx", "mpy"))
        return np.hypot(mpx, mpy)

    return read


JETS = {"Jet": nano("Jet"), "Electron": nano("Electron"), "Muon": nano("Muon")}
PHYSLITE = {
    name: polar(f"Analysis{name}sAuxDyn.", "pt", "eta", "phi", mass, 1000)
    for name, mass in (("Jet", "m"), ("Electron", "m"), ("Muon", "0.0"))
}
GENERATOR = ("genWeight", column("genWeight"))
PHYSLITE_WEIGHT = ("eventWeight", first("EventInfoAuxDyn.mcEventWeights"))
SOFT = ("SoftMET", term("MET_Core_AnalysisMET", 1))
PARTICLES = "ReconstructedParticles"
FORMATS = {
    "cms_opendata2012_dimuon_100k": Format("nanoaod", "", {"Muon": nano("Muon")}),
    "cms_opendata2015_ttbar_nano": Format(
        "nanoaod", "v9", JETS, ("MET", column("MET_pt")), weight=GENERATOR
    ),
    "nano_legacy_10": Format(
        "nanoaod", "legacy", JETS, ("MET", column("MET_pt")), weight=GENERATOR
    ),
    "nano_v12_dy2e_1000": Format("nanoaod", "v12", JETS, ("MET", column("MET_pt"))),
    "nano_v12_ttbar": Format(
        "nanoaod", "v12", JETS, ("PuppiMET", column("PuppiMET_pt")), weight=GENERATOR
    ),
    "nano_v15_ttbar": Format(
        "nanoaod", "v15", JETS, ("MET", column("PuppiMET_pt")), "use MET = PuppiMET", GENERATOR
    ),
    "delphes_10": Format(
        "delphes",
        "",
        {
            "Jet": polar("Jet.", "PT", "Eta", "Phi", "Mass"),
            "GEN": polar("Particle.", "PT", "Eta", "Phi", "Mass"),
            "TRK": polar("Track.", "PT", "Eta", "Phi", "0.0"),
        },
        weight=("eventWeight", first("Event.Weight")),
    ),
    "physlite_100": Format("physlite", "", PHYSLITE, SOFT, weight=PHYSLITE_WEIGHT),
    "physlite_rntuple_100": Format(
        "physlite",
        "",
        PHYSLITE,
        ("GenMET", term("MET_Truth", 0)),
        weight=PHYSLITE_WEIGHT,
    ),
    "cms_opendata2015_ttbar_nano_rntuple": Format(
        "nanoaod", "v9", JETS, ("MET", column("MET_pt")), weight=GENERATOR
    ),
    "fcc_winter2023_100": Format(
        "edm4hep",
        "",
        {
            "Jet": podio("Jet"),
            "Muon": podio(PARTICLES, "Muon#0.index"),
            "Electron": podio(PARTICLES, "Electron#0.index"),
        },
        (
            "MET",
            lambda read: np.hypot(read("MissingET.momentum.x"), read("MissingET.momentum.y"))[:, 0],
        ),
    ),
    "edm4hep_ee_ww": Format(
        "edm4hep",
        "",
        {
            "Jet": podio("Jet"),
            "Muon": podio(PARTICLES, "Muon_objIdx.index"),
            "Electron": podio(PARTICLES, "Electron_objIdx.index"),
        },
        weight=("eventWeight", first("EventHeader.weight")),
    ),
    "treemaker_10": Format(
        "treemaker",
        "",
        {name: energetic(f"{name}s") for name in ("Jet", "Electron", "Muon", "Photon")},
        ("MET", column("MET")),
        weight=("eventWeight", column("Weight")),
    ),
    "hzz_flat_2421": Format(
        "ntuple",
        "",
        {name: flat(name) for name in ("Jet", "Electron", "Muon", "Photon")},
        ("MET", lambda read: np.hypot(read("MET_px"), read("MET_py"))),
        weight=("EventWeight", column("EventWeight")),
    ),
}
# Where a file itself counts the weights of all events before any skim: their sum.
COUNTED = {"physlite_rntuple_100": 81567.26385498047, "nano_legacy_10": 49919.0}
TREES = ("CollectionTree", "EventData", "Delphes", "Events", "events", "PreSelection")
BROKEN = {"corrupt_delphes": "there is no tree in the file"}


def reading(path: Path, tree: str) -> Callable[[str], Array]:
    """Return what reads a column with uproot, as float64."""
    opened = uproot.open(path)[tree]
    branches: dict[str, Any] = {}
    for branch in opened.itervalues(recursive=True):  # of two with one name ROOT has the first
        branches.setdefault(branch.name.replace(":", "."), branch)

    def read(name: str) -> Array:
        return ak.values_astype(branches[name].array(), np.float64)

    return read


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


# ------------------------------------------------------------------ formats without a file here


def made(path: Path, tree: str, **columns: object) -> Path:
    """Write a file of one tree; __ in names is a dot."""
    with uproot.recreate(path) as file:
        # Not file[tree] = …, which writes an RNTuple.
        columns = {name.replace("__", "."): values for name, values in columns.items()}
        file.mktree(tree, columns)
    return path


def lists(*events: list[float]) -> Array:
    return ak.values_astype(ak.Array(list(events)), np.float64)


def saved(tmp_path: Path, path: Path, items: str, *options: str) -> Array:
    text = tmp_path / "a.adl"
    text.write_text(f"region all\n  save got root {items}\n")
    result = adl("run", text, path, "-o", tmp_path / "out", "-q", *options)
    assert result.exit_code == 0, result.output
    return uproot.open(tmp_path / "out" / "got.root")["Events"].arrays()


def test_atlas_open_data_of_2020_is_in_mev(tmp_path: Path) -> None:
    path = made(
        tmp_path / "mini.root",
        "mini",
        eventNumber=np.array([7, 8], np.int32),
        runNumber=np.array([1, 1], np.int32),
        met_et=np.array([25e3, 5e3], np.float32),
        met_phi=np.array([1, 2], np.float32),
        lep_pt=lists([30e3, 20e3], []),
        lep_eta=lists([0.5, -1], []),
        lep_phi=lists([1, 2], []),
        lep_E=lists([50e3, 40e3], []),
        lep_type=lists([11, 13], []),
        lep_ptcone30=lists([3e3, 0], []),
        largeRjet_pt=lists([], [250e3]),
        largeRjet_m=lists([], [80e3]),
    )
    got = saved(tmp_path, path, "pT(Lepton) m(Lepton) Lepton.ptcone30 MET MET.phi m(FatJet) event")
    assert got.pT_Lepton.tolist() == [[30, 20], []]
    e, p = np.array([50, 40]), np.array([30, 20]) * np.cosh([0.5, -1])
    np.testing.assert_allclose(got.m_Lepton[0], np.sqrt(e**2 - p**2))
    assert got.Lepton_ptcone30.tolist() == [[3, 0], []]
    assert (got.MET.tolist(), got.MET_phi.tolist()) == ([25, 5], [1, 2])
    assert got.m_FatJet.tolist() == [[], [80]]
    assert json.loads(adl("inspect", path, "--format", "json").stdout)["model"] == "atlas2020"


def test_topcptoolkit_has_columns_with_and_without_their_suffix(tmp_path: Path) -> None:
    path = made(
        tmp_path / "reco.root",
        "reco",
        eventNumber=np.array([7], np.uint64),
        met_met_NOSYS=np.array([25e3], np.float32),
        met_phi_NOSYS=np.array([1], np.float32),
        jet_pt_NOSYS=lists([30e3]),
        jet_eta=lists([0.5]),
        jet_phi=lists([1]),
        jet_e_NOSYS=lists([50e3]),
        jet_select_tight_NOSYS=lists([1]),
    )
    got = saved(tmp_path, path, "pT(Jet) eta(Jet) Jet.select_tight MET event")
    assert got.pT_Jet.tolist() == [[30]]
    assert got.eta_Jet.tolist() == [[0.5]]
    assert got.Jet_select_tight.tolist() == [[1]]
    assert got.MET.tolist() == [25]
    assert json.loads(adl("inspect", path, "--format", "json").stdout)["model"] == "topcptoolkit"


@pytest.mark.parametrize(("jets", "met"), [("Jet", "MissingET"), ("JetPUPPI", "PuppiMissingET")])
def test_objects_that_delphes_stores_as_lists_of_one_are_one(
    tmp_path: Path, jets: str, met: str
) -> None:
    columns = {
        "Event__Number": lists([7.0], [8.0]),
        "Event__Weight": lists([0.5], [2.0]),
        f"{jets}__PT": lists([50, 40], [30]),
        f"{jets}__Eta": lists([0, 1], [2]),
        f"{jets}__Phi": lists([0, 1], [2]),
        f"{jets}__Mass": lists([5, 4], [3]),
        f"{jets}__BTag": lists([1, 0], [0]),
        "Electron__PT": lists([20], []),
        "Electron__Eta": lists([1], []),
        "Electron__Phi": lists([2], []),
        "Electron__Charge": lists([-1], []),
        f"{met}__MET": lists([60], [70]),
        f"{met}__Phi": lists([1], [2]),
        f"{met}__Eta": lists([0], [0]),
        "ScalarHT__HT": lists([90], [30]),
    }
    path = made(tmp_path / "delphes.root", "Delphes", **columns)
    use = "" if met == "MissingET" else "use MET = PuppiMET\n"
    text = tmp_path / "a.adl"
    text.write_text(
        f"{use}region all\n  save got root pT(JET) bTag(JET) m(ELE) MET phi(METLV[0]) HT "
        "pdgID(ELE) MET.MET\n"
        "region tagged\n  weight w eventWeight\n  select any(bTag(JET) == 1) and MET > 50\n"
    )
    result = adl("run", text, path, "-o", tmp_path / "out", "-q")
    assert result.exit_code == 0, result.output
    got = uproot.open(tmp_path / "out" / "got.root")["Events"].arrays()
    assert got.pT_JET.tolist() == [[50, 40], [30]]
    assert got.bTag_JET.tolist() == [[1, 0], [0]]
    assert got.m_ELE.tolist() == [[0.000511], []]
    assert got.pdgID_ELE.tolist() == [[11], []]
    assert got.MET.tolist() == got.MET_MET.tolist() == [60, 70]
    assert got.phi_METLV_0.tolist() == [1, 2]
    assert got.HT.tolist() == [90, 30]
    flow = json.loads((tmp_path / "out" / "results.json").read_text())["cutflows"][1]
    assert (flow["steps"][-1]["raw"], flow["steps"][-1]["sumw"]) == (1, 0.5)


def test_lists_of_one_that_are_empty_are_missing(tmp_path: Path) -> None:
    path = made(
        tmp_path / "delphes.root",
        "Delphes",
        Event__Number=lists([7.0], [8.0]),
        MissingET__MET=lists([60], []),
        MissingET__Phi=lists([1], []),
        MissingET__Eta=lists([0], []),
    )
    text = tmp_path / "a.adl"
    text.write_text("region all\n  select not (MET > 100)\n  select MET > 0\n")
    result = adl("run", text, path, "-o", tmp_path / "out", "-q")
    assert result.exit_code == 0, result.output
    (flow,) = json.loads((tmp_path / "out" / "results.json").read_text())["cutflows"]
    assert [step["raw"] for step in flow["steps"]] == [2, 2, 1]


def test_a_users_model_extends_one_of_ours(tmp_path: Path) -> None:
    path = made(
        tmp_path / "skim.root",
        "Events",
        Jet=ak.zip({"pt": lists([50, 40]), "eta": lists([0, 1]), "phi": lists([0, 1])}),
        Jet_mass=lists([5, 4]),
        Jet_b=lists([0.9, 0.1]),
        Jet_c=lists([0.3, 0.2]),
    )
    model = tmp_path / "ours.yaml"
    model.write_text(
        "extends: nanoaod\n"
        "collections:\n"
        "  Jet:\n"
        "    float64: b c\n"
        "    formulas: {score: b + c}\n"
        "    aliases: Hadrons\n"
    )
    got = saved(tmp_path, path, "Hadrons.score pT(JET)", "--model", str(model))
    np.testing.assert_allclose(got.Hadrons_score[0], [1.2, 0.3])
    assert got.pT_JET.tolist() == [[50, 40]]


def test_what_a_users_model_names_and_a_file_has_not_is_told_with_its_line(
    tmp_path: Path,
) -> None:
    path = made(
        tmp_path / "skim.root",
        "Events",
        Jet=ak.zip({"pt": lists([50, 40]), "eta": lists([0, 1]), "phi": lists([0, 1])}),
    )
    model = tmp_path / "ours.yaml"
    model.write_text(
        "extends: nanoaod\n"
        "collections:\n"
        "  Jet:\n"
        "    columns: {pt: pt_corrected}\n"
        "    float32: score\n"
        "  Widget:\n"
        "    float32: >-\n"
        "      pt\n"
        "      eta\n"
        "scalars: {float32: mine}\n"
        "computed:\n  HTW: sum(Widget w, w.pt)\n"
    )
    text = tmp_path / "a.adl"
    text.write_text("region all\n  select any(eta(Jet) > 2)\n")
    expected = [
        "4: Jet_pt_corrected: not in",
        "5: Jet_score: not in",
        "8: Widget_pt: not in",
        "9: Widget_eta: not in",
        "10: mine: not in",
        "12: HTW: nothing is called Widget, in",
    ]
    for command in (("run", text, path, "-q"), ("check", text, "--input", path)):
        result = adl(*command, "--model", model)
        assert result.exit_code == 0, result.output
        notes = [line for line in result.stderr.splitlines() if "ours.yaml" in line]
        assert notes == [f"note: {model}:{words} {path}" for words in expected]
    # The model says which column pt is: the file's Jet_pt is not it.
    text.write_text("region all\n  select any(pT(Jet) > 2)\n")
    result = adl("run", text, path, "-q", "--model", model)
    assert "Jet has no pt" in result.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("collections:\n  J: {float32: pt, formulas: {x: pt +}}", "bad.yaml:2: "),
        ("collections:\n  J:\n    float32: pt\n    formulas: {x: qt + 1}", "bad.yaml:4: J: x: "),
        ("collections:\n  J: {float32: pt, through: k}", "bad.yaml:2: J has no link k"),
        ("extends: nano", "bad.yaml:1: unknown object model 'nano'"),
        ("extends: bad.yaml", "bad.yaml:1: bad extends itself"),
        ("recognise: {tree: Events}", "bad.yaml:1: unknown 'tree': expected trees, "),
        ("computed: {a: 'Nothing[0].x'}", "bad.yaml:1: a: "),
    ],
)
def test_a_mistake_in_a_model_has_its_line(tmp_path: Path, line: str, message: str) -> None:
    model = tmp_path / "bad.yaml"
    model.write_text(f"{line}\n")
    text = tmp_path / "a.adl"
    text.write_text("region all\n  select ALL\n")
    result = adl("check", text, "--model", model)
    assert result.exit_code == 2
    assert message in result.stderr.replace(f"{tmp_path}/", "")


def test_a_file_that_fits_two_models_equally_well_is_asked_about(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from adl.stdlib.models import ModelError, load_model, recognition

    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    for model in (one, two):
        model.write_text("recognise: {branches: a_pt b_*}\n")
    three = tmp_path / "three.yaml"
    three.write_text("extends: one.yaml\nrecognise: {trees: T}\n")
    models = [load_model(m) for m in (one, two)]
    monkeypatch.setattr(recognition, "_models", lambda: (*models,))
    with pytest.raises(
        ModelError, match=r"fits the models one and two equally well\n.*--model one"
    ):
        recognition.recognise("T", {"a_pt", "b_x"})
    found = recognition.recognise("T", {"a_pt"})
    assert found.model.name == "ntuple"
    monkeypatch.setattr(recognition, "_models", lambda: (models[0], load_model(three)))
    found = recognition.recognise("T", {"a_pt", "b_x"})
    assert found.model.name == "three"
    assert found.reason == "its tree is T and it has a_pt and b_*"


def test_a_momentum_that_is_not_stored_is_no_zero(tmp_path: Path) -> None:
    path = made(tmp_path / "a.root", "Events", nHit=np.array([1], np.int32), Hit_x=lists([1.0]))
    text = tmp_path / "a.adl"
    text.write_text("region all\n  select size(Hit) > 0\n  select pT(Hit[0]) > 2\n")
    result = adl("run", text, path, "--model", "nanoaod")
    assert result.exit_code == 2
    assert "Hit has no pt and no phi, which pT needs" in result.stderr


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
