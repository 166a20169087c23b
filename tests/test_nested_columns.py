"""Lists in lists and references, as uproot reads them: constituents, tracks of jets, numbers a vertex."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import CliRunner

from adl.check.checker import check
from adl.cli import main
from adl.compiler.ir import Column
from adl.compiler.layout import Chunk
from adl.compiler.pipeline import build
from adl.runtime.inputs import lists
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.stored import Part
from adl.runtime.inputs.trees import Input
from adl.stdlib.models import load_model
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.adltext.comparison import differences

# Which branches to compare: all of them, of PHYSLITE those of a few collections.
FILES = {
    "delphes_10": ("",),
    "edm4hep_ee_ww": ("",),
    "physlite_rntuple_100": ("AnalysisJets", "AnalysisElectrons", "PrimaryVertices"),
    "physlite_100": ("AnalysisJets", "AnalysisElectrons", "TruthBottom", "PrimaryVertices", "META"),
}
SAMPLES = tuple(FILES)


def saved(folder: Path, text: str, path: Path, *options: str) -> dict[str, list[Any]]:
    """Return what an analysis saves, after both targets have saved the same."""
    analysis = folder / "a.adl"
    analysis.write_text(text)
    found = []
    for target in ("host", "reference"):
        more = [*options, "-q", "--target", target, "-o", str(folder / target)]
        result = CliRunner().invoke(main, ["run", str(analysis), str(path), *more])
        assert result.exit_code == 0, result.output
        trees = sorted((folder / target).glob("*.root"))
        arrays = [uproot.open(p)["Events"].arrays(how=dict) for p in trees if p.stem != "results"]
        found.append({k: v.tolist() for tree in arrays for k, v in tree.items()})
    assert repr(found[0]) == repr(found[1])  # in which NaN is NaN
    return found[0]


class Stored:
    """Branches of a file as uproot reads them, as lists."""

    def __init__(self, path: Path, tree: str) -> None:
        self.branches: dict[str, Any] = {}
        found = uproot.open(path)[tree]
        if not hasattr(found, "branches"):
            self.branches = {f.name.replace(":", "."): f for f in found.fields}
            return
        for branch in found.itervalues(recursive=True):
            self.branches.setdefault(branch.name, branch)

    def __call__(self, name: str) -> list[Any]:
        values: list[Any] = self.branches[name].array().tolist()
        return values

    def references(self, name: str) -> list[list[list[int]]]:
        """Return the numbers of arrays of references, which awkward arrays cannot hold."""
        found = self.branches[name].array(library="np")
        return [[[int(uid) for uid in refs] for refs in event] for event in found]


def column(source: Input, name: str) -> list[list[Any]]:
    """Return a column's lists, of all events."""
    branch = source.branches()[name]
    chunk = read(source, [Column(name, branch.dtype, "X")], [], 0, source.entries)
    offsets = chunk.offsets["X"].tolist()
    values = chunk.columns[name].tolist()
    return [values[a:b] for a, b in itertools.pairwise(offsets)]


@pytest.mark.parametrize("name", SAMPLES)
def test_lists_in_lists_are_those_that_uproot_reads(real_data: Path, name: str) -> None:
    compared = 0
    with open_input(str(real_data / f"{name}.root")) as source:
        stored = Stored(real_data / f"{name}.root", source.tree)
        for items in source.branches():
            lists_of, _, field = items.partition("[]")
            if lists_of == items or "@" in field or not items.startswith(FILES[name]):
                continue
            begin, end = (column(source, f"{lists_of}_{what}") for what in ("begin", "end"))
            got = [
                [values[a:b] for a, b in zip(lo, hi, strict=True)]
                for values, lo, hi in zip(column(source, items), begin, end, strict=True)
            ]
            want = stored(lists_of)
            if field:
                want = [[[i[field[1:]] for i in of] for of in event] for event in want]
            assert got == want, items
            assert sum(map(len, (v for e in got for v in e))) == sum(
                map(len, column(source, items))
            )
            compared += 1
    assert compared >= {"delphes_10": 0, "edm4hep_ee_ww": 3, "physlite_100": 20}.get(name, 15)


# ------------------------------------------------------------------------------- Delphes

