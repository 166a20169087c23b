"""Make the bundled event sample: Pythia events, anti-kt jets and a toy detector, as NanoAOD.

Smearing acts on particles, before jets, isolation and missing momentum are built from them, so
a mismeasured hadron moves its jet and MET together. It is no simulation of CMS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import awkward as ak
import click
import fastjet
import numpy as np
import pythia8mc
import uproot
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

BATCH = 1000  # events generated, smeared and written together: one basket
MANTISSA_BITS = 10  # of 23 in a float32; NanoAOD keeps 8 to 12


@dataclass(frozen=True)
class Process:
    """What Pythia makes for one file, and how many events of it by default."""

    events: int
    settings: tuple[str, ...]


PROCESSES = {
    "zmumu": Process(
        8000,
        (
            "WeakSingleBoson:ffbar2gmZ = on",
            "PhaseSpace:mHatMin = 50",
            "PhaseSpace:mHatMax = 150",
            "23:onMode = off",
            "23:onIfAny = 13",
        ),
    ),
    "ttbar": Process(6000, ("Top:gg2ttbar = on", "Top:qqbar2ttbar = on")),
    "wjets": Process(
        6000,
        (
            "WeakBosonAndParton:qqbar2Wg = on",
            "WeakBosonAndParton:qg2Wq = on",
            "PhaseSpace:pTHatMin = 20",
            "24:onMode = off",
            "24:onIfAny = 11 13",
        ),
    ),
}

NEUTRINOS = (12, 14, 16)
NEUTRAL_HADRONS = (130, 310, 2112, 3122, 3322)
ELECTRON, MUON, PHOTON, CHARGED, NEUTRAL = range(5)

# Relative energy resolution of each kind of particle: a / sqrt(E / GeV) and b, in quadrature.
RESOLUTION = np.array([(0.05, 0.01), (0.0, 0.01), (0.05, 0.01), (0.0, 0.01), (1.0, 0.05)])


@dataclass(frozen=True)
class LeptonModel:
    """Where one flavour of lepton is seen, how often, and how its isolation is summed."""

    kind: int
    mass: float
    max_eta: float
    cone: float
    core: float  # photons this near belong to the lepton, as in an electron's supercluster
    efficiency: float


MUONS = LeptonModel(MUON, 0.10566, max_eta=2.4, cone=0.4, core=0.0, efficiency=0.95)
ELECTRONS = LeptonModel(ELECTRON, 0.000511, max_eta=2.5, cone=0.3, core=0.1, efficiency=0.90)
MIN_LEPTON_PT = 5.0

TIGHT_MUON = {True: 0.97, False: 0.5}  # probability, for a prompt muon or another
CUT_BASED = {  # probability of fail, veto, loose, medium, tight
    True: (0.04, 0.04, 0.08, 0.10, 0.74),
    False: (0.50, 0.20, 0.12, 0.10, 0.08),
}

JET_DEFINITION = fastjet.JetDefinition(fastjet.antikt_algorithm, 0.4)
MIN_JET_PT, MAX_JET_ETA, MAX_TAG_ETA = 15.0, 4.7, 2.5
MIN_PARTICLE_PT, MAX_PARTICLE_ETA = 0.3, 5.2  # jets at 4.7 are whole

# The b-tag score is drawn from Beta(a, b), by the true flavour of the jet.
BTAG = {0: (0.25, 8.0), 4: (0.55, 3.2), 5: (1.0, 0.5)}


@click.command(
    epilog="Example: python make_sample.py --process ttbar --events 100 --seed 1 --out /tmp"
)
@click.option(
    "--process",
    "names",
    multiple=True,
    type=click.Choice(list(PROCESSES)),
    help="Make this process only; may be given more than once.",
)
@click.option("--events", type=click.IntRange(min=1), help="Events of each process.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(1, 900_000_000))
@click.option(
    "--out",
    default=Path(__file__).parent,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of the files; beside this script by default.",
)
def main(names: tuple[str, ...], events: int | None, seed: int, out: Path) -> None:
    """Generate the sample, one ROOT file a process."""
    for name in names or PROCESSES:
        count = events or PROCESSES[name].events
        path = out / f"{name}.root"
        cross_section, error = make_file(path, PROCESSES[name], count, seed)
        click.echo(f"{path}: {count} events, {cross_section:.5g} +- {error:.2g} pb")


def make_file(path: Path, process: Process, count: int, seed: int) -> tuple[float, float]:
    """Write ``count`` events of ``process``; returns the LO cross-section and its error in pb."""
    pythia = start_pythia(process, seed)
    rng = default_rng([seed, *path.stem.encode()])  # another stream for each process
    with uproot.recreate(path, compression=uproot.ZSTD(19)) as file:
        tree = None
        for first, generated in generate(pythia, count):
            columns = detect(generated, first, rng)
            if tree is None:
                tree = file.mktree(
                    "Events",
                    {name: column.type.content for name, column in columns.items()},
                    counter_name=lambda collection: f"n{collection}",
                    field_name=lambda collection, field: f"{collection}_{field}",
                )
            tree.extend(columns)
    info = pythia.infoPython()
    return info.sigmaGen() * 1e9, info.sigmaErr() * 1e9  # Pythia counts in mb


def start_pythia(process: Process, seed: int) -> pythia8mc.Pythia:
    """A generator of 13 TeV proton-proton collisions, ready to run."""
    pythia = pythia8mc.Pythia("", False)
    common = (
        "Print:quiet = on",
        "Beams:eCM = 13000",
        "ParticleDecays:limitTau0 = on",  # K0S and Lambda reach the detector
        "Random:setSeed = on",
        f"Random:seed = {seed}",
    )
    for setting in common + process.settings:
        if not pythia.readString(setting):
            raise click.ClickException(f"Pythia does not know the setting '{setting}'")
    if not pythia.init():
        raise click.ClickException("Pythia did not start; its own messages are above")
    return pythia


def generate(pythia: pythia8mc.Pythia, count: int) -> Iterator[tuple[int, ak.Array]]:
    """Generated events in batches, each with the number of its first event."""
    done = 0
    while done < count:
        events = pythia.nextBatch(min(BATCH, count - done))
        yield done, events
        done += len(events)  # fewer than asked for where Pythia gave an event up


def detect(generated: ak.Array, first: int, rng: Generator) -> dict[str, ak.Array]:
    """The NanoAOD columns of a batch: name to one value an event, or to a collection of records."""
    particles = smear(visible_particles(generated.prt), rng)
    muons = leptons(particles, MUONS, rng)
    electrons = leptons(particles, ELECTRONS, rng)
    pileup = rng.gamma(8.0, 4.0, len(generated))
    vertices = 1 + rng.poisson(0.7 * pileup)
    met_x, met_y = missing_momentum(particles, vertices, rng)
    number = np.arange(first, first + len(generated))
    return {
        "run": integers(np.ones_like(number), np.uint32),
        "luminosityBlock": integers(1 + number // BATCH, np.uint32),
        "event": integers(1 + number, np.uint64),
        "genWeight": floats(np.ones(len(number))),
        "Muon": muon_columns(muons, rng),
        "Electron": electron_columns(electrons, rng),
        "Jet": jet_columns(particles, heavy_hadrons(generated.prt), rng),
        "MET_pt": floats(np.hypot(met_x, met_y)),
        "MET_phi": angles(np.arctan2(met_y, met_x)),
        "PV_npvs": integers(vertices, np.int32),
        "Pileup_nTrueInt": floats(pileup),
        "HLT_IsoMu24": ak.any((muons.pt > 24) & (muons.isolation < 0.15), axis=1),
    }


def visible_particles(record: ak.Array) -> ak.Array:
    """Stable particles that a detector sees, with kind, momentum (GeV) and promptness."""
    code = abs(record.id)
    mother = abs(record.id[record.mother1])
    decayed = (abs(record.status) > 90) & (abs(record.status) < 100)
    kind = ak.full_like(code, CHARGED)
    for match, value in (
        (code == 11, ELECTRON),
        (code == 13, MUON),
        (code == 22, PHOTON),
        (is_any(code, NEUTRAL_HADRONS), NEUTRAL),
    ):
        kind = ak.where(match, value, kind)
    pt = np.hypot(record.p.px, record.p.py)
    particles = ak.zip(
        {
            "kind": kind,
            "charge": -np.sign(record.id),  # true of leptons, and used for them only
            "prompt": ~(decayed & (mother > 100)),
            "px": record.p.px,
            "py": record.p.py,
            "pz": record.p.pz,
            "E": record.p.e,
            "pt": pt,
            "eta": np.arcsinh(record.p.pz / np.maximum(pt, 1e-9)),
            "phi": np.arctan2(record.p.py, record.p.px),
        },
        with_name="Momentum4D",
    )
    seen = (record.status > 0) & ~is_any(code, NEUTRINOS)
    return particles[seen & (pt > MIN_PARTICLE_PT) & (abs(particles.eta) < MAX_PARTICLE_ETA)]


def heavy_hadrons(record: ak.Array) -> ak.Array:
    """The b and c hadrons above 5 GeV, with their direction and ``flavour`` 5 or 4."""
    code = abs(record.id)
    pt = np.hypot(record.p.px, record.p.py)
    heaviest = np.maximum((code // 1000) % 10, (code // 100) % 10)
    # Diquarks have the digits of a baryon, but a zero for the third quark.
    is_hadron = (code > 100) & (code < 1_000_000) & ((code // 10) % 10 > 0)
    hadrons = ak.zip(
        {
            "flavour": heaviest,
            "eta": np.arcsinh(record.p.pz / np.maximum(pt, 1e-9)),
            "phi": np.arctan2(record.p.py, record.p.px),
        }
    )
    return hadrons[is_hadron & ((heaviest == 4) | (heaviest == 5)) & (pt > 5)]


def smear(particles: ak.Array, rng: Generator) -> ak.Array:
    """The same particles, their momenta scaled by what the detector gets wrong."""
    flat = ak.flatten(particles)
    stochastic, constant = RESOLUTION[ak.to_numpy(flat.kind)].T
    variance = stochastic**2 / ak.to_numpy(flat.E) + constant**2
    # A gamma distribution of mean 1: never negative, however poor the resolution.
    factor = ak.unflatten(rng.gamma(1 / variance, variance), ak.num(particles))
    for field in ("px", "py", "pz", "E", "pt"):
        particles = ak.with_field(particles, particles[field] * factor, field)
    return particles


def leptons(particles: ak.Array, model: LeptonModel, rng: Generator) -> ak.Array:
    """The leptons that were found, hardest first, with their relative ``isolation``."""
    found = particles[particles.kind == model.kind]
    found = found[drawn(found.pt, rng) < model.efficiency]
    others = particles[particles.kind >= PHOTON]
    distance = delta_r(found[:, :, np.newaxis], others[:, np.newaxis])
    in_core = (distance < model.core) & (others.kind == PHOTON)[:, np.newaxis]
    in_cone = (distance < model.cone) & ~in_core
    other_pt = ak.broadcast_arrays(others.pt[:, np.newaxis], distance)[0]
    pt = found.pt + ak.sum(other_pt[in_core], axis=2)
    found = ak.with_field(found, pt, "pt")
    found = ak.with_field(found, ak.full_like(pt, model.mass), "mass")
    found = ak.with_field(found, ak.sum(other_pt[in_cone], axis=2) / pt, "isolation")
    found = found[(found.pt > MIN_LEPTON_PT) & (abs(found.eta) < model.max_eta)]
    return hardest_first(found)


def muon_columns(muons: ak.Array, rng: Generator) -> ak.Array:
    """The columns ``Muon_*``."""
    probability = ak.where(muons.prompt, TIGHT_MUON[True], TIGHT_MUON[False])
    return ak.zip(
        {
            **kinematics(muons),
            "charge": integers(muons.charge, np.int32),
            "pfRelIso04_all": floats(muons.isolation),
            "tightId": drawn(muons.pt, rng) < probability,
        }
    )


def electron_columns(electrons: ak.Array, rng: Generator) -> ak.Array:
    """The columns ``Electron_*``."""
    level = drawn(electrons.pt, rng)
    prompt, other = (
        like(electrons.pt, np.searchsorted(np.cumsum(CUT_BASED[is_prompt])[:-1], ak.flatten(level)))
        for is_prompt in (True, False)
    )
    return ak.zip(
        {
            **kinematics(electrons),
            "charge": integers(electrons.charge, np.int32),
            "pfRelIso03_all": floats(electrons.isolation),
            "cutBased": integers(ak.where(electrons.prompt, prompt, other), np.int32),
        }
    )


def jet_columns(particles: ak.Array, hadrons: ak.Array, rng: Generator) -> ak.Array:
    """The columns ``Jet_*``; leptons are part of the jets."""
    clusters = fastjet.ClusterSequence(particles[["px", "py", "pz", "E"]], JET_DEFINITION)
    momenta = clusters.inclusive_jets(min_pt=MIN_JET_PT)
    member = clusters.constituent_index(min_pt=MIN_JET_PT)
    counts = ak.num(member, axis=2)
    members = particles[ak.flatten(member, axis=2)]
    pt = np.hypot(momenta.px, momenta.py)
    jets = ak.zip(
        {
            "pt": pt,
            "eta": np.arcsinh(momenta.pz / pt),
            "phi": np.arctan2(momenta.py, momenta.px),
            "mass": np.sqrt(
                np.maximum(momenta.E**2 - pt**2 - momenta.pz**2, 0.0)  # rounding goes below zero
            ),
            "nConstituents": np.minimum(counts, 255),
        }
    )
    jets["jetId"] = jet_id(jets, ak.unflatten(members, ak.flatten(counts), axis=1))
    jets["hadronFlavour"] = hadron_flavour(jets, hadrons)
    jets = hardest_first(jets[abs(jets.eta) < MAX_JET_ETA])
    return ak.zip(
        {
            **kinematics(jets),
            "btagDeepFlavB": floats(btag_score(jets, rng), low=2**-20, high=1 - 2**-10),
            "jetId": integers(jets.jetId, np.int32),
            "hadronFlavour": integers(jets.hadronFlavour, np.int32),
            "nConstituents": integers(jets.nConstituents, np.uint8),
        }
    )


def jet_id(jets: ak.Array, members: ak.Array) -> ak.Array:
    """6 for a jet that passes CMS' tight cuts and lepton veto, 2 for the tight cuts only, 0."""
    energy = ak.sum(members.E, axis=2)
    fraction = [ak.sum(members.E[members.kind == kind], axis=2) / energy for kind in range(5)]
    no_noise = (fraction[NEUTRAL] < 0.9) & (fraction[PHOTON] < 0.9) & (jets.nConstituents > 1)
    central = abs(jets.eta) < 2.6
    tight = no_noise & (~central | (fraction[CHARGED] > 0))
    no_lepton = (fraction[MUON] < 0.8) & (~central | (fraction[ELECTRON] < 0.8))
    return ak.where(tight, ak.where(no_lepton, 6, 2), 0)


