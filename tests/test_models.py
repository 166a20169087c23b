from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adl.stdlib.models import (
    Branch,
    Model,
    ModelError,
    Schema,
    load_model,
    model_names,
    recognition,
)
from adl.stdlib.models.finding import find_attribute, find_collection, find_scalar, find_singleton
from tests.checking import NANOAOD


def branches(**columns: str) -> dict[str, Branch]:
    """Branches from ``name="dtype"`` or ``name="dtype counter"``."""
    split = {name: text.split() for name, text in columns.items()}
    return {n: Branch(n, t[0], t[1] if len(t) > 1 else None) for n, t in split.items()}


def schema_of(**columns: str) -> Schema:
    return load_model("nanoaod").schema(branches(**columns))


def broken(tmp_path: Path, text: str) -> str:
    """What is said about a model file, without its folder."""
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ModelError) as error:
        load_model(path)
    return str(error.value).removeprefix(f"{tmp_path}/")


# --------------------------------------------------------------------------------- listed


@pytest.mark.parametrize("name", model_names())
def test_every_built_in_model_loads_and_its_names_are_unambiguous(name: str) -> None:
    schema = load_model(name).schema()
    assert not schema.complete
    names = [*schema.collections, *schema.singletons]
    aliases = [alias for c in schema.collections.values() for alias in c.aliases]
    aliases += [alias for s in schema.singletons.values() for alias in s.aliases]
    assert len({*names, *aliases}) == len(names) + len(aliases)


def test_listed_columns_follow_the_naming_of_nanoaod() -> None:
    jets = NANOAOD.collections["Jet"]
    assert jets.attributes["pt"] == Branch("Jet_pt", "float32", "nJet")
    assert jets.counter == Branch("nJet", "uint32", None)
    assert NANOAOD.singletons["MET"].attributes["pt"] == Branch("MET_pt", "float32", None)
    assert NANOAOD.scalars["MET_pt"] is NANOAOD.singletons["MET"].attributes["pt"]
    assert NANOAOD.scalars["event"] == Branch("event", "uint64", None)
    assert NANOAOD.scalars["nJet"] is jets.counter
    weights = NANOAOD.collections["LHEPdfWeight"].attributes
    assert weights == {"": Branch("LHEPdfWeight", "float32", "nLHEPdfWeight")}


def test_only_collections_that_nanoaod_sorts_are_ordered() -> None:
    ordered = {name for name, c in NANOAOD.collections.items() if c.ordered == "pt"}
    assert {"Jet", "FatJet", "Electron", "Photon", "GenJet"} <= ordered
    assert ordered.isdisjoint({"Muon", "Tau", "GenPart", "SubJet", "SV", "TrigObj"})


# --------------------------------------------------------------------------------- of a file


def test_a_file_decides_its_attributes_and_types_and_the_model_the_aliases() -> None:
    schema = schema_of(nMuon="int32", Muon_pt="float64 nMuon", Muon_myScore="uint8 nMuon")
    assert schema.complete
    assert list(schema.collections) == ["Muon"]
    muons = schema.collections["Muon"]
    assert dict(muons.attributes) == {
        "pt": Branch("Muon_pt", "float64", "nMuon"),
        "myScore": Branch("Muon_myScore", "uint8", "nMuon"),
    }
    assert muons.counter == Branch("nMuon", "int32", None)
    found = find_collection(schema, "MUO")
    assert found is not None
    assert found.item is muons
    assert find_attribute(schema, muons, "mass") is None
    assert find_collection(schema, "Jet") is None


def test_an_unlisted_collection_appears_without_aliases() -> None:
    lowpt = schema_of(nLowPtElectron="int32", LowPtElectron_pt="float32 nLowPtElectron")
    assert lowpt.collections["LowPtElectron"].aliases == ()


def test_a_column_called_like_its_collection_has_an_empty_attribute_name() -> None:
    schema = schema_of(nLHEPdfWeight="uint32", LHEPdfWeight="float32 nLHEPdfWeight")
    assert list(schema.collections["LHEPdfWeight"].attributes) == [""]


def test_columns_of_a_singleton_keep_their_full_names_too() -> None:
    schema = schema_of(MET_pt="float32", PV_npvs="int32", METFoo="float32")
    assert list(schema.singletons) == ["MET"]
    assert list(schema.singletons["MET"].attributes) == ["pt"]
    assert list(schema.scalars) == ["MET_pt", "PV_npvs", "METFoo"]