KINDS = ("EFlowTrack", "EFlowPhoton", "EFlowNeutralHadron", "Track", "Particle")
JETS = """\
info adl
  dialect {dialect}
object jets
  take Jet
{lines}
region all
  save got root {names}
"""
OF_JETS = """\
  define n = size(this.constituents)
  define charged = count(this.constituents c, c.charge != 0 and c.pT > 1)
  define total = sum(this.constituents c, c.pT)
  define hardest = max(this.constituents c, c.pT)
  define width = sum(this.constituents c, c.pT * dR(c, this))
  define impact = sum(this.constituents c, abs(c.d0))
  define tracks = count(this.constituents c, any(EFlowTrack t, t == c.track))
  define made = size(this.particles)
  define first = default(this.particles[0].pdgId, 0)"""
FILTERED = """\
  take JET
  select pT(JET) > 20
  select anyof(pT(JET constituents)) > 3
  select q(JET constituents) != 0
  reject abs(eta(JET constituents)) > 1.5
  define total = sum(pT(JET constituents))
  define n = constituents(JET)
object again
  take jets
  define softer = min(pT(jets constituents))
  define left = constituents(jets)"""


class Constituent:
    """What a reference of a Delphes file leads to."""

    def __init__(self, stored: Stored, kind: str, event: int, at: int) -> None:
        def value(name: str, otherwise: float = math.nan) -> float:
            branch = f"{kind}.{name}"
            return float(stored(branch)[event][at]) if branch in stored.branches else otherwise

        self.kind, self.at = kind, at
        tower = kind in ("EFlowPhoton", "EFlowNeutralHadron")
        self.pt = value("ET" if tower else "PT")
        self.eta, self.phi = value("Eta"), value("Phi")
        self.charge, self.d0 = value("Charge", 0), value("D0", 0)

    def distance(self, eta: float, phi: float) -> float:
        return math.hypot(self.eta - eta, (self.phi - phi + math.pi) % (2 * math.pi) - math.pi)


class Cached(Stored):
    """Branches that are read once."""

    def __init__(self, path: Path, tree: str) -> None:
        super().__init__(path, tree)
        self.known: dict[str, list[Any]] = {}

    def __call__(self, name: str) -> list[Any]:
        if name not in self.known:
            self.known[name] = super().__call__(name)
        return self.known[name]


@pytest.fixture(scope="module")
def delphes(real_data: Path) -> tuple[Cached, list[list[list[Constituent]]]]:
    """The file, and the constituents of each jet of each event."""
    stored = Cached(real_data / "delphes_10.root", "Delphes")
    found = []
    for event, jets in enumerate(stored.references("Jet.Constituents")):
        known = {
            uid: Constituent(stored, kind, event, at)
            for kind in reversed(KINDS)  # of two with one identity the first
            for at, uid in enumerate(stored(f"{kind}.fUniqueID")[event])
            if uid in {uid for refs in jets for uid in refs}
        }
        found.append([[known[uid] for uid in refs] for refs in jets])
    return stored, found


def test_constituents_of_delphes_jets_are_what_the_references_name(
    tmp_path: Path, real_data: Path, delphes: tuple[Cached, list[list[list[Constituent]]]]
) -> None:
    names = ["n", "charged", "total", "hardest", "width", "impact", "tracks", "made", "first"]
    text = JETS.format(
        dialect="adl", lines=OF_JETS, names=" ".join(f"jets.{name}" for name in names)
    )
    got = saved(tmp_path, text, real_data / "delphes_10.root")
    stored, constituents = delphes
    particles = stored.references("Jet.Particles")
    assert sum(len(of) for event in constituents for of in event) == 636
    for event, jets in enumerate(constituents):
        at = {uid: i for i, uid in enumerate(stored("Particle.fUniqueID")[event])}
        for jet, of in enumerate(jets):
            here = {name: got[f"jets_{name}"][event][jet] for name in names}
            eta, phi = (stored(f"Jet.{name}")[event][jet] for name in ("Eta", "Phi"))
            made = [stored("Particle.PID")[event][at[uid]] for uid in particles[event][jet]]
            assert here["n"] == len(of)
            assert here["charged"] == sum(c.charge != 0 and c.pt > 1 for c in of)
            assert here["total"] == pytest.approx(sum(c.pt for c in of), rel=1e-12)
            assert here["hardest"] == max(c.pt for c in of)
            assert here["width"] == pytest.approx(
                sum(c.pt * c.distance(eta, phi) for c in of), rel=1e-9
            )
            assert here["impact"] == pytest.approx(sum(abs(c.d0) for c in of), rel=1e-12)
            assert here["tracks"] == sum(c.kind == "EFlowTrack" for c in of)
            assert (here["made"], here["first"]) == (len(made), made[0] if made else 0)


