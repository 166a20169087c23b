"""Collections whose elements have other values of some attributes: ``select applyPTF(1.02)``.

The elements stay what they are, the same physical objects, and keep everything else. Who names the
corrected collection sees the new values, in the cuts after the correction, too; who names what it
was made from sees the old ones.
"""

from __future__ import annotations

from collections.abc import Mapping

from adl.check.analysis import (
    AttributeOf,
    Collection,
    Corrected,
    Loop,
    ObjectDef,
    Operation,
    Value,
    Variable,
)
from adl.check.collections import inputs, lineage, parts
from adl.check.context import Context
from adl.check.dominance import absent, unguarded
from adl.check.guarantees import NOTHING
from adl.check.scope import Scope, mistake
from adl.check.tables import refuse_missing
from adl.check.types import convert
from adl.syntax.source import Span
from adl.syntax.tree import Call, Expr, Name, Number, Ternary

_SPELLINGS = frozenset(("applyptf", "scaleptf", "scalept"))


def corrected(
    context: Context, source: Collection, this: Loop, values: Mapping[str, Value], span: Span
) -> ObjectDef:
    """Return a collection with other values of attributes, in terms of an element of it, ``this``.

    In adl one whose order is by pt stands in descending corrected pt; cutlang keeps the stored one.
    """
    copies = tuple(
        Corrected(
            part.name,
            part.aliases,
            {**dict.fromkeys(values, part.attributes["pt"]), **part.attributes},
            part.counter,
            part.ordered,
            part.links,
            part.inverses,
            part.probabilities,
            part.storage,
            part.through,
            origin=part,
            this=this,
            values=values,
            source=source,
            number=number,
        )
        for number, part in enumerate(parts(source))
    )
    by_pt = context.dialect == "adl" and "pt" in values and _stands_by_pt(source)
    own = Loop(None, "this")
    context.sources[own] = (source,)
    return ObjectDef(source.name, (source,), own, (), span, corrected=copies, by_pt=by_pt)


def _stands_by_pt(collection: Collection) -> bool:
    """Whether elements stand in descending pt because nobody has sorted them otherwise."""
    for step in lineage(collection):
        if isinstance(step, ObjectDef) and (step.key is not None or step.union or step.by_pt):
            return step.key is None
    (*_, first) = lineage(collection)
    return all(schema.ordered == "pt" for schema in inputs((first,))) and not _is_joined(first)


def _is_joined(collection: Collection) -> bool:
    return isinstance(collection, ObjectDef) and len(collection.sources) > 1


# ------------------------------------------------------------------------------------ applyPTF


def refuse(scope: Scope, expr: Call) -> Value | None:
    """Report ``applyPTF(…)`` anywhere else."""
    message = f"{expr.function.name} is a select of its own in an object block"
    help = "object jets, take Jet, select applyPTF(1.02): their pT is 1.02 times that of Jet"
    return mistake(scope, "E259", message, expr.span, help)


def is_factor(expr: Expr) -> bool:
    """Whether an expression is ``applyPTF(…)``."""
    return isinstance(expr, Call) and expr.function.name.lower() in _SPELLINGS


def factor(condition: Expr) -> Expr | None:
    """Return by what a select multiplies pt, ``applyPTF(x)`` or a choice of such; None if by none.

    A branch that says ALL, or nothing, leaves pt as it is.
    """
    match condition:
        case Call(arguments=(argument,)) if is_factor(condition):
            return argument
        case Ternary(then=then, otherwise=otherwise):
            branches = [_branch(then), Number("1", span=condition.span)]
            if otherwise is not None:
                branches[1] = _branch(otherwise)
            chosen = is_factor(then) or (otherwise is not None and factor(otherwise) is not None)
            yes, no = branches
            if chosen and yes is not None and no is not None:
                return Ternary(condition.condition, yes, no, span=condition.span)
    return None


def _branch(expr: Expr) -> Expr | None:
    if isinstance(expr, Name) and expr.name.lower() == "all":
        return Number("1", span=expr.span)
    return factor(expr)


def scaled(context: Context, source: Collection, this: Loop, by: Value, span: Span) -> ObjectDef:
    """Return a collection whose elements have ``by`` times their pt."""
    refuse_missing(context, by)
    for use in unguarded(by, NOTHING):
        if use.decides and not use.table and not use.network:
            message, place, help = absent(use)
            help = f"{help}, or give the value for its absence: default(…, 1)"
            context.findings.error("E258", f"a corrected pT needs a factor, {message}", place, help)
    element = Variable(this, type="particle", span=by.span)
    pt = AttributeOf(element, "pt", type="real", span=by.span)
    product = Operation("mul", (pt, convert(by, "real")), type="real", span=by.span)
    return corrected(context, source, this, {"pt": product}, span)