def test_columns_over_elements_are_no_scalars_and_their_counter_is_one() -> None:
    schema = schema_of(nJet="uint32", Jet_pt="float32 nJet")
    assert list(schema.scalars) == ["nJet"]
    assert find_scalar(schema, "Jet_pt") is None


def test_a_counter_that_is_not_stored_is_none() -> None:
    assert schema_of(Jet_pt="float32 nJet").collections["Jet"].counter is None


def test_columns_with_counters_of_their_own_join_their_collection() -> None:
    # As uproot writes them; the private counter of mvaIso must not pass for that of a collection.
    schema = schema_of(
        nElectron="int32",
        nElectron_pt="int32",
        Electron_pt="float32 nElectron_pt",
        nElectron_mvaIso="int32",
        Electron_mvaIso="float32 nElectron_mvaIso",
        nElectron_mvaIso_WP90="int32",
        Electron_mvaIso_WP90="bool nElectron_mvaIso_WP90",
        Electron_vector="float32 Electron_vector",
    )
    assert list(schema.collections) == ["Electron"]
    electrons = schema.collections["Electron"]
    assert list(electrons.attributes) == ["pt", "mvaIso", "mvaIso_WP90", "vector"]
    assert {b.counter for b in electrons.attributes.values()} == {"nElectron"}


def test_columns_with_a_counter_each_make_the_objects_that_are_known_or_have_momenta() -> None:
    names = (
        *("Muon_pt", "Muon_iso_all", "My_lep_pt", "My_lep_eta", "My_lep_phi", "My_lep_iso"),
        *("Other_pt", "Other_eta", "LHEPdfWeight"),
    )
    counters = {f"n{name}": "int32" for name in names}
    schema = schema_of(**counters, **{name: f"float32 n{name}" for name in names})
    assert {name: list(c.attributes) for name, c in schema.collections.items()} == {
        "Muon": ["pt", "iso_all"],
        "My_lep": ["pt", "eta", "phi", "iso"],
        "Other_pt": [""],
        "Other_eta": [""],
        "LHEPdfWeight": [""],
    }


def test_a_column_joins_no_collection_by_a_number_that_cannot_count() -> None:
    schema = schema_of(nJet="float32", Jet_pt="float32 nJet_pt")
    assert list(schema.collections) == ["Jet_pt"]


def test_a_vector_that_counts_itself_is_a_collection_of_its_own() -> None:
    schema = schema_of(nuPt="float32 nuPt")
    assert list(schema.collections["nuPt"].attributes) == [""]


def test_counters_that_differ_by_the_n_stay_two_collections() -> None:
    schema = schema_of(a_pt="float32 nJet", b_pt="float32 Jet")
    assert {name: list(c.attributes) for name, c in schema.collections.items()} == {
        "nJet": ["a_pt"],
        "Jet": ["b_pt"],
    }


def test_an_order_by_an_attribute_that_the_file_lacks_is_no_promise() -> None:
    assert schema_of(nJet="uint32", Jet_eta="float32 nJet").collections["Jet"].ordered is None


# --------------------------------------------------------------------------------- look-up


@pytest.mark.parametrize(
    ("name", "canonical", "exact"),
    [
        ("Jet", "Jet", True),
        ("JET", "Jet", True),
        ("jet", "Jet", True),
        ("Jets", "Jet", True),
        ("jets", "Jet", False),
        ("eLE", "Electron", False),
        ("FJET", "FatJet", True),
        ("GEN", "GenPart", True),
        ("photon", "Photon", True),
    ],
)
def test_a_collection_has_the_spellings_of_adl(name: str, canonical: str, exact: bool) -> None:
    found = find_collection(NANOAOD, name)
    assert found is not None
    assert (found.name, found.exact) == (canonical, exact)
    assert found.item is NANOAOD.collections[canonical]


@pytest.mark.parametrize("name", ["TRK", "BJET", "LEP", "MET", "", "Jet_pt"])
def test_what_is_no_collection_is_not_found(name: str) -> None:
    assert find_collection(NANOAOD, name) is None


