"""Random analyses written twice: as ADL text, and as the awkward-array program that it means.

Nothing of ours computes the second one. It covers filters of filters, pairs with another
collection, elements by index, reducers, arithmetic, weights, cuts and histograms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import awkward as ak
import numpy as np

from adl.compiler.layout import Chunk

Array = Any  # awkward's arrays have no types
Events = dict[str, Array]  # the collections and objects, and under "" the columns of the event

ATTRIBUTES = ("pt", "eta", "mass")
EDGES = ((0.0, 0.5, 2.0, 20.0), (-2.0, -0.5, 0.1, 1.0, 50.0))
UNIFORM = ((4, -2.0, 2.0), (10, 0.0, 50.0), (5, -50.0, 50.0))


Fold = tuple[str, Callable[..., Array]]
OF_ELEMENTS: tuple[Fold, ...] = (
    ("sum", lambda x, m: ak.sum(ak.where(m, x, 0.0), axis=1)),
    ("max", lambda x, m: ak.fill_none(ak.max(ak.where(m, x, 0.0), axis=1), -np.inf)),
    ("count", lambda x, m: ak.sum(m, axis=1)),
)
OF_PAIRS: tuple[Fold, ...] = (
    ("min", lambda x: ak.fill_none(ak.min(x, axis=-1), np.inf)),
    ("sum", lambda x: ak.sum(x, axis=-1)),
)


@dataclass(frozen=True)
class Twice:
    """A value as it is written, and what awkward computes for it."""

    text: str
    of: Callable[..., Array]


@dataclass
class Histogram:
    """A histogram after some cuts: its edges as numpy has them, and its contents."""

    name: str
    edges: Array
    counts: Array  # with underflow and overflow
    sums: Array


class Analysis:
    """One random analysis: its text, and the numbers that awkward gives."""

    def __init__(self, random: Random, chunk: Chunk) -> None:
        self.random = random
        self.events: Events = {"": _event(chunk)}
        self.lines: list[str] = []
        for name in ("Jet", "Muon", "Electron"):
            self.events[name] = _collection(chunk, name)
        for number in range(random.randrange(1, 4)):
            self.object(f"obj{number}")
        self.steps: list[int] = []
        self.sums: list[float] = []
        self.histograms: list[Histogram] = []
        self.region()
        self.text = "\n".join(self.lines) + "\n"

    # -------------------------------------------------------------------------------- objects

    def object(self, name: str) -> None:
        """Write an object, and filter the arrays."""
        source = self.random.choice([n for n in self.events if n])
        elements = self.events[source]
        self.lines += [f"object {name}", f"  take {source}"]
        for _ in range(self.random.randrange(1, 3)):
            verb = self.random.choice(["select", "reject"])
            other = self.random.choice(["Jet", "Muon", "Electron"])
            if self.random.random() < 0.3 and not source.startswith("obj") and other != source:
                text, mask = self.near(elements, other, verb)
            else:
                cut = self.cut(2)
                text, mask = cut.text, cut.of(elements)
            self.lines.append(f"  {verb} {text}")
            elements = elements[mask if verb == "select" else ~mask]
        self.events[name] = elements

    def near(self, elements: Array, other: str, verb: str) -> tuple[str, Array]:
        """Ask of all pairs with another collection (select), or of any (reject)."""
        limit = self.random.choice([0.7001, 2.3001])
        a, b = ak.unzip(ak.cartesian([elements, self.events[other]], nested=True))
        apart = abs(a.phi - b.phi)
        apart = apart % (2 * np.pi)
        apart = ak.where(apart > np.pi, 2 * np.pi - apart, apart)
        distance = np.sqrt((a.eta - b.eta) ** 2 + apart**2)
        text = f"dR(this, {other}) {'>' if verb == 'select' else '<'} {limit}"
        if verb == "select":
            return text, ak.all(distance > limit, axis=-1)
        return text, ak.any(distance < limit, axis=-1)

    def cut(self, depth: int) -> Twice:
        """Return a condition on the current element."""
        if depth and self.random.random() < 0.5:
            a, b = self.cut(depth - 1), self.cut(depth - 1)
            if self.random.random() < 0.5:
                return Twice(f"({a.text} and {b.text})", lambda x: a.of(x) & b.of(x))
            return Twice(f"({a.text} or not {b.text})", lambda x: a.of(x) | ~b.of(x))
        name, number = self.random.choice(ATTRIBUTES), self.number()
        operator, compare = self.comparison()
        return Twice(f"abs({name}) {operator} {number}", lambda x: compare(abs(x[name]), number))

    def number(self) -> float:
        return self.random.choice([0.0, 0.1, 0.5, 1.0, 2.0, 20.0, 50.0])

    def comparison(self) -> tuple[str, Callable[[Array, Array], Array]]:
        return self.random.choice(
            [
                ("<", lambda a, b: a < b),
                (">=", lambda a, b: a >= b),
                (">", lambda a, b: a > b),
                ("!=", lambda a, b: a != b),
            ]
        )

    # -------------------------------------------------------------------------------- regions

    def region(self) -> None:
        """Write a region, and count what passes."""
        size = len(self.events[""])
        passed, weight = np.full(size, True), np.ones(size)
        self.lines.append("region r")
        self.count(passed, weight)
        for i in range(self.random.randrange(2, 6)):
            match self.random.choice(["select", "select", "reject", "weight", "histo", "each"]):
                case "weight":
                    value = self.value(1)
                    self.lines.append(f"  weight default({value.text}, 1)")
                    weight = weight * np.nan_to_num(value.of(self.events), nan=1.0)
                case "histo":
                    value = self.value(2)
                    self.fill(f"h{i}", value.text, value.of(self.events), passed, weight)
                case "each":
                    name, attribute = self.collection(), self.random.choice(ATTRIBUTES)
                    elements = self.events[name][attribute]
                    found = np.asarray(ak.flatten(elements))
                    inside = np.repeat(passed, np.asarray(ak.num(elements)))
                    weights = np.repeat(weight, np.asarray(ak.num(elements)))
                    self.fill(f"h{i}", f"{name}.{attribute}", found, inside, weights)
                case verb:
                    value, number = self.value(2), self.number()
                    operator, compare = self.comparison()
                    self.lines.append(f"  {verb} {value.text} {operator} {number}")
                    values = value.of(self.events)
                    true = compare(values, number) & ~np.isnan(values)  # missing decides nothing
                    passed = passed & (true if verb == "select" else ~true)
                    self.count(passed, weight)

    def collection(self) -> str:
        return self.random.choice([n for n in self.events if n])

    def count(self, passed: Array, weight: Array) -> None:
        self.steps.append(int(passed.sum()))
        self.sums.append(float(weight[passed & np.isfinite(weight)].sum()))

    def fill(self, name: str, text: str, values: Array, inside: Array, weight: Array) -> None:
        """Write a histogram, and fill it with numpy."""
        values = np.asarray(values, np.float64)
        place: Array
        if self.random.random() < 0.5:
            edges = np.array(self.random.choice(EDGES))
            axis = " ".join(str(e) for e in edges)
            place = np.searchsorted(edges, values, side="right")
        else:
            number, lower, upper = self.random.choice(UNIFORM)
            edges, axis = np.linspace(lower, upper, number + 1), f"{number}, {lower}, {upper}"
            place = np.floor((values - lower) / (upper - lower) * number) + 1
            place = np.clip(np.nan_to_num(place), 0, number + 1).astype(int)
        self.lines.append(f'  histo {name}, "h", {axis}, {text}')
        kept = inside & np.isfinite(values) & np.isfinite(weight)
        counts = np.bincount(place[kept], minlength=len(edges) + 1)
        sums = np.bincount(place[kept], weight[kept], minlength=len(edges) + 1)
        self.histograms.append(Histogram(name, edges, counts, sums))

    # --------------------------------------------------------------------------------- values

    def value(self, depth: int) -> Twice:
        """Return a number of the event; where it is missing, awkward's is NaN."""
        kinds = ["met", "size", "element", "reducer", "reducer", "condition"]
        match self.random.choice([*kinds, "sum", "difference", "several"] if depth else kinds):
            case "met":
                return Twice("pT(MET)", lambda e: _numbers(e[""].MET_pt))
            case "size":
                name = self.collection()
                return Twice(f"size({name})", lambda e: _numbers(ak.num(e[name])))
            case "element":
                name, k = self.collection(), self.random.randrange(3)
                attribute = self.random.choice(ATTRIBUTES)
                return Twice(
                    f"{attribute}({name}[{k}])",
                    lambda e: _numbers(ak.pad_none(e[name][attribute], k + 1)[:, k]),
                )
            case "condition":
                return self.asked()
            case "sum":
                a, b = self.value(depth - 1), self.value(depth - 1)
                return Twice(f"({a.text} + {b.text})", lambda e: a.of(e) + b.of(e))
            case "difference":
                a, b = self.value(depth - 1), self.value(depth - 1)
                return Twice(f"({a.text} - 2 * {b.text})", lambda e: a.of(e) - 2 * b.of(e))
            case "several":
                a, b = self.value(depth - 1), self.value(depth - 1)
                return Twice(f"min({a.text}, {b.text}, 1000)", lambda e: _least(a.of(e), b.of(e)))
        return self.reducer()

    def reducer(self) -> Twice:
        """Return a reducer over one collection, or over pairs of two."""
        name, attribute = self.collection(), self.random.choice(ATTRIBUTES)
        if self.random.random() < 0.3:
            return self.pairs(name, attribute)
        cut = self.cut(1)
        operation, of = self.random.choice(OF_ELEMENTS)
        bare = _of(cut.text, "x")
        inside = bare if operation == "count" else f"{bare} ? x.{attribute} : 0"
        # Of nothing the largest is -inf, and inf - inf would be NaN, which is not missing.
        return Twice(
            f"max({operation}({name} x, {inside}), -1000)",
            lambda e: np.maximum(_numbers(of(e[name][attribute], cut.of(e[name]))), -1000),
        )

    def pairs(self, name: str, attribute: str) -> Twice:
        """Return a reducer over the pairs of two different objects."""
        other = self.random.choice([n for n in ("Jet", "Muon", "Electron") if n != name])
        operation, of = self.random.choice(OF_PAIRS)
        same = self.root(name) == other

        def value(e: Events) -> Array:
            a, b = ak.unzip(ak.cartesian([e[name], e[other]]))
            kept = (a[attribute] + b.eta)[(a.index != b.index) | (not same)]
            return np.minimum(_numbers(of(kept)), 1000)

        inside = f"{name} a, {other} b, a.{attribute} + eta(b)"
        return Twice(f"min({operation}({inside}), 1000)", value)

    def root(self, name: str) -> str:
        """Return the input collection from which an object comes."""
        while name.startswith("obj"):
            name = self.lines[self.lines.index(f"object {name}") + 1].split()[1]
        return name

    def asked(self) -> Twice:
        """Return one of two numbers, by what some or all elements fulfil."""
        name, cut = self.collection(), self.cut(1)
        operation, of = self.random.choice([("any", ak.any), ("all", ak.all)])
        return Twice(
            f"({operation}({name} x, {_of(cut.text, 'x')}) ? 2 : MET)",
            lambda e: np.where(
                np.asarray(of(cut.of(e[name]), axis=1)), 2.0, _numbers(e[""].MET_pt)
            ),
        )


