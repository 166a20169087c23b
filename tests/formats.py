"""Files of many formats, and what uproot reads of them: momenta, weights, missing momentum."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import awkward as ak
import numpy as np
import uproot

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


def reading(path: Path, tree: str) -> Callable[[str], Array]:
    """Return what reads a column with uproot, as float64."""
    opened = uproot.open(path)[tree]
    branches: dict[str, Any] = {}
    for branch in opened.itervalues(recursive=True):  # of two with one name ROOT has the first
        branches.setdefault(branch.name.replace(":", "."), branch)

    def read(name: str) -> Array:
        return ak.values_astype(branches[name].array(), np.float64)

    return read