@pytest.mark.parametrize(
    ("name", "canonical", "exact"),
    [
        ("pt", "pt", True),
        ("pT", "pt", True),
        ("m", "mass", True),
        ("q", "charge", True),
        ("pdgID", "pdgId", True),
        ("d0", "dxy", True),
        ("miniIso", "miniPFRelIso_all", True),
        ("mASS", "mass", False),
        ("TIGHTID", "tightId", False),
    ],
)
def test_an_attribute_has_the_spellings_of_adl(name: str, canonical: str, exact: bool) -> None:
    found = find_attribute(NANOAOD, NANOAOD.collections["Muon"], name)
    assert found is not None
    assert (found.name, found.exact) == (canonical, exact)
    assert found.item.name == f"Muon_{canonical}"


def test_a_tagger_is_never_chosen_by_bTag_and_an_energy_is_no_attribute() -> None:
    jets = NANOAOD.collections["Jet"]
    assert [find_attribute(NANOAOD, jets, name) for name in ("bTag", "btag", "E", "e")] == [
        None
    ] * 4


def test_a_name_of_the_file_goes_before_an_alias_and_two_cases_are_ambiguous() -> None:
    schema = schema_of(nJet="uint32", Jet_m="float32 nJet", Jet_mass="float32 nJet")
    found = find_attribute(schema, schema.collections["Jet"], "m")
    assert found is not None
    assert found.item.name == "Jet_m"
    scalars = schema_of(rho="float32", Rho="float32")
    assert find_scalar(scalars, "RHO") is None
    exact = find_scalar(scalars, "Rho")
    assert exact is not None
    assert exact.exact


def test_met_is_not_another_missing_momentum() -> None:
    schema = schema_of(PFMET_pt="float32", PuppiMET_pt="float32")
    assert find_singleton(schema, "MET") is None
    found = find_singleton(NANOAOD, "METLV")
    assert found is not None
    assert (found.name, found.exact) == ("MET", True)


def test_event_columns_have_cutlangs_names() -> None:
    names = ["run", "runno", "lbno", "eventno", "EVENTNO", "hlt_isomu24"]
    schema = schema_of(run="uint32", luminosityBlock="uint32", event="uint64", HLT_IsoMu24="bool")
    found = [find_scalar(schema, name) for name in names]
    assert [f and (f.name, f.exact) for f in found] == [
        ("run", True),
        ("run", True),
        ("luminosityBlock", True),
        ("event", True),
        ("event", False),
        ("HLT_IsoMu24", False),
    ]


# --------------------------------------------------------------------------------- files