def _of(cut: str, name: str) -> str:
    """Return a cut on the current element as one on the element of a name."""
    for attribute in ATTRIBUTES:
        cut = cut.replace(f"abs({attribute})", f"abs({name}.{attribute})")
    return cut


def sound(chunk: Chunk) -> Chunk:
    """Return the events with each azimuth in [-pi, pi], where all formulas of distances agree."""
    columns = {
        name: np.clip(values, -3.0, 3.0) if name.endswith("_phi") else values
        for name, values in chunk.columns.items()
    }
    return replace(chunk, columns=columns)


def _numbers(values: Array) -> Array:
    return ak.to_numpy(ak.fill_none(ak.values_astype(values, np.float64), np.nan))


def _least(a: Array, b: Array) -> Array:
    """Return the least of both and 1000, leaving out what is missing."""
    return np.fmin(np.fmin(a, b), 1000.0)


def _event(chunk: Chunk) -> Array:
    return ak.zip({"MET_pt": chunk.columns["MET_pt"].astype(np.float64)})


def _collection(chunk: Chunk, name: str) -> Array:
    lengths = np.diff(chunk.offsets[name])
    columns = {
        a: ak.unflatten(chunk.columns[f"{name}_{a}"].astype(np.float64), lengths)
        for a in (*ATTRIBUTES, "phi")
    }
    columns["index"] = ak.local_index(columns["pt"], axis=1)
    return ak.zip(columns)
