"""Each variation is the analysis of events in which the substitution was made by hand.

And alone it is what it is in company, as the nominal results are. Random analyses with random chains
of corrections and variations; the events of a variation are made with numpy: other momenta, other
missing momentum, jets in their new order. Everything stands at phi 0, where the sums of components
are sums of momenta: equality is bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import strategies as st

from adl.compiler.layout import Chunk
from tests.strategies import batches, check
from tests.variations import Outcome, compiled, results, schema

FILE = schema(w="float32", wUp="float32")
FACTORS = (0.5, 0.9, 1.0, 1.02, 1.1, 2.0)
STATEMENTS = (
    "select size(good) >= 2",
    "select size(good) >= 1 and good[0].pt > 40",
    "reject any(pt(good) > 100)",
    "select MET > 480",
    "select m(Jet[0] + Jet[1]) > 3",
    "weight pu w",
    "weight ht 1 + 0.01*sum(pt(good))",
    'histo lead{n}, "h", 10, 0, 200, good[0].pt',
    'histo first{n}, "h", 10, 0, 200, Jet[0].pt',
    'histo tag{n}, "h", 10, 0, 10, Jet[0].mass',
    'histo all{n}, "h", 10, 0, 200, good.pt',
    'histo two{n}, "h", 20, 0, 400, sum(pt(good[0:2]))',
    'histo met{n}, "h", 50, 400, 600, MET',
    'histo last{n}, "h", 10, 0, 200, last(good).pt',
    'histo pair{n}, "h", 20, 0, 200, m(argmin(disjoint(good a, good b), abs(m(a + b) - 50)))',
)


@dataclass(frozen=True)
class Line:
    """One systematic: a factor of pt for nominal (None: none), upwards and downwards."""

    nominal: float | None
    up: float
    down: float
    propagated: bool

    def factor(self, direction: str) -> float | None:
        return {"up": self.up, "down": self.down}.get(direction, self.nominal)


@dataclass(frozen=True)
class Case:
    """An analysis with its systematics, and its events."""

    lines: tuple[Line, ...]
    region: str
    chunk: Chunk

    @property
    def text(self) -> str:
        text = "systematic pu\n  weight pu up wUp down 1\n" if "weight pu" in self.region else ""
        for number, line in enumerate(self.lines):
            nominal = "" if line.nominal is None else f"nominal {_factor(line.nominal)}"
            text += f"systematic s{number}\n"
            text += f"  scale pt(Jet) {nominal} up {_factor(line.up)} down {_factor(line.down)}\n"
            text += "  propagate MET from Jet pt > 15\n" if line.propagated else "  keep MET\n"
        return text + self.region

    def __repr__(self) -> str:
        return f"\n{self.text}{ {n: v.tolist() for n, v in self.chunk.columns.items()} }"


def _factor(number: float) -> str:
    """Return a factor of every second jet: jets change places."""
    return f"(eta > 0 ? {number} : 1)"


@st.composite
def cases(draw: st.DrawFn) -> Case:
    factors = st.sampled_from(FACTORS)
    line = st.builds(Line, st.none() | factors, factors, factors, st.booleans())
    lines = tuple(draw(st.lists(line, min_size=1, max_size=3)))
    chosen = draw(st.lists(st.sampled_from(STATEMENTS), min_size=2, max_size=6))
    region = "object good\n  take Jet\n  select pt > 30\nregion r\n"
    region += "".join(f"  {s.format(n=n)}\n" for n, s in enumerate(dict.fromkeys(chosen)))
    pts = st.lists(st.sampled_from((10.0, 14.0, 29.0, 30.0, 33.0, 60.0, 110.0)), max_size=4)
    events = [sorted(e, reverse=True) for e in draw(st.lists(pts, min_size=1, max_size=6))]
    flat = [x for event in events for x in event]
    sizes = [len(event) for event in events]
    columns = {
        "Jet_pt": np.array(flat, np.float32),
        "Jet_mass": np.array([0.5 + i for n in sizes for i in range(n)], np.float32),
        "Jet_eta": np.array([(-1) ** i for i in range(len(flat))], np.float32),
        "Jet_phi": np.zeros(len(flat), np.float32),
        "MET_pt": np.full(len(events), 500, np.float32),
        "MET_phi": np.zeros(len(events), np.float32),
        "w": np.array([0.25 + i for i in range(len(events))], np.float32),
        "wUp": np.array([3.0 - i for i in range(len(events))], np.float32),
    }
    offsets = np.cumsum([0, *sizes]).astype(np.int64)
    return Case(lines, region, Chunk(len(events), columns, {"Jet": offsets}))


def by_hand(case: Case, label: str) -> Chunk:
    """Return the events of a variation: what its label says at its line, nominal at the others."""
    columns: dict[str, npt.NDArray[Any]] = dict(case.chunk.columns)
    offsets = case.chunk.offsets["Jet"]
    pt, met = columns["Jet_pt"].astype(np.float64), columns["MET_pt"].astype(np.float64)
    moved = False
    for number, line in enumerate(case.lines):
        direction = label.removeprefix(f"s{number}").lower()
        factor = line.factor(direction)
        if factor is None:
            continue
        moved = True
        new = np.where(columns["Jet_eta"] > 0, pt * factor, pt)
        for event in range(case.chunk.events if line.propagated else 0):
            shift = 0.0
            for jet in range(offsets[event], offsets[event + 1]):
                shift += new[jet] - pt[jet] if pt[jet] > 15 else 0.0
            met[event] -= shift
        pt = new
    order = np.arange(len(pt))
    if moved:
        owners = np.repeat(np.arange(case.chunk.events), np.diff(offsets))
        order = np.lexsort((order, -pt, owners))
    columns["Jet_pt"], columns["MET_pt"] = pt[order].astype(np.float64), met
    for name in ("Jet_mass", "Jet_eta", "Jet_phi"):
        columns[name] = columns[name][order]
    if label == "puUp":
        columns["w"] = columns["wUp"]
    if label == "puDown":
        columns["w"] = np.ones(case.chunk.events)
    return Chunk(case.chunk.events, columns, case.chunk.offsets)


def in_company(case: Case, company: Outcome) -> None:
    """Compare the last systematic alone, and none of them, with all of them in one kernel."""
    for name in ("none", f"s{len(case.lines) - 1}"):
        # The kernels of others are those of their interpreters: tests/test_variation_groups.py.
        alone = results(compiled(case.text, FILE, name), case.chunk, interpreted=True)
        # Of other systematics what corrects the nominal values remains.
        labels = {"nominal"} | {f"{name}{d}" for d in ("Up", "Down") if name != "none"}
        assert alone.labels() <= labels
        for label in labels:
            assert alone.yields(label) == company.yields(label), (name, label)
            for _, _, histogram in company.histograms:
                one, other = (o.values(label, histogram) for o in (alone, company))
                assert one.tobytes() == other.tobytes(), (name, label, histogram)


@pytest.mark.parametrize("batch", batches(40))
def test_a_variation_is_what_the_substitution_by_hand_gives(batch: int) -> None:
    def compare(case: Case) -> None:
        wide = schema(Jet_pt="float64", MET_pt="float64", w="float64", wUp="float32")
        plain = compiled(case.region, wide)
        found = results(compiled(case.text, FILE), case.chunk)
        in_company(case, found)
        labels = [f"s{n}{d}" for n in range(len(case.lines)) for d in ("Up", "Down")]
        labels += ["puUp", "puDown"] if "weight pu" in case.region else []
        for label in ("nominal", *labels):
            events = by_hand(case, label)
            wide_columns = {
                name: values.astype(
                    np.float64 if name in ("Jet_pt", "MET_pt", "w") else values.dtype
                )
                for name, values in events.columns.items()
            }
            expected = results(
                plain, Chunk(events.events, wide_columns, events.offsets), interpreted=True
            )
            assert found.yields(label) == expected.yields("nominal"), label
            for _, _, name in expected.histograms:
                one, other = found.values(label, name), expected.values("nominal", name)
                assert one.tobytes() == other.tobytes(), (label, name)

    check(batch, compare, cases())
