"""Relations of EDM4hep: ranges of lists of positions, and pairs of reconstructed and generated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from adl.stdlib.models import load_model
from tests.commands import adl

ANALYSIS = """\
object gen
  take Particle
  define daughters_number = size(this.daughters)
  define mothers_number = size(this.mothers)
  define mother_id = default(this.mothers[0].pdgId, 0)
  define daughters_sum = sum(daughters(this) d, d.pz)
object reco
  take ReconstructedParticles
  define origins = size(this.genParts)
  define origin_id = default(this.genParts[0].pdgId, 0)
object jet
  take Jet
  define parts = size(constituents(this))
  define parts_energy = sum(constituents(this) c, c.energy)
region all
  save got root gen.daughters_number gen.mothers_number gen.mother_id gen.daughters_sum
  save more root reco.origins reco.origin_id jet.parts jet.parts_energy
  select any(gen g, any(g.daughters d, abs(d.pdgId) == 13))
  histo h, "", 20, 0, 20, daughters_number(gen)
"""
# What the two versions call the lists.
LISTS = {
    "fcc_winter2023_100": {
        "daughters": "Particle#1.index",
        "parents": "Particle#0.index",
        "constituents": "Jet#2.index",
        "reco": "MCRecoAssociations#0.index",
        "gen": "MCRecoAssociations#1.index",
    },
    "edm4hep_ee_ww": {
        "daughters": "_Particle_daughters.index",
        "parents": "_Particle_parents.index",
        "constituents": "_Jet_particles.index",
        "reco": "_MCRecoAssociations_from.index",
        "gen": "_MCRecoAssociations_to.index",
    },
}
EVENTS = 10


class File:
    """Columns of a file as lists of Python's, for loops that say what is meant."""

    def __init__(self, path: Path) -> None:
        tree = uproot.open(path)["events"]
        self.branches = {b.name: b for b in tree.itervalues(recursive=True)}
        self.lists = LISTS[path.stem]

    def __call__(self, name: str) -> list[list[Any]]:
        branch = self.branches[self.lists.get(name, name)]
        values: list[list[Any]] = branch.array(entry_stop=EVENTS).tolist()
        return values

    def ranges(self, owner: str, what: str) -> list[list[list[int]]]:
        """Return the positions that each element of each event has."""
        begins, ends = self(f"{owner}.{what}_begin"), self(f"{owner}.{what}_end")
        names = {"parents": "parents", "daughters": "daughters", "particles": "constituents"}
        every = self(names[what])
        return [
            [where[b:e] for b, e in zip(begin, end, strict=True)]
            for begin, end, where in zip(begins, ends, every, strict=True)
        ]


@pytest.mark.parametrize("name", LISTS)
def test_ranges_and_associations_lead_where_the_file_says(
    tmp_path: Path, real_data: Path, name: str
) -> None:
    text = tmp_path / "a.adl"
    text.write_text(ANALYSIS)
    documents = []
    for target in ("host", "reference"):
        options = ("-q", "-n", EVENTS, "--target", target, "-o", tmp_path / target)
        result = adl("run", text, real_data / f"{name}.root", *options)
        assert result.exit_code == 0, result.output
        documents.append(json.loads((tmp_path / target / "results.json").read_text()))
    assert documents[0]["cutflows"] == documents[1]["cutflows"]
    assert documents[0]["histograms"] == documents[1]["histograms"]

    file = File(real_data / f"{name}.root")
    pdg, pz = file("Particle.PDG"), file("Particle.momentum.z")
    daughters = file.ranges("Particle", "daughters")
    mothers = file.ranges("Particle", "parents")
    constituents = file.ranges("Jet", "particles")
    energy = file("ReconstructedParticles.energy")
    origins = [
        [[g for r, g in zip(reco, gen, strict=True) if r == k] for k in range(len(own))]
        for reco, gen, own in zip(file("reco"), file("gen"), energy, strict=True)
    ]
    saved = (uproot.open(tmp_path / "host" / f"{n}.root")["Events"] for n in ("got", "more"))
    got = {key: values for tree in saved for key, values in tree.arrays(how=dict).items()}
    expected: dict[str, list[list[float]]] = {
        "gen_daughters_number": [[len(d) for d in event] for event in daughters],
        "gen_mothers_number": [[len(m) for m in event] for event in mothers],
        "gen_mother_id": [
            [ids[m[0]] if m else 0 for m in event] for event, ids in zip(mothers, pdg, strict=True)
        ],
        "gen_daughters_sum": [
            [sum(values[k] for k in d) for d in event]
            for event, values in zip(daughters, pz, strict=True)
        ],
        "reco_origins": [[len(o) for o in event] for event in origins],
        "reco_origin_id": [
            [ids[o[0]] if o else 0 for o in event] for event, ids in zip(origins, pdg, strict=True)
        ],
        "jet_parts": [[len(c) for c in event] for event in constituents],
        "jet_parts_energy": [
            [sum(values[k] for k in c) for c in event]
            for event, values in zip(constituents, energy, strict=True)
        ],
    }
    for key, values in expected.items():
        flat = np.concatenate([np.asarray(event, float) for event in values])
        assert ak.num(got[key]).tolist() == [len(event) for event in values], key
        np.testing.assert_allclose(ak.flatten(got[key]), flat, rtol=1e-9, atol=1e-9, err_msg=key)
        assert np.count_nonzero(flat) > 5, key
    muonic = [
        any(abs(ids[k]) == 13 for d in event for k in d)
        for event, ids in zip(daughters, pdg, strict=True)
    ]
    assert documents[0]["cutflows"][0]["steps"][-1]["raw"] == sum(muonic)


def test_a_file_without_the_list_has_no_such_relation(tmp_path: Path) -> None:
    path = tmp_path / "a.root"
    one = ak.Array([[1.0, 2.0], [3.0]])
    with uproot.recreate(path) as file:
        names = ("ReconstructedParticles.momentum.x", "Particle.PDG", "Particle.daughters_begin")
        file.mktree("events", dict.fromkeys(names, one))
    document = json.loads(adl("inspect", path, "--format", "json").stdout)
    assert document["model"] == "edm4hep"
    assert document["collections"]["Particle"]["inverses"] == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ranges: {d: L b}", "bad.yaml:3: expected NAME: COLLECTION [LINK] BEGIN END"),
        ("ranges: {d: L x b}", "bad.yaml:3: P: d needs attributes x and b, and the collection L"),
        ("ranges: {d: L y b e}", "bad.yaml:3: P: d needs attributes b and e, and a link y of L"),
        ("ranges: {d: M x b e}", "bad.yaml:3: P: d needs attributes b and e, and a link x of M"),
        ("ranges: {d: L x b c}", "bad.yaml:3: P: d needs attributes b and c, and a link x of L"),
        ("ranges: {b: L x b e}", "bad.yaml:3: P has two things called b"),
    ],
)
def test_a_mistake_in_a_range_has_its_line(tmp_path: Path, text: str, message: str) -> None:
    from adl.stdlib.models import ModelError

    path = tmp_path / "bad.yaml"
    path.write_text(
        f"collections:\n  L: {{int32: i, links: {{x: i P}}}}\n  P: {{uint32: b e, {text}}}\n"
    )
    with pytest.raises(ModelError) as error:
        load_model(path)
    assert str(error.value).removeprefix(f"{tmp_path}/").startswith(message)