def test_a_model_can_be_a_users_own_file(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text("collections:\n  Jet:\n    ordered: pt\n    float64: pt on\n")
    model = load_model(str(path))
    assert model.name == model.schema().model == "ours"
    # YAML's `on` is a word here.
    assert list(model.schema().collections["Jet"].attributes) == ["pt", "on"]


def vectors(*names: str) -> dict[str, Branch]:
    """Columns of vectors, which count themselves."""
    return {name: Branch(name, "float32", name) for name in names}


def test_a_collection_can_have_a_prefix_other_words_and_another_unit(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "collections:\n"
        "  Jets: {prefix: 'JetsAux.', columns: {mass: m}, MeV: 'pt mass *cone*', float32: pt mass}\n"
    )
    model = load_model(path)
    listed = model.schema().collections["Jets"]
    assert listed.counter is None
    assert listed.attributes["mass"] == Branch("JetsAux.m", "float32", "nJets", per=1000)
    found = model.schema(vectors("JetsAux.m", "JetsAux.cone20", "JetsAux.eta", "Jets_m"))
    assert {a: b.per for a, b in found.collections["Jets"].attributes.items()} == {
        "mass": 1000,
        "cone20": 1000,
        "eta": 1,
    }
    assert "Jets_m" in found.collections


def test_a_column_of_a_prefixed_collection_is_in_no_other() -> None:
    schema = load_model("physlite").schema(vectors("AnalysisJetsAuxDyn.pt"))
    assert list(schema.collections) == ["AnalysisJets"]


def test_an_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(ModelError, match=r"unknown object model 'nano': .*nanoaod"):
        load_model("nano")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "bad.yaml:1: the file is empty"),
        ("a: [1,\n", "bad.yaml:2: "),
        ("scalars:\n\tint32: a\n", "bad.yaml:2: "),
        ("Jet: x", "bad.yaml:1: unknown 'Jet': expected collections, "),
        ("scalars: a b", "bad.yaml:1: expected `name: ...` lines"),
        ("scalars:\n  int32: [a, b]", "bad.yaml:2: expected names with blanks between them"),
        ("scalars:\n  int32: a\n  int32: b", "bad.yaml:3: int32 stands here twice"),
        ("scalars:\n  int32: a\n  bool: b a", "bad.yaml:3: a is listed twice"),
        ("scalars:\n  int32: a\n  float: b", "bad.yaml:3: unknown type 'float': "),
        ("collections:\n  A: {values: no}", "bad.yaml:2: unknown type 'no': "),
        (
            "collections:\n  A:\n    float32: eta\n    ordered: pt",
            "bad.yaml:4: A is ordered by 'pt', which it lacks",
        ),
        (
            "collections:\n  A:\n    prefix: a.\n    columns: {x: ''}",
            "bad.yaml:4: expected ATTRIBUTE: the end of its column's name",
        ),
        (
            "collections:\n  A: {links: {b: bIdx}}",
            "bad.yaml:2: expected NAME: ATTRIBUTE COLLECTION",
        ),
        (
            "collections:\n  A: {int32: bIdx, links: {b: bIdx B}}",
            "bad.yaml:2: A: link b needs an attribute bIdx and a collection B",
        ),
        (
            "collections:\n  A: {int32: aIdx, links: {a: aIdx A}, inverses: {b: A c}}",
            "bad.yaml:2: A: b is the inverse of no link to A",
        ),
        (
            "collections:\n  A: {int32: aIdx, links: {a: aIdx A}, inverses: {b: A a c}}",
            "bad.yaml:2: A: b is the inverse of no link to A",
        ),
        (
            "collections:\n  A: {int32: aIdx, links: {aIdx: aIdx A}}",
            "bad.yaml:2: A has two things called aIdx",
        ),
        (
            "collections:\n  A: {aliases: x}\n  B: {aliases: x}",
            "bad.yaml:3: x already is an alias of A",
        ),
    ],
)
def test_a_broken_model_is_reported_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert broken(tmp_path, text).startswith(message)


def test_bytes_that_are_no_text_are_a_broken_model(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ModelError, match=r"bad\.yaml:1: "):
        load_model(path)


def test_yaml_is_imported_only_for_loading() -> None:
    code = "import sys, adl.stdlib.models, adl.stdlib.library; assert 'yaml' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_file_has_the_relations_for_which_it_has_columns() -> None:
    branches = {
        name: Branch(name, "int32", counter)
        for name, counter in [
            *(("nMuon", None), ("Muon_genPartIdx", "nMuon"), ("Muon_jetIdx", "nMuon")),
            *(("nGenPart", None), ("GenPart_pdgId", "nGenPart")),
        ]
    }
    found = load_model("nanoaod").schema(branches).collections
    assert list(found["Muon"].links) == ["genPart"]  # no jets to point at
    assert not found["GenPart"].inverses  # no column for their mothers


@dataclass
class Memory:
    """Keeps models as the cache folder does."""

    content: dict[str, bytes] = field(default_factory=dict)

    def load(self, name: str) -> bytes | None:
        return self.content.get(name)

    def save(self, name: str, payload: bytes) -> None:
        self.content[name] = payload


def listed(models: tuple[Model, ...]) -> list[object]:
    """What models say, comparably."""
    return [
        (
            *(m.name, m.recognition, m.versions, m.listed.scalars, m.listed.working_points),
            {name: (c.attributes, c.links) for name, c in m.listed.collections.items()},
        )
        for m in models
    ]


def test_models_that_were_read_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    monkeypatch.setattr(recognition, "_kept", memory)
    read = recognition._models.__wrapped__
    first = read()
    assert [model.name for model in first] == model_names()
    (name,) = memory.content
    loaded: list[str] = []
    monkeypatch.setattr(recognition, "load_model", loaded.append)
    assert listed(read()) == listed(first)
    assert not loaded, "no YAML is read again"
    # What cannot be used is as good as nothing.
    monkeypatch.undo()
    monkeypatch.setattr(recognition, "_kept", memory)
    memory.content[name] = b"no pickle"
    assert listed(read()) == listed(first)
    assert memory.content[name] != b"no pickle"
