"""Blocks, and a whole file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adl.syntax.tree.node import Tree
from adl.syntax.tree.statements import Define

if TYPE_CHECKING:
    from adl.syntax.tree.expressions import Expr, Name, Number, Text
    from adl.syntax.tree.statements import Histo, Statement


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
