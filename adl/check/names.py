"""What a bare name means: ``LOOKUPS`` are tried in their order, the first that knows it decides.

A name is a value, or a whole collection. Which collections become loops is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from adl.check.analysis import (
    Collection,
    CompositeDef,
    DefineDef,
    DefineRef,
    Element,
    EventValue,
    HistoListDef,
    Literal_,
    ObjectDef,
    RegionDef,
    RegionRef,
    Singleton,
    TableDef,
    Value,
    Variable,
)
from adl.check.attribute_names import read_in_other_case
from adl.check.collections import descends, inputs, lineage
from adl.check.constants import NAMES, constant
from adl.check.context import Context, Found
from adl.check.elements import branch_type
from adl.check.families import composite_made, is_family
from adl.check.habits import with_zeros
from adl.check.particles import find
from adl.check.parts_of_inputs import selected
from adl.check.scope import Binder, Scope
from adl.check.tuples import is_composite, tuple_at, unknown
from adl.check.unknown_names import folded, report_unknown
from adl.check.values import placed, used_at
from adl.stdlib.models import Branch, CollectionSchema, Part, SingletonSchema
from adl.stdlib.models.finding import Match, find_collection, find_scalar, find_singleton
from adl.syntax.diagnostics import Mistake
from adl.syntax.source import Span
from adl.syntax.tree import Call, Expr, Name, Object

Meaning = Value | Collection | CompositeDef
Input = CollectionSchema | SingletonSchema | Branch
Lookup = Callable[[Scope, Name], Found[Meaning] | None]

_CONSTANTS = {"all": True, "true": True, "none": False, "false": False}
_INDEXED = re.compile(r"(?P<name>.+)_(?P<index>[0-9]*)")


def meaning(scope: Scope, name: Name) -> Meaning | None:
    """Return what a name stands for; None if that is nothing (reported)."""
    for lookup in LOOKUPS:
        found = lookup(scope, name)
        if found is not None:
            return found.meaning
    zeros = _with_zeros(scope, name)
    if zeros is not None:
        return zeros.meaning
    report_unknown(scope, name)
    return None


def _with_zeros(scope: Scope, name: Name) -> Found[Meaning] | None:
    """Return what a name stands for that has the letter O where a zero belongs: ``dO``."""
    zeros = Name(with_zeros(name.name), span=name.span)
    found = next((f for f in (look(scope, zeros) for look in LOOKUPS) if f), None)
    if not zeros.name or found is None or found.meaning is None:
        return None
    message, help = f"nothing is called {name.name}", f"did you mean {zeros.name}, with a zero?"
    mistake = Mistake("E201", message, name.span, zeros.name, help)
    return found if scope.context.findings.repaired(mistake) else Found(None)


def collection(scope: Scope, name: Name, wanted: str) -> Collection | None:
    """Return the whole collection of a name, in an object block that of its own source too."""
    found = meaning(without_source_names(scope), name)
    if found is None or isinstance(found, (ObjectDef, CollectionSchema)):
        return found
    kind = "one object of each event" if isinstance(found, Singleton) else "no collection"
    scope.context.findings.error("E210", f"{wanted}, {name.name} is {kind}", name.span)
    return None


def composite_named(scope: Scope, expr: Expr) -> Found[CompositeDef] | None:
    """Return the composite that a name is or a call makes; None if it is something else."""
    if isinstance(expr, Call) and is_family(scope.context, expr):
        return composite_made(scope.context, expr)
    block = scope.context.blocks.get(expr.name) if isinstance(expr, Name) else None
    if not isinstance(expr, Name) or not is_composite(scope.context, block):
        return None
    found = scope.context.definition(expr.name, expr.span)
    return Found(scope.context.in_order(found) if isinstance(found, CompositeDef) else None)


def without_source_names(scope: Scope) -> Scope:
    """Return a scope in which the source's name is the collection, `this` still the element."""
    if scope.binders and scope.current is None:
        scope = replace(scope, binders=tuple(_without_taken(scope, b) for b in scope.binders))
    if scope.current is None or scope.current.explicit:
        return scope
    return replace(scope, current=replace(scope.current, explicit=True))


def _without_taken(scope: Scope, binder: Binder) -> Binder:
    """Return a binder without the composite that a composite's block takes: it has names only."""
    blocks = scope.context.blocks
    kept = [(n, v) for n, v in binder.entries if not is_composite(scope.context, blocks.get(n))]
    return binder if len(kept) == len(binder.entries) else replace(binder, entries=kept)


