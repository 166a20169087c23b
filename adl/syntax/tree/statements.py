"""Statements of blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adl.syntax.tree.node import Tree

if TYPE_CHECKING:
    from adl.syntax.tree.expressions import Expr, Name


@dataclass(frozen=True, slots=True)
class Take(Tree):
    """``take Jet``, ``take Jet j``, ``take union(ele, mu)``, ``: Jet``; in a region a parent."""

    source: Expr
    instance: Name | None


@dataclass(frozen=True, slots=True)
class Select(Tree):
    """``select condition``; ``only`` are the words after ``only``, such as ``era``, ``2018``."""

    condition: Expr
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reject(Tree):
    """``reject condition``."""

    condition: Expr
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Define(Tree):
    """``define ht = sum(pT(jets))``; in an object block a new attribute."""

    name: Name
    value: Expr


@dataclass(frozen=True, slots=True)
class Weight(Tree):
    """``weight sf 0.98``; the name may be left out."""

    name: Name | None
    value: Expr
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UniformBins(Tree):
    """``50, 0, 500``: n bins of one width."""

    number: int
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class VariableBins(Tree):
    """``0 20 50 100``: the edges."""

    edges: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Histo(Tree):
    """``histo h, "title", 50, 0, 500, pT(jets)``: one axis a dimension."""

    name: Name
    title: str
    axes: tuple[UniformBins | VariableBins, ...]
    values: tuple[Expr, ...]
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bin(Tree):
    """``bin MET > 300`` or ``bin "tight" MET > 300``."""

    label: str | None
    condition: Expr


@dataclass(frozen=True, slots=True)
class Edges(Tree):
    """``bin MET 100 200 400``: bins between edges; a label may stand before the value."""

    value: Expr
    edges: tuple[float, ...]
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Use(Tree):
    """A name alone on a line of a region: a parent region, or a list of histograms."""

    name: Name


@dataclass(frozen=True, slots=True)
class Sort(Tree):
    """``sort pT(jets) descend``."""

    value: Expr
    descending: bool


@dataclass(frozen=True, slots=True)
class Print(Tree):
    """``print MET "of" size(jets)``."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Save(Tree):
    """``save skim`` or ``save table csv MET HT``; the format may be left out."""

    name: Name
    format: str
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Counted(Tree):
    """One published number: ``12.3 +- 1.1 + 0.5 - 0.4``; each error is (upwards, downwards).

    The texts of the numbers are kept; an empty value is one that was not published.
    """

    value: str
    errors: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Counts(Tree):
    """``counts results 12.3 +- 1.1 , 14``: one number a process of the format."""

    format: Name
    values: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class Title(Tree):
    """``title "Signal region"`` of a region."""

    text: str


@dataclass(frozen=True, slots=True)
class Candidate(Tree):
    """``object Z = a + b`` in a composite: a particle made of its members."""

    name: Name
    value: Expr


Statement = (
    Take
    | Select
    | Reject
    | Define
    | Weight
    | Histo
    | Bin
    | Edges
    | Use
    | Sort
    | Print
    | Save
    | Counts
    | Title
    | Candidate
)