def test_what_a_block_defines_goes_before_a_relation_of_that_name(
    tmp_path: Path, real_data: Path
) -> None:
    lines = "  define particles = 1 + size(this.particles)\n  define twice = 2 * this.particles"
    text = JETS.format(dialect="adl", lines=lines, names="jets.particles jets.twice")
    got = saved(tmp_path, text, real_data / "delphes_10.root")
    particles = Stored(real_data / "delphes_10.root", "Delphes").references("Jet.Particles")
    assert got["jets_particles"] == [[1 + len(of) for of in event] for event in particles]
    assert got["jets_twice"] == [[2 + 2 * len(of) for of in event] for event in particles]


def test_in_cutlang_a_cut_on_constituents_filters_them(
    tmp_path: Path, real_data: Path, delphes: tuple[Cached, list[list[list[Constituent]]]]
) -> None:
    names = "jets.total jets.n again.softer again.left"
    lines = FILTERED.removeprefix("  take JET\n")
    text = JETS.format(dialect="cutlang", lines=lines, names=names).replace("take Jet", "take JET")
    got = saved(tmp_path, text, real_data / "delphes_10.root")
    stored, constituents = delphes
    for event, jets in enumerate(constituents):
        momenta = stored("Jet.PT")[event]
        left = [
            [c for c in of if c.charge != 0 and not abs(c.eta) > 1.5]
            for of, pt in zip(jets, momenta, strict=True)
            if pt > 20 and any(c.pt > 3 for c in of)
        ]
        left = [of for of in left if of]
        totals = [sum(c.pt for c in of) for of in left]
        assert got["jets_total"][event] == pytest.approx(totals, rel=1e-12)
        assert got["jets_n"][event] == got["again_left"][event] == [len(of) for of in left]
        assert got["again_softer"][event] == [min(c.pt for c in of) for of in left]


def invented(columns: Sequence[Column], collections: set[str], number: int = 200) -> Chunk:
    """Return events of Delphes with jets and their constituents, of as many as are asked for."""
    draw = np.random.default_rng(5)
    offsets = {
        name: np.concatenate([[0], np.cumsum(draw.integers(0, 9, number))])
        for name in sorted(collections)
    }
    jets = offsets["Jet"]
    ends = np.concatenate([[0], np.cumsum(draw.integers(0, 12, int(jets[-1])))])
    offsets["JetConstituent"] = ends[jets]
    first = np.repeat(ends[jets[:-1]], np.diff(jets))
    known = {
        "Jet.Constituents_begin": ends[:-1] - first,
        "Jet.Constituents_end": ends[1:] - first,
    }

    def values(column: Column) -> Any:
        size = number if column.collection is None else int(offsets[column.collection][-1])
        if column.name.endswith((".PT", ".ET", ".MET", ".Mass")):
            return draw.exponential(200 if column.name.startswith(("Jet", "Missing")) else 3, size)
        if column.dtype.startswith("float"):
            return draw.normal(0, 1.5, size)
        if column.name.endswith("PID"):
            return draw.choice([4900023, 4900111, 1, -3, 11], size)
        return draw.integers(-1, 6, size)

    arrays = {c.name: np.asarray(known.get(c.name, values(c))).astype(c.dtype) for c in columns}
    return Chunk(number, arrays, {name: o.astype(np.int64) for name, o in offsets.items()})


@pytest.mark.parametrize("name", ["modern_delphes_constituents", "functional_delphes_constituents"])
def test_an_analysis_of_constituents_is_the_same_compiled(name: str) -> None:
    path = Path(__file__).parent / "corpus" / f"{name}.adl"
    source = Source(str(path), path.read_text(encoding="utf-8"))
    analysis, _ = check(parse(source), source, load_model("delphes").schema(), "auto")
    compiled = build(analysis)
    collections = {c.collection for c in compiled.columns if c.collection is not None}
    chunk = invented(compiled.columns, {*collections, *compiled.collections})
    expected = compiled.interpret(chunk)
    assert not differences(expected, compiled.run(chunk))
    steps = [int(count) for count in expected.raw]
    assert any(0 < count < chunk.events for count in steps)


# ------------------------------------------------------------------------------- PHYSLITE

