"""The syntax tree: what was written, with its places, before any name has a meaning.

Spans take no part in equality: two spellings of one statement are equal trees.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from adl.syntax.source import NOWHERE, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Anything that stands somewhere in the text."""

    span: Span = field(default=NOWHERE, compare=False)


# ---------------------------------------------------------------------------- expressions


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
    """``pT(jets[0])``; also ``{jets_0}pT``, ``dR{a, b}`` and ``|x|``, which is ``abs(x)``."""

    function: Name
    arguments: tuple[Expr, ...]


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
class Unary(Tree):
    """``-x`` or ``not x``."""

    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Tree):
    """Arithmetic ``+ - * / ^``, comparisons ``< <= > >= == !=``, and ``and``, ``or``."""

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
    | Unary
    | Binary
    | Within
    | Juxtaposed
    | Binding
    | Ternary
)

# ----------------------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class Take(Tree):
    """``take Jet``, ``take Jet j``, ``take union(ele, mu)``, ``: Jet``; in a region a parent."""

    source: Expr
    instance: Name | None


@dataclass(frozen=True, slots=True)
class Select(Tree):
    """``select condition``."""

    condition: Expr


@dataclass(frozen=True, slots=True)
class Reject(Tree):
    """``reject condition``."""

    condition: Expr


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


@dataclass(frozen=True, slots=True)
class Bin(Tree):
    """``bin MET > 300`` or ``bin "tight" MET > 300``."""

    label: str | None
    condition: Expr


@dataclass(frozen=True, slots=True)
class Edges(Tree):
    """``bin MET 100 200 400``: bins between edges."""

    value: Expr
    edges: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Use(Tree):
    """A name alone on a line of a region: a parent region."""

    name: Name


Statement = Take | Select | Reject | Define | Weight | Histo | Bin | Edges | Use

# --------------------------------------------------------------------------------- blocks


@dataclass(frozen=True, slots=True)
class Info(Tree):
    """``info analysis`` and its lines of free text, each (first word, rest)."""

    name: Name
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Object(Tree):
    """``object jets`` with its take, select, reject and define lines."""

    name: Name
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Region(Tree):
    """``region signal`` with its statements in the written order."""

    name: Name
    statements: tuple[Statement, ...]


Block = Info | Object | Region | Define


@dataclass(frozen=True, slots=True)
class File(Tree):
    """A whole analysis."""

    blocks: tuple[Block, ...]
