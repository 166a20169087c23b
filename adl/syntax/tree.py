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

# ----------------------------------------------------------------------------- statements


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


@dataclass(frozen=True, slots=True)
class Composite(Tree):
    """``composite Zs`` with take, select, reject, define and object lines."""

    name: Name
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Table(Tree):
    """``table eff`` with its header and rows: value, errors (low, high), then ranges.

    ``outside`` is ``nearest``, ``zero`` or empty. The numbers stand in one row after the other.
    """

    name: Name
    kind: str
    variables: int
    errors: bool
    outside: str
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class CountsProcess(Tree):
    """``process bkg, "Total background", stat, syst``."""

    name: Name
    title: str
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountsFormat(Tree):
    """``countsformat results`` and its processes."""

    name: Name
    processes: tuple[CountsProcess, ...]


@dataclass(frozen=True, slots=True)
class HistoList(Tree):
    """``histoList plots`` and its histograms."""

    name: Name
    histos: tuple[Histo, ...]


@dataclass(frozen=True, slots=True)
class Function(Tree):
    """``function myMass`` with its ``arg`` lines and the file of its ``code``."""

    name: Name
    arguments: tuple[str, ...]
    code: str


@dataclass(frozen=True, slots=True)
class Flag(Tree):
    """``SkipHistos = 1``: a switch of another tool's, read and ignored."""

    name: Name
    value: int


@dataclass(frozen=True, slots=True)
class Trigger(Tree):
    """``trigger mu "HLT_IsoMu24" or optional "HLT_Mu50" stream SingleMuon``: (path, optional)."""

    name: Name
    paths: tuple[tuple[Text, bool], ...]
    stream: str


@dataclass(frozen=True, slots=True)
class Clause(Tree):
    """One line of a systematic or correction: its first word, then words with what follows each.

    ``scale pt(Jet), mass(Jet) up 1.1 down 0.9`` has the word ``scale`` and the settings
    ("", (pt(Jet), mass(Jet))), ("up", (1.1,)), ("down", (0.9,)).
    """

    word: str
    settings: tuple[tuple[str, tuple[Expr, ...]], ...]


@dataclass(frozen=True, slots=True)
class Systematic(Tree):
    """``systematic jes_{s}`` and its lines; the name may have placeholders in braces."""

    name: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class LegacySystematic(Tree):
    """``systematic on "up" "down" weight_pileup``: one line, in another tool's manner."""

    enabled: bool
    up: str
    down: str
    kind: str


@dataclass(frozen=True, slots=True)
class Correction(Tree):
    """``correction bSF "btagging.json.gz" deepJet_comb`` and its lines."""

    name: Name
    file: Text
    entry: Text
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class UseAs(Tree):
    """``use MET = PuppiMET``: what a name that has several candidates means."""

    name: Name
    value: Expr


Block = (
    Info
    | Object
    | Composite
    | Region
    | Define
    | Table
    | CountsFormat
    | HistoList
    | Function
    | Flag
    | Trigger
    | Systematic
    | LegacySystematic
    | Correction
    | UseAs
)


@dataclass(frozen=True, slots=True)
class Comment(Tree):
    """``# text``, with its sign; ``alone`` where nothing stands before it on its line."""

    text: str
    alone: bool


@dataclass(frozen=True, slots=True)
class File(Tree):
    """A whole analysis; comments are kept for formatting and take no part in equality."""

    blocks: tuple[Block, ...]
    comments: tuple[Comment, ...] = field(default=(), compare=False)