PHYSLITE = """\
object jets
  take Jet
  define tracks = this.NumTrkPt500[0]
  define pt_of_tracks = sum(this.SumPtTrkPt500)
  define vertices = size(this.NumTrkPt500)
  define many = count(this.NumTrkPt500 n, n > 2)
  define ghosts = size(this.ghostTracks)
  define impact = sum(this.ghostTracks t, abs(t.d0))
  select pT > 20
object electrons
  take Electron
  define impact = default(this.tracks[0].d0, -99)
  define clustered = sum(this.clusters c, c.calE)
object muons
  take Muon
  define impact = default(this.track.d0, -99)
object taus
  take Tau
  define tracks = count(this.tracks t, t.pT > 1)
region all
  save a root jets.tracks jets.pt_of_tracks jets.vertices jets.many jets.ghosts jets.impact
  save b root electrons.impact electrons.clustered muons.impact taus.tracks
"""
_INNER, _GSF, _TAU, _CLUSTER = 490246363, 776133387, 215277022, 360221983  # keys of containers


def test_links_and_lists_of_physlite_lead_where_the_file_says(
    tmp_path: Path, real_data: Path
) -> None:
    got = saved(tmp_path, PHYSLITE, real_data / "physlite_100.root")
    stored = Cached(real_data / "physlite_100.root", "CollectionTree")

    def linked(links: str, key: int, values: str) -> list[list[list[float]]]:
        """Values of what links lead to, of those that lead to the container with a key."""
        return [
            [[of[i["m_persIndex"]] for i in to if i["m_persKey"] == key] for to in event]
            for event, of in zip(stored(links), stored(values), strict=True)
        ]

    jet = "AnalysisJetsAuxDyn"
    hard = [[pt > 20_000 for pt in event] for event in stored(f"{jet}.pt")]

    def of_hard(values: Sequence[Sequence[Any]]) -> list[list[Any]]:
        both = zip(values, hard, strict=True)
        return [[v for v, keep in zip(v, k, strict=True) if keep] for v, k in both]

    def each(function: Any, values: Sequence[Sequence[Any]]) -> list[list[Any]]:
        return [[function(v) for v in event] for event in values]

    numbers = of_hard(stored(f"{jet}.NumTrkPt500"))
    assert got["jets_tracks"] == each(lambda n: n[0], numbers)
    assert got["jets_vertices"] == each(len, numbers)
    assert got["jets_many"] == each(lambda n: sum(v > 2 for v in n), numbers)
    pt = each(lambda p: sum(p) / 1000, of_hard(stored(f"{jet}.SumPtTrkPt500")))
    assert functools.reduce(operator.iadd, got["jets_pt_of_tracks"], []) == pytest.approx(
        functools.reduce(operator.iadd, pt, []), rel=1e-9
    )
    assert got["jets_ghosts"] == each(len, of_hard(stored(f"{jet}.GhostTrack")))
    ghosts = of_hard(linked(f"{jet}.GhostTrack", _INNER, "InDetTrackParticlesAuxDyn.d0"))
    impact = each(lambda d: sum(map(abs, d)), ghosts)
    assert sum(map(sum, impact)) > 0
    assert functools.reduce(operator.iadd, got["jets_impact"], []) == pytest.approx(
        functools.reduce(operator.iadd, impact, []), rel=1e-9
    )

    electron = "AnalysisElectronsAuxDyn"
    keys = each(lambda l: l[0]["m_persKey"] if l else 0, stored(f"{electron}.trackParticleLinks"))
    first = linked(f"{electron}.trackParticleLinks", _GSF, "GSFTrackParticlesAuxDyn.d0")
    assert got["electrons_impact"] == [
        [d[0] if key == _GSF else -99 for d, key in zip(*event, strict=True)]
        for event in zip(first, keys, strict=True)
    ]
    clusters = linked(f"{electron}.caloClusterLinks", _CLUSTER, "egammaClustersAuxDyn.calE")
    energies = each(lambda e: sum(e) / 1000, clusters)
    assert functools.reduce(operator.iadd, got["electrons_clustered"], []) == pytest.approx(
        functools.reduce(operator.iadd, energies, []), rel=1e-6
    )
    taus = linked("AnalysisTauJetsAuxDyn.tauTrackLinks", _TAU, "TauTracksAuxDyn.pt")
    assert got["taus_tracks"] == each(lambda p: sum(v > 1000 for v in p), taus)
    muon = "AnalysisMuonsAuxDyn.inDetTrackParticleLink"
    pairs = zip(stored(f"{muon}.m_persKey"), stored(f"{muon}.m_persIndex"), strict=True)
    d0 = stored("InDetTrackParticlesAuxDyn.d0")
    assert got["muons_impact"] == [
        [d[i] if key == _INNER else -99 for key, i in zip(*of, strict=True)]
        for of, d in zip(pairs, d0, strict=True)
    ]