def hadron_flavour(jets: ak.Array, hadrons: ak.Array) -> ak.Array:
    """5, 4 or 0: the heaviest hadron within 0.4 of each jet."""
    near = delta_r(jets[:, :, np.newaxis], hadrons[:, np.newaxis]) < 0.4
    return ak.fill_none(ak.max(near * hadrons.flavour[:, np.newaxis], axis=2), 0)


def btag_score(jets: ak.Array, rng: Generator) -> ak.Array:
    """A number in (0, 1), larger for b jets; beyond the tracker all jets look light."""
    flavour = ak.flatten(ak.where(abs(jets.eta) < MAX_TAG_ETA, jets.hadronFlavour, 0))
    a, b = np.array([BTAG.get(value, (1.0, 1.0)) for value in range(6)])[ak.to_numpy(flavour)].T
    return like(jets.pt, rng.beta(a, b))


def missing_momentum(
    particles: ak.Array, vertices: NDArray[np.int64], rng: Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minus the visible transverse momentum, plus a soft term that grows with pile-up (GeV)."""
    soft = rng.normal(0.0, 2.5 * np.sqrt(vertices), (2, len(vertices)))
    return (
        soft[0] - ak.to_numpy(ak.sum(particles.px, axis=1)),
        soft[1] - ak.to_numpy(ak.sum(particles.py, axis=1)),
    )


def delta_r(first: ak.Array, second: ak.Array) -> ak.Array:
    """Distance in pseudorapidity and azimuth."""
    phi = (first.phi - second.phi + np.pi) % (2 * np.pi) - np.pi
    return np.hypot(first.eta - second.eta, phi)


def hardest_first(objects: ak.Array) -> ak.Array:
    """Each event's objects by falling transverse momentum."""
    return objects[ak.argsort(objects.pt, axis=1, ascending=False)]


def is_any(values: ak.Array, choices: tuple[int, ...]) -> ak.Array:
    """Whether each value is among ``choices``."""
    return like(values, np.isin(ak.to_numpy(ak.flatten(values)), choices))


def drawn(shape: ak.Array, rng: Generator) -> ak.Array:
    """A uniform random number for each object."""
    return like(shape, rng.random(len(ak.flatten(shape))))


def like(shape: ak.Array, flat: NDArray[np.generic]) -> ak.Array:
    """The flat values, divided among events as ``shape`` is."""
    return ak.unflatten(flat, ak.num(shape))


def kinematics(objects: ak.Array) -> dict[str, ak.Array]:
    """The four columns that every collection of particles has."""
    return {
        "pt": floats(objects.pt),
        "eta": floats(objects.eta),
        "phi": angles(objects.phi),
        "mass": floats(objects.mass),
    }


def angles(values: ak.Array | NDArray[np.generic]) -> ak.Array:
    """As ``floats``, within the largest short float below pi."""
    limit = np.floor(np.pi * 2 ** (MANTISSA_BITS - 1)) / 2 ** (MANTISSA_BITS - 1)
    return floats(values, low=-limit, high=limit)


def floats(
    values: ak.Array | NDArray[np.generic], low: float = -np.inf, high: float = np.inf
) -> ak.Array:
    """As float32, rounded to the bits that NanoAOD keeps: random low bits do not compress."""
    array = ak.Array(values)
    flat = array if array.ndim == 1 else ak.flatten(array)
    bits = ak.to_numpy(flat).astype(np.float32).view(np.uint32)
    dropped = np.uint32(23 - MANTISSA_BITS)
    half = np.uint32(1) << (dropped - np.uint32(1))
    rounded = ((bits + half) >> dropped << dropped).view(np.float32)
    short = np.clip(rounded, np.float32(low), np.float32(high))
    return ak.Array(short) if array.ndim == 1 else like(array, short)


def integers(values: ak.Array | NDArray[np.generic], dtype: type[np.integer]) -> ak.Array:
    """As the integer type of the NanoAOD column."""
    return ak.values_astype(ak.Array(values), dtype)


if __name__ == "__main__":
    main()
