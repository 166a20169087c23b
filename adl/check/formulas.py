"""Formulas of object models: ``pt: sqrt(px^2 + py^2)`` becomes an attribute like a stored one.

A formula that needs what a file lacks is left out, as a column would be. One formula can need
another, so they are tried until none is gained; two that need each other never are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeGuard

from adl.check.analysis import Apply, Computed, Loop, Type, Value
from adl.check.collections import inputs
from adl.check.context import Context
from adl.check.elements import is_element, sources_of
from adl.check.scope import Scope
from adl.check.types import number
from adl.check.values import walk
from adl.stdlib.models import Branch, CollectionSchema, Formula, Part, Schema
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.parse import parse
from adl.syntax.source import Source
from adl.syntax.tree import Define, Expr

MakeContext = Callable[[Source, Schema], Context]
_DTYPES: dict[Type, str] = {"bool": "bool", "int": "int64", "real": "float64"}
_MOMENTUM = frozenset(("pt", "eta", "phi"))


def with_formulas(schema: Schema, context: MakeContext) -> tuple[Schema, dict[str, str]]:
    """Return a schema with its formulas checked.

    Beside it, for formulas that nothing has, by their places: why.
    """
    every = [*schema.scalars.values(), *_attributes(schema)]
    if not any(_is_open(branch) for branch in every) and not _parts(schema):
        return schema, {}
    # Values refer to these collections, which therefore gain attributes in place while we are here.
    singles = [s.element for s in schema.singletons.values() if s.element is not None]
    attributes = {
        c.name: {n: b for n, b in c.attributes.items() if not _is_open(b)}
        for c in (*schema.collections.values(), *singles)
    }
    collections = {
        c.name: replace(c, attributes=attributes[c.name])
        for c in (*schema.collections.values(), *singles)
    }
    scalars = {n: b for n, b in schema.scalars.items() if not _is_open(b)}
    inside = replace(schema, collections=collections, scalars=scalars, singletons={})
    refused = _elements(schema, inside, attributes, context)
    refused |= _of_events(schema, inside, scalars, context)
    singletons = {}
    for single in schema.singletons.values():
        own = {n: b for n, b in single.attributes.items() if not _is_open(b)}
        for name, formula in _open(single.attributes):
            within = replace(inside, scalars={**scalars, **own})  # its own attributes stand bare
            found = _checked(context, within, formula, None, f"{single.name}.{name}")
            if isinstance(found, Computed):
                element = single.element and collections[single.element.name]
                own[name] = replace(found, owner=element)
            else:
                refused[formula.place] = f"{single.name}: {name}: {found}"
        if own:
            element = single.element and collections[single.element.name]
            singletons[single.name] = replace(single, attributes=own, element=element)
    hidden = {s.name for s in singles}
    refused |= _without_broken_parts(inside, collections, context)
    gained = {b.place for own in attributes.values() for b in own.values() if _is_made(b)}
    refused = {place: why for place, why in refused.items() if place not in gained}
    return (
        replace(
            schema,
            collections={n: c for n, c in collections.items() if n not in hidden},
            singletons=singletons,
            scalars=scalars,
        ),
        refused,
    )


def _elements(
    schema: Schema, inside: Schema, attributes: dict[str, dict[str, Branch]], context: MakeContext
) -> dict[str, str]:
    """Add the attributes of elements that can be computed; return what is wrong with the others."""
    singles = [s.element for s in schema.singletons.values() if s.element is not None]
    left = [
        (c.name, name, formula)
        for c in (*schema.collections.values(), *singles)
        for name, formula in _open(c.attributes)
    ]
    gained = True
    reasons: dict[str, str] = {}
    while left and gained:
        reasons, again = {}, []
        for owner, name, formula in left:
            found = _checked(context, inside, formula, inside.collections[owner], f"{owner}.{name}")
            if isinstance(found, Computed):
                attributes[owner][name] = found
            else:
                again.append((owner, name, formula))
                reasons[formula.place] = f"{owner}: {name}: {found}"
        gained, left = len(again) < len(left), again
    return reasons


def _of_events(
    schema: Schema, inside: Schema, scalars: dict[str, Branch], context: MakeContext
) -> dict[str, str]:
    """Add the columns of the event that can be computed; return what is wrong with the others."""
    reasons = {}
    for name, formula in _open(schema.scalars):
        found = _checked(context, inside, formula, None, name)
        if isinstance(found, Computed):
            scalars[name] = found
        else:
            reasons[formula.place] = f"{name}: {found}"
    return reasons


def _parts(schema: Schema) -> list[Part]:
    return [c for c in schema.collections.values() if isinstance(c, Part)]


def _without_broken_parts(
    inside: Schema, collections: dict[str, CollectionSchema], context: MakeContext
) -> dict[str, str]:
    """Take out parts of collections whose conditions cannot be had; return why not."""
    refused = {}
    for part in _parts(inside):
        condition = Formula("", "bool", None, text=part.where, place=part.place)
        found = _checked(context, inside, condition, inside.collections[part.of], part.name)
        if isinstance(found, Computed) and found.dtype == "bool":
            continue
        why = found if isinstance(found, str) else "it is no condition"
        refused[part.place] = f"{part.name}: where {part.where}: {why}"
        del collections[part.name]
    return refused


def _attributes(schema: Schema) -> Iterator[Branch]:
    for collection in schema.collections.values():
        yield from collection.attributes.values()
    for single in schema.singletons.values():
        yield from single.attributes.values()


def _open(branches: Mapping[str, Branch]) -> list[tuple[str, Formula]]:
    return [(name, b) for name, b in branches.items() if _is_open(b)]


def _is_open(branch: Branch) -> TypeGuard[Formula]:
    return isinstance(branch, Formula) and not isinstance(branch, Computed)


def _is_made(branch: Branch) -> TypeGuard[Computed]:
    return isinstance(branch, Computed)


def _checked(
    make: MakeContext,
    schema: Schema,
    formula: Formula,
    owner: CollectionSchema | None,
    words: str,
) -> Computed | str:
    """Return a formula's value, or why it has none; ``words`` say of what it is the value."""
    source = Source(formula.place, f"define formula = {formula.text}\n")
    try:
        (block,) = parse(source).blocks
    except AnalysisError as error:
        return error.diagnostics[0].message
    if not isinstance(block, Define):
        return f"{formula.text} is no expression"
    context = make(source, schema)
    this = Loop(None, "this") if owner is not None else None
    value = _value(context, this, owner, block.value)
    found = [f for f in context.findings.items if f.severity != "note"]
    if value is None or found:
        return found[0].message if found else f"{formula.text} is no number"
    lacking = _without_momentum(context, value)
    if lacking:
        return f"{lacking} has no momentum yet"
    return Computed(
        f"computed {words}",
        _DTYPES[value.type],
        None,
        text=formula.text,
        place=formula.place,
        value=value,
        this=this,
        owner=owner,
    )


def _value(
    context: Context, this: Loop | None, owner: CollectionSchema | None, expr: Expr
) -> Value | None:
    if this is None or owner is None:
        scope = Scope(context)
        return number(scope, context.value(scope, expr))
    context.sources[this] = (owner,)
    return context.of_element(context, this, (owner,), expr)


def _without_momentum(context: Context, value: Value) -> str:
    """Return a collection whose momentum a formula uses, and that stores none; or nothing."""
    for part in walk(value):
        for argument in part.arguments if isinstance(part, Apply) else ():
            if argument.type == "particle" and is_element(argument):
                for source in inputs(sources_of(context, argument)):
                    if not source.attributes.keys() >= _MOMENTUM:
                        return source.name
    return ""
