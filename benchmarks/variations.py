"""Add to events the columns with which systematic variations are made, as analysis groups do.

    python -m benchmarks.variations events.root --events 100000

What events have stays as it is: real ones keep their generator's weights, those of ``sample.py`` get
weights as generators write them, about 2·10⁵ in size and some of them negative, with relative
weights of parton densities and of scales. The numbers are drawn and mean nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

from benchmarks.sample import BLOCK, CODECS, Columns, Numbers, block, rounded, types

# The sources of the jets' energy scale as CMS has them for Run 2.
SOURCES = (
    "AbsoluteMPFBias",
    "AbsoluteScale",
    "AbsoluteStat",
    "FlavorQCD",
    "Fragmentation",
    "PileUpDataMC",
    "PileUpPtBB",
    "PileUpPtEC1",
    "PileUpPtEC2",
    "PileUpPtHF",
    "PileUpPtRef",
    "RelativeBal",
    "RelativeFSR",
    "RelativeJEREC1",
    "RelativeJEREC2",
    "RelativeJERHF",
    "RelativePtBB",
    "RelativePtEC1",
    "RelativePtEC2",
    "RelativePtHF",
    "RelativeSample",
    "RelativeStatEC",
    "RelativeStatFSR",
    "RelativeStatHF",
    "SinglePionECAL",
    "SinglePionHCAL",
    "TimePtEta",
)
REPLICAS = 102  # the nominal set, a hundred members of a Hessian set, alpha_s down; as in NanoAOD
SCALES = 9  # both scales halved, as they are and doubled; number 4 is nominal
GENERATOR_WEIGHT = 2.26e5


def added(events: Columns, seed: int = 1, number: int = 0) -> Columns:
    """Return the columns of events, with those that variations need; a block has its own number."""
    rng = np.random.default_rng([seed, number, 6])
    size = len(events["MET_pt"])
    found = {**events, "Jet": _jets(rng, events["Jet"])}
    met = rounded(found["MET_pt"] * rng.normal(1, 0.05, (2, size)))
    pu = rng.normal(1, 0.1, size)
    wide = np.maximum(0, pu + rng.normal(0, 0.1, (2, size)))
    found |= {
        "MET_pt_jesTotalUp": met[0],
        "MET_pt_jesTotalDown": met[1],
        "puWeight": rounded(pu),
        "puWeightUp": rounded(wide[0]),
        "puWeightDown": rounded(wide[1]),
        "GenPart": _tops(rng, size),
    }
    for name, make in {
        "FatJet": _fat_jets,
        "LHEPdfWeight": _pdf,
        "LHEScaleWeight": _scales,
    }.items():
        if name not in found:
            found[name] = make(rng, size)
    if np.all(np.asarray(found["genWeight"]) == 1):
        sign = np.where(rng.random(size) < 0.05, -1, 1)
        found["genWeight"] = rounded(GENERATOR_WEIGHT * sign)
    return found


def _jets(rng: np.random.Generator, jets: ak.Array) -> ak.Array:
    """Return jets with factors drawn once, uncertainties by source, and varied columns."""
    counts = ak.num(jets)
    size = int(ak.sum(counts))
    pt, mass = (ak.to_numpy(ak.flatten(jets[name])) for name in ("pt", "mass"))
    drawn = rng.standard_normal(size)
    columns: Columns = {
        name: np.maximum(1 + width * drawn, 0.1)
        for name, width in (("smear", 0.10), ("smearUp", 0.15), ("smearDown", 0.05))
    }
    columns |= {f"unc_{source}": abs(rng.normal(0, 0.03, size)) for source in SOURCES}
    by = 0.01 + abs(rng.normal(0, 0.02, size))
    for name, values in (("pt", pt), ("mass", mass)):
        columns |= {
            f"{name}_jesTotalUp": values * (1 + by),
            f"{name}_jesTotalDown": values * (1 - by),
        }
    columns |= {"pt_jerUp": pt * (1 + 0.1 * drawn), "pt_jerDown": pt * (1 - 0.1 * drawn)}
    own = {name: rounded(values) for name, values in columns.items()}
    if "btagDeepFlavB" not in jets.fields:
        own["btagDeepFlavB"] = ak.to_numpy(ak.flatten(jets.btagCSVV2))
    if "hadronFlavour" not in jets.fields:
        heavy = ak.to_numpy(ak.flatten(jets.btagCSVV2)) > 0.4
        charm = np.where(rng.random(size) < 0.1, 4, 0)
        own["hadronFlavour"] = np.where(heavy, 5, charm).astype(np.int32)
    old = {name: jets[name] for name in jets.fields}
    return ak.zip(old | {name: ak.unflatten(values, counts) for name, values in own.items()})


def _tops(rng: np.random.Generator, size: int) -> ak.Array:
    """Return particles of the generator: two top quarks in most events, and gluons."""
    counts = np.where(rng.random(size) < 0.8, 3, 1)
    last = np.cumsum(counts) - 1
    ids = np.tile(6, counts.sum())
    ids[last[counts == 3] - 1] = -6
    ids[last] = 21
    pt = rounded(rng.exponential(120, counts.sum()))
    columns = {"pt": pt, "pdgId": ids.astype(np.int32)}
    return ak.zip({name: ak.unflatten(values, counts) for name, values in columns.items()})


def _fat_jets(rng: np.random.Generator, size: int) -> ak.Array:
    """Return wide jets, of each event by falling transverse momentum."""
    counts = rng.poisson(0.8, size)
    event = np.repeat(np.arange(size), counts)
    pt = rounded(150 + rng.exponential(120, counts.sum()))
    pt = pt[np.lexsort((-pt, event))]
    columns = {
        "pt": pt,
        "eta": rounded(rng.normal(0, 1.2, counts.sum())),
        "phi": rounded(rng.uniform(-np.pi, np.pi, counts.sum())),
        "mass": rounded(rng.gamma(3, 20, counts.sum())),
    }
    return ak.zip({name: ak.unflatten(values, counts) for name, values in columns.items()})


def _pdf(rng: np.random.Generator, size: int) -> ak.Array:
    return _relative(rng.normal(1, 0.03, (size, REPLICAS)))


def _scales(rng: np.random.Generator, size: int) -> ak.Array:
    """Return factors of the nine pairs of scales around what is common to all events."""
    middle = np.array([1.25, 1.15, 1.05, 1.1, 1.0, 0.92, 0.95, 0.88, 0.8])
    factors = middle * rng.normal(1, 0.05, (size, SCALES))
    factors[:, 4] = 1
    return _relative(factors)


def _relative(values: Numbers) -> ak.Array:
    """Return lists, all of one length, as a file has them: of any length."""
    flat = rounded(values).ravel()
    return ak.unflatten(flat, np.full(len(values), values.shape[1]))


# ------------------------------------------------------------------------------------- the file


def write(path: Path, blocks: Iterator[Columns], codec: str = "zstd") -> None:
    """Write a file with a tree ``Events``."""
    with uproot.recreate(path, compression=CODECS[codec]) as file:
        tree: Any = None
        for columns in blocks:
            tidy = {
                n: ak.to_packed(c) if isinstance(c, ak.Array) else c for n, c in columns.items()
            }
            if tree is None:
                tree = file.mktree("Events", types(tidy), counter_name=lambda c: f"n{c}")
            tree.extend(tidy)


def blocks(events: int, seed: int = 1) -> Iterator[Columns]:
    """Return the columns of each block of a file."""
    for number, first in enumerate(range(0, events, BLOCK)):
        yield added(block(number, seed, min(BLOCK, events - first)), seed, number)


def main() -> None:
    """Write the file that the command line asks for."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("path", type=Path)
    arguments.add_argument("--events", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--codec", choices=[*CODECS], default="zstd")
    options = arguments.parse_args()
    write(options.path, blocks(options.events, options.seed), options.codec)


if __name__ == "__main__":
    main()
