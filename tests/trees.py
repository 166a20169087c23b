"""Texts to trees, and what is said of them: short words for tests of the parser."""

from __future__ import annotations

import pytest

from adl.syntax.diagnostics import AnalysisError
from adl.syntax.mistakes import CODES
from adl.syntax.parse import parse, parse_with_notes
from adl.syntax.source import Source
from adl.syntax.tree import (
    Block,
    Call,
    Clause,
    Correction,
    Define,
    Expr,
    File,
    Index,
    Name,
    Number,
    Object,
    Region,
    Statement,
    Systematic,
)

WHOLE = """\
# everything at once
info analysis
  title "Search for something"   # with a comment
  region of interest
TRGe = 2
use MET = PuppiMET
countsformat results
  process bkg, "Background", stat, syst
  process obs, "Data"
table eff
  tabletype efficiency
  nvars 1
  errors false
  0.90   -2.5 0
  0.95    0.0 2.5
trigger mu "HLT_IsoMu24" or optional "HLT_Mu50" stream SingleMuon
systematic jes_{s}
  for s A B
  scale pt(Jet), mass(Jet) up 1 + unc("{s}", pt) down 1 - unc("{s}", pt)
  propagate MET from Jet pt > 15
systematic off "up" "down" weight_pileup
correction bSF "{era}/b.json" deepJet_comb
  inputs $, "M", *
  vary btag_{era} up "u" down "d"
function myMass
  arg jets
  code "file.py"
object jets
  take sort(Jet, pt, descend)
  select applyHM( eff(eta(Jet)) == 1 )
  select {Jet}pT > 20 && !isBad
composite Zs
  take disjoint(leps a, leps b)
  object Z = a + b
  select mass(Z) [] 81 101
object pairs : COMB( mu[-1] mu[-2] ) alias p
  select q(p) == 0
define score = OME("m.onnx", { ht, 1.5 pT(jets[0]) }, [0 1], output=0)
histoList plots
  histo h, "t", 10, 0, 1, ht
region presel
  title "Preselection"
  select trigger mu or HLT "a" only data
  select chi ~= 0
  weight sf -1 only simulation
  reject flags >> 2 & 1 == 1 ? GEN[link(mu[0])].pT GT 3
  sort pT(jets) descend
  plots
region signal
  presel
  bin "low" MET 100 200
  counts results 12.3 +- 1.1 + 0.5 - 0.4, 14
  print MET "of" size(jets)
  save table csv MET ht;
"""


def read(text: str) -> File:
    return parse(Source("cuts.adl", text))


def block(text: str) -> Block:
    (found,) = read(text).blocks
    return found


def value(text: str) -> Expr:
    found = block(f"define x = {text}")
    assert isinstance(found, Define)
    return found.value


def in_region(text: str) -> tuple[Statement, ...]:
    found = block(f"region r\n{text}")
    assert isinstance(found, Region)
    return found.statements


def in_object(text: str) -> tuple[Statement, ...]:
    found = block(f"object o\n{text}")
    assert isinstance(found, Object)
    return found.statements


def clauses(text: str, header: str = "systematic x") -> tuple[Clause, ...]:
    found = block(f"{header}\n{text}")
    assert isinstance(found, Systematic | Correction)
    return found.clauses


def complaint(text: str) -> AnalysisError:
    with pytest.raises(AnalysisError) as caught:
        read(text)
    assert all(found.code in CODES for found in caught.value.diagnostics)
    return caught.value


def said(text: str) -> str:
    """Everything said about a text with mistakes."""
    return str(complaint(text))


def errors(text: str) -> list[str]:
    """Code, line and column of every mistake."""
    error = complaint(text)
    places = [(d.code, *error.source.position(d.span.start)) for d in error.diagnostics]
    return ["{} {}:{}".format(*place) for place in places]


def notes(text: str) -> list[str]:
    """Code, line and column of what is odd about a text without mistakes."""
    source = Source("cuts.adl", text)
    _, found = parse_with_notes(source)
    assert all(note.code in CODES for note in found)
    assert all(note.severity == {"W": "warning", "N": "note"}[note.code[0]] for note in found)
    return ["{} {}:{}".format(note.code, *source.position(note.span.start)) for note in found]


def n(text: str) -> Number:
    return Number(text)


def call(function: str, *arguments: Expr) -> Call:
    return Call(Name(function), arguments)


def clause(word: str, *own: Expr, **settings: Expr | tuple[Expr, ...]) -> Clause:
    """``clause("rate", n("1"), only=Name("data"))``; a setting from a keyword is ``from_``."""
    first = [("", own)] if own else []
    rest = [
        (word.rstrip("_"), values if isinstance(values, tuple) else (values,))
        for word, values in settings.items()
    ]
    return Clause(word, (*first, *rest))


a, b, c, d, j, x = map(Name, "abcdjx")


mu0, mu1 = Index(Name("mu"), 0), Index(Name("mu"), 1)
