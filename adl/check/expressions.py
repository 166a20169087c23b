"""Expressions: from a tree to a typed value, with every name resolved and every loop bound.

Each function returns None after a mistake that it has reported, so one mistake gives one message.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from adl.check.algorithms import makes_collection
from adl.check.analysis import (
    Choice,
    Collection,
    CompositeDef,
    Literal_,
    Logic,
    ObjectDef,
    Sum,
    Text_,
    Total,
    Value,
    Variable,
)
from adl.check.bindings import current_tuple
from adl.check.calls import call
from adl.check.constants import decided, exclude, own_constant, settled
from adl.check.library_calls import sums_collections
from adl.check.links import lookup
from adl.check.names import LOOKUPS, composite_named, meaning, pick, without_source_names
from adl.check.nested import each, nested, one_of
from adl.check.operators import (
    ARITHMETIC,
    BITS,
    COMPARISON,
    arithmetic,
    bits,
    comparison,
    interval,
    minus,
    particle_sum,
    power,
)
from adl.check.particles import attribute
from adl.check.prelude import is_plain
from adl.check.reducers import summed
from adl.check.scope import ANYTHING, Scope, mistake
from adl.check.slices import whole
from adl.check.streams import vetoed
from adl.check.triggers import spelled_out
from adl.check.types import condition, need_particle, negated, number, unify
from adl.check.uses import is_working_point, working_point
from adl.check.whole_calls import size
from adl.stdlib.models import CollectionSchema
from adl.syntax.source import Span
from adl.syntax.tree import (
    Attribute,
    Binary,
    Binding,
    Call,
    Expr,
    Index,
    Juxtaposed,
    ListOf,
    Lookup,
    Name,
    Named,
    Number,
    Slice,
    Ternary,
    Text,
    Unary,
    Within,
)

_LISTS = "a list stands in a define, or as an argument of onnx or OME"
SEARCHES = frozenset(("~=", "~!"))
# Statements that another tool reads in the branch of a ternary, too.
STATEMENTS = frozenset(("print", "save", "sort"))


def value(scope: Scope, expr: Expr) -> Value | None:
    """Return the value of an expression; a collection in it becomes a loop of its binder."""
    match expr:
        case Number():
            return _literal(expr)
        case Text():
            return Text_(expr.value, type="text", span=expr.span)
        case Name():
            return _name(scope, expr)
        case Call() if makes_collection(scope.context, expr):
            made = whole(scope, expr, "a call stands for elements")
            return None if made is None else _each(scope, made, Name(made.name, span=expr.span))
        case Call():
            family = composite_named(scope, expr)
            if family is not None:
                name = Name(scope.context.words(expr.span), span=expr.span)
                return None if family.meaning is None else _each(scope, family.meaning, name)
            return call(scope, expr, value)
        case Attribute():
            return _attribute(scope, expr)
        case Index():
            return _index(scope, expr)
        case Unary():
            return _unary(scope, expr)
        case Binary():
            return _binary(scope, spelled_out(scope.context, expr))
        case Within():
            inner = scope.compared(expr.span)
            parts = [value(inner, part) for part in (expr.value, expr.lower, expr.upper)]
            return interval(scope, expr, *parts)
        case Juxtaposed():
            return _juxtaposed(scope, expr)
        case Ternary():
            return _ternary(scope, expr)
        case Slice():
            part = whole(scope, expr, "a slice stands for elements")
            return None if part is None else _each(scope, part, Name(part.name, span=expr.span))
        case Binding():
            message = f"{scope.context.words(expr.span)}: only reducers bind names"
            return mistake(scope, "E206", message, expr.span, "sum(jets j, pT(j))")
        case Lookup():
            return lookup(scope, expr, value)
        case ListOf():
            return mistake(scope, "E281", "a list has no value of its own", expr.span, _LISTS)
        case Named():
            words = scope.context.words(expr.span)
            message = f"{words}: only networks have settings"
            help = "== compares; onnx(…, output=1) has a setting"
            return mistake(scope, "E206", message, expr.span, help)


def _literal(number: Number) -> Value:
    """Return a written number; an integer that 64 bits cannot hold is real."""
    if isinstance(number.value, int) and number.value < 2**63:
        return Literal_(number.value, True, type="int", span=number.span)
    return Literal_(float(number.value), True, type="real", span=number.span)


def statement(scope: Scope, expr: Expr, without_else: bool) -> Value | None:
    """Return a condition; where a ternary lacks its else, the else is ``without_else``."""
    if not isinstance(expr, Ternary):
        return condition(scope, value(scope, expr))
    decision = condition(scope, value(scope, expr.condition))
    truth = decided(decision)
    if truth is not None:
        return _settled_branch(scope, expr, truth, without_else)
    then = statement(scope, expr.then, without_else)
    if expr.otherwise is not None:
        otherwise = statement(scope, expr.otherwise, without_else)
        if decision is None or then is None or otherwise is None:
            return None
        return Choice(decision, then, otherwise, type="bool", span=expr.span)
    if decision is None or then is None:
        return None
    if without_else:
        return Logic("or", (negated(decision), then), type="bool", span=expr.span)
    return Logic("and", (decision, then), type="bool", span=expr.span)


def _settled_branch(scope: Scope, expr: Ternary, truth: bool, without_else: bool) -> Value | None:
    """Return the branch of a statement that the dataset takes; the other needs no columns."""
    if expr.otherwise is None and not truth:
        exclude(scope.context, expr.then)
        return settled(without_else, expr.span)
    if expr.otherwise is not None:
        exclude(scope.context, expr.otherwise if truth else expr.then)
    taken = expr.then if truth or expr.otherwise is None else expr.otherwise
    return statement(scope, taken, without_else)


# ------------------------------------------------------------------------ names and elements


def _name(scope: Scope, name: Name) -> Value | None:
    if is_plain(scope, name):
        return call(scope, Call(name, (), span=name.span), value)
    found = meaning(scope, name)
    if isinstance(found, (ObjectDef, CollectionSchema, CompositeDef)):
        return _each(scope, found, name)
    return found


def _each(scope: Scope, whole: Collection | CompositeDef, name: Name) -> Value | None:
    """Return the current element of the loop over a collection that is mentioned."""
    binder = scope.binders[-1] if scope.binders else None
    if binder is not None and binder.implicit:
        if isinstance(whole, CompositeDef):
            return current_tuple(binder, whole, name.span)
        loop = binder.loop(whole, name.name)
        return Variable(loop, type="particle", span=name.span)
    help = f"{name.name}[0] is the first of {name.name}; "
    if binder is not None:
        help = f"the loops are written out here: bind {name.name} too, as in {name.name} x"
    elif scope.asker == ANYTHING:
        help += f"size({name.name}) is their number"
    elif scope.comparison is not None:
        help += f"any({scope.context.words(scope.comparison)}) asks for at least one"
    else:
        help += "sum, min, max, any, all run over all"
    message = f"{scope.asker}, {name.name} is a collection"
    return mistake(scope, "E203", message, name.span, help)


def _index(scope: Scope, expr: Index) -> Value | None:
    made = scope.context.makes(scope, expr.value) if isinstance(expr.value, Call) else None
    if made is not None:
        return None if made.meaning is None else pick(scope, made.meaning, expr.index, expr.span)
    family = composite_named(scope, expr.value) if isinstance(expr.value, Call) else None
    if family is not None:
        tuples = family.meaning
        return None if tuples is None else pick(scope, tuples, expr.index, expr.span)
    relation = nested(scope, expr.value)
    if relation is not None:
        belongs = relation.meaning
        return None if belongs is None else one_of(scope, belongs, expr.index, expr.span)
    if not isinstance(expr.value, Name):
        words = scope.context.words(expr.value.span)
        message = f"an index needs a collection, {words} is none"
        return mistake(scope, "E210", message, expr.value.span, _indexed_first(scope, expr))
    whole = meaning(without_source_names(scope), expr.value)
    return None if whole is None else pick(scope, whole, expr.index, expr.span)


def _indexed_first(scope: Scope, expr: Index) -> str:
    """Say that the index of ``jets.pt[0]`` and of ``pT(jets)[0]`` belongs to the collection."""
    match expr.value:
        case Attribute(value=Name(name), name=Name(attribute)):
            return f"the index belongs to the collection: {name}[{expr.index}].{attribute}"
        case Call(function=Name(function), arguments=(Name(name),)):
            return f"the index belongs to the collection: {function}({name}[{expr.index}])"
    return ""


def _attribute(scope: Scope, expr: Attribute) -> Value | None:
    dataset = isinstance(expr.value, Name) and expr.value.name == "dataset"
    if dataset and "dataset" not in scope.context.blocks:
        return own_constant(scope.context, expr.name.name, expr.span)
    if expr.name.name.lower() == "size":
        return size(scope, expr.value, expr.span, value)
    relation = nested(scope, expr)
    if relation is not None:
        return None if relation.meaning is None else each(scope, relation.meaning, expr.span)
    if sums_collections(scope) and _is_whole(scope, expr.value):
        return summed(scope, expr.span, lambda inside: _attribute(inside, expr))
    asking = scope.asking(f"{expr.name.name} needs one particle")
    return _of_particle(scope, value(asking, expr.value), expr.name, expr.span)


def _is_whole(scope: Scope, expr: Expr) -> bool:
    """Whether an expression is a whole collection or composite."""
    if composite_named(scope, expr) is not None:
        return True
    return isinstance(expr, (Name, Slice)) and _collection_of(scope, expr) is not None


def _of_particle(scope: Scope, particle: Value | None, name: Name, span: Span) -> Value | None:
    if particle is None or particle.type == "particle":
        return None if particle is None else attribute(scope, particle, name, span)
    text = scope.context.words(particle.span)
    message = f"{text} is a number: it has no attribute {name.name}"
    return mistake(scope, "E209", message, particle.span, f"write {text} alone")


# -------------------------------------------------------------------------------- operators


def _unary(scope: Scope, expr: Unary) -> Value | None:
    if expr.operator == "-" and not scope.binders and isinstance(expr.operand, (Name, Slice)):
        source = _collection_of(scope, expr.operand)
        if source is not None:
            total = Total(source, type="particle", span=expr.operand.span)
            return Sum(((-1, total),), type="particle", span=expr.span)
    if expr.operator == "-":
        return minus(scope, value(scope, expr.operand), expr.span)
    operand = vetoed(scope.context, lambda: condition(scope, value(scope, expr.operand)))
    truth = decided(operand)
    if truth is not None:
        return settled(not truth, expr.span)
    return None if operand is None else replace(negated(operand), span=expr.span)


def _collection_of(scope: Scope, expr: Name | Slice) -> Collection | None:
    """Return the collection that an operand is, if it is one."""
    if isinstance(expr, Slice):
        return whole(scope, expr, "a slice stands for elements")
    known = any(look(scope, expr) for look in LOOKUPS)
    found = meaning(scope, expr) if known else None
    return found if isinstance(found, (ObjectDef, CollectionSchema)) else None


def _binary(scope: Scope, expr: Binary) -> Value | None:
    if expr.operator in SEARCHES:
        message = f"{scope.context.words(expr.span)}: a search is a statement of its own"
        help = "in a region: select m(Z) ~= 91.2"
        return mistake(scope, "E232", message, expr.span, help)
    if expr.operator in ("and", "or"):
        return _logic(scope, expr)
    inner = scope.compared(expr.span) if expr.operator in COMPARISON else scope
    left, right = _sides(inner, expr)
    if expr.operator in COMPARISON:
        return comparison(scope, expr.operator, left, right, expr.span)
    if expr.operator in BITS:
        return bits(scope, expr.operator, left, right, expr.span)
    if expr.operator in ARITHMETIC:
        return arithmetic(scope, expr.operator, left, right, expr.span)
    return power(scope, left, expr.right, right, expr.span)


def _logic(scope: Scope, expr: Binary) -> Value | None:
    """Return ``a and b`` or ``a or b``; b is not looked at where the dataset has settled a."""
    operator: Literal["and", "or"] = "and" if expr.operator == "and" else "or"
    first = condition(scope, value(scope, expr.left))
    truth = decided(first)
    if truth is (operator == "or"):
        exclude(scope.context, expr.right)
        return settled(truth, expr.span)
    second = condition(scope, value(scope, expr.right))
    if first is None or second is None:
        return None
    if truth is not None:  # b alone decides
        return second
    return Logic(operator, (first, second), type="bool", span=expr.span)


def _sides(scope: Scope, expr: Binary) -> tuple[Value | None, Value | None]:
    """Return both operands; a working point is that of the tagger on the other side."""
    if isinstance(expr.right, Call) and is_working_point(expr.right):
        left = value(scope, expr.left)
        return left, working_point(scope.context, left, expr.right)
    if isinstance(expr.left, Call) and is_working_point(expr.left):
        right = value(scope, expr.right)
        return working_point(scope.context, right, expr.left), right
    return value(scope, expr.left), value(scope, expr.right)


def _juxtaposed(scope: Scope, expr: Juxtaposed) -> Value | None:
    first = expr.items[0]
    if isinstance(first, Name) and first.name.lower() in STATEMENTS:
        message = f"{first.name} is a statement of its own, it stands in no other"
        help = f"a region that takes this one, and has the condition as a cut, can {first.name}"
        return mistake(scope, "E214", message, expr.span, help)
    relation = nested(scope, expr)
    if relation is not None:  # FatJet constituents
        return None if relation.meaning is None else each(scope, relation.meaning, expr.span)
    asking = scope.asking("a sum of particles needs one at each place")
    items = [need_particle(scope, value(asking, item), "a sum of particles") for item in expr.items]
    known = [item for item in items if item is not None]
    if len(known) < len(items):
        return None
    return particle_sum(scope, [(1, item) for item in known], expr.span)


def _ternary(scope: Scope, expr: Ternary) -> Value | None:
    decision = condition(scope, value(scope, expr.condition))
    truth = decided(decision)
    if truth is not None and expr.otherwise is not None:
        exclude(scope.context, expr.otherwise if truth else expr.then)
        return value(scope, expr.then if truth else expr.otherwise)
    then = value(scope, expr.then)
    if expr.otherwise is None:
        help = "only a select or a reject may leave it out"
        return mistake(scope, "E212", "this ternary needs an else: c ? a : b", expr.span, help)
    otherwise = value(scope, expr.otherwise)
    if then is not None and otherwise is not None and then.type == otherwise.type == "particle":
        if decision is None:
            return None
        return Choice(decision, then, otherwise, type="particle", span=expr.span)
    then, otherwise = number(scope, then), number(scope, otherwise)
    if decision is None or then is None or otherwise is None:
        return None
    then, otherwise = unify(then, otherwise, least="bool")
    return Choice(decision, then, otherwise, type=then.type, span=expr.span)
