"""Write events in the columns of NanoAOD that were never near a detector, any number of them.

    python benchmarks/sample.py events.root --events 1000000 --codec zstd

A third each are Z bosons, top pairs and WZ pairs, with jets, leptons that are none, and the
columns that the ADL benchmarks and the analysis of top pairs ask for. Decays are isotropic and
all spectra are made up: they fill every histogram of the benchmarks, and mean nothing else.

Events are made in blocks of 50 000, each from the seed and its own number: memory does not grow
with the file, and a smaller file has the first events of a larger one.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Columns = dict[str, Any]  # of awkward arrays and arrays

BLOCK = 50_000
CODECS = {
    "none": None,
    "zstd": uproot.ZSTD(5),
    "lz4": uproot.LZ4(4),
    "zlib": uproot.ZLIB(1),
    "lzma": uproot.LZMA(5),
}
Z_MASS, W_MASS, TOP_MASS, B_MASS = 91.19, 80.38, 172.5, 4.8
ELECTRON_MASS, MUON_MASS = 0.000511, 0.10566
MANTISSA_BITS = 10  # NanoAOD's: random low bits do not compress
COLLECTIONS = ("Muon", "Electron", "Jet")

# ------------------------------------------------------------------------------------- particles


@dataclass
class Particles:
    """Some particles, each of an event of the block; the extra attributes go with them."""

    event: NDArray[np.int64]
    pt: Numbers
    eta: Numbers
    phi: Numbers
    mass: Numbers
    extra: dict[str, Numbers]

    def __len__(self) -> int:
        return len(self.event)

    def __getitem__(self, chosen: NDArray[Any]) -> Particles:
        extra = {name: values[chosen] for name, values in self.extra.items()}
        columns = (self.event, self.pt, self.eta, self.phi, self.mass)
        return Particles(*(column[chosen] for column in columns), extra=extra)

    def having(self, **extra: Numbers | float) -> Particles:
        """Return the particles with these attributes, each a column or one number for all."""
        full = {name: np.broadcast_to(value, len(self)) for name, value in extra.items()}
        columns = (self.event, self.pt, self.eta, self.phi, self.mass)
        return Particles(*columns, extra={**self.extra, **full})


def joined(parts: Iterable[Particles]) -> Particles:
    """Return the particles of all parts, which have the same attributes."""
    together = list(parts)
    names = ("event", "pt", "eta", "phi", "mass")
    columns = (np.concatenate([getattr(p, name) for p in together]) for name in names)
    extra = {k: np.concatenate([p.extra[k] for p in together]) for k in together[0].extra}
    return Particles(*columns, extra=extra)


def moving(
    rng: np.random.Generator, event: NDArray[np.int64], mass: Numbers | float, hardness: float
) -> Particles:
    """Return one particle of each event, with a falling spectrum of transverse momentum."""
    count = len(event)
    pt = 1.0 + rng.exponential(hardness, count)
    mass = np.broadcast_to(np.asarray(mass, float), count)
    return Particles(event, pt, rng.normal(0, 1.3, count), angle(rng, count), mass, {})


def decay(
    rng: np.random.Generator, parents: Particles, first: float, second: float
) -> tuple[Particles, Particles]:
    """Return the products of isotropic decays into two particles of these masses."""
    count = len(parents)
    m = np.maximum(parents.mass, (first + second) * 1.001)
    momentum = np.sqrt((m**2 - (first + second) ** 2) * (m**2 - (first - second) ** 2)) / (2 * m)
    cosine, phi = rng.uniform(-1, 1, count), angle(rng, count)
    sine = np.sqrt(1 - cosine**2)
    direction = np.stack([sine * np.cos(phi), sine * np.sin(phi), cosine])
    frame = cartesian(parents)
    energy = np.sqrt(m**2 + np.sum(frame**2, axis=0))
    return (
        _boosted(parents.event, momentum * direction, first, frame, energy, m),
        _boosted(parents.event, -momentum * direction, second, frame, energy, m),
    )


def _boosted(
    event: NDArray[np.int64],
    at_rest: Numbers,
    mass: float,
    frame: Numbers,
    energy: Numbers,
    parent_mass: Numbers,
) -> Particles:
    own = np.sqrt(mass**2 + np.sum(at_rest**2, axis=0))
    along = np.sum(frame * at_rest, axis=0)
    px, py, pz = at_rest + frame / parent_mass * (along / (energy + parent_mass) + own)
    pt = np.hypot(px, py)
    eta = np.arcsinh(pz / np.maximum(pt, 1e-9))
    return Particles(event, pt, eta, np.arctan2(py, px), np.full(len(event), mass), {})


def cartesian(particles: Particles) -> Numbers:
    """Return the three components of the momenta."""
    pt = particles.pt
    return np.stack(
        [pt * np.cos(particles.phi), pt * np.sin(particles.phi), pt * np.sinh(particles.eta)]
    )


def angle(rng: np.random.Generator, count: int) -> Numbers:
    """Return azimuths."""
    return rng.uniform(-np.pi, np.pi, count)


# ------------------------------------------------------------------------------------- an event


def block(number: int, seed: int, count: int = BLOCK) -> Columns:
    """Return the columns of the first events of a block."""
    rng = np.random.default_rng([seed, number])
    made = _block(rng, number * BLOCK)
    return {name: column[:count] for name, column in made.items()}


def _block(rng: np.random.Generator, first: int) -> Columns:
    kind = rng.integers(0, 3, BLOCK)  # a Z, a top pair, a W with a Z
    everything = np.arange(BLOCK)
    leptons: list[Particles] = []
    neutrinos: list[Particles] = []
    quarks: list[Particles] = []
    _bosons(rng, everything[kind != 1], leptons)
    _w_bosons(rng, moving(rng, everything[kind == 2], W_MASS, 25), leptons, neutrinos)
    _top_pairs(rng, everything[kind == 1], leptons, neutrinos, quarks)
    _soft_leptons(rng, leptons)
    _radiation(rng, quarks)
    found = _found(rng, joined(leptons))
    jets = _jets(rng, joined(quarks), found)
    muons = hardest_first(found[found.extra["flavour"] == 13])
    # As in the open data of 2012, muons are in no order.
    muons = muons[np.lexsort((rng.random(len(muons)), muons.event))]
    electrons = hardest_first(found[found.extra["flavour"] == 11])
    met = _missing(rng, joined(neutrinos))
    prompt = muons[muons.pt > 24]
    return {
        "run": np.ones(BLOCK, np.uint32),
        "luminosityBlock": np.full(BLOCK, 1 + first // BLOCK, np.uint32),
        "event": np.arange(first + 1, first + BLOCK + 1, dtype=np.uint64),
        "genWeight": np.ones(BLOCK, np.float32),
        "Muon": _lists(rng, muons, _muon_columns),
        "Electron": _lists(rng, electrons, _electron_columns),
        "Jet": _lists(rng, jets, _jet_columns),
        "MET_pt": rounded(np.hypot(*met)),
        "MET_phi": rounded(np.arctan2(met[1], met[0])),
        "PV_npvs": (1 + rng.poisson(20, BLOCK)).astype(np.int32),
        "HLT_IsoMu24": np.bincount(prompt.event, minlength=BLOCK) > 0,
    }


def _bosons(rng: np.random.Generator, event: NDArray[np.int64], leptons: list[Particles]) -> None:
    """Add the leptons of one Z boson in each event."""
    mass = np.clip(Z_MASS + 1.25 * rng.standard_cauchy(len(event)), 20, 250)
    muonic = rng.random(len(event)) < 0.5
    bosons = moving(rng, event, mass, 20)
    for chosen, flavour in ((muonic, 13), (~muonic, 11)):
        for charge, lepton in zip((1, -1), decay(rng, bosons[chosen], 0, 0), strict=True):
            leptons.append(lepton.having(flavour=flavour, charge=charge, prompt=1))


def _w_bosons(
    rng: np.random.Generator,
    bosons: Particles,
    leptons: list[Particles],
    neutrinos: list[Particles],
) -> None:
    """Add the leptons of W bosons."""
    lepton, neutrino = decay(rng, bosons, 0, 0)
    flavour = rng.choice([11, 13], len(lepton)).astype(float)
    charge = rng.choice([-1, 1], len(lepton)).astype(float)
    leptons.append(lepton.having(flavour=flavour, charge=charge, prompt=1))
    neutrinos.append(neutrino)


def _top_pairs(
    rng: np.random.Generator,
    event: NDArray[np.int64],
    leptons: list[Particles],
    neutrinos: list[Particles],
    quarks: list[Particles],
) -> None:
    """Add the quarks of two top quarks, and the leptons of two thirds of their W bosons."""
    for _ in range(2):
        boson, bottom = decay(rng, moving(rng, event, TOP_MASS, 70), W_MASS, B_MASS)
        quarks.append(bottom.having(bottom=1))
        leptonic = rng.random(len(event)) < 0.4
        _w_bosons(rng, boson[leptonic], leptons, neutrinos)
        quarks.extend(quark.having(bottom=0) for quark in decay(rng, boson[~leptonic], 0, 0))


def _soft_leptons(rng: np.random.Generator, leptons: list[Particles]) -> None:
    """Add leptons that are hadrons: soft and not isolated."""
    event = np.repeat(np.arange(BLOCK), rng.poisson(0.25, BLOCK))
    flavour = rng.choice([11, 13], len(event)).astype(float)
    charge = rng.choice([-1, 1], len(event)).astype(float)
    soft = moving(rng, event, 0.0, 8)
    leptons.append(soft.having(flavour=flavour, charge=charge, prompt=0))


def _radiation(rng: np.random.Generator, quarks: list[Particles]) -> None:
    """Add quarks and gluons to all events."""
    event = np.repeat(np.arange(BLOCK), rng.poisson(1.5, BLOCK))
    quarks.append(moving(rng, event, 0.0, 35).having(bottom=0))


def _found(rng: np.random.Generator, leptons: Particles) -> Particles:
    """Return the leptons that a detector sees, with the masses that it gives them."""
    pt = leptons.pt * rng.normal(1, 0.015, len(leptons))
    muon = leptons.extra["flavour"] == 13
    seen = (pt > 4) & (abs(leptons.eta) < 2.5) & (rng.random(len(leptons)) < 0.92)
    mass = np.where(muon, MUON_MASS, ELECTRON_MASS)
    eta, phi = leptons.eta, leptons.phi
    return Particles(leptons.event, pt, eta, phi, mass, leptons.extra)[seen]


def _jets(rng: np.random.Generator, quarks: Particles, leptons: Particles) -> Particles:
    """Return jets: smeared quarks, and most leptons once more, as NanoAOD has them."""
    pt = quarks.pt * np.maximum(rng.normal(1, 0.1, len(quarks)), 0.2)
    mass = pt * rng.uniform(0.04, 0.2, len(quarks))
    jets = Particles(quarks.event, pt, quarks.eta, quarks.phi, mass, quarks.extra)
    again = leptons[rng.random(len(leptons)) < 0.7]
    count = len(again)
    near = Particles(
        again.event,
        again.pt * rng.uniform(1.0, 2.0, count),
        again.eta + rng.normal(0, 0.1, count),
        (again.phi + rng.normal(0, 0.1, count) + np.pi) % (2 * np.pi) - np.pi,
        again.pt * 0.05,
        {"bottom": rng.choice([0.0, 1.0], count, p=[0.8, 0.2])},
    )
    both = joined([jets, near])
    return hardest_first(both[(both.pt > 15) & (abs(both.eta) < 4.7)])


def _missing(rng: np.random.Generator, neutrinos: Particles) -> Numbers:
    """Return the two components of the missing momentum of every event."""
    momentum = cartesian(neutrinos)[:2]
    sums = [np.bincount(neutrinos.event, weights=p, minlength=BLOCK) for p in momentum]
    return np.stack(sums) + rng.normal(0, 12, (2, BLOCK))


def hardest_first(particles: Particles) -> Particles:
    """Return particles by event, of each event by falling transverse momentum as it is stored."""
    return particles[np.lexsort((-rounded(particles.pt), particles.event))]


# ------------------------------------------------------------------------------------- columns


def _lists(rng: np.random.Generator, particles: Particles, more: Any) -> ak.Array:
    columns = {
        "pt": rounded(particles.pt),
        "eta": rounded(particles.eta),
        "phi": rounded(particles.phi),
        "mass": rounded(particles.mass),
        **more(rng, particles),
    }
    counts = np.bincount(particles.event, minlength=BLOCK)
    return ak.zip({name: ak.unflatten(column, counts) for name, column in columns.items()})


def _lepton_columns(rng: np.random.Generator, leptons: Particles) -> Columns:
    prompt = leptons.extra["prompt"] == 1
    isolation = np.where(
        prompt, rng.exponential(0.04, len(leptons)), rng.exponential(0.8, len(leptons))
    )
    return {
        "charge": leptons.extra["charge"].astype(np.int32),
        "pfRelIso03_all": rounded(isolation * 0.8),
        "pfRelIso04_all": rounded(isolation),
        "sip3d": rounded(rng.exponential(1.3, len(leptons))),
    }


def _muon_columns(rng: np.random.Generator, muons: Particles) -> Columns:
    return {**_lepton_columns(rng, muons), "tightId": rng.random(len(muons)) < 0.9}


def _electron_columns(rng: np.random.Generator, electrons: Particles) -> Columns:
    level = rng.choice(5, len(electrons), p=[0.03, 0.05, 0.07, 0.1, 0.75])
    return {**_lepton_columns(rng, electrons), "cutBased": level.astype(np.int32)}


def _jet_columns(rng: np.random.Generator, jets: Particles) -> Columns:
    bottom = jets.extra["bottom"] == 1
    score = rounded(np.where(bottom, rng.beta(5, 1.5, len(jets)), rng.beta(1, 9, len(jets))))
    return {
        "btag": score,
        "btagCSVV2": score,
        "jetId": rng.choice([0, 2, 6], len(jets), p=[0.03, 0.02, 0.95]).astype(np.int32),
        "nConstituents": (1 + rng.poisson(np.minimum(jets.pt / 8, 60))).astype(np.uint8),
    }


def rounded(values: Numbers) -> NDArray[np.float32]:
    """Return float32 with the mantissa that NanoAOD keeps."""
    bits = values.astype(np.float32).view(np.uint32)
    dropped = np.uint32(23 - MANTISSA_BITS)
    half = np.uint32(1) << (dropped - np.uint32(1))
    return ((bits + half) >> dropped << dropped).view(np.float32)


# ------------------------------------------------------------------------------------- the file


def blocks(events: int, seed: int) -> Iterator[Columns]:
    """Return the columns of each block of a file."""
    for number, first in enumerate(range(0, events, BLOCK)):
        yield block(number, seed, min(BLOCK, events - first))


def write(path: Path, events: int, seed: int = 1, codec: str = "zstd") -> None:
    """Write a file with a tree ``Events``."""
    with uproot.recreate(path, compression=CODECS[codec]) as file:
        tree = None
        for columns in blocks(max(events, 1), seed):
            if tree is None:
                tree = file.mktree("Events", types(columns), counter_name=lambda c: f"n{c}")
            tree.extend({name: column[:events] for name, column in columns.items()})


def types(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the types of columns, as uproot's ``mktree`` takes them."""
    return {
        name: column.type.content if isinstance(column, ak.Array) else column.dtype
        for name, column in columns.items()
    }


def main() -> None:
    """Write the file that the command line asks for."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("path", type=Path)
    arguments.add_argument("--events", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--codec", choices=[*CODECS], default="zstd")
    options = arguments.parse_args()
    write(options.path, options.events, options.seed, options.codec)


if __name__ == "__main__":
    main()