# ------------------------------------------------------------------------------- RNTuple

OF_HITS = """\
object jets
  take Jet
  define number = size(this.hits)
  define total = sum(this.hits)
  define second = default(this.hits[1], -1)
  define large = count(this.hits h, h > 2)
region all
  save got root jets.number jets.total jets.second jets.large
"""


def test_lists_of_each_element_in_an_rntuple_of_a_users(tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    hits = [
        [[float(x) for x in draw.integers(0, 5, n)] for n in draw.integers(0, 4, m)]
        for m in draw.integers(0, 4, 60)
    ]
    numbers = ak.Array([[float(len(of)) for of in event] for event in hits])
    path = tmp_path / "n.root"
    with uproot.recreate(path) as file:
        counts = np.array([len(event) for event in hits], np.int32)
        columns = {"nJet": counts, "Jet_pt": numbers, "Jet_hits": ak.Array(hits)}
        tree = file.mkrntuple("Events", {name: c[:30] for name, c in columns.items()})
        tree.extend({name: c[30:] for name, c in columns.items()})  # a cluster more
    got = saved(tmp_path, OF_HITS, path, "--model", "nanoaod")
    each = [[(len(h), sum(h), [*h, -1, -1][1] if len(h) > 1 else -1) for h in e] for e in hits]
    assert got["jets_number"] == [[number for number, _, _ in event] for event in each]
    assert got["jets_total"] == [[total for _, total, _ in event] for event in each]
    assert got["jets_second"] == [[second for _, _, second in event] for event in each]
    assert got["jets_large"] == [[sum(x > 2 for x in h) for h in event] for event in hits]


# ------------------------------------------------------------------------------- bytes

_PART = Part("x", "items", 4, 0, 2)


def bytes_of(*entries: Sequence[Sequence[int]]) -> tuple[Any, Any]:
    """Return lists of two-byte numbers in lists as a file has them, and where entries begin."""
    raw, ends = b"", [0]
    for entry in entries:
        for inner in entry:
            raw += len(inner).to_bytes(4, "big") + b"".join(i.to_bytes(2, "big") for i in inner)
        ends.append(len(raw))
    return np.frombuffer(raw, np.uint8), np.array(ends, np.int32)


def test_empty_lists_in_lists_keep_their_places() -> None:
    data, ends = bytes_of([[1, 2], [], [3]], [], [[]], [[4], [5, 6, 7]])
    found = lists.decoded(data, ends, 0, _PART)
    assert found.lists.tolist() == [0, 3, 3, 4, 6]
    assert found.sizes.tolist() == [2, 0, 1, 0, 1, 3]
    assert found.items[:, 1].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert found.borders("begin").tolist() == [0, 2, 2, 0, 0, 1]
    assert found.borders("end").tolist() == [2, 2, 3, 0, 1, 4]
    assert found.offsets().tolist() == [0, 3, 3, 3, 7]


@pytest.mark.parametrize("at", range(14))
def test_damaged_lists_in_lists_are_refused_or_end_where_they_did(at: int) -> None:
    data, ends = bytes_of([[1, 2], [3]])
    damaged = data.copy()
    damaged[at] ^= 0x85
    if at in (0, 1, 2, 3, 8, 9, 10, 11):  # of a length
        with pytest.raises(ValueError, match="a list"):
            lists.decoded(damaged, ends, 0, _PART)
    else:
        assert lists.decoded(damaged, ends, 0, _PART).sizes.tolist() == [2, 1]


def test_references_to_nothing_and_to_other_events_lead_nowhere() -> None:
    uids = np.array([7, 0, 9, 7, 0x1000007], np.uint32)
    known = np.array([0, 7, 8, 9], np.uint32)
    of_uids, of_known = np.array([0, 2, 5]), np.array([0, 3, 4])
    assert lists.positions(uids, of_uids, known, of_known).tolist() == [1, -1, 0, -1, -1]
