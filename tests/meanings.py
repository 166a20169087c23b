"""The meaning of an analysis as short texts, and what the checker finds in it, by place.

``(pt this) > 30.0`` is the pT of the current element.
"""

from __future__ import annotations

import re
from typing import Literal

from adl.check.analysis import (
    Analysis,
    Apply,
    AttributeOf,
    Choice,
    Cut,
    Default,
    DefineRef,
    Element,
    EventValue,
    Extremum,
    Histogram,
    Interval,
    Literal_,
    Logic,
    ObjectDef,
    Operation,
    Power,
    Reduction,
    RegionDef,
    RegionRef,
    Rows,
    Singleton,
    Size,
    Sum,
    Value,
    Variable,
)
from adl.check.checker import check
from adl.stdlib.models import Schema
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.checking import NANOAOD

LINTS = re.compile(r"W33\d|N405")
SYMBOLS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
SYMBOLS |= {"add": "+", "sub": "-", "mul": "*", "div": "/", "same": "is"}


def checked(
    text: str,
    dialect: Literal["auto", "adl", "cutlang"] = "auto",
    schema: Schema = NANOAOD,
) -> tuple[Analysis, tuple[Diagnostic, ...]]:
    source = Source("cuts.adl", text)
    return check(parse(source), source, schema, dialect)


def findings(text: str, dialect: Literal["auto", "adl", "cutlang"] = "auto") -> list[str]:
    """Return ``CODE line:column`` of all findings but lints, which have their own tests."""
    found = diagnostics(text, dialect)
    return [f"{d.code} {place(text, d)}" for d in found if not LINTS.fullmatch(d.code)]


def diagnostics(
    text: str, dialect: Literal["auto", "adl", "cutlang"] = "auto"
) -> tuple[Diagnostic, ...]:
    try:
        return checked(text, dialect)[1]
    except AnalysisError as error:
        return error.diagnostics


def place(text: str, diagnostic: Diagnostic) -> str:
    line, column = Source("", text).position(diagnostic.span.start)
    return f"{line}:{column}"


def the(text: str) -> Diagnostic:
    """Return the only finding."""
    (found,) = diagnostics(text)
    return found


def expression(text: str, before: str = "") -> str:
    """Return the meaning of a numeric or boolean expression of the event."""
    analysis, _ = checked(f"{before}\nregion r\n  histo h, 't', 5, 0, 1, {text}".replace("'", '"'))
    (histogram,) = analysis.regions[-1].statements
    assert isinstance(histogram, Histogram)
    return show(histogram.fills[0][0])


def condition(text: str, before: str = "") -> str:
    """Return the meaning of a condition of a region."""
    analysis, _ = checked(f"{before}\nregion r\n  select {text}")
    (cut,) = analysis.regions[-1].statements
    assert isinstance(cut, Cut)
    return show(cut.condition)


def kept(block: str, before: str = "") -> list[str]:
    """Return the cuts of an object block."""
    return [show(cut) for cut in the_object(block, before).cuts]


def the_object(block: str, before: str = "") -> ObjectDef:
    analysis, _ = checked(f"{before}\nobject tested\n{block}\nregion r\n  select size(tested) > 0")
    (cut,) = analysis.regions[-1].statements
    assert isinstance(cut, Cut)
    assert isinstance(cut.condition, Operation)
    size = cut.condition.arguments[0]
    assert isinstance(size, Size)
    assert isinstance(size.collection, ObjectDef)
    return size.collection


def region(text: str, dialect: Literal["auto", "adl", "cutlang"] = "auto") -> RegionDef:
    """Return the last region."""
    return checked(text, dialect)[0].regions[-1]


def labels(found: RegionDef) -> list[str]:
    return [s.name if isinstance(s, (Histogram, Rows)) else s.label for s in found.statements]


def show(value: Value) -> str:
    match value:
        case Literal_():
            return repr(value.value)
        case EventValue():
            return value.branch.name
        case Element():
            return f"{value.collection.name}[{value.index}]"
        case Variable():
            return value.loop.name
        case Singleton():
            return value.schema.name
        case Sum():
            return " ".join(f"{'-' if sign < 0 else '+'}{show(v)}" for sign, v in value.items)
        case AttributeOf():
            return f"{value.attribute}({show(value.particle)})"
        case Apply():
            return f"{value.function.name}({', '.join(map(show, value.arguments))})"
        case Operation() if value.name in SYMBOLS:
            left, right = map(show, value.arguments)
            return f"({left} {SYMBOLS[value.name]} {right})"
        case Operation():
            return f"{value.name}({', '.join(map(show, value.arguments))})"
        case Power():
            return f"({show(value.base)} ^ {value.exponent})"
        case Logic(operator="not"):
            return f"not {show(value.operands[0])}"
        case Logic():
            return f"({f' {value.operator} '.join(map(show, value.operands))})"
        case Interval():
            return f"({show(value.value)} {value.operator} {show(value.lower)} {show(value.upper)})"
        case Choice():
            parts = map(show, (value.condition, value.then, value.otherwise))
            return "({} ? {} : {})".format(*parts)
        case Reduction():
            loops = ", ".join(
                f"{loop.collection.name} {loop.name}" if loop.collection else loop.name
                for loop in value.loops
            )
            where = "".join(f", where {show(w)}" for w in value.where)
            return f"{value.operation}[{loops}{where}]({show(value.value)})"
        case Extremum():
            return f"{value.operation}({', '.join(map(show, value.values))})"
        case Size():
            return f"size({value.collection.name})"
        case Default():
            return f"default({show(value.value)}, {show(value.otherwise)})"
        case DefineRef():
            return value.define.name
        case RegionRef():
            return value.region.name
        case _:
            raise AssertionError(type(value).__name__)


OBJECTS = """
object jets
  take Jet
  select pT > 30
object bjets
  take jets
  select btagDeepB > 0.5
object muons : Muon
  select pT(Muon) > 10
object eles
  take Electron e
  select e.pT > 10
"""
