"""Expressions, as they are written: nothing is folded or bound."""

from __future__ import annotations

from dataclasses import dataclass

from adl.syntax.tree.node import Tree


@dataclass(frozen=True, slots=True)
class Number(Tree):
    """``30``, ``2.5e-3``: the text is kept, so that formatting changes no digit."""

    text: str

    @property
    def value(self) -> int | float:
        """The number: an int where the text has neither point nor exponent."""
        return int(self.text) if self.text.isdigit() else float(self.text)


@dataclass(frozen=True, slots=True)
class Text(Tree):
    """``"a title"``, without its quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Name(Tree):
    """``jets``, ``this``, ``jets_0``, ``ALL``: what it names is the checker's business."""

    name: str


@dataclass(frozen=True, slots=True)
class Call(Tree):
    """``pT(jets[0])``; also ``{jets_0}pT``, ``dR{a, b}`` and ``|x|``, which is ``abs(x)``.

    ``draw`` is the name of its random number, as in ``gauss(1, 0.1) draw smear``.
    """

    function: Name
    arguments: tuple[Expr, ...]
    draw: str = ""


@dataclass(frozen=True, slots=True)
class Attribute(Tree):
    """``jets[0].pT``, ``MET.phi``, ``jets.size``."""

    value: Expr
    name: Name


@dataclass(frozen=True, slots=True)
class Index(Tree):
    """``jets[0]``; a negative index is an unknown to search for."""

    value: Expr
    index: int


@dataclass(frozen=True, slots=True)
class Slice(Tree):
    """``jets[0:3]``, ``jets[:3]``, ``jets[1:]``."""

    value: Expr
    start: int | None
    stop: int | None


@dataclass(frozen=True, slots=True)
class Lookup(Tree):
    """``GEN[genPartIdx(mu[0])]``: the element at a position that is computed."""

    value: Expr
    position: Expr


@dataclass(frozen=True, slots=True)
class ListOf(Tree):
    """``{ ht, 1.5 pT(jets[0]) }`` or ``[ht, MET]``: values in order, for a network."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Named(Tree):
    """``output=0`` as an argument of a call."""

    name: Name
    value: Expr


@dataclass(frozen=True, slots=True)
class Unary(Tree):
    """``-x`` or ``not x``."""

    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Tree):
    """Two operands.

    Arithmetic ``+ - * / ^``, bits ``<< >> & |``, comparisons ``< <= > >= == !=``, the searches
    ``~=`` (nearest) and ``~!`` (farthest), and ``and``, ``or``.
    """

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Within(Tree):
    """``x [] lower upper`` (both ends in) or ``x ][ lower upper`` (outside, both ends in)."""

    operator: str
    value: Expr
    lower: Expr
    upper: Expr


@dataclass(frozen=True, slots=True)
class Juxtaposed(Tree):
    """``mu[0] mu[1]``: the sum of particles that stand side by side."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Binding(Tree):
    """``jets j`` as an argument of a reducer: j runs over the elements of jets."""

    collection: Expr
    name: Name


@dataclass(frozen=True, slots=True)
class Ternary(Tree):
    """``c ? a : b``; at statement level the else may be left out."""

    condition: Expr
    then: Expr
    otherwise: Expr | None


Expr = (
    Number
    | Text
    | Name
    | Call
    | Attribute
    | Index
    | Slice
    | Lookup
    | ListOf
    | Named
    | Unary
    | Binary
    | Within
    | Juxtaposed
    | Binding
    | Ternary
)
