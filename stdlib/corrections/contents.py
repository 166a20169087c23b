"""The content of a correction for given texts: a tree of decisions that ends in leaves.

What a text decides is decided here, so that only numbers are left as inputs. An input is its place
among those of the correction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from adl.stdlib.corrections.draws import DISTRIBUTIONS
from adl.stdlib.corrections.files import Correction
from adl.stdlib.corrections.formulas import Shape, parse, unknown

Flow = Literal["clamp", "error", "wrap", "value"]


class NotYet(Exception):
    """A correction has what is not translated yet; the message names it."""


@dataclass(frozen=True)
class Even:
    """Bins of one width over [low, high)."""

    number: int
    low: float
    high: float


@dataclass(frozen=True)
class Edges:
    """Bins between ascending edges, which may be infinite."""

    edges: tuple[float, ...]

    @property
    def number(self) -> int:
        """How many bins."""
        return len(self.edges) - 1

    @property
    def low(self) -> float:
        """The lowest edge."""
        return self.edges[0]

    @property
    def high(self) -> float:
        """The highest edge."""
        return self.edges[-1]


@dataclass(frozen=True, eq=False)
class Grid:
    """Bins in one or several inputs, the last of which runs fastest.

    ``flow`` says what is outside of them; ``outside`` is the content there if it is ``value``.
    """

    axes: tuple[tuple[int, Even | Edges], ...]
    contents: tuple[Content, ...]
    flow: Flow
    outside: Content | None = None


@dataclass(frozen=True, eq=False)
class Keys:
    """A content for each of some values of an integer input, and perhaps one for the others."""

    input: int
    contents: tuple[tuple[int, Content], ...]
    otherwise: Content | None


@dataclass(frozen=True, eq=False)
class Rewrite:
    """``content`` sees what ``rule`` gives in the place of an input."""

    input: int
    rule: Content
    content: Content


@dataclass(frozen=True)
class Expression:
    """A formula of inputs; ``shape`` counts them in ``variables`` and the constants here."""

    shape: Shape
    variables: tuple[int, ...]
    constants: tuple[float, ...]


@dataclass(frozen=True)
class Random:
    """A number that the values of some inputs choose, and nothing else."""

    inputs: tuple[int, ...]
    distribution: str  # stdflat, stdnormal or normal


@dataclass(frozen=True)
class Nothing:
    """No content: the file has none for one of the given texts."""

    input: str
    given: str
    known: tuple[str, ...]


Decision = Grid | Keys
Leaf = float | Expression | Random | Nothing | Rewrite
Content = Decision | Leaf


def content(correction: Correction, given: Mapping[str, str | int]) -> Content:
    """Return a correction's content where some inputs, every text among them, are known.

    Raises:
        NotYet: it has what cannot be translated.
    """
    return _Reader(correction).read(correction.data, given)


def leaves(tree: Content) -> Iterator[Leaf]:
    """Yield what decisions end in, in order."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, (Grid, Keys)):
            todo += reversed(children(node))
        else:
            yield node


def children(node: Decision) -> list[Content]:
    """Return what a decision chooses from."""
    if isinstance(node, Grid):
        return [*node.contents, *(() if node.outside is None else (node.outside,))]
    otherwise = () if node.otherwise is None else (node.otherwise,)
    return [*(inner for _, inner in node.contents), *otherwise]


def nothing(tree: Content) -> Nothing | None:
    """Return why no leaf has a content, if none has: the first reason."""
    first = None
    for leaf in leaves(tree):
        while isinstance(leaf, Rewrite):
            inner = nothing(leaf.content)
            if inner is None:
                return None
            leaf = inner
        if not isinstance(leaf, Nothing):
            return None
        first = first or leaf
    return first


class _Reader:
    """Reads the JSON of one correction."""

    def __init__(self, correction: Correction) -> None:
        self.correction = correction
        self.places = {given.name: i for i, given in enumerate(correction.inputs)}

    def read(self, node: Any, given: Mapping[str, str | int]) -> Content:
        """Return the content of a node."""
        if not isinstance(node, dict):
            return float(node)
        match node["nodetype"]:
            case "binning":
                axes = ((self.places[node["input"]], _bins(node["edges"])),)
                return self.grid(node, axes, given)
            case "multibinning":
                places = (self.places[name] for name in node["inputs"])
                several = tuple(zip(places, map(_bins, node["edges"]), strict=True))
                return self.grid(node, several, given)
            case "category":
                return self.category(node, given)
            case "formula":
                return self.formula(node, node.get("parameters") or ())
            case "formularef":
                formula = self.correction.formulas[node["index"]]
                return self.formula(formula, node["parameters"])
            case "transform":
                rule = self.read(node["rule"], given)
                rest = {name: value for name, value in given.items() if name != node["input"]}
                inner = self.read(node["content"], rest)
                return Rewrite(self.places[node["input"]], rule, inner)
            case "hashprng":
                if node["distribution"] not in DISTRIBUTIONS:
                    raise NotYet(f"a hashprng of the distribution {node['distribution']}")
                inputs = tuple(self.places[name] for name in node["inputs"])
                return Random(inputs, node["distribution"])
        raise NotYet(f"a node of the type {node['nodetype']}")

    def grid(
        self,
        node: dict[str, Any],
        axes: tuple[tuple[int, Even | Edges], ...],
        given: Mapping[str, str | int],
    ) -> Content:
        """Return bins."""
        contents = tuple(self.read(inner, given) for inner in node["content"])
        if node["flow"] in ("clamp", "error", "wrap"):
            return Grid(axes, contents, node["flow"])
        return Grid(axes, contents, "value", self.read(node["flow"], given))

    def category(self, node: dict[str, Any], given: Mapping[str, str | int]) -> Content:
        """Return the content of the key that is given, or all of them for an input that is not."""
        name = node["input"]
        # Of equal keys the first counts.
        found = {item["key"]: item["value"] for item in reversed(node["content"])}
        default = node.get("default")
        if name in given:
            chosen = found.get(given[name], default)
            if chosen is not None:
                return self.read(chosen, given)
            known = tuple(str(item["key"]) for item in node["content"])
            return Nothing(name, str(given[name]), known)
        contents = [(key, self.read(inner, {**given, name: key})) for key, inner in found.items()]
        otherwise = None if default is None else self.read(default, given)
        return Keys(self.places[name], tuple(sorted(contents, key=lambda c: c[0])), otherwise)

    def formula(self, node: Mapping[str, Any], parameters: Any) -> Expression:
        """Return a formula with its constants."""
        parsed = parse(node)
        lacking = unknown(parsed.shape)
        if lacking:
            raise NotYet(f"the function {lacking} in a formula")
        constants = parsed.with_parameters(tuple(map(float, parameters)))
        variables = tuple(self.places[name] for name in node["variables"])
        return Expression(parsed.shape, variables, constants)


def _bins(edges: Any) -> Even | Edges:
    if isinstance(edges, dict):
        return Even(edges["n"], float(edges["low"]), float(edges["high"]))
    return Edges(tuple(map(float, edges)))  # "inf" and "-inf" are texts there