def pick(scope: Scope, whole: Meaning, index: int, span: Span) -> Value | None:
    """Return ``X[index]``; of a singleton only the first. A negative index is an unknown."""
    if index < 0 and isinstance(whole, (ObjectDef, CollectionSchema, CompositeDef)):
        return unknown(whole, index, span)
    if isinstance(whole, (ObjectDef, CollectionSchema)):
        _note_order(scope.context, whole, span)
        zero = scope.context.dialect == "cutlang"
        return Element(whole, index, zero, type="particle", span=span)
    if isinstance(whole, CompositeDef):
        for loop in whole.loops:
            if loop.collection is not None:
                _note_order(scope.context, loop.collection, span)
        return tuple_at(whole, index, span)
    if isinstance(whole, Singleton) and index == 0:
        return Singleton(whole.schema, type="particle", span=span)
    text = scope.context.words(whole.span)
    kind = "stands once in each event" if isinstance(whole, Singleton) else "is no collection"
    scope.context.findings.error("E210", f"{text} {kind}: it has no [{index}]", span)
    return None


def _note_order(context: Context, whole: Collection, span: Span) -> None:
    """Say once for each input collection of objects that its order is the file's own."""
    sources = inputs((whole,))
    united = any(isinstance(c, ObjectDef) and (c.union or c.key) for c in lineage(whole))
    if united or sources[0].ordered is not None or "" in sources[0].attributes:
        return
    name = sources[0].name
    message = f"the input promises no order of {name}: [k] counts in the order of the file"
    if not any(d.message == message for d in context.findings.items):
        help = f"an object that says `take union({name})` has them in descending pT"
        context.findings.note("N403", message, span, help)


# ---------------------------------------------------------------------------- look-ups


def _bound(scope: Scope, name: Name) -> Found[Meaning] | None:
    for binder in reversed(scope.binders):
        for known, value in reversed(binder.entries):
            if known == name.name:
                return Found(used_at(value, name.span))
        for loop in binder.loops:
            if not binder.implicit and loop.group is None and loop.name == name.name:
                return Found(Variable(loop, type="particle", span=name.span))
    return None


def _current_element(scope: Scope, name: Name) -> Found[Meaning] | None:
    current = scope.current
    if current is None:
        return None
    this = Found[Meaning](Variable(current.loop, type="particle", span=name.span))
    if name.name in current.names:
        return this
    if current.explicit:
        return None
    whole = _plain_collection(scope, name)
    if whole is None or not descends(current.sources, whole):
        return None
    if name.name not in current.taken or len(current.sources) > 1:
        scope.context.findings.note(
            "N402",
            f"{name.name} is read as the current element, taken from "
            f"{' and '.join(s.name for s in current.sources)}",
            name.span,
            f"write this for the element; where a condition says this, {name.name} is the "
            "whole collection",
        )
    return this


def _plain_collection(scope: Scope, name: Name) -> Collection | None:
    """Return the collection that a name is, if it is no other declared thing."""
    block = scope.context.blocks.get(name.name)
    if isinstance(block, Object):
        found = scope.context.definition(name.name, name.span)
        return found if isinstance(found, ObjectDef) else None
    own = scope.context.open_name()  # `object jet` that takes JET names it by what it takes
    near = scope.context.named_like(name.name)
    if any(known != own for known in near):
        return None
    match = find_collection(scope.context.schema, name.name)
    if match is not None and isinstance(match.item, Part):
        return selected(scope.context, match.item, name.span)
    return match.item if match else None


def _declared(scope: Scope, name: Name) -> Found[Meaning] | None:
    if name.name not in scope.context.blocks:
        return None
    return Found(_of_definition(scope, name.name, name.span))


def _of_definition(scope: Scope, name: str, span: Span) -> Meaning | None:
    found = scope.context.definition(name, span)
    match found:
        case ObjectDef() | CompositeDef():
            return scope.context.in_order(found)
        case None:
            return None
        case DefineDef() if found.value.type == "particle":
            return placed(found.value, span)
        case DefineDef():
            if scope.context.vetoing and found.veto is not None:
                found = found.veto
            return DefineRef(found, type=found.value.type, span=span)
        case RegionDef():
            return RegionRef(found, type="bool", span=span)
        case _:
            _no_value(scope, found, span)
            return None


