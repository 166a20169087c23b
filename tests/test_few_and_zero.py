"""Events with too few elements, and vectors without momentum or mass, in every construct.

What is not there is missing: a comparison with it is false, ``default`` takes its place, nothing is
filled. Vectors of zeros give numbers or NaN, the same ones interpreted and compiled.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from adl.compiler.layout import Chunk
from adl.stdlib.registry import FUNCTIONS
from tests.adltext.comparison import compile_text, differences
from tests.adltext.events import events
from tests.adltext.kinds import COLUMNS

OBJECTS = """
object jets
  take Jet
object none
  take Jet
  select pT < -1000
object both
  take union(Muon, Electron)
composite pairs
  take disjoint(jets a, jets b)
object megajets
  take fmegajets(jets)
object hemispheres
  take fhemisphere(jets, 2, 3)
"""

# A number of something that an event with one jet, muon and electron does not have.
MISSING = [
    "pT(jets[1])",
    "jets[5].eta",
    "pT(last(none))",
    "m(jets[0] + jets[1])",
    "dR(jets[0], jets[1])",
    "dPhi(none[0], MET)",
    "pT(both[2])",
    "pT(pairs[0])",
    "pairs[0].b.eta",
    "m(argmin(disjoint(jets a, jets b), m(a + b)))",
    "pT(argmin(none n, pT(n)))",
    "pT(closest(jets[0], none))",
    "pT(closest(none[0], jets))",
    "pT(closest(jets[0], Muon, 0))",
    "pT(fWcandidate(jets))",
    "pT(fTopcandidate(jets).a)",
    "ave(pT(none))",
    "m(megajets[0])",
    "m(hemispheres[1])",
    "fMT2(jets[0], jets[1], MET)",
    "fMR(megajets)",
    "fMTauTau(jets[0], none[0], MET)",
    "Muon[0].genPart.pT",
    "jets[Muon[0].jetIdx].pT",
    "pT(GenPart[0].daughters[0])",
]


def one_of_each(size: int = 1) -> Chunk:
    """Return one event with so many elements of each collection, all links leading nowhere."""
    chunk = events(Random(3), 40)
    first = {n: int(np.diff(o).argmax()) for n, o in chunk.offsets.items()}
    columns = {
        name: values[:1]
        if name.split("_")[0] not in COLUMNS
        else values[chunk.offsets[name.split("_")[0]][first[name.split("_")[0]]] :][:size]
        for name, values in chunk.columns.items()
    }
    for name, values in columns.items():
        if "Idx" in name:
            columns[name] = np.full_like(values, -1)
        elif values.dtype.kind == "f":
            columns[name] = np.full_like(values, 2.0)
    offsets = {name: np.array([0, size], np.int64) for name in chunk.offsets}
    return replace(chunk, events=1, columns=columns, offsets=offsets)


@pytest.mark.parametrize("value", MISSING)
@pytest.mark.parametrize("size", [0, 1])
def test_what_is_not_there_passes_no_cut_and_is_in_no_histogram(value: str, size: int) -> None:
    region = f"""region r
  reject {value} > -1e9 or {value} <= -1e9 or {value} != 3
  select default({value}, -7) == -7
  histo h, "h", 2, -1000, 1000, {value}
  bin {value} -1e9 0 1
"""
    compiled = compile_text(OBJECTS + region, "adl")
    chunk = one_of_each(size)
    expected = compiled.interpret(chunk)
    assert not differences(expected, compiled.run(chunk))
    (output,) = compiled.program.regions
    raw = [expected.raw[compiled.layout.places[s.fill].cells] for s in output.steps]
    assert raw == [1, 1, 1]
    place = compiled.layout.places[output.histograms[0].fills[0]]
    assert not expected.raw[place.cells : place.cells + place.size].any()
    assert expected.skipped[place.number] == 1
    assert output.bins is not None
    bins = compiled.layout.places[output.bins.fill]
    assert not expected.raw[bins.cells + 1 : bins.cells + bins.size - 1].any()


# ------------------------------------------------------------------------------ vectors of zeros

OF_PARTICLES = sorted(
    f.name
    for f in FUNCTIONS.values()
    if f.arguments and set(f.arguments) == {"particle"} and f.result == "real"
)
OF_COLLECTIONS = [
    "fHT",
    "fMHT",
    "fSphericity",
    "fAplanarity",
    "fTransverseSphericity",
    "fThrust",
    "fTransverseThrust",
    "fAlphaT",
    "fCentrality",
]


def vectors(pt: float, mass: float, number: int = 3) -> Chunk:
    """Return one event of equal jets."""
    chunk = one_of_each(number)
    zero = {"Jet_pt": pt, "Jet_mass": mass, "Jet_eta": 0.0, "Jet_phi": 0.0}
    columns = {
        name: np.full(number, zero[name], np.float32) if name in zero else values
        for name, values in chunk.columns.items()
    }
    return replace(chunk, columns=columns)


@pytest.mark.parametrize(("pt", "mass"), [(0.0, 0.0), (0.0, 5.0), (5.0, 0.0)])
def test_vectors_of_zeros_have_one_answer_everywhere(pt: float, mass: float) -> None:
    found = [_call(name, len(FUNCTIONS[name].arguments)) for name in OF_PARTICLES]
    found += [f"{name}(jets)" for name in OF_COLLECTIONS]
    found += ["fMT2(jets[0], jets[1], MET)", "fMR(megajets)", "fMTR(megajets, MET)"]
    found += ["m(hemispheres[0])", "m(jets[0] - jets[1])", "eta(jets[0] - jets[1])"]
    fills = "".join(f'  histo h{i}, "h", 9, -4, 5, {v}\n' for i, v in enumerate(found))
    compiled = compile_text(f"{OBJECTS}region r\n{fills}", "adl")
    chunk = vectors(pt, mass)
    expected = compiled.interpret(chunk)
    assert not differences(expected, compiled.run(chunk))
    # Each value is in its histogram, or is NaN or infinite and counted: nothing is lost.
    assert expected.raw.sum() + expected.skipped.sum() >= 1 + len(found)


def _call(name: str, number: int) -> str:
    return f"{name}({', '.join(f'jets[{i}]' for i in range(number))})"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("pT(jets[0])", 0.0),
        ("m(jets[0])", 0.0),
        ("E(jets[0])", 0.0),
        ("rapidity(jets[0])", 0.0),
        ("dR(jets[0], jets[1])", 0.0),
        ("m(jets[0] + jets[1])", 0.0),
        ("fMT(jets[0], jets[1])", 0.0),
        ("fHT(jets)", 0.0),
        ("fMHT(jets)", 0.0),
    ],
)
def test_no_momentum_is_a_number(value: str, number: float) -> None:
    text = f"{OBJECTS}region r\n  select size(jets) == 3\n  select {value} == {number}\n"
    assert compile_text(text, "adl").run(vectors(0.0, 0.0)).raw[:3].tolist() == [1, 1, 1]


@pytest.mark.parametrize("name", ["fSphericity", "fThrust", "fCentrality"])
def test_a_shape_without_momentum_is_no_number(name: str) -> None:
    text = f"{OBJECTS}region r\n  reject {name}(jets) >= 0 or {name}(jets) < 0\n"
    assert compile_text(text, "adl").run(vectors(0.0, 0.0)).raw[:2].tolist() == [1, 1]