def _no_value(scope: Scope, found: TableDef | HistoListDef, span: Span) -> None:
    table = isinstance(found, TableDef)
    kind = "table" if table else "list of histograms"
    help = f"{found.name}(pT(jets[0])) looks up a value" if table else ""
    scope.context.findings.error("E248", f"{found.name} is a {kind}, no value", span, help)


def _of_dataset(scope: Scope, name: Name) -> Found[Meaning] | None:
    return Found(constant(scope.context, name.name, name.span)) if name.name in NAMES else None


def _own_attribute(scope: Scope, name: Name) -> Found[Meaning] | None:
    if scope.current is None:
        return None
    this = Variable(scope.current.loop, type="particle", span=name.span)
    found = find(scope.context, this, name, name.span)
    return Found(found.meaning) if found else None


def _input(scope: Scope, name: Name) -> Found[Meaning] | None:
    match = _find_input(scope.context, name)
    if match is None or not match.exact:
        return None
    if match.name != name.name and not scope.taking:
        _like_a_declared_one(scope.context, name, match.name)
    return Found(_of_input(scope.context, match.item, name.span))


def _like_a_declared_one(context: Context, name: Name, canonical: str) -> None:
    """Warn of ``Muons``, the input's, beside the user's own ``muons``."""
    own = folded(name.name)
    alike = (*context.named_like(own), *context.named_like(f"{own}s"))
    near = [b for b in alike if folded(b) == own]
    if near:
        message = f"{name.name} is {canonical} of the input, not your {near[0]}"
        help = f"write {canonical} if you mean it"
        context.findings.warning("W308", message, name.span, help)


def _find_input(context: Context, name: Name) -> Match[Input] | None:
    """Return the collection, singleton or scalar of a name: an exact one, else in another case."""
    schema = context.schema
    # The cast widens: a match of one kind of item is a match of any.
    matches = [
        cast("Match[Input] | None", find(schema, name.name))
        for find in (find_collection, find_singleton, find_scalar)
    ]
    found = [m for m in matches if m is not None]
    return next((m for m in found if m.exact), found[0] if found else None)


def _of_input(context: Context, item: Input, span: Span) -> Meaning:
    match item:
        case Part():
            return context.in_order(selected(context, item, span))
        case CollectionSchema():
            return context.in_order(item)
        case SingletonSchema():
            return Singleton(item, type="particle", span=span)
        case _:
            return EventValue(item, type=branch_type(item), span=span)


def _constant(scope: Scope, name: Name) -> Found[Meaning] | None:
    truth = _CONSTANTS.get(name.name.lower())
    return None if truth is None else Found(Literal_(truth, type="bool", span=name.span))


def _indexed(scope: Scope, name: Name) -> Found[Meaning] | None:
    """``jets_0`` is ``jets[0]`` and ``jets_`` is ``jets``."""
    match = _INDEXED.fullmatch(name.name)
    if match is None:
        return None
    prefix = Name(match["name"], span=name.span)
    indexed = without_source_names(scope) if match["index"] else scope
    found = next((f for f in (look(indexed, prefix) for look in LOOKUPS) if f), None)
    if found is None or found.meaning is None or not match["index"]:
        return found
    if not isinstance(found.meaning, (ObjectDef, CollectionSchema, CompositeDef, Singleton)):
        return None
    return Found(pick(scope, found.meaning, int(match["index"]), name.span))


def _in_other_case(scope: Scope, name: Name) -> Found[Meaning] | None:
    near = scope.context.named_like(name.name)
    if len(near) == 1:
        read_in_other_case(scope.context, name, near[0], near[0])
        return Found(_of_definition(scope, near[0], name.span))
    match = _find_input(scope.context, name)
    if near or match is None:
        return None
    whole = isinstance(match.item, CollectionSchema) and not scope.taking
    meant = f"{match.name} of the input" + (", all of them without a cut" if whole else "")
    own = f", or declare your own selection: object {name.name}" if whole else ""
    read_in_other_case(scope.context, name, meant, match.name + own)
    return Found(_of_input(scope.context, match.item, name.span))


LOOKUPS: tuple[Lookup, ...] = (
    _bound,
    _current_element,
    _declared,
    _of_dataset,
    _own_attribute,
    _input,
    _constant,
    _indexed,
    _in_other_case,
)
